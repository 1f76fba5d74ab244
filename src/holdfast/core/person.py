"""People and organisations: `TH.NIDN.` and a keyed hash; the clear id is checked, never kept.

No error of this module shows the id it is about: errors are logged, clear ids are not.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from typing import Any

from holdfast.core.errors import Refused
from holdfast.core.plain import ascii_digits, plain
from holdfast.core.schemes import countries, table
from holdfast.core.words import N_

PERSON_LENGTH_MAX = 64
KEY_BYTES_MIN = 16
"""A shorter key could be tried out; ids themselves are few enough to be."""


def person_key(country: str, kind: str, clear_id: str, key: bytes) -> str:
    """Return the pseudonym of a person: `TH.NIDN.` and 64 hexadecimal digits.

    HMAC-SHA-256 (RFC 2104) under `key` of the country, the kind and the compact id, so that
    one id written in two ways gives one pseudonym, and without the key nobody can try ids out.

    Raises:
        Refused: those of `compact_person_id`.
        ValueError: the key is shorter than `KEY_BYTES_MIN`.
    """
    compact = compact_person_id(country, kind, clear_id)
    return f"{country}.{kind}.{keyed_hash(f'{country}.{kind}.{compact}', key)}"


def keyed_hash(text: str, key: bytes) -> str:
    """Return HMAC-SHA-256 of `text` under `key` as 64 hexadecimal digits.

    Raises:
        ValueError: the key is shorter than `KEY_BYTES_MIN`.
    """
    if len(key) < KEY_BYTES_MIN:
        msg = f"a key of {len(key)} bytes is too short to protect anybody; use {KEY_BYTES_MIN}"
        raise ValueError(msg)
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def compact_person_id(country: str, kind: str, clear_id: str) -> str:
    """Return a clear id without separators and in capitals, if it can be one of its kind.

    `kind` is an ISO 20022 code (`NIDN` national id, `TXID` tax, `COID` company, `CCPT`
    passport). Digits of any script are read. Check digits and dates are verified where the
    country has them.

    Raises:
        Refused: `person_country_unknown`, `person_kind_unknown`, `person_form`,
            `person_check_digit`, or those of `plain`.
    """
    row = _row(country, kind)
    compact = re.sub(
        r"[\s\-./()]", "", ascii_digits(plain(clear_id, PERSON_LENGTH_MAX, secret=True))
    ).upper()
    if f"{country}.{kind}" == "ID.TXID":
        compact = compact.zfill(16)
    if re.fullmatch(row["form"], compact, re.ASCII) is None:
        raise Refused(
            "person_form",
            N_("this does not fit {kind} ({name}); one looks like {right}"),
            kind=f"{country}.{kind}",
            name=row["name"],
            right=row["example"],
        )
    check = _CHECKS.get(f"{country}.{kind}")
    if check and not check(compact):
        raise Refused(
            "person_check_digit",
            N_(
                "this has the length of {kind} ({name}), but its check digit or a part of it "
                "is wrong; compare it with the document digit by digit"
            ),
            kind=f"{country}.{kind}",
            name=row["name"],
        )
    return compact


def _row(country: str, kind: str) -> Mapping[str, Any]:
    if country not in countries():
        raise Refused(
            "person_country_unknown",
            N_("{value!r} is not a country code of ISO 3166; two capital letters such as TH are"),
            value=country[:40],
        )
    rows: Mapping[str, Mapping[str, Any]] = table("persons")["schemes"]
    row = rows.get(f"{country}.{kind}") or (rows.get(kind) if "." not in kind else None)
    if row is None:
        own = [name.removeprefix(f"{country}.") for name in rows if name.startswith(country + ".")]
        shared = [name for name in rows if "." not in name]
        raise Refused(
            "person_kind_unknown",
            N_("{value!r} is not a kind of id known for {country}; {right} would be"),
            value=kind[:40],
            country=country,
            right=", ".join(own + shared),
        )
    return row


def _thai(compact: str) -> bool:
    from stdnum.th import pin

    return bool(pin.calc_check_digit(compact) == compact[-1])


def _malaysian(compact: str) -> bool:
    from stdnum.my import nric

    return bool(nric.is_valid(compact))


def _indonesian(compact: str) -> bool:
    from stdnum.id import nik

    return bool(nik.is_valid(compact))


def _indonesian_tax(compact: str) -> bool:
    from stdnum import luhn

    return bool(luhn.is_valid(compact[1:10]))


def _vietnamese_tax(compact: str) -> bool:
    from stdnum.vn import mst

    return bool(mst.is_valid(compact))


def _singaporean(compact: str) -> bool:
    """Check the letter of an NRIC (series S, T) or FIN (F, G, M): weighted sum modulo 11."""
    total = sum(
        weight * int(digit)
        for weight, digit in zip((2, 7, 6, 5, 4, 3, 2), compact[1:8], strict=True)
    )
    shift = {"S": 0, "F": 0, "T": 4, "G": 4, "M": 3}[compact[0]]
    letters = {"S": "JZIHGFEDCBA", "T": "JZIHGFEDCBA", "M": "XWUTRQPNJLK"}
    return letters.get(compact[0], "XWUTRQPNMLK")[(total + shift) % 11] == compact[8]


def _singaporean_entity(compact: str) -> bool:
    """Check the letter of a UEN; the library's own `validate` would read the clock."""
    from stdnum.sg import uen

    if len(compact) == 9:
        right = uen.calc_business_check_digit(compact[:-1])
    elif compact[0].isdigit():
        right = uen.calc_local_company_check_digit(compact[:-1])
    else:
        right = uen.calc_other_check_digit(compact[:-1])
    return bool(right == compact[-1])


_CHECKS: Mapping[str, Callable[[str], bool]] = {
    "TH.NIDN": _thai,
    "TH.TXID": _thai,
    "MY.NIDN": _malaysian,
    "SG.NIDN": _singaporean,
    "SG.COID": _singaporean_entity,
    "ID.NIDN": _indonesian,
    "ID.TXID": _indonesian_tax,
    "VN.TXID": _vietnamese_tax,
}
