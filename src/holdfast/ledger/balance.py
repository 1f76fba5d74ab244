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

    def after(self, transfer: Transfer, account: str) -> Balance:
        """Return the balance once `transfer`, one side of which is `account`, has been posted.

        A debit of more than is there leaves zero: the rest came from outside the ledger.
        """
        reported, bare = self
        amount = transfer.amount_minor
        if transfer.debit_account == account:
            known = transfer.debit_balance_before_minor
            if known is not None:
                reported = known
            return Balance(max(reported - amount, 0), max(bare - amount, 0))
        known = transfer.credit_balance_before_minor
        if known is not None:
            reported = max(known, 0)
        return Balance(reported + amount, bare + amount)


EMPTY = Balance(0, 0)


def balance_after(opening: Balance, transfers: Iterable[Transfer], account: str) -> Balance:
    """Fold the account's transfers, in order and without transfers to itself, into a balance."""
    balance = opening
    for transfer in transfers:
        balance = balance.after(transfer, account)
    return balance
