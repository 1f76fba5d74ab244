"""A report as somebody tells it: parsed once, bounded, and allowed to be incomplete.

Only who sends it and one way to find one payment could be asked for at once; everything else
may come later, because the first order must be out before the form is full.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from holdfast.core.account import parse_account
from holdfast.core.errors import Refused
from holdfast.core.instant import parse_instant
from holdfast.core.link import parse_link
from holdfast.core.money import exponent, parse_amount
from holdfast.core.person import compact_person_id
from holdfast.core.phone import parse_phone
from holdfast.core.plain import plain
from holdfast.core.proxy import parse_proxy
from holdfast.core.qr import SlipQr, parse_qr
from holdfast.core.wallet import parse_wallet
from holdfast.core.words import N_, say

PAYMENTS_MAX = 50
IDENTIFIERS_MAX = 100
TEXT_MAX = 20_000


def checked(parse: Callable[[str], object]) -> AfterValidator:
    """Return a validator that keeps the code and the sentence of a `Refused`."""

    def check(value: str) -> str:
        try:
            found = parse(value)
        except Refused as error:
            sentence = str(error).replace("{", "(").replace("}", ")")
            raise PydanticCustomError(error.code, sentence) from None
        return found if isinstance(found, str) else value

    return AfterValidator(check)


def _currency(text: str) -> str:
    exponent(text)
    return text


def _slip(text: str) -> str:
    if not isinstance(parse_qr(text), SlipQr):
        raise Refused(
            "qr_not_slip", N_("this QR code asks for a payment; the one on a slip is meant")
        )
    return text


def _line(text: str) -> str:
    return unicodedata.normalize("NFC", plain(text, TEXT_MAX, secret=True))


def _prose(text: str) -> str:
    return "\n".join(_line(line) if line.strip() else "" for line in text.splitlines())


ShortText = Annotated[str, Field(min_length=1, max_length=200), checked(_line)]
WordText = Annotated[str, Field(min_length=1, max_length=60), checked(_line)]
Reference = Annotated[str, Field(min_length=1, max_length=140, pattern=r"^[!-~]+$")]
AccountText = Annotated[str, Field(max_length=80), checked(parse_account)]
ProxyText = Annotated[str, Field(max_length=120), checked(parse_proxy)]
PhoneText = Annotated[str, Field(max_length=40), checked(parse_phone)]
TimeText = Annotated[str, Field(max_length=40), checked(parse_instant)]
CurrencyText = Annotated[str, Field(min_length=3, max_length=3), checked(_currency)]


class Told(BaseModel):
    """What all parts of a report share: unknown fields are refused, values never change."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=True, hide_input_in_errors=True
    )


class Via(StrEnum):
    """Which way a report came."""

    CENTRE = "centre"  # the victim called the centre
    BANK = "bank"  # the victim called the bank, which has made sure who calls
    POLICE = "police"  # the victim went to the police


class Payment(Told):
    """A payment as the victim tells it: by reference, by the slip's QR, or by its facts."""

    transfer_id: Reference | None = None
    uetr: Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")] | None = (
        None
    )
    slip_qr: Annotated[str, Field(max_length=512), checked(_slip)] | None = None
    from_account: AccountText | None = None
    to_account: AccountText | None = None
    to_proxy: ProxyText | None = None
    amount: Annotated[str, Field(max_length=30)] | None = None
    """Decimal text in major units, e.g. "605.72"."""
    currency: CurrencyText | None = None
    time: TimeText | None = None
    name_shown: ShortText | None = None
    """The payee's name as the victim's bank showed it."""

    @model_validator(mode="after")
    def _can_be_found(self) -> Self:
        referenced = self.transfer_id or self.uetr or self.slip_qr
        if not referenced and not (self.from_account or self.to_account or self.to_proxy):
            raise PydanticCustomError(
                "payment_unfindable",
                say(
                    N_(
                        "a payment needs a reference, a slip's QR code, or an account "
                        "with amount and time"
                    )
                ),
            )
        if self.amount is not None:
            if self.currency is None:
                raise PydanticCustomError(
                    "payment_currency_missing", say(N_("an amount needs its currency"))
                )
            _amount_of(self.amount, self.currency)
        return self

    @property
    def amount_minor(self) -> int | None:
        """The amount in minor units, if it was told."""
        if self.amount is None or self.currency is None:
            return None
        return parse_amount(self.amount, self.currency)

    @property
    def time_us(self) -> int | None:
        """When it was paid, in microseconds since 1970 UTC, if that was told."""
        return None if self.time is None else parse_instant(self.time)


class PersonId(Told):
    """An identity document's number; it is checked, hashed with the centre's key, not kept."""

    country: Annotated[str, Field(min_length=2, max_length=2)]
    kind: Annotated[str, Field(max_length=8)]
    number: Annotated[str, Field(max_length=64)]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        try:
            compact_person_id(self.country, self.kind, self.number)
        except Refused as error:
            raise PydanticCustomError(error.code, str(error).replace("{", "(")) from None
        return self


class Reporter(Told):
    """Who tells it; all of it personal data."""

    name: ShortText | None = None
    phone: PhoneText | None = None
    email: (
        Annotated[str, Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+$"), checked(_line)] | None
    ) = None
    person_id: PersonId | None = None
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")] = "th"
    is_victim: bool = True
    age_years: Annotated[int, Field(ge=0, le=130)] | None = None
    province: ShortText | None = None
    needs_care: bool = False
    """Somebody who should be spoken to slowly and called back: old, ill, in shock."""


class Identifiers(Told):
    """What else the scammers used; it goes to the registry."""

    phones: Annotated[list[PhoneText], Field(max_length=IDENTIFIERS_MAX)] = []
    links: Annotated[
        list[Annotated[str, Field(max_length=2000), checked(parse_link)]],
        Field(max_length=IDENTIFIERS_MAX),
    ] = []
    wallets: Annotated[
        list[Annotated[str, Field(max_length=200), checked(parse_wallet)]],
        Field(max_length=IDENTIFIERS_MAX),
    ] = []
    handles: Annotated[list[ShortText], Field(max_length=IDENTIFIERS_MAX)] = []


class HeldAlready(Told):
    """An amount that the bank which reports holds already in an account of its own."""

    reference: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._~:-]{0,59}$")]
    """The bank's own id of this hold."""
    account: AccountText
    amount: Annotated[str, Field(max_length=30)]
    """Decimal text in major units."""
    currency: CurrencyText
    since: TimeText

    @model_validator(mode="after")
    def _is_an_amount(self) -> Self:
        _amount_of(self.amount, self.currency)
        return self

    @property
    def amount_minor(self) -> int:
        """The amount in minor units."""
        return parse_amount(self.amount, self.currency)


class ReportTold(Told):
    """A whole report, as far as it has been told."""

    via: Via
    institution_case_id: (
        Annotated[str, Field(min_length=1, max_length=100), checked(_line)] | None
    ) = None
    reported_at: TimeText | None = None
    """When the victim told the bank or the police, where that was before this report."""
    held_already: Annotated[list[HeldAlready], Field(max_length=PAYMENTS_MAX)] = []
    """What the bank that reports holds on the victim's word already."""
    reporter: Reporter = Reporter()
    happened: Annotated[str, Field(min_length=1, max_length=TEXT_MAX), checked(_prose)] | None = (
        None
    )
    """In the caller's own words."""
    scam_type: WordText | None = None
    channel: WordText | None = None
    """How the scammers reached the victim."""
    payments: Annotated[list[Payment], Field(min_length=1, max_length=PAYMENTS_MAX)]
    identifiers: Identifiers = Identifiers()
    declared_true: bool = False
    """Whether the caller declared that all this is true and knows what a false report costs."""
    sharing_basis: WordText | None = None
    """Why the data may be shared with the institutions: consent, or a law's name."""
    caller_confirmed: bool = False
    """Whether the sender is the victim's bank and has made sure of caller, payment and name."""


_ASKED = ("happened", "scam_type", "channel", "sharing_basis")
_ASKED_OF_REPORTER = ("name", "phone", "person_id")


def missing(told: ReportTold) -> list[str]:
    """Return the fields that are still to be asked, in the order in which to ask them."""
    fields = [f"reporter.{name}" for name in _ASKED_OF_REPORTER if not getattr(told.reporter, name)]
    fields += [name for name in _ASKED if getattr(told, name) is None]
    return fields if told.declared_true else [*fields, "declared_true"]


def _amount_of(amount: str, currency: str) -> int:
    try:
        return parse_amount(amount, currency)
    except Refused as error:
        raise PydanticCustomError(error.code, str(error).replace("{", "(")) from None
