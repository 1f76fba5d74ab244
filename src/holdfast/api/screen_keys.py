"""Who asks the registry: the institutions' keys, kept in memory and read anew all the time.

A question must not wait for the database; a key that was ended must not be answered a second
later. So all keys that may ask are read twice a second, and none is believed that was read too
long ago.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from django.db.models import Q

from holdfast.core.errors import CentreError
from holdfast.core.instant import SECOND_US
from holdfast.core.words import N_
from holdfast.people.keys import NotRecognised
from holdfast.people.models import ApiKey
from holdfast.people.role import Scope, scopes_of

REREAD_US = SECOND_US // 2
KEY_BEGINNING = "hf_"
STALE_US = 10 * SECOND_US
"""A database that is gone for longer than this ends all answers: a key may have been ended."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who may ask, by which key."""

    key_id: str
    name: str
    """Of the actor, as the audit knows it: `key:TH.THCBC.004/5e…`."""
    institution_id: str
    kind: str
    """Of the institution, which decides what it may see."""
    secret_sha256: str
    expires_us: int | None


class AskerKeys:
    """The keys that may ask, as they were when last read."""

    def __init__(self, now_us: Callable[[], int]) -> None:
        self._now_us = now_us
        self._askers: Mapping[str, Asker] = {}
        self._recognised: dict[bytes, Asker] = {}
        """By the whole header: who showed it since the keys were read."""
        self._read_us: int | None = None

    def read(self) -> None:
        """Read all keys from the database; blocks."""
        now_us = self._now_us()
        rows = ApiKey.objects.select_related("institution").filter(
            Q(retired_us=None) | Q(retired_us__gt=now_us),
            Q(institution__closed_us=None) | Q(institution__closed_us__gt=now_us),
        )
        self._askers = {
            row.key_id: Asker(
                key_id=row.key_id,
                name=f"key:{row.institution.institution_id}/{row.key_id}",
                institution_id=row.institution.institution_id,
                kind=row.institution.kind,
                secret_sha256=row.secret_sha256,
                expires_us=row.expires_us,
            )
            for row in rows
            if Scope.REGISTRY_ASK.value in row.scopes
            and Scope.REGISTRY_ASK in scopes_of(row.institution.kind)
        }
        self._recognised = {}
        self._read_us = now_us

    def asker(self, authorization: bytes, now_us: int) -> Asker:
        """Return who shows a key in the header `Authorization`.

        Raises:
            NotRecognised: `api_key_missing`, `api_key_wrong` or `api_key_expired`.
            CentreError: `keys_not_read`: the database could not be read for too long.
        """
        if self._read_us is None or now_us - self._read_us > STALE_US:
            raise CentreError(
                "keys_not_read",
                N_("the keys can't be read at the moment, so that nobody is answered"),
            )
        asker = self._recognised.get(authorization)
        if asker is None:
            asker = self._recognise(authorization.decode("latin-1"))
            self._recognised[authorization] = asker
        if asker.expires_us is not None and asker.expires_us <= now_us:
            raise NotRecognised(
                "api_key_expired",
                N_("the key {key_id} has expired; ask for a new one"),
                key_id=asker.key_id,
            )
        return asker

    def _recognise(self, authorization: str) -> Asker:
        scheme, _, text = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise NotRecognised(
                "api_key_missing", N_("show your key: send the header Authorization: Bearer hf_…")
            )
        key_id, _, secret = text.strip().removeprefix(KEY_BEGINNING).partition("_")
        asker = self._askers.get(key_id)
        digest = sha256(secret.encode("utf-8", "replace")).hexdigest()
        is_ours = text.strip().startswith(KEY_BEGINNING)
        if asker is None or not is_ours or not hmac.compare_digest(digest, asker.secret_sha256):
            raise NotRecognised(
                "api_key_wrong", N_("this key is not known here; check it, or ask for a new one")
            )
        return asker
