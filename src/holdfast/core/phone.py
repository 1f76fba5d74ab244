"""Phone numbers: E.164, `+66812345678`; short codes with their country, `TH.1441`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from holdfast.core.errors import Refused
from holdfast.core.plain import ascii_digits, plain
from holdfast.core.words import N_

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

PHONE_LENGTH_MAX = 40

_PROMPTPAY_WIRE = re.compile(r"0066(\d{8,9})", re.ASCII)
"""A Thai number as PromptPay sends it; as a dialled number it would be another one."""
_SHORT_CODE = re.compile(r"(?:([A-Z]{2})\.)?([1-9]\d{2,5})", re.ASCII)
_SEPARATORS = re.compile(r"[\s().\-\u2010-\u2015]")
_ABROAD_MARK = re.compile(r"\+69[78]", re.ASCII)
"""What Thai networks put before the number of a call from abroad (NBTC, since 2020)."""


def parse_phone(text: str, region: str = "TH") -> str:
    """Return the canonical text of a phone number as a person wrote it or a machine sent it.

    `region` (ISO 3166-1 alpha-2) is where a number without `+` is dialled. A number of three
    to six digits that is no subscriber's there is a short code and keeps its country
    (`TH.1441`). Digits of any script are read; extensions are dropped.

    Raises:
        Refused: `phone_region_unknown`, `phone_unreadable`, `phone_from_abroad`,
            `phone_too_short`, `phone_too_long`, `phone_not_in_use`, or those of `plain`.
    """
    written = ascii_digits(plain(text, PHONE_LENGTH_MAX))
    dialled = _SEPARATORS.sub("", written)
    short = _SHORT_CODE.fullmatch(written if written[2:3] == "." else dialled)
    if short and short[1]:
        region, written, dialled = short[1], short[2], short[2]
    _check_region(region)
    if wire := _PROMPTPAY_WIRE.fullmatch(dialled):
        written = f"+66{wire[1]}"
    if _ABROAD_MARK.match(dialled):
        raise Refused(
            "phone_from_abroad",
            N_("{value!r} begins with the mark of a call from abroad; write the number after it"),
            value=text[:40],
        )
    return _canonical(written, region, short[2] if short else None)


def _canonical(written: str, region: str, short_code: str | None) -> str:
    import phonenumbers

    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        raise Refused(
            "phone_unreadable",
            N_("{value!r} is not a phone number; write it like +66 81 234 5678 or 081-234-5678"),
            value=written[:40],
        ) from None
    if phonenumbers.is_valid_number(number):
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if short_code:
        return f"{region}.{short_code}"
    raise _wrong(number, written, region)


def _wrong(number: PhoneNumber, written: str, region: str) -> Refused:
    import phonenumbers

    country = phonenumbers.region_code_for_country_code(number.country_code or 0)
    example = phonenumbers.example_number_for_type(
        region if country in {"ZZ", "001"} else country, phonenumbers.PhoneNumberType.MOBILE
    )
    e164 = phonenumbers.PhoneNumberFormat.E164
    fields = {
        "value": written[:40],
        "country": country,
        "right": phonenumbers.format_number(example, e164) if example else "+66812345678",
    }
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason == phonenumbers.ValidationResult.TOO_SHORT:
        return Refused(
            "phone_too_short",
            N_("{value!r} has too few digits for {country}; one looks like {right}"),
            **fields,
        )
    if reason == phonenumbers.ValidationResult.TOO_LONG:
        return Refused(
            "phone_too_long",
            N_("{value!r} has too many digits for {country}; one looks like {right}"),
            **fields,
        )
    return Refused(
        "phone_not_in_use",
        N_("{value!r} lies in no range of numbers that {country} uses; one looks like {right}"),
        **fields,
    )


def _check_region(region: str) -> None:
    import phonenumbers

    if region not in phonenumbers.SUPPORTED_REGIONS:
        raise Refused(
            "phone_region_unknown",
            N_("{value!r} is not a country with phone numbers; two capital letters such as TH are"),
            value=region[:40],
        )
