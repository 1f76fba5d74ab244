"""What is wrong with whom by now, and how often that met anything: a fault that met nothing
tried nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from holdfast.simulation.events import CENTRE, Delivered, Manner, Turn

ANSWERED = "answered"
"""What came of a message where no fault did."""


class Troubles:
    """Counts, for each trouble, what met it and what came of that, as `bank silent: unreachable`."""

    def __init__(self) -> None:
        self.met: Counter[str] = Counter()
        self._now: dict[str, str] = {}

    def turn(self, turn: Turn) -> None:
        """Know what is wrong with somebody from now on; a crash is over at once."""
        self._now.pop(turn.who, None)
        if turn.manner not in (Manner.WELL, Manner.CRASH):
            self._now[turn.who] = turn.trouble

    def meet(self, who: str, outcome: str, times: int = 1) -> None:
        """Count something that somebody's trouble met, if there is any."""
        if who in self._now and times:
            self.met[f"{self._now[who]}: {outcome}"] += times

    def crash(self, turn: Turn, times: int) -> None:
        """Count what a crash met."""
        self.met[f"{turn.trouble}: in hand"] += times

    def bring(self, delivered: Iterable[Delivered]) -> None:
        """Count messages that the centre brought to banks."""
        for row in delivered:
            for who in (row.institution, CENTRE):
                self.meet(who, row.fault or ANSWERED)
