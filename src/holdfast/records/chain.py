"""The audit's arithmetic: the digest of an entry, a step of the chain, the text of a head.

    digest(entry)  = SHA-256 of the entry's own fields
    chain(0)       = SHA-256 of a fixed text
    chain(n)       = SHA-256 of chain(n-1), n, the entry's id and digest(entry)

So the value at a position fixes every entry before it and their order.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from holdfast.core.errors import Refused
from holdfast.core.words import N_

DETAIL_BYTES_MAX = 64_000

_ENTRY = "holdfast audit entry 1"
_STEP = "holdfast audit chain 1"
_HEAD = "holdfast audit head 1"
START = hashlib.sha256(_STEP.encode()).hexdigest()
"""The chain's value before the first entry."""


def canonical(detail: Mapping[str, object]) -> str:
    """Return `detail` as JSON with sorted keys and no spaces; equal details give equal text.

    Raises:
        Refused: `audit_detail_too_long`.
        TypeError: something in it is no text, whole number, truth value, list or mapping. Floats
            are none: their text differs between programs.
        ValueError: a text holds what no database keeps (NUL, half a character).
    """
    _check(detail)
    text = json.dumps(
        detail, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )
    size = len(text.encode())
    if size > DETAIL_BYTES_MAX:
        raise Refused(
            "audit_detail_too_long",
            N_("the detail of an audit entry has {found} bytes, {limit} are allowed"),
            found=size,
            limit=DETAIL_BYTES_MAX,
        )
    return text


def entry_digest(
    *, at_us: int, actor: str, verb: str, subject: str, basis: str, detail_json: str
) -> str:
    """Return the digest of an entry's own fields as 64 hexadecimal digits."""
    return _sha256(_ENTRY, at_us, actor, verb, subject, basis, detail_json)


def chain_step(before: str, position: int, entry_id: int, digest: str) -> str:
    """Return the chain's value at `position`, given that at the position before."""
    return _sha256(_STEP, before, position, entry_id, digest)


def head_text(*, position: int, chain: str, at_us: int, key_id: str) -> bytes:
    """Return the bytes of a head that are signed: five lines, each ended."""
    return f"{_HEAD}\n{position}\n{chain}\n{at_us}\n{key_id}\n".encode()


def _sha256(*parts: str | int) -> str:
    """Hash parts so that no two lists of parts give the same bytes: as a JSON array.

    Half characters, which only a forger can have put there, hash too instead of failing.
    """
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _check(value: object) -> None:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str):
                msg = f"a key in the detail is {type(key).__name__}, not text"
                raise TypeError(msg)
            _check(key)
            _check(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            _check(inner)
    elif isinstance(value, str):
        if "\0" in value:
            msg = "a text in the detail holds NUL"
            raise ValueError(msg)
        value.encode()
    elif not isinstance(value, (bool, int, type(None))):
        msg = f"the detail holds {type(value).__name__}, which has no one text"
        raise TypeError(msg)
