"""The clock by which holds end: the machine's, unless that jumps.

A clock set forward by a day would end every hold a day early, one set back would keep them too
long. So time goes on from where this process began by the counter that nobody can set, and small
corrections of the machine's clock are followed; a jump is not, and `check` tells of it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
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
APART_US_MAX = 300 * SECOND_US
"""How far apart from the database's a clock may be at a start."""
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


@dataclass(frozen=True, slots=True)
class Witness:
    """Something that was written, and when, by the clock of then."""

    name: str
    """A file of the home, or `audit`."""
    at_us: int


def check_start(
    now_us: int,
    written: Iterable[Witness],
    *,
    alive_us: int | None,
    jumped_us: int,
    database_us: int | None,
    ahead_us_max: int,
) -> None:
    """Refuse to begin with a clock that can't be right, or that nobody has looked at for long.

    `alive_us` is when a worker was last at work, `jumped_us` by how much the clock has jumped for
    one that is at work now, `database_us` what the database's machine says. A centre may rightly
    have been off for a week; but where a clock is a day ahead, holds would end a day early, and
    nothing here can tell the one from the other. A person can.

    Raises:
        CentreError: `clock_went_back`, `clock_jumped`, `clock_apart` or `clock_far_ahead`.
    """
    newest = max(written, key=lambda witness: witness.at_us, default=None)
    if newest is not None and now_us < newest.at_us - JUMP_US:
        raise _went_back(now_us, newest)
    if jumped_us:
        raise _jumped(jumped_us)
    if database_us is not None and abs(now_us - database_us) > APART_US_MAX:
        raise _apart(now_us, database_us)
    if alive_us is not None and now_us > alive_us + ahead_us_max:
        raise _far_ahead(now_us, alive_us)


def _went_back(now_us: int, newest: Witness) -> CentreError:
    return CentreError(
        "clock_went_back",
        N_(
            "the machine's clock says {now}, but {witness} was written at {last}: set the clock "
            "right; where that time was the wrong one, begin with --clock-is-right"
        ),
        now=format_instant(now_us),
        witness=newest.name,
        last=format_instant(newest.at_us),
    )


def _jumped(jumped_us: int) -> CentreError:
    return CentreError(
        "clock_jumped",
        N_(
            "the machine's clock has jumped by {seconds} s while a worker was at work, which did "
            "not follow it: set the clock right, or end the worker if it is right now"
        ),
        seconds=jumped_us // SECOND_US,
    )


def _apart(now_us: int, database_us: int) -> CentreError:
    return CentreError(
        "clock_apart",
        N_(
            "the machine's clock says {now}, the database's {database}: set the wrong one right; "
            "where that is the database's, begin with --clock-is-right"
        ),
        now=format_instant(now_us),
        database=format_instant(database_us),
    )


def _far_ahead(now_us: int, alive_us: int) -> CentreError:
    return CentreError(
        "clock_far_ahead",
        N_(
            "the machine's clock says {now}, and no worker was at work since {last}: holds end by "
            "this clock. Look whether it is right, then begin with --clock-is-right"
        ),
        now=format_instant(now_us),
        last=format_instant(alive_us),
    )
