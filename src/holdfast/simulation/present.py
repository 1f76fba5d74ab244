"""A made-up country at this instant: its past ends now, and what its people do next is planned.

The people are the same before and after. What those need who will be robbed or will pass money on
is theirs from the start, so that balances before and after now agree.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random

from holdfast.core.errors import Refused
from holdfast.core.instant import DAY_US, SECOND_US
from holdfast.core.words import N_
from holdfast.simulation.chance import Purpose, even, plain_stream
from holdfast.simulation.country import Country, make_country
from holdfast.simulation.events import Call, Story
from holdfast.simulation.parameters import Parameters, Shape, parameters
from holdfast.simulation.payments import Everyday, day_counts
from holdfast.simulation.plot import Cast, Plot
from holdfast.simulation.population import SATANG, Population
from holdfast.simulation.scams import PLAYS, plan_scams, set_aside
from holdfast.simulation.size import SEED_MAX, CountrySize
from holdfast.simulation.story import story_of
from holdfast.simulation.world import World, world_of

RATE_MAX = 600
"""Reports an hour that one player of the country keeps up with."""
DAYS = 4
"""So long the country goes on; scams begin within the first day, some of them last for days."""
NOTICE_S = (15.0, 90.0)
"""Nobody who plays waits half a day for a call: here victims notice within minutes."""
UNTOLD = "investment-0000"
"""The scam that happens at once and that no victim reports: whoever plays does."""
UNTOLD_MINOR = 45_000 * SATANG
_TRIAL_SCAMS = 200


@dataclass(frozen=True, slots=True, eq=False)
class Present:
    """What was, up to an instant, and the world as it goes on from there."""

    past: Country
    world: World


def present_of(seed: int, size: CountrySize, now_us: int, reports_per_hour: int) -> Present:
    """Return a country whose last day ends now, with scams ahead that are reported at a rate.

    Raises:
        Refused: `reports_per_hour_impossible`, or as `make_country`.
    """
    if not 1 <= reports_per_hour <= RATE_MAX:
        raise Refused(
            "reports_per_hour_impossible",
            N_("{value} reports an hour can't be played live; from 1 to {most} can"),
            value=reports_per_hour,
            most=RATE_MAX,
        )
    past = make_country(seed, replace(size, first_day_us=now_us - size.days * DAY_US))
    later = (seed + 1) % SEED_MAX
    scams = _scams_for(past, later, now_us, 24 * reports_per_hour)
    ahead = _ahead(past, later, now_us, scams)
    story = _prompt(story_of(ahead, later), later)
    needs = set_aside(story.rows).needs_minor
    past = _with_means_for(past, needs)
    world = replace(
        world_of(ahead, story),
        openings_minor=closings_minor(past),
        id_head=f"N{seed}-",
        id_digits=7,
    )
    return Present(past, world)


def still_of(seed: int, size: CountrySize, now_us: int) -> Present:
    """Return a country whose last day ends now, and where nothing happens any more.

    Raises:
        Refused: as `make_country`.
    """
    past = make_country(seed, replace(size, first_day_us=now_us - size.days * DAY_US))
    world = world_of(past, Story(f"still-{seed}", past.plan.rows, (), now_us))
    return Present(past, replace(world, openings_minor=closings_minor(past)))


def _scams_for(past: Country, seed: int, now_us: int, reports: int) -> int:
    """Return how many scams it takes for so many reports, by how a few of them come out."""
    tried = story_of(_ahead(past, seed, now_us, _TRIAL_SCAMS), seed)
    return max(round(reports * _TRIAL_SCAMS / len(tried.calls)), 1)


def _ahead(past: Country, seed: int, now_us: int, scams: int) -> Country:
    """Return the same people's next days; scams begin at any hour of the first one."""
    page = replace(parameters(), hour_weights=(1,) * 24, last_days_without=DAYS - 1)
    a_day = max(past.size.transfers // past.size.days, 1)
    size = replace(past.size, first_day_us=now_us, days=DAYS, scams=scams, transfers=DAYS * a_day)
    people = past.everyday.population
    planned = plan_scams(seed, size, people, page).rows
    rows = sorted(
        (*planned, *_untold(people, seed, now_us, page).rows), key=lambda row: row.time_us
    )
    everyday = Everyday(seed, size, people, page, day_counts(size.transfers, size, page))
    return replace(past, size=size, claims=(), everyday=everyday, plan=set_aside(tuple(rows)))


def _untold(people: Population, seed: int, now_us: int, page: Parameters) -> Plot:
    """Write down a scam that happens at once and whose money lies there afterwards."""
    mules = frozenset(people.mules)
    honest = [place for place in people.seats.customers if place not in mules]
    plot = Plot(
        UNTOLD,
        Shape.REST,
        Cast(people.seats, people.mules, honest),
        plain_stream(seed, Purpose.FAULTS),
        page,
    )
    PLAYS[Shape.REST](plot, now_us + SECOND_US, lambda: UNTOLD_MINOR)
    return plot


def _prompt(story: Story, seed: int) -> Story:
    """Let victims call soon after their payments; what follows from a call moves along."""
    rng = plain_stream(seed, Purpose.HANDS)
    calls = [_soon(call, story, rng) for call in story.calls if call.scam != UNTOLD]
    return replace(story, calls=tuple(sorted(calls, key=lambda call: call.time_us)))


def _soon(call: Call, story: Story, rng: Random) -> Call:
    paid_us = max(story.rows[row].time_us for row in call.rows)
    time_us = paid_us + int(even(rng, NOTICE_S) * SECOND_US)
    sooner_us = call.time_us - time_us
    return replace(
        call,
        time_us=time_us,
        complains_us=None if call.complains_us is None else call.complains_us - sooner_us,
        confirms_us=None if call.confirms_us is None else call.confirms_us - sooner_us,
    )


def _with_means_for(past: Country, needs_minor: Mapping[int, int]) -> Country:
    """Return a past in which everybody has, and does not spend, what is needed afterwards."""
    openings = Counter(past.openings)
    openings.update({past.accounts[place]: minor for place, minor in needs_minor.items()})
    needs = Counter(past.plan.needs_minor)
    needs.update(needs_minor)
    return replace(past, openings=openings, plan=replace(past.plan, needs_minor=needs))


def closings_minor(past: Country) -> tuple[int, ...]:
    """Return every account's balance after the past; of cash and accounts abroad, zero."""
    import numpy as np

    balances = np.array([past.openings.get(name, 0) for name in past.accounts], dtype=np.int64)
    for batch in past.batches():
        np.subtract.at(balances, batch.debits, batch.amounts_minor)
        np.add.at(balances, batch.credits, batch.amounts_minor)
    balances[past.everyday.population.seats.cash.start] = 0
    return (*balances.tolist(), 0)
