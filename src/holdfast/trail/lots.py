"""Lots: whose money lies in an account, oldest first, and which of it leaves first.

Source of the rules: trail.md §2 and §3. Two shapes keep them: lots in order of age (`fifo`,
`lifo`), and lots in proportion (`pro-rata`), where age has no meaning among free money.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from holdfast.core.money import allocate
from holdfast.trail.question import Rule

CLEAN = 2**62
"""The origin of money that no claim owns; it sorts behind every claim."""


class Lot(NamedTuple):
    """An amount of one origin lying in an account; held for nobody unless it names a hold.

    A named tuple, because millions of them are made while money is followed.
    """

    origin: int
    """Index of the claim in the question, or `CLEAN`."""
    amount: int
    hold_id: str | None = None


class Lots(ABC):
    """The lots of one account. No lot is ever negative; held lots never leave by `take`."""

    __slots__ = ("claimed", "held", "total")

    def __init__(self) -> None:
        self.total = 0
        """All that is there, held lots included."""
        self.held = 0
        self.claimed = 0
        """The part of `total` that belongs to claims."""

    @abstractmethod
    def __iter__(self) -> Iterator[Lot]:
        """Yield the lots as they lie, oldest first."""

    def put(self, lots: Iterable[Lot]) -> None:
        """Add free lots at the newest end, in their order."""
        for origin, amount, _ in lots:
            if not amount:
                continue
            self.total += amount
            if origin != CLEAN:
                self.claimed += amount
            self._put(origin, amount)

    def put_clean(self, amount: int) -> None:
        """Add clean money at the newest end."""
        self.total += amount
        self._put(CLEAN, amount)

    def take_clean(self, amount: int) -> bool:  # noqa: ARG002
        """Take `amount` if one clean lot alone gives it by the rule; else take nothing."""
        return False

    def take(self, amount: int) -> list[Lot]:
        """Take `amount` of free money by the rule, or all there is; the oldest comes first."""
        taken = self._take(min(amount, self.total - self.held))
        self._gone(taken)
        return taken

    def take_held(self, hold_id: str, amount: int) -> list[Lot]:
        """Take up to `amount` of what one hold holds, oldest first; it is free from then on."""
        if not self.held:
            return []
        taken = self._take_held(hold_id, amount)
        self.held -= sum(lot.amount for lot in taken)
        self._gone(taken)
        return taken

    def hold(self, origin: int, amount: int, hold_id: str) -> int:
        """Mark free lots of `origin` as held, oldest first, up to `amount`; return how much."""
        marked = self._hold(origin, amount, hold_id)
        self.held += marked
        return marked

    def release(self, hold_id: str) -> None:
        """Make what one hold holds free again, where it is."""
        if self.held:
            self.held -= self._release(hold_id)

    def _gone(self, taken: list[Lot]) -> None:
        for origin, amount, _ in taken:
            self.total -= amount
            if origin != CLEAN:
                self.claimed -= amount

    @abstractmethod
    def _put(self, origin: int, amount: int) -> None: ...

    @abstractmethod
    def _take(self, amount: int) -> list[Lot]: ...

    @abstractmethod
    def _take_held(self, hold_id: str, amount: int) -> list[Lot]: ...

    @abstractmethod
    def _hold(self, origin: int, amount: int, hold_id: str) -> int: ...

    @abstractmethod
    def _release(self, hold_id: str) -> int: ...


class AgedLots(Lots):
    """Lots in order of age: the oldest leave first, or (`newest_first`) the newest."""

    __slots__ = ("_lots", "_newest_first")

    def __init__(self, *, newest_first: bool) -> None:
        super().__init__()
        self._lots: deque[Lot] = deque()
        self._newest_first = newest_first

    def __iter__(self) -> Iterator[Lot]:
        return iter(self._lots)

    def take_clean(self, amount: int) -> bool:
        """Take `amount` if the lot that is next to leave is clean and larger; else nothing."""
        lots = self._lots
        if not lots or self.held:
            return False
        position = -1 if self._newest_first else 0
        origin, there, _ = lots[position]
        if origin != CLEAN or there <= amount:
            return False
        lots[position] = Lot(CLEAN, there - amount)
        self.total -= amount
        return True

    def _put(self, origin: int, amount: int) -> None:
        lots = self._lots
        if lots:
            newest = lots[-1]
            if newest.origin == origin and newest.hold_id is None:
                lots[-1] = Lot(origin, newest.amount + amount)
                return
        lots.append(Lot(origin, amount))

    def _take(self, amount: int) -> list[Lot]:
        if self.held:
            return self._take_around_holds(amount)
        return self._take_newest(amount) if self._newest_first else self._take_oldest(amount)

    def _take_oldest(self, amount: int) -> list[Lot]:
        lots, taken = self._lots, []
        while amount:
            oldest = lots[0]
            if oldest.amount > amount:
                lots[0] = Lot(oldest.origin, oldest.amount - amount)
                taken.append(Lot(oldest.origin, amount))
                break
            taken.append(lots.popleft())
            amount -= oldest.amount
        return taken

    def _take_newest(self, amount: int) -> list[Lot]:
        lots, taken = self._lots, []
        while amount:
            newest = lots[-1]
            if newest.amount > amount:
                lots[-1] = Lot(newest.origin, newest.amount - amount)
                taken.append(Lot(newest.origin, amount))
                break
            taken.append(lots.pop())
            amount -= newest.amount
        taken.reverse()
        return taken

    def _take_around_holds(self, amount: int) -> list[Lot]:
        lots, newest = self._lots, self._newest_first
        taken: list[Lot] = []
        passed: list[Lot] = []
        while amount:
            lot = lots.pop() if newest else lots.popleft()
            if lot.hold_id is not None:
                passed.append(lot)
                continue
            part = min(lot.amount, amount)
            amount -= part
            taken.append(Lot(lot.origin, part))
            if lot.amount > part:
                self._put_back(Lot(lot.origin, lot.amount - part))
        for lot in reversed(passed):
            self._put_back(lot)
        if newest:
            taken.reverse()
        return taken

    def _put_back(self, lot: Lot) -> None:
        """Lay a lot at the end from which lots are taken, joined with its like."""
        lots, end = self._lots, -1 if self._newest_first else 0
        if lots and (lots[end].origin, lots[end].hold_id) == (lot.origin, lot.hold_id):
            lots[end] = lot._replace(amount=lot.amount + lots[end].amount)
        elif self._newest_first:
            lots.append(lot)
        else:
            lots.appendleft(lot)

    def _take_held(self, hold_id: str, amount: int) -> list[Lot]:
        taken, kept = _split(self._lots, amount, hold_id)
        self._lots = deque(_merged(kept))
        return [lot._replace(hold_id=None) for lot in taken]

    def _hold(self, origin: int, amount: int, hold_id: str) -> int:
        marked, lots = 0, []
        for lot in self._lots:
            part = 0
            if lot.origin == origin and lot.hold_id is None:
                part = min(lot.amount, amount - marked)
            if part:
                marked += part
                lots.append(Lot(origin, part, hold_id))
            if lot.amount > part:
                lots.append(lot._replace(amount=lot.amount - part))
        self._lots = deque(_merged(lots))
        return marked

    def _release(self, hold_id: str) -> int:
        freed = sum(lot.amount for lot in self._lots if lot.hold_id == hold_id)
        self._lots = deque(
            _merged(
                lot._replace(hold_id=None) if lot.hold_id == hold_id else lot for lot in self._lots
            )
        )
        return freed


class ProportionalLots(AgedLots):
    """Lots that leave in proportion: every take puts held lots first and joins the free ones.

    Between takes they lie by age, which decides what a hold marks and executes first.
    """

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(newest_first=False)

    def take_clean(self, amount: int) -> bool:  # noqa: ARG002
        """Take nothing: no origin gives alone while claims lie beside it."""
        return False

    def _take(self, amount: int) -> list[Lot]:
        if not amount:
            return []
        free: dict[int, int] = {}
        lots = []
        for lot in self._lots:
            if lot.hold_id is None:
                free[lot.origin] = free.get(lot.origin, 0) + lot.amount
            else:
                lots.append(lot)
        taken = []
        origins = sorted(free)
        shares = allocate(amount, [free[origin] for origin in origins])
        for origin, share in zip(origins, shares, strict=True):
            if share:
                taken.append(Lot(origin, share))
            if free[origin] > share:
                lots.append(Lot(origin, free[origin] - share))
        self._lots = deque(_merged(lots))
        return taken


def empty_lots(rule: Rule) -> Lots:
    """Return the lots of an empty account under an amount rule (`poison` has none)."""
    if rule is Rule.PRO_RATA:
        return ProportionalLots()
    return AgedLots(newest_first=rule is Rule.LIFO)


def _split(lots: Iterable[Lot], amount: int, hold_id: str | None) -> tuple[list[Lot], list[Lot]]:
    """Part the first `amount` of the lots marked `hold_id` from the others, keeping order."""
    taken, kept = [], []
    for lot in lots:
        part = min(lot.amount, amount) if lot.hold_id == hold_id else 0
        amount -= part
        if part:
            taken.append(lot._replace(amount=part))
        if lot.amount > part:
            kept.append(lot._replace(amount=lot.amount - part))
    return taken, kept


def _merged(lots: Iterable[Lot]) -> Iterator[Lot]:
    """Join neighbours of one origin and one hold."""
    last: Lot | None = None
    for lot in lots:
        if last is not None and (last.origin, last.hold_id) == (lot.origin, lot.hold_id):
            last = lot._replace(amount=last.amount + lot.amount)
            continue
        if last is not None:
            yield last
        last = lot
    if last is not None:
        yield last
