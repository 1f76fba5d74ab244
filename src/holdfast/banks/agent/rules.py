"""How much of an order is held, and why not more: a decision without a book or a clock."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.banks.agent.accounts import BankAccount
from holdfast.banks.messages import (
    AccountStatus,
    AnswerStatus,
    HolderKind,
    HoldOrder,
    RefusalReason,
)

REFUSED_HOLDERS = {
    HolderKind.MERCHANT: RefusalReason.MERCHANT,
    HolderKind.GOVERNMENT: RefusalReason.LEGAL,
}
"""Holders whose money is not stopped: goods were delivered for it, or the law forbids."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of an order to hold."""

    status: AnswerStatus
    held_minor: int = 0
    reason: RefusalReason | None = None


def decide_hold(
    order: HoldOrder, account: BankAccount | None, others_minor: int, *, in_time: bool
) -> Decision:
    """Hold what is free on the account, at most what was ordered; refuse what can't be held."""
    if not in_time:
        return Decision(AnswerStatus.REFUSED, 0, RefusalReason.EXPIRED)
    if account is None or account.currency != order.currency:
        return Decision(AnswerStatus.REFUSED, 0, RefusalReason.NO_ACCOUNT)
    closed = account.status is AccountStatus.CLOSED
    reason = RefusalReason.CLOSED if closed else REFUSED_HOLDERS.get(account.holder_kind)
    if reason is not None:
        return Decision(AnswerStatus.REFUSED, 0, reason)
    free_minor = available(account, others_minor)
    if free_minor >= order.amount_minor:
        return Decision(AnswerStatus.HELD, order.amount_minor)
    if free_minor:
        return Decision(AnswerStatus.PARTLY_HELD, free_minor, RefusalReason.NO_FUNDS)
    taken = others_minor and account.balance_minor > 0
    return Decision(
        AnswerStatus.REFUSED, 0, RefusalReason.ALREADY_HELD if taken else RefusalReason.NO_FUNDS
    )


def available(account: BankAccount, others_minor: int) -> int:
    """Return what can be held or paid: the booked balance without what is held already."""
    return max(account.balance_minor - others_minor, 0)
