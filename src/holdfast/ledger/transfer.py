"""A transfer, its place in the order, and the two questions that every ledger answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

Place = tuple[int, int, str]
"""Where a transfer stands in the ledger's total order: (time_us, seq, transfer_id).

Text compares by code point, which is the order of its UTF-8 bytes.
"""

START: Place = (-1, -(2**63), "")
"""A place before every transfer."""


class Transfer(NamedTuple):
    """Money moved from one account to another, once.

    A named tuple, not a dataclass, because millions are decoded and compared: the first three
    fields are the transfer's place, so transfers sort in the ledger's order as they are.
    """

    time_us: int
    """Microseconds since 1970 UTC."""
    seq: int
    """Order of posting among transfers of one instant."""
    transfer_id: str
    debit_account: str
    credit_account: str
    amount_minor: int
    """Above zero, in minor units of `currency`."""
    currency: str
    debit_balance_before_minor: int | None = None
    """What the debit account's bank reports just before this transfer; may be below zero."""
    credit_balance_before_minor: int | None = None
    executes_hold: str | None = None
    """The hold that this transfer carries out (seizure, return, payout)."""
    channel: str | None = None
    end_to_end_id: str | None = None
    uetr: str | None = None

    @property
    def place(self) -> Place:
        """Where this transfer stands in the ledger's order."""
        return self[:3]

    @property
    def to_itself(self) -> bool:
        """Whether both sides are one account; such a transfer moves nothing and is skipped."""
        return self.debit_account == self.credit_account

    def joined_with(self, other: Transfer) -> Transfer:
        """Return what two banks' copies say together: each may know only its own balance."""
        debit, credit = self.debit_balance_before_minor, self.credit_balance_before_minor
        return self._replace(
            debit_balance_before_minor=other.debit_balance_before_minor if debit is None else debit,
            credit_balance_before_minor=(
                other.credit_balance_before_minor if credit is None else credit
            ),
        )


@dataclass(frozen=True, slots=True)
class History:
    """What a ledger knows of one account from a place on.

    `balance_minor` is the running balance just before that place, never below zero, or None
    from a source that has no history (it then counts as zero, and the answer says so).
    `transfers` are those of the account from the place on, the one that stands there included,
    in the ledger's order, without transfers to itself; they may be read lazily and once.
    """

    balance_minor: int | None
    transfers: Iterator[Transfer]


class Ledger(Protocol):
    """What following money asks of whatever keeps the transfers."""

    def find(self, transfer_ids: Iterable[str]) -> Mapping[str, Transfer]:
        """Return those of the transfers asked for that are in the ledger, by id."""
        ...

    def histories(
        self,
        since: Mapping[str, Place],
        currency: str,
        *,
        until_us: int | None,
        ignore_balances: bool = False,
    ) -> Mapping[str, History]:
        """Answer for each account: its balance just before its place, and what comes from there on.

        Transfers later than `until_us` do not exist. With `ignore_balances` the running
        balance is reckoned from openings and amounts alone, as if no bank reported any.
        """
        ...
