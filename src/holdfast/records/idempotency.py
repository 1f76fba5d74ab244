"""Idempotency keys: the same request again gets the same answer, for the life of the case."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from django.db import connection

from holdfast.core.errors import Conflict, Refused
from holdfast.core.words import N_
from holdfast.records.inside import require_transaction
from holdfast.records.models import IdempotencyKey

KEY_LENGTH_MAX = 200
_KEY = re.compile(r"[ -~]{1,200}", re.ASCII).fullmatch


_KEEP = """
    INSERT INTO records_idempotencykey
        (institution, key, request_digest, status, body, subject, created_us)
    VALUES (%s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (institution, key) DO NOTHING
"""
"""Django's own insert would not say whether the key was taken, unless in a savepoint."""


class KeyInUse(Conflict):
    """Another request with this key was answered a moment ago; asked again, its answer comes."""

    transient = True


@dataclass(frozen=True, slots=True)
class Stored:
    """The answer that a request got."""

    status: int
    body: str
    subject: str
    created_us: int


def recall(*, institution: str, key: str, request: bytes) -> Stored | None:
    """Return what this institution's request was answered under this key, None if it is new.

    Raises:
        Refused: `idempotency_key_form`.
        Conflict: `idempotency_key_reused`: under this key the institution sent something else.
    """
    check_key(key)
    row = IdempotencyKey.objects.filter(institution=institution, key=key).first()
    if row is None:
        return None
    if row.request_digest != _digest(request):
        raise Conflict(
            "idempotency_key_reused",
            N_("this key came before with other content; a new request needs a new key"),
        )
    return Stored(row.status, row.body, row.subject, row.created_us)


def keep(
    *, institution: str, key: str, request: bytes, status: int, body: str, subject: str, at_us: int
) -> None:
    """Keep the answer in the transaction of what the request changed.

    Of two requests with one key at once the second is refused here, and with it everything that
    it wrote: its transaction must be rolled back.

    Raises:
        Refused: `idempotency_key_form`.
        KeyInUse: `idempotency_key_in_use`, transient.
        TransactionManagementError: no transaction is open.
    """
    require_transaction("the answer to a request")
    check_key(key)
    row = (institution, key, _digest(request), status, body, subject, at_us)
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, row)
        is_kept = cursor.rowcount == 1
    if not is_kept:
        raise KeyInUse(
            "idempotency_key_in_use",
            N_("another request with this key is just being answered; ask again in a moment"),
        )


def forget(subject: str) -> int:
    """Remove the keys of a subject whose life has ended; return how many there were."""
    count, _ = IdempotencyKey.objects.filter(subject=subject).delete()
    return int(count)


def check_key(key: str) -> str:
    """Return a key if it has the form of one.

    Raises:
        Refused: `idempotency_key_form`.
    """
    if _KEY(key) is None:
        raise Refused(
            "idempotency_key_form",
            N_("an idempotency key has 1 to {limit} printable ASCII characters"),
            limit=KEY_LENGTH_MAX,
        )
    return key


def _digest(request: bytes) -> str:
    return hashlib.sha256(request).hexdigest()
