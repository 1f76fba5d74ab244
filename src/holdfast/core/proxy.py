"""Proxies: what people pay to instead of an account, `TH.PROMPTPAY.MBNO.+66812345678`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from holdfast.core.errors import Refused
from holdfast.core.person import keyed_hash
from holdfast.core.plain import ascii_digits, plain
from holdfast.core.schemes import table
from holdfast.core.words import N_

PROXY_LENGTH_MAX = 200

_INSTITUTION = re.compile(r"[0-9A-Z]{2,11}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy of a scheme, and when it pointed to one owner: it can be registered anew.

    `kind` is an ISO 20022 code (`MBNO`, `NIDN`, `EWAL`, …). `institution` is part of the
    identity where the scheme says so (the Philippines), and None elsewhere. The times are
    microseconds since 1970 UTC, the end excluded; None is unknown or open.
    """

    country: str
    scheme: str
    kind: str
    value: str
    institution: str | None = None
    valid_from_us: int | None = None
    valid_until_us: int | None = None

    def __post_init__(self) -> None:
        begin, end = self.valid_from_us, self.valid_until_us
        if begin is not None and end is not None and begin >= end:
            raise Refused(
                "proxy_period",
                N_("a proxy that ends at {end} cannot begin at {begin}; the end comes later"),
                begin=begin,
                end=end,
            )

    @classmethod
    def parse(
        cls, text: str, *, valid_from_us: int | None = None, valid_until_us: int | None = None
    ) -> Proxy:
        """Read the canonical text, which is the only form there is: nothing is mended.

        Raises:
            Refused: `proxy_too_long`, `proxy_form`, `proxy_scheme_unknown`,
                `proxy_institution_form`, `proxy_value_form` or `proxy_period`.
        """
        if len(text) > PROXY_LENGTH_MAX:
            raise Refused(
                "proxy_too_long",
                N_("a proxy has at most {limit} characters, this has {found}"),
                limit=PROXY_LENGTH_MAX,
                found=len(text),
            )
        parts = text.split(".", 3)
        if len(parts) != 4 or "" in parts:
            raise Refused(
                "proxy_form",
                N_(
                    "this is not a proxy; four parts are, COUNTRY.SCHEME.KIND.VALUE "
                    "such as TH.PROMPTPAY.MBNO.+66812345678"
                ),
            )
        country, scheme, kind, value = parts
        row = _row(country, scheme, kind)
        institution = None
        if row.get("institution"):
            institution, _, value = value.partition(".")
            if not _INSTITUTION.fullmatch(institution):
                raise _institution_form(row)
        if re.fullmatch(row["form"], value, re.ASCII) is None:
            raise _value_form(row)
        return cls(country, scheme, kind, value, institution, valid_from_us, valid_until_us)

    def __str__(self) -> str:
        return f"{self._stem()}.{self.value}"

    @property
    def personal(self) -> bool:
        """Whether the value is a clear personal id, which may be kept in few places only."""
        return bool(_row(self.country, self.scheme, self.kind).get("personal"))

    def sealed(self, key: bytes) -> str:
        """Return the canonical text; a personal value is replaced by its keyed hash.

        Raises:
            ValueError: the key is too short, see `keyed_hash`.
        """
        return f"{self._stem()}.{keyed_hash(str(self), key)}" if self.personal else str(self)

    def valid_at(self, time_us: int) -> bool:
        """Whether this registration held at an instant, as far as is known."""
        begun = self.valid_from_us is None or self.valid_from_us <= time_us
        return begun and (self.valid_until_us is None or time_us < self.valid_until_us)

    def _stem(self) -> str:
        stem = f"{self.country}.{self.scheme}.{self.kind}"
        return f"{stem}.{self.institution}" if self.institution else stem


def parse_proxy(text: str) -> str:
    """Return `text` if it is the canonical text of a proxy; raises as `Proxy.parse`."""
    return str(Proxy.parse(text))


def parse_promptpay(text: str) -> Proxy:
    """Read a PromptPay id as a person writes it or as a QR code and the switch carry it.

    A mobile number (`081-234-5678`, `+66…`, the wire form `0066…`), 13 digits of a national
    or tax id, or 15 of an e-wallet. Digits of any script are read. Check digits are not
    asked, for a proxy that was paid to exists.

    Raises:
        Refused: `proxy_promptpay_form`, or those of `plain`.
    """
    digits = re.sub(r"[\s().\-\u2010-\u2015]", "", ascii_digits(plain(text, 40, secret=True)))
    if mobile := re.fullmatch(r"(?:\+66|0066|66|0)(\d{9})", digits, re.ASCII):
        return Proxy("TH", "PROMPTPAY", "MBNO", f"+66{mobile[1]}")
    if re.fullmatch(r"\d{13}", digits, re.ASCII):
        return Proxy("TH", "PROMPTPAY", "NIDN", digits)
    if re.fullmatch(r"\d{15}", digits, re.ASCII):
        return Proxy("TH", "PROMPTPAY", "EWAL", digits)
    raise Refused(
        "proxy_promptpay_form",
        N_(
            "this is not a PromptPay id; a mobile number such as 081-234-5678, "
            "a national id of 13 digits or an e-wallet of 15 is"
        ),
    )


def _row(country: str, scheme: str, kind: str) -> Mapping[str, Any]:
    rows: Mapping[str, Mapping[str, Any]] = table("proxies")["schemes"]
    row = rows.get(f"{country}.{scheme}.{kind}")
    if row is None:
        alike = [key for key in rows if key.startswith(f"{country}.")] or list(rows)[:1]
        raise Refused(
            "proxy_scheme_unknown",
            N_("{value!r} is not a known kind of proxy; there are {right}"),
            value=f"{country}.{scheme}.{kind}"[:40],
            right=", ".join(alike),
        )
    return row


def _institution_form(row: Mapping[str, Any]) -> Refused:
    return Refused(
        "proxy_institution_form",
        N_(
            "this proxy belongs to an institution, whose code stands before the value; "
            "one looks like {right}"
        ),
        right=row["example"],
    )


def _value_form(row: Mapping[str, Any]) -> Refused:
    """Say what would be right without showing the value, which may be a personal id."""
    return Refused(
        "proxy_value_form",
        N_("the value does not fit this kind of proxy ({name}); one looks like {right}"),
        name=row["name"],
        right=row["example"],
    )
