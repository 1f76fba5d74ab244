"""Claims and orders as the API shows them; amounts in minor units, times RFC 3339 in UTC."""

from __future__ import annotations

from typing import Annotated

from ninja import Path
from pydantic import BaseModel, Field

from holdfast.api.sight import Sight
from holdfast.cases.claim import ClaimState
from holdfast.cases.hold import HoldState
from holdfast.cases.models import Claim, Order
from holdfast.core.instant import format_instant

Id = Annotated[str, Path(pattern=r"^[!-~]{1,60}$")]
"""An id in an address."""
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
ReasonCode = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[a-z0-9_]+$")]
"""Why something is asked for, as a word that programs can count."""
Minor = Annotated[int, Field(description="In minor units of the currency beside it.")]


def at(time_us: int) -> str:
    """Write a time."""
    return format_instant(time_us)


def at_or_none(time_us: int | None) -> str | None:
    """Write a time that may be missing."""
    return None if time_us is None else format_instant(time_us)


class ClaimShown(BaseModel):
    """A payment that a victim reported, with its place in the ledger once it is there."""

    claim_id: str
    state: ClaimState
    reported_at: Time
    confirmed_at: Time | None
    withdrawn_at: Time | None
    withdrawn_why: str | None
    disputed: bool
    transfer_id: str | None
    paid_at: Time | None
    amount_minor: Minor | None
    currency: str | None
    debit_account: str | None
    credit_account: str | None

    @classmethod
    def of(cls, claim: Claim, *, with_ends: bool = True) -> ClaimShown:
        """Show a claim, and between which accounts it was paid to those who may know."""
        return cls(
            claim_id=claim.claim_id,
            state=ClaimState(claim.state),
            reported_at=at(claim.reported_us),
            confirmed_at=at_or_none(claim.confirmed_us),
            withdrawn_at=at_or_none(claim.withdrawn_us),
            withdrawn_why=claim.withdrawn_why or None,
            disputed=claim.disputed,
            transfer_id=claim.transfer_id,
            paid_at=at_or_none(claim.time_us),
            amount_minor=claim.amount_minor,
            currency=claim.currency or None,
            debit_account=(claim.debit_account or None) if with_ends else None,
            credit_account=(claim.credit_account or None) if with_ends else None,
        )


class OrderShown(BaseModel):
    """An order to hold, as it stands now."""

    order_id: str
    case: str
    institution: str
    account: str | None = Field(
        description="Null where the money had gone on to another institution's customer."
    )
    amount_minor: Minor
    amount_held_minor: Minor
    currency: str
    state: HoldState
    basis: str
    provisional: bool
    ordered_at: Time
    expires_at: Time
    delivered_at: Time | None
    acknowledged_at: Time | None
    answered_at: Time | None
    held_at: Time | None
    ended_at: Time | None
    reason: str | None

    @classmethod
    def of(cls, order: Order, sight: Sight, *, is_whole: bool) -> OrderShown:
        """Show an order; its account only to whom that account or the payment to it concerns."""
        known = is_whole or sight.is_mine(order.account) or order.hop <= 1
        return cls(
            order_id=order.order_id,
            case=order.case.number,
            institution=order.institution_id,
            account=order.account if known else None,
            amount_minor=order.amount_minor,
            amount_held_minor=order.held_minor,
            currency=order.currency,
            state=HoldState(order.state),
            basis=order.basis,
            provisional=order.provisional,
            ordered_at=at(order.ordered_us),
            expires_at=at(order.lapses_us),
            delivered_at=at_or_none(order.delivered_us),
            acknowledged_at=at_or_none(order.acknowledged_us),
            answered_at=at_or_none(order.answered_us),
            held_at=at_or_none(order.held_us),
            ended_at=at_or_none(order.ended_us),
            reason=order.reason or None,
        )
