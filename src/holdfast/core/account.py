"""Accounts: `COUNTRY.SCHEME.MEMBER.NUMBER`, because two banks may use the same number."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from holdfast.core.errors import Refused
from holdfast.core.schemes import countries, table
from holdfast.core.words import N_

ACCOUNT_LENGTH_MAX = 80
"""Characters; the longest account that the table of schemes allows has fewer."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account at an institution; as text `TH.THCBC.004.0123456789`.

    `country` is ISO 3166-1 alpha-2, `scheme` the ISO 20022 clearing-system code that `member`
    belongs to (`BICFI` where only a business identifier code is known, in any country), and
    `number` the bank's own number as text: leading zeros and the case of letters count.
    """

    country: str
    scheme: str
    member: str
    number: str

    @classmethod
    def parse(cls, text: str) -> Account:
        """Read the canonical text, which is the only form there is: nothing is mended.

        Raises:
            Refused: `account_too_long`, `account_form`, `account_country_unknown`,
                `account_scheme_unknown`, `account_member_form` or `account_number_form`.
        """
        if len(text) > ACCOUNT_LENGTH_MAX:
            raise Refused(
                "account_too_long",
                N_("an account has at most {limit} characters, this one has {found}: {value!r}"),
                limit=ACCOUNT_LENGTH_MAX,
                found=len(text),
                value=text[:40],
            )
        parts = text.split(".")
        if len(parts) != 4 or "" in parts:
            raise Refused(
                "account_form",
                N_(
                    "{value!r} is not an account; four parts are, "
                    "COUNTRY.SCHEME.MEMBER.NUMBER such as TH.THCBC.004.0123456789"
                ),
                value=text[:40],
            )
        account = cls(*parts)
        account._check()
        return account

    def __str__(self) -> str:
        return f"{self.country}.{self.scheme}.{self.member}.{self.number}"

    def _check(self) -> None:
        if self.country not in countries():
            raise _country_unknown(self.country)
        row = _schemes_of(self.country).get(self.scheme)
        if row is None:
            raise _scheme_unknown(self.country, self.scheme)
        if not _fits(row["member"], self.member):
            raise Refused(
                "account_member_form",
                N_("{value!r} is not a member of {scheme} ({name}); one looks like {right}"),
                value=self.member[:40],
                scheme=self.scheme,
                name=row["name"],
                right=row["example"].split(".")[2],
            )
        pattern = row.get("number", table("clearing")["number_default"])
        if not _fits(pattern, self.number) or _is_grouped(self.number):
            raise _number_form(self.number)


def parse_account(text: str) -> str:
    """Return `text` if it is the canonical text of an account; raises as `Account.parse`."""
    return str(Account.parse(text))


def bank_of(account_key: str) -> str:
    """Return the institution of a canonical account: `TH.THCBC.004` of `TH.THCBC.004.01234`."""
    return account_key.rpartition(".")[0]


@cache
def _schemes_of(country: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the rows that are valid in `country`, its own schemes first."""
    rows = table("clearing")["schemes"]
    own = {code: row for code, row in rows.items() if row.get("country") == country}
    return own | {code: row for code, row in rows.items() if "country" not in row}


def _fits(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text, re.ASCII) is not None


def _is_grouped(number: str) -> bool:
    """Whether this is a number of digits written in groups, a second form of the same account."""
    return "-" in number and number.replace("-", "").isdigit()


def _country_unknown(country: str) -> Refused:
    right = country.strip().upper()
    if right in countries():
        return Refused(
            "account_country_unknown",
            N_("the country {value!r} of an account is written {right}, in capitals"),
            value=country[:40],
            right=right,
        )
    return Refused(
        "account_country_unknown",
        N_("{value!r} is not a country code of ISO 3166; two capital letters such as TH are"),
        value=country[:40],
    )


def _scheme_unknown(country: str, scheme: str) -> Refused:
    return Refused(
        "account_scheme_unknown",
        N_("an account with unknown scheme: {value!r} is not used in {country}, {right} would be"),
        value=scheme[:40],
        country=country,
        right=", ".join(_schemes_of(country)),
    )


def _number_form(number: str) -> Refused:
    digits = re.sub(r"[-\s]", "", number)
    if digits.isascii() and digits.isdigit() and digits != number and len(digits) <= 43:
        return Refused(
            "account_number_form",
            N_("the account number {value!r} is written without spaces and dashes, as {right}"),
            value=number[:40],
            right=digits,
        )
    return Refused(
        "account_number_form",
        N_(
            "{value!r} is not an account number; 1 to 43 digits or Latin letters are, "
            "with - or _ after the first"
        ),
        value=number[:40],
    )
