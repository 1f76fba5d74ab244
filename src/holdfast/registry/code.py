"""One-time codes by which a person contests, and by which both sides show that they are real.

A code is derived from the centre's key, so none is kept in the clear; 60 bits cannot be tried
out. Its last two characters are a check, so that a slip of the pen is told apart from a wrong
code without telling whether anybody is listed.
"""

from __future__ import annotations

import hmac
import re
from hashlib import sha256

from holdfast.core.errors import Refused
from holdfast.core.person import keyed_hash
from holdfast.core.plain import ascii_digits, plain
from holdfast.core.words import N_

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without I, L, O and U, which are misread (Crockford's base 32)."""
_MISREAD = str.maketrans("ILO", "110")
SECRET_CHARACTERS = 12
CHECK_CHARACTERS = 2
_FORM = re.compile(rf"[{ALPHABET}]{{{SECRET_CHARACTERS + CHECK_CHARACTERS}}}", re.ASCII).fullmatch
_TEXT_MAX = 60


def contest_code(key: bytes, listing_id: str, number: int) -> str:
    """Return the code of a listing's notice, such as `7K3M-90QX-2FGT-5B`; the next has a number more."""
    digest = hmac.new(key, f"contest-code/{listing_id}/{number}".encode(), sha256).digest()
    secret = "".join(ALPHABET[byte % 32] for byte in digest[:SECRET_CHARACTERS])
    return _grouped(secret + _check(secret))


def read_code(text: str) -> str:
    """Return a code as it is written here, from what a person typed.

    Raises:
        Refused: `contest_code_form`: too short, or a character is wrong.
    """
    written = ascii_digits(plain(text, _TEXT_MAX, secret=True)).upper().translate(_MISREAD)
    bare = re.sub(r"[\s\-\u2010-\u2015]", "", written)
    if _FORM(bare) is None or _check(bare[:SECRET_CHARACTERS]) != bare[SECRET_CHARACTERS:]:
        raise Refused(
            "contest_code_form",
            N_("this code has a slip in it; compare it with the notice, sign by sign"),
        )
    return _grouped(bare)


def code_hash(key: bytes, code: str) -> str:
    """Return under what a code is kept."""
    return keyed_hash(f"contest-code-hash/{code}", key)


def countersign(key: bytes, code: str) -> str:
    """Return four digits that only the centre can say to who holds a code; the notice bears them.

    Who claims to be the centre's help desk and cannot say them is an impostor.
    """
    digest = hmac.new(key, f"countersign/{code}".encode(), sha256).digest()
    return f"{int.from_bytes(digest[:8]) % 10_000:04d}"


def receipt(key: bytes, what: str) -> str:
    """Return the number of a receipt: the same for the same, whether anything is listed or not."""
    return f"R-{keyed_hash(f'contest-receipt/{what}', key)[:16].upper()}"


def _check(secret: str) -> str:
    """Return two characters that change with any slip of one, or any swap of two neighbours."""
    total = 0
    for character in secret:
        total = (total * 37 + ALPHABET.index(character)) % 1021
    return ALPHABET[total // 32] + ALPHABET[total % 32]


def _grouped(bare: str) -> str:
    return "-".join(bare[start : start + 4] for start in range(0, len(bare), 4))
