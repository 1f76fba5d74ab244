"""Time from left to right: room where much happens, quiet stretches shortened and marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from holdfast.core.instant import HOUR_US, SECOND_US

TICK_ROOM = 74
"""Pixels that the two lines of a tick need."""
_QUIET_MAX = 10
_QUIET_ROOM = 8
_QUIET_TIMES = 4
"""A quiet stretch is at least an hour and this many times as long as the usual one."""


@dataclass(frozen=True, slots=True)
class Tick:
    """An event whose exact time is written at the axis."""

    x: float
    time_us: int
    new_day: bool
    """Whether the day differs from that of the tick before."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """A long stretch without an event, drawn shorter than it was."""

    x_from: float
    x_to: float
    length_us: int


@dataclass(frozen=True, slots=True)
class Axis:
    """Where each event stands, and what is written at the axis."""

    xs: tuple[float, ...]
    ticks: tuple[Tick, ...]
    quiet: tuple[Quiet, ...]


def lay_out(
    times_us: Sequence[int],
    needs: Sequence[float],
    *,
    left: float,
    right: float,
    tail: float,
    end_us: int | None,
) -> Axis:
    """Place events, given in order, between `left` and `right`.

    `needs[i]` is the least distance in pixels between event i and the one before it (the first:
    the left end), and `tail` that of the last to the right end; what room is left is shared out by how long the quiet before each event was.
    Where even the needs exceed the room, they shrink together.
    """
    if not times_us:
        return Axis((), (), ())
    room = right - left - tail
    shrink = min(1.0, room / (sum(needs) or 1.0))
    lengths = [
        0,
        *(later - earlier for earlier, later in pairwise(times_us)),
    ]
    if end_us is not None:
        lengths.append(end_us - times_us[-1])
    weights = [_weight(length) for length in lengths]
    spare = max(0.0, room - sum(needs) * shrink) / (sum(weights) or 1.0)
    xs, x = [], left
    for need, weight in zip(needs, weights, strict=False):
        x += need * shrink + spare * weight
        xs.append(x)
    ticks = _ticks(times_us, xs, right)
    if end_us is None:
        return Axis(tuple(xs), ticks, _quiet(times_us, xs))
    return Axis(tuple(xs), ticks, _quiet([*times_us, end_us], [*xs, right]))


def _weight(length_us: int) -> float:
    """Return how much room a stretch gets: about the logarithm of its length.

    A logarithm drawn as straight pieces, because that one is the same on every machine.
    """
    if length_us <= 0:
        return 0.0
    units = 1 + length_us // (20 * SECOND_US)
    whole = units.bit_length() - 1
    return 0.5 + whole + (units / (1 << whole) - 1)


def _ticks(times_us: Sequence[int], xs: Sequence[float], right: float) -> tuple[Tick, ...]:
    ticks: list[Tick] = []
    for time_us, x in zip(times_us, xs, strict=True):
        if (ticks and x - ticks[-1].x < TICK_ROOM) or x > right - TICK_ROOM / 2:
            continue
        new_day = not ticks or time_us // (24 * HOUR_US) != ticks[-1].time_us // (24 * HOUR_US)
        ticks.append(Tick(x, time_us, new_day))
    return tuple(ticks)


def _quiet(times_us: Sequence[int], xs: Sequence[float]) -> tuple[Quiet, ...]:
    """Return the longest stretches that are drawn much shorter than the others."""
    stretches = [
        Quiet(xs[place], xs[place + 1], times_us[place + 1] - times_us[place])
        for place in range(len(xs) - 1)
    ]
    lengths = sorted(found.length_us for found in stretches if found.length_us)
    usual_us = lengths[(len(lengths) - 1) // 2] if len(lengths) > 2 else 0
    least_us = max(HOUR_US, _QUIET_TIMES * usual_us)
    stretches = [found for found in stretches if found.length_us >= least_us]
    longest = sorted(stretches, key=lambda found: -found.length_us)[:_QUIET_MAX]
    return tuple(
        found for found in stretches if found in longest and found.x_to - found.x_from > _QUIET_ROOM
    )
