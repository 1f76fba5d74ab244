"""QR codes of payments: a PromptPay payee, a bill, and the mini-QR on a transfer slip.

The frame is EMVCo QR Code Specification for Payment Systems, merchant-presented mode: fields
of a two-digit id, a two-digit length and a value, the last one a CRC over all before it.
Which fields mean what is the Thai QR code standard (Bank of Thailand); the slip's are those
of the Thai Bankers' Association slip verification.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass

from holdfast.core.account import Account
from holdfast.core.errors import Refused
from holdfast.core.money import format_minor, parse_amount, positive
from holdfast.core.plain import plain
from holdfast.core.proxy import Proxy
from holdfast.core.words import N_

QR_LENGTH_MAX = 512

CREDIT_TRANSFER_AIDS = ("A000000677010111", "A000000677010114")
"""Application ids of field 29: a payee that is shown, and one with a one-time code."""
BILL_PAYMENT_AID = "A000000677010112"

_FIELD = re.compile(r"(\d\d)(\d\d)", re.ASCII)
_BAHT = "764"


@dataclass(frozen=True, slots=True)
class CreditTransferQr:
    """A code that asks for a payment to a PromptPay id or a Thai bank account (field 29)."""

    payee: Proxy | Account
    amount_minor: int | None = None
    """Satang; None lets the payer choose."""

    def text(self) -> str:
        """Return the payload of the code.

        Raises:
            Refused: `qr_payee` where the payee is not one of Thailand, `amount_not_positive`.
        """
        match self.payee:
            case Proxy(scheme="PROMPTPAY", kind="MBNO", value=value):
                inner = _field("01", f"0066{value.removeprefix('+66')}")
            case Proxy(scheme="PROMPTPAY", kind="NIDN", value=value):
                inner = _field("02", value)
            case Proxy(scheme="PROMPTPAY", kind="EWAL", value=value):
                inner = _field("03", value)
            case Account(scheme="THCBC", member=member, number=number):
                inner = _field("04", f"{member}{number}")
            case _:
                raise Refused(
                    "qr_payee",
                    N_("a Thai QR code pays to a PromptPay id or a Thai account, not elsewhere"),
                )
        return _payment(_field("29", _field("00", CREDIT_TRANSFER_AIDS[0]) + inner), self)


@dataclass(frozen=True, slots=True)
class BillPaymentQr:
    """A code that asks for the payment of a bill (field 30)."""

    biller_id: str
    """Tax id of the biller (13 digits) and a suffix of two."""
    reference_1: str
    reference_2: str | None = None
    amount_minor: int | None = None
    """Satang; None lets the payer choose."""

    def __post_init__(self) -> None:
        _check("01", self.biller_id, r"\d{13,15}")
        _check("02", self.reference_1, r"[0-9A-Za-z]{1,25}")
        if self.reference_2 is not None:
            _check("03", self.reference_2, r"[0-9A-Za-z]{1,25}")

    def text(self) -> str:
        """Return the payload of the code."""
        inner = _field("00", BILL_PAYMENT_AID) + _field("01", self.biller_id)
        inner += _field("02", self.reference_1)
        if self.reference_2:
            inner += _field("03", self.reference_2)
        return _payment(_field("30", inner), self)


@dataclass(frozen=True, slots=True)
class SlipQr:
    """The mini-QR of a transfer slip: which bank sent it, and under which reference."""

    sending_bank: str
    """Three digits, as in `TH.THCBC.004`."""
    transaction_reference: str

    def __post_init__(self) -> None:
        _check("01", self.sending_bank, r"\d{3}")
        _check("02", self.transaction_reference, r"[0-9A-Za-z]{1,35}")

    @property
    def bank(self) -> str:
        """The bank as account keys begin: `TH.THCBC.004`."""
        return f"TH.THCBC.{self.sending_bank}"

    def text(self) -> str:
        """Return the payload of the code."""
        inner = _field("00", "000001") + _field("01", self.sending_bank)
        inner += _field("02", self.transaction_reference)
        return _sealed(_field("00", inner) + _field("51", "TH"), "91")


def parse_qr(text: str) -> CreditTransferQr | BillPaymentQr | SlipQr:
    """Read the payload of a payment's QR code, its checksum verified.

    Raises:
        Refused: `qr_form`, `qr_checksum`, `qr_unknown`, `qr_field_missing`, `qr_field_form`,
            `qr_currency`; those of `plain`, `parse_amount` and `Account.parse`.
    """
    payload = plain(text, QR_LENGTH_MAX, secret=True)
    fields = _fields(payload)
    last = next(reversed(fields))
    if last not in {"63", "91"} or len(fields[last]) != 4:
        raise Refused(
            "qr_form",
            N_("the code does not end with its checksum (field 63 or 91); read it whole"),
        )
    right = _crc(payload[:-4])
    if fields[last].upper() != right:
        raise Refused(
            "qr_checksum",
            N_("the checksum {value} of the code does not hold; read it again from the picture"),
            value=fields[last],
        )
    if last == "91":
        return _slip(fields)
    for name, value in fields.items():
        if "26" <= name <= "51":
            if value.startswith(tuple(_field("00", aid) for aid in CREDIT_TRANSFER_AIDS)):
                return CreditTransferQr(_payee(_fields(value)), _amount_minor(fields))
            if value.startswith(_field("00", BILL_PAYMENT_AID)):
                return _bill(_fields(value), _amount_minor(fields))
    raise Refused(
        "qr_unknown",
        N_("the code is of another scheme than those read: PromptPay, Thai bills and slips"),
    )


def _slip(fields: Mapping[str, str]) -> SlipQr:
    inner = _fields(_needed(fields, "00"))
    return SlipQr(_needed(inner, "01"), _needed(inner, "02"))


def _bill(inner: Mapping[str, str], amount_minor: int | None) -> BillPaymentQr:
    return BillPaymentQr(_needed(inner, "01"), _needed(inner, "02"), inner.get("03"), amount_minor)


def _payee(inner: Mapping[str, str]) -> Proxy | Account:
    if mobile := inner.get("01"):
        _check("01", mobile, r"0066\d{9}")
        return Proxy("TH", "PROMPTPAY", "MBNO", f"+66{mobile[4:]}")
    if national := inner.get("02"):
        _check("02", national, r"\d{13}")
        return Proxy("TH", "PROMPTPAY", "NIDN", national)
    if wallet := inner.get("03"):
        _check("03", wallet, r"\d{15}")
        return Proxy("TH", "PROMPTPAY", "EWAL", wallet)
    account = _needed(inner, "04")
    return Account.parse(f"TH.THCBC.{account[:3]}.{account[3:]}")


def _amount_minor(fields: Mapping[str, str]) -> int | None:
    if fields.get("53", _BAHT) != _BAHT:
        raise Refused(
            "qr_currency",
            N_("the code is in the currency {value}; PromptPay is in baht, {right}"),
            value=fields["53"][:40],
            right=_BAHT,
        )
    return parse_amount(fields["54"], "THB") if "54" in fields else None


def _fields(payload: str) -> dict[str, str]:
    """Cut a payload into its fields by id, in their order.

    Raises:
        Refused: `qr_form` where lengths do not add up or a field comes twice.
    """
    fields: dict[str, str] = {}
    place = 0
    while place < len(payload):
        head = _FIELD.match(payload, place)
        end = place + 4 + int(head[2]) if head else 0
        if head is None or end > len(payload) or head[1] in fields:
            raise Refused(
                "qr_form",
                N_(
                    "this is not the text of a payment's QR code: it breaks off or repeats a "
                    "field at character {place}"
                ),
                place=place + 1,
            )
        fields[head[1]] = payload[place + 4 : end]
        place = end
    if not fields:
        raise Refused("qr_form", N_("a part of the code is empty; read it again from the picture"))
    return fields


def _needed(fields: Mapping[str, str], name: str) -> str:
    if not fields.get(name):
        raise Refused(
            "qr_field_missing",
            N_("field {name} of the code is missing; read it again from the picture"),
            name=name,
        )
    return fields[name]


def _check(name: str, value: str, pattern: str) -> None:
    """Check a field without ever showing its value, which may be a personal id."""
    if re.fullmatch(pattern, value, re.ASCII) is None:
        raise Refused(
            "qr_field_form",
            N_("field {name} of the code is not what the standard says ({pattern})"),
            name=name,
            pattern=pattern,
        )


def _payment(merchant: str, code: CreditTransferQr | BillPaymentQr) -> str:
    """Write the common fields around field 29 or 30; 12 says that the code is for one payment."""
    amount_minor = code.amount_minor
    payload = _field("00", "01") + _field("01", "11" if amount_minor is None else "12")
    payload += merchant + _field("58", "TH") + _field("53", _BAHT)
    if amount_minor is not None:
        payload += _field("54", format_minor(positive(amount_minor, amount_minor), "THB"))
    return _sealed(payload, "63")


def _field(name: str, value: str) -> str:
    if len(value) > 99:
        raise Refused(
            "qr_field_form",
            N_("field {name} of the code is not what the standard says ({pattern})"),
            name=name,
            pattern=".{1,99}",
        )
    return f"{name}{len(value):02d}{value}"


def _sealed(payload: str, name: str) -> str:
    open_end = f"{payload}{name}04"
    return open_end + _crc(open_end)


def _crc(payload: str) -> str:
    """CRC-16/CCITT-FALSE in four capital hexadecimal digits (of "123456789": 29B1)."""
    return f"{binascii.crc_hqx(payload.encode(), 0xFFFF):04X}"
