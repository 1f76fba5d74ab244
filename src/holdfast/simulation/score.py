"""The score of a played story: what was held of what could be held, and who was hurt by it.

Everything is counted against the planted truth. Amounts are minor units. All but `measured`
follows from the seed alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from math import ceil
from typing import Any

from holdfast.core.account import bank_of
from holdfast.core.instant import HOUR_US, SECOND_US
from holdfast.documents.money_picture import MoneyPoint
from holdfast.simulation.events import Caller, Diary, Exit, Held, Moved, Reported
from holdfast.simulation.tally import Tally

POINTS_MAX = 240
"""Points of the series of money over time; enough for any picture."""


class Delay(Enum):
    """How long after the last payment it tells of a report came in."""

    TEN_MINUTES = "10 min"
    HOUR = "1 h"
    SIX_HOURS = "6 h"
    DAY = "24 h"
    LATER = "later"


_LIMITS_US = (
    (600 * SECOND_US, Delay.TEN_MINUTES),
    (HOUR_US, Delay.HOUR),
    (6 * HOUR_US, Delay.SIX_HOURS),
    (24 * HOUR_US, Delay.DAY),
)


class Why(Enum):
    """Why stolen money was not held."""

    UNREPORTED = "unreported"  # nobody ever told of the scam, and it left
    BEFORE_REPORT = "before_report"  # it had left when the first report came
    AFTER_NOTICE = "after_notice"  # its bank had an order for the account, and let it go
    CASH = "cash"  # drawn after the report, before an order reached the bank
    EXCHANGE = "exchange"
    MERCHANT = "merchant"
    HONEST = "honest"  # paid to somebody who keeps it in good faith
    ABROAD = "abroad"
    RETURNED = "returned"  # paid back to a victim
    UNKNOWN = "unknown"  # left in a way that nobody told of
    LYING = "lying"  # still there at the end, and not held


@dataclass(frozen=True, slots=True)
class Missed:
    """Stolen money that was not held, by reason."""

    why: Why
    bank: str | None
    """The bank that let it go, where that is the reason."""
    amount_minor: int


@dataclass(frozen=True, slots=True)
class ByDelay:
    """True reports that came equally late."""

    delay: Delay
    reports: int
    holdable_minor: int
    held_minor: int
    """Of what they made holdable."""


@dataclass(frozen=True, slots=True)
class Harm:
    """What was done to people without a part in any scam, and to mules' own money."""

    innocents: int
    innocents_per_1000_cases: float
    innocent_minor: int
    """The most that was held at once, of each."""
    person_hours: float
    still_held: int
    """Innocents whose money was held at the end."""
    release_hours_median: float | None
    release_hours_most: float | None
    """From the first hold on an innocent's account until nothing was held there any more."""
    blocked_payments: int
    blocked_minor: int
    """What innocents could not pay."""
    false_reports: int
    false_reports_that_froze: int
    others_own_minor: int
    """The most that was held at once on mules' accounts beyond what was stolen, of each."""


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Wall-clock seconds; nearest rank."""

    count: int
    p50_s: float | None
    p99_s: float | None


@dataclass(frozen=True, slots=True)
class Measured:
    """Times of real HTTP on this machine: the only part of a score that varies by itself."""

    first_order: Percentiles
    first_held: Percentiles
    last_answer: Percentiles


@dataclass(frozen=True, slots=True)
class Score:
    """All figures of one story; amounts in minor units."""

    name: str
    reports: int
    stolen_minor: int
    reported_minor: int
    """Stolen by scams of which a true report came in."""
    holdable_minor: int
    """What lay in reach when a report of its scam came in; no satang counts twice."""
    held_minor: int
    """Stolen money under a hold: of each scam the most at once."""
    held_of_holdable_minor: int
    """The part of it that was holdable by reports; money stolen later can be held besides."""
    held_share: float | None
    """Held of holdable, as a part of holdable."""
    missed: tuple[Missed, ...]
    """The rest of what was stolen, the largest first."""
    by_delay: tuple[ByDelay, ...]
    harm: Harm
    broken: tuple[str, ...]
    """Invariants that did not hold."""
    refused: tuple[str, ...]
    """Requests that the centre refused, in words."""
    met: Mapping[str, int]
    """How often what went wrong met somebody, such as `bank silent: unreachable`."""
    ends_us: int
    """When the story ends."""
    series: tuple[MoneyPoint, ...]
    """Where the stolen money is after a change, at most `POINTS_MAX` of them."""
    measured: Measured


def score_of(diary: Diary) -> Score:
    """Reckon the score of a diary."""
    tally = Tally(diary)
    points = list(tally.walk())
    by_scam: Counter[str] = Counter()
    for reported, amount_minor in tally.holdable:
        by_scam[reported.call.scam] += amount_minor
    within = sum(min(tally.most_held[scam], by_scam[scam]) for scam in by_scam)
    return Score(
        name=diary.story.name,
        reports=len(diary.reported),
        stolen_minor=tally.stolen.total(),
        reported_minor=sum(tally.stolen[scam] for scam in by_scam),
        holdable_minor=by_scam.total(),
        held_minor=tally.most_held.total(),
        held_of_holdable_minor=within,
        held_share=within / by_scam.total() if by_scam.total() else None,
        missed=_missed(diary, tally),
        by_delay=_by_delay(diary, tally),
        harm=_harm(diary),
        broken=diary.broken,
        refused=diary.refused,
        met=diary.met,
        ends_us=diary.story.ends_us,
        series=tuple(_thinned(points)),
        measured=_measured(diary),
    )


def score_data(score: object) -> dict[str, Any]:
    """Return a score, or a summary of scores, as what JSON can carry."""
    import msgspec

    data: dict[str, Any] = msgspec.to_builtins(score)
    return data


def _by_delay(diary: Diary, tally: Tally) -> tuple[ByDelay, ...]:
    """Part reports by how late they came; of a scam, what is held goes to the first reports."""
    left = Counter(tally.most_held)
    sums = {delay: [0, 0, 0] for delay in Delay}
    for reported, amount_minor in tally.holdable:
        held_minor = min(left[reported.call.scam], amount_minor)
        left[reported.call.scam] -= held_minor
        for column, value in enumerate((1, amount_minor, held_minor)):
            sums[_delay(diary, reported)][column] += value
    return tuple(ByDelay(delay, *sums[delay]) for delay in Delay)


def _delay(diary: Diary, reported: Reported) -> Delay:
    call = reported.call
    last_paid_us = max((diary.story.rows[place].time_us for place in call.rows), default=0)
    late_us = call.time_us - last_paid_us
    return next((delay for limit_us, delay in _LIMITS_US if late_us <= limit_us), Delay.LATER)


def _missed(diary: Diary, tally: Tally) -> tuple[Missed, ...]:
    """Explain what was stolen and not held by what left first, and what lies there still.

    Money that left after it had been held was held, so what left last is explained last.
    """
    left = tally.stolen - tally.most_held
    first_us = _first_reports(diary)
    sums: Counter[tuple[Why, str | None]] = Counter()
    for moved in diary.moved:
        amount_minor = min(moved.amount_minor, left[moved.scam])
        if moved.exit is not None and amount_minor:
            left[moved.scam] -= amount_minor
            sums[_why(moved, moved.exit, first_us.get(moved.scam))] += amount_minor
    sums[Why.LYING, None] += left.total()
    rows = [Missed(*why, amount_minor) for why, amount_minor in sums.items() if amount_minor]
    return tuple(sorted(rows, key=lambda row: (-row.amount_minor, row.why.value, row.bank or "")))


def _first_reports(diary: Diary) -> dict[str, int]:
    found: dict[str, int] = {}
    for reported in diary.reported:
        if reported.call.caller is not Caller.FALSE:
            found.setdefault(reported.call.scam, reported.call.time_us)
    return found


def _why(moved: Moved, exit_: Exit, reported_us: int | None) -> tuple[Why, str | None]:
    if exit_ is Exit.RETURNED:
        return Why.RETURNED, None
    if reported_us is None:
        return Why.UNREPORTED, None
    if moved.time_us < reported_us:
        return Why.BEFORE_REPORT, None
    if moved.after_notice:
        return Why.AFTER_NOTICE, bank_of(moved.debit)
    return Why(exit_.value), None


def _harm(diary: Diary) -> Harm:
    touched = _touched(diary)
    stretches = [
        stretch
        for changes in touched.values()
        for stretch in _stretches(changes, diary.story.ends_us)
    ]
    released = sorted(hours for hours, is_over in stretches if is_over)
    false = {
        reported.call.scam for reported in diary.reported if reported.call.caller is Caller.FALSE
    }
    froze = {held.scam for changes in touched.values() for held in changes if held.held_minor}
    stopped = [blocked for blocked in diary.blocked if blocked.innocent]
    return Harm(
        innocents=len(touched),
        innocents_per_1000_cases=1000 * len(touched) / max(len(diary.reported), 1),
        innocent_minor=sum(max(held.held_minor for held in rows) for rows in touched.values()),
        person_hours=sum(hours for hours, _ in stretches),
        still_held=len(stretches) - len(released),
        release_hours_median=_rank(released, 50),
        release_hours_most=_rank(released, 100),
        blocked_payments=len(stopped),
        blocked_minor=sum(blocked.asked_minor - blocked.paid_minor for blocked in stopped),
        false_reports=len(false),
        false_reports_that_froze=len(false & froze),
        others_own_minor=_others_own_minor(diary),
    )


def _touched(diary: Diary) -> dict[str, list[Held]]:
    """Return all changes of what is held on innocents' accounts, where anything ever was."""
    found: dict[str, list[Held]] = {}
    for held in diary.held:
        if held.innocent and (held.held_minor or held.account in found):
            found.setdefault(held.account, []).append(held)
    return found


def _others_own_minor(diary: Diary) -> int:
    most: Counter[str] = Counter()
    for held in diary.held:
        if not held.innocent:
            most[held.account] = max(most[held.account], held.held_minor - held.stolen_minor)
    return most.total()


def _stretches(changes: Iterable[Held], ends_us: int) -> Iterator[tuple[float, bool]]:
    """Yield for how many hours in a row something was held, and whether that is over."""
    since_us = None
    for held in changes:
        if held.held_minor and since_us is None:
            since_us = held.time_us
        elif not held.held_minor and since_us is not None:
            yield (held.time_us - since_us) / HOUR_US, True
            since_us = None
    if since_us is not None:
        yield max(ends_us - since_us, 0) / HOUR_US, False


def _rank(ordered: Sequence[float], percent: int) -> float | None:
    """Return the nearest rank, or None of nothing."""
    return ordered[max(ceil(len(ordered) * percent / 100), 1) - 1] if ordered else None


def _measured(diary: Diary) -> Measured:
    return Measured(
        percentiles(times.first_order_s for times in diary.times),
        percentiles(times.first_held_s for times in diary.times),
        percentiles(times.last_answer_s for times in diary.times),
    )


def percentiles(seconds: Iterable[float | None]) -> Percentiles:
    """Return the nearest ranks of some times; what never came is left out."""
    ordered = sorted(value for value in seconds if value is not None)
    return Percentiles(len(ordered), _rank(ordered, 50), _rank(ordered, 99))


def _thinned(points: Sequence[MoneyPoint]) -> Iterator[MoneyPoint]:
    """Yield at most `POINTS_MAX` points, those evenly apart in the list and the last."""
    for place in range(min(len(points), POINTS_MAX)):
        yield points[(place + 1) * len(points) // min(len(points), POINTS_MAX) - 1]
