"""Charging for questions: from what this worker holds, else from the buckets all workers share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

from holdfast.registry.quota import PERSON, BucketName, Level, Rule, ready_us, spent
from holdfast.registry.quota_leases import Leases, Lots

T = TypeVar("T")
Changes = Mapping[BucketName, tuple[Rule, int]]
SENT_MAX = 100_000
"""Of payments sent that wait for a database that is gone."""


class InThread(Protocol):
    """Runs what blocks where it holds up nobody."""

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]:
        """Return what the work returns."""


class Charging:
    """Spends tokens for questions of one event loop."""

    def __init__(
        self, leases: Leases, lots: Lots, now_us: Callable[[], int], in_thread: InThread
    ) -> None:
        self._leases = leases
        self._lots = lots
        self._now_us = now_us
        self._in_thread = in_thread
        self._fetching: dict[BucketName, asyncio.Task[int]] = {}
        self._sent: dict[str, Sequence[BucketName]] = {}

    def rule(self, name: BucketName) -> Rule:
        """Return the rule of a bucket."""
        return self._leases.rules.of(name)

    def take(self, name: BucketName, wanted: int, now_us: int) -> bool:
        """Spend tokens if they are at hand; where few are left, more are fetched meanwhile."""
        if not self._leases.take(name, wanted, now_us):
            return False
        if name.scope != PERSON and self._leases.is_low(name) and name not in self._fetching:
            self._fetch(name, 0)
        return True

    async def charge(self, name: BucketName, wanted: int) -> None:
        """Spend tokens, if need be after fetching some.

        Raises:
            QuotaSpent: `quota_spent`, `quota_customer_spent` or `quota_too_small`.
        """
        rule = self.rule(name)
        if wanted > rule.size:
            raise spent(name, wanted, rule, 0, 0)
        when_us = 0
        # Others wait for the same tokens: what was fetched may be spent before it is our turn.
        for _ in range(3):
            if self.take(name, wanted, self._now_us()):
                return
            fetching = self._fetching.get(name) or self._fetch(name, wanted)
            when_us = await asyncio.shield(fetching)
        if not self.take(name, wanted, self._now_us()):
            raise spent(name, wanted, rule, when_us, self._now_us())

    def give(self, name: BucketName, tokens: int) -> None:
        """Give tokens back."""
        if tokens:
            self._leases.give(name, tokens)

    @property
    def has_room(self) -> bool:
        """Whether more payments sent can wait to be settled."""
        return len(self._sent) < SENT_MAX

    def sent(self, question_id: str, names: Sequence[BucketName]) -> None:
        """Give tokens back for a payment that was sent: when settled, and once for all workers."""
        self._sent[question_id] = names

    async def settle(self) -> None:
        """Settle what is due with the buckets that all workers share."""
        await self._settle_sent()
        changes = self._leases.due()
        if changes:
            self._leases.settled(await self._settled(changes))

    def give_all_back(self) -> None:
        """Settle everything, before this worker ends; blocks."""
        self._give_for(self._sent, self._lots.sent(self._sent, self._now_us()))
        self._lots.settle(self._leases.all_back(), self._now_us())

    async def state(self, name: BucketName) -> tuple[Rule, int]:
        """Return a bucket's rule, and how many tokens it holds with those that workers hold.

        What other workers spent a moment ago may be missing.
        """
        rule = self.rule(name)
        level, leased = await self._in_thread(lambda: self._lots.level(name, rule, self._now_us()))
        return rule, min(level.tokens + leased - self._leases.owed(name), rule.size)

    async def _settle_sent(self) -> None:
        told, self._sent = self._sent, {}
        if not told:
            return
        try:
            new = await self._in_thread(lambda: self._lots.sent(told, self._now_us()))
        except BaseException:
            self._sent = told | self._sent
            raise
        self._give_for(told, new)

    def _give_for(self, told: Mapping[str, Sequence[BucketName]], new: Iterable[str]) -> None:
        for question_id in new:
            for name in told[question_id]:
                self.give(name, self.rule(name).sent)

    async def _settled(self, changes: Changes) -> Mapping[BucketName, Level]:
        try:
            return await self._in_thread(lambda: self._lots.settle(changes, self._now_us()))
        except BaseException:
            self._leases.not_settled(changes)
            raise

    def _fetch(self, name: BucketName, wanted: int) -> asyncio.Task[int]:
        task = asyncio.get_running_loop().create_task(self._fetched(name, wanted))
        self._fetching[name] = task
        task.add_done_callback(lambda _: self._fetching.pop(name, None))
        return task

    async def _fetched(self, name: BucketName, wanted: int) -> int:
        """Fetch tokens; return from when on as many as are wanted are in the bucket."""
        rule = self.rule(name)
        if name.scope == PERSON:
            levels = await self._settled(self._leases.debt(name))
            self._leases.settled(levels, wanted)
            return ready_us(levels[name], rule, wanted)
        used = self._leases.used(name)
        asked = max(rule.lease, wanted)
        given, level = await self._in_thread(
            lambda: self._lots.lease(name, rule, asked, used, self._now_us())
        )
        self._leases.add(name, given)
        return ready_us(level, rule, max(wanted - given, 1))
