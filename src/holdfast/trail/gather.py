"""Gather: fetch the transfers of accounts that hold claimed money, and settle them in order.

Two ways, one settlement. `follow` asks the ledger for an account in the moment it is reached:
right where an answer takes microseconds. `follow_in_rounds` settles with what it has, notes
every account that was missing, asks for all of them at once, and settles again until none is
missing: right where an answer takes a round trip or a day. Both give the same answer.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from heapq import heappop, heappush, heapreplace
from typing import Protocol

from holdfast.ledger.balance import Balance, balance_after
from holdfast.ledger.transfer import History, Ledger, Place, Transfer
from holdfast.trail.answer import Answer
from holdfast.trail.claims import find_claims
from holdfast.trail.poison import Exposure
from holdfast.trail.question import HoldEvent, HoldKind, Question, Rule
from holdfast.trail.settle import (
    Arrival,
    Reach,
    Settlement,
    Watch,
    arrival,
)

Clock = Callable[[], float]
"""Seconds from any fixed beginning; needed only where a question bounds the seconds."""

CLAIMS = ""
"""The feed that brings the claims themselves belongs to no account."""

_SECONDS_EVERY = 256
"""The clock is read once in so many transfers."""


class Follower(Protocol):
    """What is done with transfers in order: settling amounts, or exposing accounts."""

    def follows(self, account: str) -> bool: ...  # noqa: D102
    def post(self, transfer: Transfer) -> None: ...  # noqa: D102
    def post_hold(self, event: HoldEvent) -> None: ...  # noqa: D102
    def truncate(self, why: str, accounts: set[str]) -> None: ...  # noqa: D102
    def answer(self) -> Answer: ...  # noqa: D102


def follow(
    ledger: Ledger, question: Question, *, clock: Clock | None = None, watch: Watch | None = None
) -> Answer:
    """Answer a question, asking the ledger for each account in the moment it is reached.

    Raises:
        TrailError: `claim_to_itself` or `claims_mixed_currency`.
    """
    currency, claims = find_claims(ledger, question)

    def fetch(account: str, place: Place) -> History:
        return _ask(ledger, question, currency, {account: place})[account]

    run = _Run(question, claims, fetch, clock=clock, watch=watch)
    return run.answer(_deadline(question, clock))


def follow_in_rounds(
    ledger: Ledger, question: Question, *, clock: Clock | None = None, watch: Watch | None = None
) -> Answer:
    """Answer a question in few round trips: gather, settle, and again until nothing is missing.

    Raises:
        TrailError: `claim_to_itself` or `claims_mixed_currency`.
    """
    currency, claims = find_claims(ledger, question)
    gathered = _Gathered(ignore_balances=question.ignore_balances)
    deadline = _deadline(question, clock)
    while True:
        run = _Run(question, claims, gathered.fetch, clock=clock, watch=watch)
        answer = run.answer(deadline)
        if not gathered.missing:
            return answer
        gathered.add(_ask(ledger, question, currency, dict(gathered.missing)))


def _ask(
    ledger: Ledger, question: Question, currency: str, since: Mapping[str, Place]
) -> Mapping[str, History]:
    return ledger.histories(
        since,
        currency,
        until_us=question.as_of_us,
        ignore_balances=question.ignore_balances,
    )


class _Run:
    """One settlement fed, in the ledger's order, by the accounts that it reaches."""

    def __init__(
        self,
        question: Question,
        claims: list[Transfer],
        fetch: Callable[[str, Place], History],
        *,
        clock: Clock | None,
        watch: Watch | None,
    ) -> None:
        self._question = question
        self._fetch = fetch
        self._clock = clock
        self._follower = _follower(question, self._reach, watch)
        self._feeds: list[tuple[str, Iterator[Transfer]]] = []
        self._feed_of: dict[str, int] = {}
        self._heap: list[tuple[Place, int, Transfer]] = []
        self._without_history: set[str] = set()
        self._holds = _in_order(question)
        self._holds_done = 0
        self._begin(CLAIMS, iter(claims))

    def answer(self, deadline: float | None) -> Answer:
        """Feed the follower until nothing is left or a bound is met, and return its answer."""
        self._feed(deadline)
        self._post_holds(self._question.as_of_us)
        answer = self._follower.answer()
        return replace(answer, without_history=tuple(sorted(self._without_history)))

    def _feed(self, deadline: float | None) -> None:
        bounds, heap, feeds = self._question.bounds, self._heap, self._feeds
        post, posted, last_id = self._follower.post, 0, None
        while heap:
            _, number, transfer = heap[0]
            account, feed = feeds[number]
            following = next(feed, None) if self._is_live(account, number) else None
            if following is None:
                heappop(heap)
            else:
                heapreplace(heap, (following[:3], number, following))
            if transfer.transfer_id == last_id:
                continue  # it was posted when its other side, or its reaching, brought it
            if heap and heap[0][2].transfer_id == transfer.transfer_id:
                transfer = transfer.joined_with(heap[0][2])
            if posted == bounds.transfers:
                return self._truncate("transfers", transfer, account)
            if posted % _SECONDS_EVERY == 0 and self._is_late(deadline):
                return self._truncate("seconds", transfer, account)
            if self._holds_done < len(self._holds):
                self._post_holds(transfer.time_us - 1)
            post(transfer)
            posted, last_id = posted + 1, transfer.transfer_id
        return None

    def _reach(self, account: str, place: Place) -> Arrival:
        history = self._fetch(account, place)
        first = self._begin(account, history.transfers)
        if history.balance_minor is None:
            self._without_history.add(account)
        return arrival(history.balance_minor, first, place)

    def _begin(self, account: str, feed: Iterator[Transfer]) -> Transfer | None:
        number = len(self._feeds)
        self._feeds.append((account, feed))
        self._feed_of[account] = number
        first = next(feed, None)
        if first is not None:
            heappush(self._heap, (first[:3], number, first))
        return first

    def _is_live(self, account: str, number: int) -> bool:
        """Whether a feed still matters: an account that is reached anew begins another."""
        return account == CLAIMS or (
            self._feed_of[account] == number and self._follower.follows(account)
        )

    def _is_late(self, deadline: float | None) -> bool:
        return deadline is not None and self._clock is not None and self._clock() > deadline

    def _post_holds(self, until_us: int | None) -> None:
        """Post what happened up to an instant: a hold acts after all transfers of its own."""
        while self._holds_done < len(self._holds):
            event = self._holds[self._holds_done]
            if until_us is not None and event.time_us > until_us:
                return
            self._follower.post_hold(event)
            self._holds_done += 1

    def _truncate(self, why: str, next_transfer: Transfer, account: str) -> None:
        """End here: accounts with transfers still to come are not followed, nor later claims.

        Holds go on where all was followed; elsewhere nobody knows what they still stand on.
        """
        self._post_holds(next_transfer.time_us - 1)
        pending = {self._feeds[number][0] for _, number, _ in self._heap} | {account}
        claims = [next_transfer] if account == CLAIMS else []
        claims += [transfer for _, number, transfer in self._heap if not number]
        claims += self._feeds[0][1]
        self._holds[self._holds_done :] = [
            event for event in self._holds[self._holds_done :] if event.account not in pending
        ]
        self._follower.truncate(why, pending - {CLAIMS})
        for claim in claims:
            self._follower.post(claim)


def _deadline(question: Question, clock: Clock | None) -> float | None:
    if question.bounds.seconds is None:
        return None
    if clock is None:
        msg = "a question that bounds the seconds needs a clock"
        raise ValueError(msg)
    return clock() + question.bounds.seconds


class _Gathered:
    """The accounts fetched so far, and those that a settlement missed."""

    def __init__(self, *, ignore_balances: bool) -> None:
        self.missing: dict[str, Place] = {}
        self._ignore_balances = ignore_balances
        self._known: dict[str, tuple[Place, int | None, list[Transfer]]] = {}

    def fetch(self, account: str, place: Place) -> History:
        """Answer from what was gathered; an account not gathered from `place` on is missing."""
        known = self._known.get(account)
        if known is None or known[0] > place:
            self.missing[account] = min(place, self.missing.get(account, place))
            return History(0, iter(()))
        since, balance_minor, transfers = known
        after = transfers[bisect_left(transfers, place) :]
        if balance_minor is None or since == place:
            return History(balance_minor, iter(after))
        return History(self._balance_at(account, place), iter(after))

    def add(self, histories: Mapping[str, History]) -> None:
        """Keep what the ledger answered for the accounts that were missing."""
        for account, history in histories.items():
            self._known[account] = (
                self.missing[account],
                history.balance_minor,
                list(history.transfers),
            )
        self.missing = {}

    def _balance_at(self, account: str, place: Place) -> int:
        _, balance_minor, transfers = self._known[account]
        before = transfers[: bisect_left(transfers, place)]
        balance = balance_after(Balance.opening(balance_minor), before, account)
        return balance.bare_minor if self._ignore_balances else balance.reported_minor


def _follower(question: Question, reach: Reach, watch: Watch | None) -> Follower:
    if question.rule is Rule.POISON:
        return Exposure(question, reach)
    return Settlement(question, reach, watch)


def _in_order(question: Question) -> list[HoldEvent]:
    """Return the holds of a question in the order they act: releases before holds, by id."""
    until = question.as_of_us
    return sorted(
        (event for event in question.holds if until is None or event.time_us <= until),
        key=lambda event: (event.time_us, event.kind is HoldKind.HOLD, event.hold_id),
    )
