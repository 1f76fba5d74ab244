"""The payments that people mean to make, day by day: those of the story among everyday life."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from holdfast.core.instant import DAY_US
from holdfast.simulation.chance import Purpose, stream
from holdfast.simulation.payments import CHANNELS, Everyday
from holdfast.simulation.plot import Planned
from holdfast.simulation.posting import EVERYDAY
from holdfast.simulation.world import World

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class DayRows:
    """Payments in time order, planned ones first where two meet; a list a column."""

    times_us: list[int]
    debits: list[int]
    credits: list[int]
    amounts_minor: list[int]
    channels: list[int]
    """Positions in `CHANNELS`."""
    numbers: list[int]
    """Places in the story, or `EVERYDAY`."""
    debits_reported: list[bool]
    """Whether the bank that pays reports the balance before."""
    credits_reported: list[bool]


NO_ROWS = DayRows([], [], [], [], [], [], [], [])


def days_of(world: World) -> Iterator[DayRows]:
    """Yield a world's days in order; without everyday life it is one, however long."""
    everyday, rows = world.everyday, world.plan.rows
    if everyday is None:
        yield _alone(rows)
        return
    for day in range(everyday.size.days):
        start_us = everyday.size.first_day_us + day * DAY_US
        where = world.plan.between(start_us, start_us + DAY_US)
        yield _joined(everyday, day, rows[where], where.start)


def _alone(rows: tuple[Planned, ...]) -> DayRows:
    return DayRows(
        [row.time_us for row in rows],
        [row.debit for row in rows],
        [row.credit for row in rows],
        [row.amount_minor for row in rows],
        [CHANNELS.index(row.channel) for row in rows],
        list(range(len(rows))),
        [True] * len(rows),
        [True] * len(rows),
    )


def _joined(everyday: Everyday, day: int, rows: tuple[Planned, ...], first: int) -> DayRows:
    import numpy as np

    drawn, planned = everyday.payments(day), _alone(rows)
    count = len(rows) + len(drawn.times_us)
    numbers = np.full(count, EVERYDAY)
    numbers[: len(rows)] = np.arange(first, first + len(rows))
    order = np.argsort(_stacked(planned.times_us, drawn.times_us), kind="stable")
    rng = stream(everyday.seed, Purpose.REPORTS, day)
    reported = rng.random((2, count)) < everyday.parameters.balance_reported_share
    return DayRows(
        _stacked(planned.times_us, drawn.times_us)[order].tolist(),
        _stacked(planned.debits, drawn.debits)[order].tolist(),
        _stacked(planned.credits, drawn.credits)[order].tolist(),
        _stacked(planned.amounts_minor, drawn.amounts_minor)[order].tolist(),
        _stacked(planned.channels, drawn.channels)[order].tolist(),
        numbers[order].tolist(),
        reported[0].tolist(),
        reported[1].tolist(),
    )


def _stacked(mine: list[int], theirs: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    import numpy as np

    return np.concatenate((np.array(mine, dtype=np.int64), theirs))
