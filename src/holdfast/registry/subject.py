"""What can be listed, and the one text by which each is known everywhere.

The wire form is the only thing that the index, the feed, filters and pseudorandom functions hash.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from holdfast.core.account import Account
from holdfast.core.errors import Refused
from holdfast.core.link import parse_link
from holdfast.core.person import person_key
from holdfast.core.phone import parse_phone
from holdfast.core.plain import plain
from holdfast.core.proxy import Proxy
from holdfast.core.schemes import countries
from holdfast.core.wallet import parse_wallet
from holdfast.core.words import N_
from holdfast.registry.merged import successor_of

KEY_LENGTH_MAX = 1000
"""Characters of a key; longer ones do not fit the database's index."""
HANDLE_LENGTH_MAX = 200
_SEALED_PERSON = re.compile(r"([A-Z]{2})\.([A-Z]{4})\.[0-9a-f]{64}", re.ASCII).fullmatch
_CLEAR_PERSON = re.compile(r"([A-Z]{2})\.([A-Z]{4})\.(.{1,64})", re.DOTALL).fullmatch
_SEALED_PROXY = re.compile(r"[A-Z]{2}\.[A-Z]+\.[A-Z]{4}\.(?:[0-9A-Z]+\.)?[0-9a-f]{64}").fullmatch
_HANDLE = re.compile(r"([a-z][a-z0-9]{1,19})(?: *[:/] *| +)(\S.*)").fullmatch


class SubjectKind(StrEnum):
    """What kind of thing is listed."""

    ACCOUNT = "account"  # at a bank or an e-money firm: TH.THCBC.004.0123456789
    PROXY = "proxy"  # what people pay to instead of it; can be registered anew
    PHONE = "phone"  # E.164
    LINK = "link"  # canonical as Safe Browsing writes it
    WALLET = "wallet"  # of a digital asset, checksum verified
    PERSON = "person"  # the keyed hash of an identity document's number
    HANDLE = "handle"  # a name on a platform: line:@example


REGISTERED = frozenset((SubjectKind.PROXY, SubjectKind.PHONE))
"""Kinds that are registered to somebody, and may be to somebody else later."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing that is or may be listed, in canonical text."""

    kind: SubjectKind
    key: str

    @property
    def wire(self) -> bytes:
        """Return the bytes that are hashed wherever the subject is looked up."""
        return f"{self.kind}:{self.key}".encode()

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}"


def parse_subject(kind: str, text: str, country: str, key: bytes = b"") -> Subject:
    """Read a subject of a kind as it is told; `country` is where a phone without `+` is dialled.

    An account of a bank that was merged is known by its successor's code. With the centre's
    `key`, ids of people may be clear (`TH.NIDN.…`) and are sealed here; without it only sealed
    ones are taken.

    Raises:
        Refused: `subject_kind_unknown`, `subject_too_long`, `subject_person_clear`,
            `subject_person_form`, `subject_handle_form`, or what the kind's parser raises.
    """
    found = Subject(_kind(kind), _key_of(_kind(kind), text, country, key))
    if len(found.key) > KEY_LENGTH_MAX:
        raise Refused(
            "subject_too_long",
            N_("a {kind} has at most {limit} characters here, this has {found}"),
            kind=kind,
            limit=KEY_LENGTH_MAX,
            found=len(found.key),
        )
    return found


def _kind(kind: str) -> SubjectKind:
    try:
        return SubjectKind(kind)
    except ValueError:
        raise Refused(
            "subject_kind_unknown",
            N_("{value!r} is no kind of subject; there are {right}"),
            value=kind[:40],
            right=", ".join(SubjectKind),
        ) from None


def _key_of(kind: SubjectKind, text: str, country: str, key: bytes) -> str:
    if kind is SubjectKind.ACCOUNT:
        return _account(text)
    if kind is SubjectKind.PROXY:
        return _proxy(text, key)
    if kind is SubjectKind.PHONE:
        return parse_phone(text, country)
    if kind is SubjectKind.LINK:
        return parse_link(text)
    if kind is SubjectKind.WALLET:
        return parse_wallet(text)
    return _person(text, key) if kind is SubjectKind.PERSON else _handle(text)


def _account(text: str) -> str:
    account = Account.parse(text)
    bank = f"{account.country}.{account.scheme}.{account.member}"
    return f"{successor_of(bank)}.{account.number}"


def _proxy(text: str, key: bytes) -> str:
    if _SEALED_PROXY(text):
        return text
    proxy = Proxy.parse(text)
    if proxy.personal and not key:
        raise _clear()
    return proxy.sealed(key) if key else str(proxy)


def _person(text: str, key: bytes) -> str:
    if (sealed := _SEALED_PERSON(text)) and sealed[1] in countries():
        return text
    clear = _CLEAR_PERSON(text)
    if clear is None:
        raise Refused(
            "subject_person_form",
            N_("this is no person; country and kind of document stand before the id: TH.NIDN.…"),
        )
    if not key:
        raise _clear()
    return person_key(clear[1], clear[2], clear[3], key)


def _clear() -> Refused:
    return Refused(
        "subject_person_clear",
        N_("ids of people are not taken in the clear here; send the keyed hash"),
    )


def _handle(text: str) -> str:
    """Return `platform:name`; capitals do not tell handles apart on any platform that we know."""
    name = unicodedata.normalize("NFKC", plain(text, HANDLE_LENGTH_MAX)).casefold()
    found = _HANDLE(" ".join(name.split()))
    if found is None:
        raise Refused(
            "subject_handle_form",
            N_("{value!r} is no handle; the platform stands before it, such as line:@example"),
            value=text[:40],
        )
    return f"{found[1]}:{found[2]}"
