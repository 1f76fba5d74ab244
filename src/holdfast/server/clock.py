"""The clock by which holds end: the machine's, unless that jumps.

A clock set forward by a day would end every hold a day early, one set back would keep them too
long. So time goes on from where this process began by the counter that nobody can set, and small
corrections of the machine's clock are followed; a jump is not, and `check` tells of it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from holdfast.core.errors import CentreError
from holdfast.core.instant import SECOND_US, format_instant
from holdfast.core.words import N_

JUMP_US = 10 * SECOND_US
"""Corrections below this are followed; a time server makes none larger without being told to."""
WITNESS_APART_S = 30
"""How far two clocks may be apart before somebody should look."""
HEARTBEAT_FILE = "heartbeat.json"
_COUNTER = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""A machine that slept, or was moved asleep, has not jumped."""


def wall_us() -> int:
    """Return the machine's own time."""
    return time.time_ns() // 1000


def counter_us() -> int:
    """Return a counter that only goes forward, that nobody sets, and that counts sleep too."""
    return time.clock_gettime_ns(_COUNTER) // 1000


class SteadyClock:
    """Returns microseconds since 1970 UTC, never going back, and without the jumps of others."""

    def __init__(
        self, wall: Callable[[], int] = wall_us, counter: Callable[[], int] = counter_us
    ) -> None:
        self._wall, self._counter = wall, counter
        self._ahead_us = wall() - counter()
        self._last_us = wall()
        self._lock = Lock()
        self.jumped_us = 0
        """How far the machine's clock is from ours, where it has jumped; else 0."""

    def __call__(self) -> int:
        """Return the time."""
        with self._lock:
            counted, wall = self._counter(), self._wall()
            apart = wall - (counted + self._ahead_us)
            if abs(apart) < JUMP_US:
                self._ahead_us += apart
                self.jumped_us = 0
            else:
                self.jumped_us = apart
            self._last_us = max(self._last_us, counted + self._ahead_us)
            return self._last_us


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """When a worker last was at work, by its clock, and how far the machine's had jumped."""

    at_us: int
    pid: int
    jumped_us: int


def write_heartbeat(home: Path, beat: Heartbeat) -> None:
    """Keep the latest sign of life in the centre's home."""
    draft = home / f"{HEARTBEAT_FILE}.{beat.pid}"
    draft.write_text(
        json.dumps({"at_us": beat.at_us, "pid": beat.pid, "jumped_us": beat.jumped_us}),
        encoding="ascii",
    )
    draft.replace(home / HEARTBEAT_FILE)


def read_heartbeat(home: Path) -> Heartbeat | None:
    """Return the latest sign of life, or None where there never was one."""
    try:
        values = json.loads((home / HEARTBEAT_FILE).read_text(encoding="ascii"))
        return Heartbeat(values["at_us"], values["pid"], values["jumped_us"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def check_start(last: Heartbeat | None, now_us: int) -> None:
    """Refuse to begin with a clock that stands before the last sign of life.

    Raises:
        CentreError: `clock_went_back`: holds would last too long, and records be out of order.
    """
    if last is not None and now_us < last.at_us - JUMP_US:
        raise CentreError(
            "clock_went_back",
            N_(
                "the machine's clock says {now}, but a worker was at work at {last}; set the clock "
                "right, or remove {file} if that time was wrong"
            ),
            now=format_instant(now_us),
            last=format_instant(last.at_us),
            file=HEARTBEAT_FILE,
        )
