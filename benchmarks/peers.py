"""Peers: other databases behind the same two questions, so that the same code settles lots.

A peer brings rows; `PeerLedger` makes histories of them. It can be asked in two ways, and each
peer is judged by its better one: a page at a time when an account is reached (`follow`), or
whole accounts, many at once (`follow_in_rounds`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from holdfast.ledger.transfer import History, Place, Transfer

PAGE_ROWS = 64
PAGE_GROWS = 4
"""Each page is so many times as long as the one before: few trips for long histories."""

_WIDTH = len(Transfer._fields)

Row = tuple[Any, ...]
"""The columns of a transfer, then the reported and the bare balance before it."""


class PeerLedger(ABC):
    """A `Ledger` over rows of `events.EVENT_COLUMNS` in another database.

    It is asked only from places at which the account has a transfer, as every trail asks.
    """

    def __init__(self, numbers: Mapping[str, int]) -> None:
        self._numbers = numbers

    def find(self, transfer_ids: Iterable[str]) -> Mapping[str, Transfer]:
        """Answer as `Ledger.find`."""
        return {row[2]: Transfer._make(row[:_WIDTH]) for row in self._rows_of(list(transfer_ids))}

    def histories(
        self,
        since: Mapping[str, Place],
        currency: str,
        *,
        until_us: int | None,
        ignore_balances: bool = False,
    ) -> Mapping[str, History]:
        """Answer as `Ledger.histories`: one account in pages, several in one query."""
        until = 2**62 if until_us is None else until_us
        balance_column = _WIDTH + ignore_balances
        if len(since) == 1:
            [(account, place)] = since.items()
            rows = self._page(self._numbers[account], currency, place, until, PAGE_ROWS)
            following = self._following(self._numbers[account], currency, rows, until)
            return {account: History(rows[0][balance_column], following)}
        names = {self._numbers[account]: account for account in since}
        places = {self._numbers[account]: place for account, place in since.items()}
        by_account: dict[int, list[Row]] = {number: [] for number in places}
        for number, *row in self._round(places, currency, until):
            by_account[number].append(tuple(row))
        return {
            names[number]: History(
                rows[0][balance_column], (Transfer._make(row[:_WIDTH]) for row in rows)
            )
            for number, rows in by_account.items()
        }

    def _following(
        self, account: int, currency: str, rows: Sequence[Row], until_us: int
    ) -> Iterator[Transfer]:
        asked = PAGE_ROWS
        skip = 0
        while True:
            for row in rows[skip:]:
                yield Transfer._make(row[:_WIDTH])
            if len(rows) != asked:
                return
            asked, skip = asked * PAGE_GROWS, 1
            rows = self._page(account, currency, rows[-1][:3], until_us, asked)

    @abstractmethod
    def _rows_of(self, transfer_ids: list[str]) -> Iterable[Row]:
        """Return a row for each transfer asked for; the same transfer may come twice."""

    @abstractmethod
    def _page(
        self, account: int, currency: str, place: Place, until_us: int, rows: int
    ) -> Sequence[Row]:
        """Return the first rows of an account from a place on, in order.

        Fewer rows than asked for are all that there are, and so are more.
        """

    @abstractmethod
    def _round(self, places: Mapping[int, Place], currency: str, until_us: int) -> Iterable[Row]:
        """Return all rows of some accounts, each from its place on, in order within it.

        The account's number stands before each row.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of the database."""
