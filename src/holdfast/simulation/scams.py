"""The planted scams: one way of writing a plot for each shape, and the plan of them all."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import count
from random import Random

from holdfast.core.instant import DAY_US, HOUR_US
from holdfast.simulation.chance import Purpose, even, plain_stream, tailed, weighted, whole
from holdfast.simulation.parameters import End, Parameters, ScamKind, Shape
from holdfast.simulation.plot import MINUTE_US, Cast, Planned, Plot, Purse
from holdfast.simulation.population import SATANG, Population
from holdfast.simulation.size import CountrySize


@dataclass(frozen=True, slots=True)
class Plan:
    """The transfers of all scams in time order, and the money set aside for them."""

    rows: tuple[Planned, ...]
    earmarks_minor: tuple[int, ...]
    """How much of each row later rows of the same plan pay on from its credit account."""
    needs_minor: Mapping[int, int]
    """What an account must hold of its own, before the first row, to pay all of its rows."""

    def between(self, start_us: int, end_us: int) -> slice:
        """Return where the rows from `start_us` on stand that come before `end_us`."""
        return slice(
            bisect_left(self.rows, start_us, key=_time_of),
            bisect_left(self.rows, end_us, key=_time_of),
        )


def plan_scams(
    seed: int, size: CountrySize, population: Population, parameters: Parameters
) -> Plan:
    """Write down every scam of the month; every shape of a gang is met once before one is met twice."""
    rng = plain_stream(seed, Purpose.SCAMS)
    mules = frozenset(population.mules)
    honest = [customer for customer in population.seats.customers if customer not in mules]
    cast = Cast(population.seats, population.mules, honest)
    rows: list[Planned] = []
    gangs = count()
    for number in range(size.scams):
        kinds = parameters.scam_kinds
        kind = kinds[weighted(rng, [row.weight for row in kinds])]
        shape = Shape.LONE if kind.is_lone else _shape(rng, next(gangs), parameters)
        plot = Plot(f"{kind.name}-{number + 1:04d}", shape, cast, rng, parameters)
        loss = partial(_loss_minor, rng, kind, parameters)
        PLAYS[shape](plot, _start_us(rng, size, parameters), loss)
        rows += plot.rows
    end_us = size.first_day_us + size.days * DAY_US
    return set_aside(tuple(sorted((row for row in rows if row.time_us < end_us), key=_time_of)))


def _time_of(row: Planned) -> int:
    return row.time_us


def _shape(rng: Random, number: int, parameters: Parameters) -> Shape:
    shapes = parameters.shapes
    if number < len(shapes):
        return shapes[number].shape
    return shapes[weighted(rng, [row.weight for row in shapes])].shape


def _start_us(rng: Random, size: CountrySize, parameters: Parameters) -> int:
    day = rng.randrange(max(1, size.days - parameters.last_days_without))
    hour = weighted(rng, parameters.hour_weights)
    return size.first_day_us + day * DAY_US + hour * HOUR_US + rng.randrange(HOUR_US)


def _loss_minor(rng: Random, kind: ScamKind, parameters: Parameters) -> int:
    spread = parameters.loss_spread
    median = kind.mean_baht / math.exp(spread * spread / 2)
    least, most = parameters.loss_baht
    return SATANG * min(max(round(tailed(rng, median, spread)), least), most)


def set_aside(rows: tuple[Planned, ...]) -> Plan:
    """Return the plan of rows in time order.

    Walked back in time: what an account pays later is set aside of what it gets before.
    """
    needs: dict[int, int] = {}
    earmarks = []
    for row in reversed(rows):
        needs[row.debit] = needs.get(row.debit, 0) + row.amount_minor
        earmark = min(row.amount_minor, needs.get(row.credit, 0))
        if earmark:
            needs[row.credit] -= earmark
        earmarks.append(earmark)
    own = {account: need for account, need in needs.items() if need}
    return Plan(rows, tuple(reversed(earmarks)), own)


Loss = Callable[[], int]
"""Draws what one victim of a scam loses, in minor units."""


def _chain(plot: Plot, at_us: int, loss: Loss) -> None:
    purse = plot.steal(loss(), at_us, plot.mule())
    for _ in range(weighted(plot.rng, plot.parameters.hop_weights)):
        purse = plot.pass_on(purse)
    plot.finish(purse)


def _split(plot: Plot, at_us: int, loss: Loss) -> None:
    purse = plot.steal(loss(), at_us, plot.mule())
    for part in plot.divide(purse, whole(plot.rng, plot.parameters.split_parts)):
        plot.finish(_further(plot, part))


def _merge(plot: Plot, at_us: int, loss: Loss) -> None:
    mule, collector, total, last_us = plot.mule(), plot.mule(), 0, at_us
    for _ in range(whole(plot.rng, plot.parameters.merge_victims)):
        moved = plot.pass_on(plot.steal(loss(), at_us, mule), collector)
        total, last_us = total + moved.amount_minor, max(last_us, moved.time_us)
        at_us += int(even(plot.rng, plot.parameters.merge_minutes) * MINUTE_US)
    plot.finish(Purse(collector, total, last_us))


def _mix(plot: Plot, at_us: int, loss: Loss) -> None:
    purse = plot.steal(loss(), at_us, plot.mule())
    plot.pay_workers(plot.pass_on(purse, plot.shell()))


def _loop(plot: Plot, at_us: int, loss: Loss) -> None:
    purse = plot.steal(loss(), at_us, plot.mule())
    first = purse.holder
    for _ in range(whole(plot.rng, plot.parameters.loop_mules)):
        purse = plot.pass_on(purse)
    purse = plot.pass_on(purse, first)
    plot.finish(plot.pass_on(purse))


def _bait(plot: Plot, at_us: int, loss: Loss) -> None:
    mule, victim, whole_loss = plot.mule(), plot.victim(), loss()
    first = plot.part(whole_loss, plot.parameters.bait_part)
    purse = plot.steal(first, at_us, mule, victim)
    plot.pay(plot.soon(at_us), mule, victim, plot.part(first, plot.parameters.bait_back))
    at_us += int(even(plot.rng, plot.parameters.bait_hours) * HOUR_US)
    purse = plot.steal(whole_loss - first, at_us, mule, victim)
    plot.finish(_further(plot, plot.pass_on(purse)))


def _bait_other(plot: Plot, at_us: int, loss: Loss) -> None:
    mule, other = plot.mule(), plot.victim()
    purse = plot.steal(loss(), at_us, mule)
    bait = plot.part(purse.amount_minor, plot.parameters.bait_part)
    bait_us = plot.soon(at_us)
    plot.pay(bait_us, mule, other, bait)
    plot.finish(plot.pass_on(Purse(mule, purse.amount_minor - bait, bait_us)))
    later_us = bait_us + int(even(plot.rng, plot.parameters.bait_hours) * HOUR_US)
    plot.finish(plot.pass_on(plot.steal(loss(), later_us, mule, other)))


def _short(end: End, plot: Plot, at_us: int, loss: Loss) -> None:
    plot.finish(_further(plot, plot.steal(loss(), at_us, plot.mule())), end)


def _lone(plot: Plot, at_us: int, loss: Loss) -> None:
    purse = plot.steal(loss(), at_us, plot.mule())
    later_us = at_us + int(even(plot.rng, plot.parameters.lone_hours) * HOUR_US)
    plot.finish(Purse(purse.holder, purse.amount_minor, later_us))


def _further(plot: Plot, purse: Purse) -> Purse:
    if plot.rng.random() < plot.parameters.further_share:
        return plot.pass_on(purse)
    return purse


PLAYS: Mapping[Shape, Callable[[Plot, int, Loss], None]] = {
    Shape.CHAIN: _chain,
    Shape.SPLIT: _split,
    Shape.MERGE: _merge,
    Shape.MIX: _mix,
    Shape.LOOP: _loop,
    Shape.BAIT: _bait,
    Shape.BAIT_OTHER: _bait_other,
    Shape.CASH_OUT: partial(_short, End.CASH_OUT),
    Shape.EXCHANGE: partial(_short, End.EXCHANGE),
    Shape.PURCHASE: partial(_short, End.PURCHASE),
    Shape.REST: partial(_short, End.REST),
    Shape.LONE: _lone,
}
