"""Keys by which an institution's programs are known: `hf_<key id>_<secret>`.

Only the SHA-256 of a secret is kept. A password needs a slow hash because people choose it from
few; a secret here is 256 random bits, which nobody finds by trying, however fast the hash is, and
a fast one lets each request be checked at no cost that an attacker could multiply.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from holdfast.core.errors import HoldfastError, NotFound, Refused
from holdfast.core.words import N_
from holdfast.people.actor import CENTRE_ITSELF, Actor
from holdfast.people.models import ApiKey, Institution, Staff
from holdfast.people.role import PERSONAL, Scope, scopes_of

ID_BYTES = 8
SECRET_BYTES = 32
_FORM = re.compile(r"hf_([0-9a-f]{16})_([0-9a-f]{64})", re.ASCII).fullmatch
_NOBODY = "0" * 64
"""What the secret of an unknown key is compared with, so that it takes as long as a known one."""
_SCOPES = {scope.value: scope for scope in Scope}
NAMED = "person:"
"""Begins the name of an actor who was named at a command of the installation."""


class NotRecognised(HoldfastError):
    """The one who asks has not shown who they are."""


def issue_key(
    institution: Institution,
    scopes: Iterable[Scope],
    label: str,
    now_us: int,
    chance: Callable[[int], bytes],
    expires_us: int | None = None,
    *,
    person: str = "",
    issued_by: str = "",
) -> str:
    """Make a key and return its text, which is shown this once; times in microseconds.

    `chance` returns as many random bytes as it is asked for, such as `secrets.token_bytes`;
    `person` is who holds the key, `issued_by` the name of the actor who issues it.

    Raises:
        Refused: `scope_not_of_kind` where the institution's kind may never do this, or
            `key_person_missing`: who decides or approves is one person, who is named.
    """
    scopes = frozenset(scopes)
    _check_scopes(institution, scopes, person)
    key_id, secret = chance(ID_BYTES).hex(), chance(SECRET_BYTES).hex()
    ApiKey.objects.create(
        key_id=key_id,
        secret_sha256=_digest(secret),
        institution=institution,
        scopes=sorted(scope.value for scope in scopes),
        label=label,
        person=person,
        issued_by=issued_by,
        created_us=now_us,
        expires_us=expires_us,
    )
    return f"hf_{key_id}_{secret}"


def actor_of(text: str, now_us: int, centre_name: str) -> Actor:
    """Return who shows a key; a key of the institution `centre_name` is the centre's own.

    Raises:
        NotRecognised: `api_key_wrong`, `api_key_retired`, `api_key_expired` or
            `institution_closed`; the last three only for the one who knows the secret.
    """
    found = _FORM(text)
    key_id, secret = found.groups() if found else ("", "")
    key = ApiKey.objects.select_related("institution").filter(key_id=key_id).first()
    same = hmac.compare_digest(_digest(secret), key.secret_sha256 if key else _NOBODY)
    if key is None or not same:
        raise NotRecognised(
            "api_key_wrong", N_("this key is not known here; check it, or ask for a new one")
        )
    _check_in_use(key, now_us)
    institution_id = key.institution.institution_id
    return Actor(
        name=f"key:{institution_id}/{key.key_id}",
        institution_id=institution_id,
        scopes=scopes_of(key.institution.kind).intersection(
            _SCOPES[word] for word in key.scopes if word in _SCOPES
        ),
        is_centre=institution_id == centre_name,
        person=key.person,
    )


@dataclass(frozen=True, slots=True)
class Hands:
    """Whose doing an actor's acts are."""

    names: frozenset[str]
    """The actor's own name and the person behind it."""
    issued_by: str
    """Who gave the actor its key; nothing where it has none."""

    def meet(self, others: Hands) -> bool:
        """Whether one person could be behind both, or one has given the other its key."""
        return bool(
            self.names & others.names
            or self.issued_by in others.names
            or others.issued_by in self.names
        )


def hands_of(actor_name: str) -> Hands:
    """Return whose hands an actor's name stands for.

    `staff:12` is a person itself; `person:malee@TH.THCBC.004` is one named at a command.
    """
    key_id = actor_name.rpartition("/")[2] if actor_name.startswith("key:") else ""
    key = ApiKey.objects.filter(key_id=key_id).first() if key_id else None
    if key is None:
        return Hands(frozenset((actor_name, *_named(actor_name))), "")
    # Behind the commands of the installation stands no person that is known.
    issued_by = key.issued_by if key.issued_by != CENTRE_ITSELF else ""
    return Hands(frozenset((actor_name, key.person)) - {""}, issued_by)


def _named(actor_name: str) -> Iterator[str]:
    """Yield who may be meant by an actor's name, with and without what follows its last `@`."""
    if actor_name.startswith(NAMED):
        whole = actor_name.removeprefix(NAMED)
        yield whole
        yield whole.rpartition("@")[0] or whole


def person_of(told: str) -> str:
    """Return who is meant by a name: somebody of the staff by their id, others as one writes them.

    Written with other capitals or blanks it is the same person.
    """
    name = " ".join(told.casefold().split())
    staff = Staff.objects.filter(username__iexact=name).first() if name else None
    return staff.actor_name if staff else name


def retire_key(key_id: str, now_us: int) -> None:
    """End a key for good; ending it again changes nothing.

    Raises:
        NotFound: `api_key_unknown`.
    """
    if not ApiKey.objects.filter(key_id=key_id).exists():
        raise NotFound("api_key_unknown", N_("there is no key {key_id}"), key_id=key_id[:40])
    ApiKey.objects.filter(key_id=key_id, retired_us=None).update(retired_us=now_us)


def _check_scopes(institution: Institution, scopes: frozenset[Scope], person: str) -> None:
    beyond = scopes - scopes_of(institution.kind)
    if beyond:
        raise Refused(
            "scope_not_of_kind",
            N_("an institution of the kind {kind} may not be allowed {scopes}"),
            kind=institution.kind,
            scopes=", ".join(sorted(scope.value for scope in beyond)),
        )
    if PERSONAL & scopes and not person:
        raise Refused(
            "key_person_missing",
            N_("a key that decides or approves belongs to one person; name who holds it"),
        )


def _check_in_use(key: ApiKey, now_us: int) -> None:
    if key.retired_us is not None and key.retired_us <= now_us:
        raise NotRecognised(
            "api_key_retired",
            N_("the key {key_id} is retired; use the one in use"),
            key_id=key.key_id,
        )
    if key.expires_us is not None and key.expires_us <= now_us:
        raise NotRecognised(
            "api_key_expired",
            N_("the key {key_id} has expired; ask for a new one"),
            key_id=key.key_id,
        )
    closed_us = key.institution.closed_us
    if closed_us is not None and closed_us <= now_us:
        raise NotRecognised(
            "institution_closed", N_("the institution of this key takes part no more")
        )


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
