"""What is to be done when, and what time it is: one thing after the other."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count


class Agenda:
    """Actions by the instants at which they are due; two at the same one in the order planned."""

    def __init__(self, now_us: int) -> None:
        self.now_us = now_us
        self._planned: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()

    def plan(self, time_us: int, action: Callable[[], None]) -> None:
        """Do something at an instant, or now where that has passed."""
        heapq.heappush(self._planned, (max(time_us, self.now_us), next(self._order), action))

    def plan_in(self, after_us: int, action: Callable[[], None]) -> None:
        """Do something after a while."""
        self.plan(self.now_us + after_us, action)

    def next_us(self) -> int | None:
        """Return when something is due next."""
        return self._planned[0][0] if self._planned else None

    def do_due(self) -> None:
        """Do all that is due by now, and what falls due by that."""
        while self._planned and self._planned[0][0] <= self.now_us:
            heapq.heappop(self._planned)[2]()
