"""The running balance of an account: the sum of its lots while all of them are clean."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from holdfast.ledger.transfer import Transfer


class Balance(NamedTuple):
    """A running balance, in minor units, never below zero."""

    reported_minor: int
    """Set right by every balance that a bank reports."""
    bare_minor: int
    """From the opening balance and amounts alone, as if no bank reported any."""

    @classmethod
    def opening(cls, balance_minor: int | None) -> Balance:
        """Return the balance of an account before its first transfer; below zero is zero."""
        clean = max(balance_minor or 0, 0)
        return cls(clean, clean)


def balance_after(before: Balance, transfers: Iterable[Transfer], account: str) -> Balance:
    """Return the balance once an account's transfers, in their order, have been posted.

    A debit of more than is there leaves zero: the rest came from outside the ledger.
    """
    reported, bare = before
    for transfer in transfers:
        amount = transfer.amount_minor
        if transfer.debit_account == account:
            known = transfer.debit_balance_before_minor
            reported = (reported if known is None else known) - amount
            bare -= amount
            reported = max(reported, 0)
            bare = max(bare, 0)
        else:
            known = transfer.credit_balance_before_minor
            if known is not None:
                reported = max(0, known)
            reported += amount
            bare += amount
    return Balance(reported, bare)
