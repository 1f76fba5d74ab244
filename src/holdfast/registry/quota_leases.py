"""What a worker holds of the buckets: it spends without asking the database, and settles soon.

Of an asker's own bucket tokens are leased: taken out before they are spent, so that nobody spends
more than there is; what a worker that dies had not spent is lost.

Of end customers there are millions with a question each, which the database need not hear of.
They spend on credit, up to a lease, and their debt is settled as soon as it is more than one
miss. A smaller debt is forgotten in the end, but only after so long that even `WORKERS` workers
together forget no more than flows into the bucket. So a customer is given one lease for each
worker more than there is, at most.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from itertools import islice
from typing import Protocol

import msgspec

from holdfast.registry.quota import MINUTE_US, PERSON, BucketName, Level, Rule, Rules

HELD_MAX = 400_000
"""Of customers; those longest ago are forgotten first, which their bank's own bucket bounds."""
WORKERS = 8
FORGOTTEN_AT_ONCE = 20_000


class Lots(Protocol):
    """The buckets that all workers share."""

    def lease(
        self, name: BucketName, rule: Rule, wanted: int, used: int, now_us: int
    ) -> tuple[int, Level]:
        """Take out what there is, up to `wanted`; return how much and what is left.

        `used` is how much of earlier leases was spent since the last call.
        """

    def settle(
        self, changes: Mapping[BucketName, tuple[Rule, int]], now_us: int
    ) -> Mapping[BucketName, Level]:
        """Add tokens to buckets, or take off what was spent on credit; return what is left."""

    def level(self, name: BucketName, rule: Rule, now_us: int) -> tuple[Level, int]:
        """Return what is in a bucket, and how much of it workers hold."""

    def sent(self, question_ids: Collection[str], now_us: int) -> frozenset[str]:
        """Return of which questions no worker was told before that their payment was sent."""


class _Held(msgspec.Struct, gc=False):
    """As unseen by the garbage collector as the names of buckets, and for the same reason."""

    tokens: int = 0
    used: int = 0
    """Spent, and not told yet."""
    since_us: int = 0


class Leases:
    """The tokens that one worker holds; used from one thread."""

    def __init__(self, rules: Rules, now_us: Callable[[], int]) -> None:
        self.rules = rules
        self._now_us = now_us
        self._banks: dict[BucketName, _Held] = {}
        self._customers: dict[BucketName, _Held] = {}
        """Those that began to owe longest ago first."""
        self._owing: dict[BucketName, None] = {}
        """Customers whose debt is to be settled."""

    def take(self, name: BucketName, wanted: int, now_us: int) -> bool:
        """Spend tokens if they are at hand; else some must be leased or settled first."""
        held = self._held(name, now_us)
        if held.tokens < wanted:
            return False
        held.tokens -= wanted
        held.used += wanted
        if name.scope == PERSON and held.used > self.rules.of(name).miss:
            self._owing[name] = None
        return True

    def give(self, name: BucketName, tokens: int) -> None:
        """Take back tokens that were spent for nothing, or that a payment really sent gives."""
        held = self._held(name)
        held.tokens += tokens
        held.used -= tokens

    def is_low(self, name: BucketName) -> bool:
        """Whether more should be leased, before somebody has to wait for it."""
        return self._held(name).tokens < self.rules.of(name).lease // 2

    def owed(self, name: BucketName) -> int:
        """Return how much was spent and not told yet."""
        held = self._customers.get(name) or self._banks.get(name)
        return held.used if held else 0

    def used(self, name: BucketName) -> int:
        """Return how much was spent and not told yet; from now on it counts as told."""
        held = self._held(name)
        used, held.used = held.used, 0
        return used

    def add(self, name: BucketName, leased: int) -> None:
        """Put tokens that were leased at hand."""
        self._held(name).tokens += leased

    def debt(self, name: BucketName) -> dict[BucketName, tuple[Rule, int]]:
        """Return what a customer's credit is to be settled by now, before more is spent on it."""
        return {name: (self.rules.of(name), -self.used(name))}

    def due(self) -> dict[BucketName, tuple[Rule, int]]:
        """Return what must be settled: credit of customers, and what of a lease is too much."""
        self._forget()
        changes: dict[BucketName, tuple[Rule, int]] = {}
        for name in self._owing:
            changes |= self.debt(name)
        for name, held in self._banks.items():
            lease = self.rules.of(name).lease
            if held.tokens > 2 * lease:
                changes[name] = self._surplus(name, held, lease)
        return changes

    def not_settled(self, changes: Mapping[BucketName, tuple[Rule, int]]) -> None:
        """Take back what could not be settled, to be settled later."""
        for name, (_, tokens) in changes.items():
            if name.scope == PERSON:
                self._held(name).used -= tokens
                self._owing[name] = None
            else:
                self.add(name, tokens)

    def settled(self, levels: Mapping[BucketName, Level], wanted: int = 0) -> None:
        """Give customers credit anew: a lease, or what is wanted, of what their buckets hold."""
        for name, level in levels.items():
            if name.scope != PERSON:
                continue
            held = self._held(name)
            lease = max(self.rules.of(name).lease, wanted)
            if level.tokens >= lease and not held.used and not wanted:
                del self._customers[name]
                self._owing.pop(name, None)
            else:
                self._owing[name] = None
                held.tokens = max(min(lease, level.tokens) - held.used, 0)

    def all_back(self) -> dict[BucketName, tuple[Rule, int]]:
        """Return all that this worker holds or owes, to be settled before it ends."""
        changes = {name: self._surplus(name, held, 0) for name, held in self._banks.items()}
        for name in self._customers:
            changes |= self.debt(name)
        self._banks.clear()
        self._customers.clear()
        self._owing.clear()
        return changes

    def _held(self, name: BucketName, now_us: int | None = None) -> _Held:
        held = (self._customers if name.scope == PERSON else self._banks).get(name)
        if held is not None:
            return held
        if name.scope != PERSON:
            return self._banks.setdefault(name, _Held())
        since_us = self._now_us() if now_us is None else now_us
        return self._customers.setdefault(name, _Held(self.rules.of(name).lease, 0, since_us))

    def _forget(self) -> None:
        """Forget customers who asked once, long ago, and those longest ago where they are too many."""
        now_us = self._now_us()
        forgotten: list[BucketName] = []
        for name, held in islice(self._customers.items(), FORGOTTEN_AT_ONCE):
            rule = self.rules.of(name)
            flows_in_us = WORKERS * rule.miss * MINUTE_US // rule.per_minute
            is_room = len(self._customers) - len(forgotten) <= HELD_MAX
            if is_room and now_us - held.since_us < flows_in_us:
                break
            if name not in self._owing:
                forgotten.append(name)
        for name in forgotten:
            del self._customers[name]

    def _surplus(self, name: BucketName, held: _Held, kept: int) -> tuple[Rule, int]:
        surplus, held.tokens = held.tokens - kept, kept
        return self.rules.of(name), surplus
