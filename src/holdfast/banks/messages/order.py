"""Orders of a centre to a bank: hold an amount, release it, extend the deadline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from holdfast.banks.messages.fields import ORDER_BYTES_MAX, Fields, Kind, read_object, to_json
from holdfast.core.account import Account, bank_of
from holdfast.core.errors import Refused
from holdfast.core.instant import format_instant
from holdfast.core.words import N_

SOURCE_LENGTH_MAX = 500
NAME_LENGTH_MAX = 200
_BASIS = "LglMndtBsis"


@dataclass(frozen=True, slots=True)
class Payment:
    """The payment that brought the money; it lets the bank find it, and what came after it."""

    transfer_id: str
    time_us: int
    amount_minor: int
    uetr: str | None = None
    name_shown: str | None = None
    """The name that the payer was shown as the holder's; of the account that was paid only."""

    def to_values(self) -> dict[str, Any]:
        """Return what an order says of it; a name that nobody told of is left out."""
        values = {
            "transfer_id": self.transfer_id,
            "uetr": self.uetr,
            "time": format_instant(self.time_us),
            "amount_minor": self.amount_minor,
        }
        return values if self.name_shown is None else values | {"name_shown": self.name_shown}


@dataclass(frozen=True, slots=True)
class HoldOrder:
    """Hold up to an amount on one account until a time; it lapses by itself then."""

    order_id: str
    case: str
    issuer: str
    """The centre that orders, e.g. TH.AOC."""
    institution: str
    """The bank that is ordered; its accounts begin with this."""
    account: str
    amount_minor: int
    currency: str
    basis: str
    """Key of the legal basis, e.g. caller_word."""
    basis_source: str
    """Where the law says so."""
    provisional: bool
    """Whether the order stands on a first word and must be confirmed to go on."""
    ordered_at_us: int
    expires_at_us: int
    payment: Payment | None = None
    takes_over: str | None = None
    """The bank's own reference of what it holds by itself: that is held under this order now."""
    test: bool = False
    """Whether this is a rehearsal: answered as any other, but no money may be stopped."""
    unknown_fields: int = field(default=0, compare=False)

    @property
    def path(self) -> str:
        """Return where it goes, below the bank's endpoint."""
        return "/hold-orders"

    @property
    def message_id(self) -> str:
        """Return the id that makes sending it again safe."""
        return self.order_id

    def to_values(self) -> dict[str, Any]:
        """Return what `to_bytes` writes, to be put into a larger message."""
        account = Account.parse(self.account)
        values = {
            "type": "hold-order",
            "version": 1,
            "order_id": self.order_id,
            "case": self.case,
            "issuer": self.issuer,
            "institution": self.institution,
            "Acct": _iso_account(account),
            "account": self.account,
            "scope": "amount",
            "amount_minor": self.amount_minor,
            "currency": self.currency,
            _BASIS: {"Prgrph": self.basis, "source": self.basis_source},
            "provisional": self.provisional,
            "ordered_at": format_instant(self.ordered_at_us),
            "expires_at": format_instant(self.expires_at_us),
            "payment": self.payment and self.payment.to_values(),
            "test": self.test,
        }
        return values if self.takes_over is None else values | {"takes_over": self.takes_over}

    def to_bytes(self) -> bytes:
        """Write the canonical JSON that is signed and kept."""
        return to_json(self.to_values())


@dataclass(frozen=True, slots=True)
class ReleaseOrder:
    """Let go of a part, or all, of what is held under an order."""

    release_id: str
    order_id: str
    issuer: str
    institution: str
    account: str
    amount_minor: int
    """What is to be released, not what is to remain."""
    currency: str
    reason: str
    ordered_at_us: int
    test: bool = False
    unknown_fields: int = field(default=0, compare=False)

    @property
    def path(self) -> str:
        """Return where it goes, below the bank's endpoint."""
        return f"/hold-orders/{self.order_id}/release"

    @property
    def message_id(self) -> str:
        """Return the id that makes sending it again safe."""
        return self.release_id

    def to_values(self) -> dict[str, Any]:
        """Return what `to_bytes` writes."""
        return {
            "type": "release-order",
            "version": 1,
            "release_id": self.release_id,
            "order_id": self.order_id,
            "issuer": self.issuer,
            "institution": self.institution,
            "account": self.account,
            "amount_minor": self.amount_minor,
            "currency": self.currency,
            "reason": self.reason,
            "ordered_at": format_instant(self.ordered_at_us),
            "test": self.test,
        }

    def to_bytes(self) -> bytes:
        """Write the canonical JSON that is signed and kept."""
        return to_json(self.to_values())


@dataclass(frozen=True, slots=True)
class ExtendOrder:
    """Hold on until a later time, on the legal basis named; what lapsed stays lapsed."""

    extension_id: str
    order_id: str
    issuer: str
    institution: str
    account: str
    basis: str
    basis_source: str
    expires_at_us: int
    ordered_at_us: int
    test: bool = False
    unknown_fields: int = field(default=0, compare=False)

    @property
    def path(self) -> str:
        """Return where it goes, below the bank's endpoint."""
        return f"/hold-orders/{self.order_id}/extension"

    @property
    def message_id(self) -> str:
        """Return the id that makes sending it again safe."""
        return self.extension_id

    def to_values(self) -> dict[str, Any]:
        """Return what `to_bytes` writes."""
        return {
            "type": "extend-order",
            "version": 1,
            "extension_id": self.extension_id,
            "order_id": self.order_id,
            "issuer": self.issuer,
            "institution": self.institution,
            "account": self.account,
            _BASIS: {"Prgrph": self.basis, "source": self.basis_source},
            "expires_at": format_instant(self.expires_at_us),
            "ordered_at": format_instant(self.ordered_at_us),
            "test": self.test,
        }

    def to_bytes(self) -> bytes:
        """Write the canonical JSON that is signed and kept."""
        return to_json(self.to_values())


Order = HoldOrder | ReleaseOrder | ExtendOrder


def parse_order(body: bytes) -> HoldOrder:
    """Read the order to hold an amount, at most `ORDER_BYTES_MAX` bytes.

    Raises:
        Refused: `order_too_long`, `order_unreadable`, `order_field` (naming the field) or
            `order_contradiction`.
    """
    return order_of(read_object(body, Kind.ORDER, ORDER_BYTES_MAX))


def order_of(values: Mapping[str, Any]) -> HoldOrder:
    """Read an order that came inside a larger message; raises as `parse_order`."""
    fields = Fields.of(values, Kind.ORDER)
    fields.fixed("type", "hold-order")
    fields.fixed("version", 1)
    fields.fixed("scope", "amount")
    basis, basis_source = _basis(fields)
    order = HoldOrder(
        order_id=fields.id("order_id"),
        case=fields.id("case"),
        issuer=fields.institution("issuer"),
        institution=fields.institution("institution"),
        account=fields.account("account"),
        amount_minor=fields.integer("amount_minor", least=1),
        currency=fields.currency("currency"),
        basis=basis,
        basis_source=basis_source,
        provisional=fields.flag("provisional"),
        ordered_at_us=fields.instant("ordered_at"),
        expires_at_us=fields.instant("expires_at"),
        payment=_payment(fields),
        takes_over=fields.id("takes_over") if fields.has("takes_over") else None,
        test=fields.flag_or_none("test") or False,
    )
    _check_account(order.institution, order.account)
    if fields.has("Acct") and fields.value("Acct") != _iso_account(Account.parse(order.account)):
        raise fields.wrong("Acct", "contradicts", "account")
    _check_times(order.ordered_at_us, order.expires_at_us)
    object.__setattr__(order, "unknown_fields", fields.unknown())
    return order


def parse_release(body: bytes) -> ReleaseOrder:
    """Read the order to release a part or all of a hold; raises as `parse_order`."""
    return _release_of(read_object(body, Kind.ORDER, ORDER_BYTES_MAX))


def parse_extension(body: bytes) -> ExtendOrder:
    """Read the order to hold on until later; raises as `parse_order`."""
    return _extension_of(read_object(body, Kind.ORDER, ORDER_BYTES_MAX))


def any_order_of(values: Mapping[str, Any]) -> Order:
    """Read an order of whichever type, out of a larger message; raises as `parse_order`."""
    kind = values.get("type") if isinstance(values, dict) else None
    if kind == "release-order":
        return _release_of(values)
    return _extension_of(values) if kind == "extend-order" else order_of(values)


def _release_of(values: Mapping[str, Any]) -> ReleaseOrder:
    fields = Fields.of(values, Kind.ORDER)
    fields.fixed("type", "release-order")
    fields.fixed("version", 1)
    order = ReleaseOrder(
        release_id=fields.id("release_id"),
        order_id=fields.id("order_id"),
        issuer=fields.institution("issuer"),
        institution=fields.institution("institution"),
        account=fields.account("account"),
        amount_minor=fields.integer("amount_minor", least=1),
        currency=fields.currency("currency"),
        reason=fields.text("reason", r"[a-z0-9_]{1,60}"),
        ordered_at_us=fields.instant("ordered_at"),
        test=fields.flag_or_none("test") or False,
    )
    _check_account(order.institution, order.account)
    object.__setattr__(order, "unknown_fields", fields.unknown())
    return order


def _extension_of(values: Mapping[str, Any]) -> ExtendOrder:
    fields = Fields.of(values, Kind.ORDER)
    fields.fixed("type", "extend-order")
    fields.fixed("version", 1)
    basis, basis_source = _basis(fields)
    order = ExtendOrder(
        extension_id=fields.id("extension_id"),
        order_id=fields.id("order_id"),
        issuer=fields.institution("issuer"),
        institution=fields.institution("institution"),
        account=fields.account("account"),
        basis=basis,
        basis_source=basis_source,
        expires_at_us=fields.instant("expires_at"),
        ordered_at_us=fields.instant("ordered_at"),
        test=fields.flag_or_none("test") or False,
    )
    _check_account(order.institution, order.account)
    _check_times(order.ordered_at_us, order.expires_at_us)
    object.__setattr__(order, "unknown_fields", fields.unknown())
    return order


def _iso_account(account: Account) -> dict[str, Any]:
    """Write an account in the element names of ISO 20022 (CashAccount, FinInstnId)."""
    clearing = {"ClrSysId": {"Cd": account.scheme}, "MmbId": account.member}
    return {
        "Id": {"Othr": {"Id": account.number}},
        "Svcr": {"FinInstnId": {"ClrSysMmbId": clearing}},
    }


def _basis(fields: Fields) -> tuple[str, str]:
    inner = fields.inner(_BASIS)
    found = (
        inner.text("Prgrph", r"[A-Za-z0-9_.-]{1,60}"),
        inner.text("source", rf".{{1,{SOURCE_LENGTH_MAX}}}"),
    )
    fields.seen(inner)
    return found


def _payment(fields: Fields) -> Payment | None:
    if not fields.has("payment"):
        return None
    inner = fields.inner("payment")
    payment = Payment(
        transfer_id=inner.text("transfer_id"),
        time_us=inner.instant("time"),
        amount_minor=inner.integer("amount_minor", least=1),
        uetr=inner.text_or_none("uetr"),
        name_shown=inner.prose_or_none("name_shown", NAME_LENGTH_MAX),
    )
    fields.seen(inner)
    return payment


def _check_account(institution: str, account: str) -> None:
    if bank_of(account) != institution:
        raise Refused(
            "order_contradiction",
            N_("the order is for {institution}, but its account is kept by {bank}"),
            institution=institution,
            bank=bank_of(account),
        )


def _check_times(ordered_at_us: int, expires_at_us: int) -> None:
    if expires_at_us <= ordered_at_us:
        raise Refused(
            "order_contradiction",
            N_("the order of {ordered_at} ends at {expires_at}, which is not later"),
            ordered_at=format_instant(ordered_at_us),
            expires_at=format_instant(expires_at_us),
        )
