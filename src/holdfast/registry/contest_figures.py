"""How contests fare: how many, how long until an answer, how many upheld, for each institution."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Count, QuerySet

from holdfast.core.instant import HOUR_US
from holdfast.registry.contest import ContestState
from holdfast.registry.listing import ListingState
from holdfast.registry.models import Contest, ListingStep

DECIDED = (ContestState.UPHELD.value, ContestState.REJECTED.value)
"""What somebody looked at; a contest whose listing ended otherwise was not decided."""


@dataclass(frozen=True, slots=True)
class ContestFigures:
    """How the contests of an institution's listings fare, of those opened in a time."""

    institution_id: str
    """Nothing where all institutions are counted together."""
    contests: int
    open: int
    """Those that wait for an answer within their deadline."""
    overdue: int
    """Those that wait for one beyond it."""
    upheld: int
    rejected: int
    moot: int
    """Those whose listing ended otherwise before anybody decided."""
    upheld_percent: float | None
    """Of the decided; None where none was."""
    median_hours: float | None
    """Within how long half of the answers came; None where none came."""
    p90_hours: float | None
    """Within how long nine of ten came."""
    suspended: int
    """Listings that were suspended in that time because nobody had decided."""

    @property
    def decided(self) -> int:
        """How many were upheld or rejected."""
        return self.upheld + self.rejected


@dataclass(slots=True)
class _Tally:
    """What is counted of an institution."""

    states: Counter[str] = field(default_factory=Counter)
    spans_us: array[int] = field(default_factory=lambda: array("q"))

    def figures(self, institution_id: str, suspended: int) -> ContestFigures:
        """Return the figures."""
        spans_us = sorted(self.spans_us)
        decided = sum(self.states[state] for state in DECIDED)
        upheld = self.states[ContestState.UPHELD.value]
        return ContestFigures(
            institution_id,
            sum(self.states.values()),
            self.states[ContestState.OPEN.value],
            self.states[ContestState.OVERDUE.value],
            upheld,
            self.states[ContestState.REJECTED.value],
            self.states[ContestState.MOOT.value],
            round(100 * upheld / decided, 1) if decided else None,
            _hours_within(spans_us, 50),
            _hours_within(spans_us, 90),
            suspended,
        )


def contest_figures(since_us: int, institution_id: str | None = None) -> tuple[ContestFigures, ...]:
    """Return the figures of contests opened since a time, of each institution or of one.

    Where there are several institutions, all of them together come last.
    """
    contests = Contest.objects.filter(opened_us__gte=since_us)
    steps = ListingStep.objects.filter(to_state=ListingState.SUSPENDED.value, at_us__gte=since_us)
    if institution_id is not None:
        contests = contests.filter(listing__institution_id=institution_id)
        steps = steps.filter(listing__institution_id=institution_id)
    suspended = _suspended(steps)
    tallies, together = _tallies(contests, suspended), _Tally()
    found = [tally.figures(name, suspended.get(name, 0)) for name, tally in sorted(tallies.items())]
    if len(found) > 1:
        for tally in tallies.values():
            together.states.update(tally.states)
            together.spans_us.extend(tally.spans_us)
        found.append(together.figures("", sum(suspended.values())))
    return tuple(found)


def _tallies(contests: QuerySet[Contest], names: Iterable[str]) -> Mapping[str, _Tally]:
    tallies = {name: _Tally() for name in names}
    rows = contests.values_list("listing__institution_id", "state", "opened_us", "decided_us")
    for name, state, opened_us, decided_us in rows.iterator():
        tally = tallies.setdefault(name, _Tally())
        tally.states[state] += 1
        if state in DECIDED:
            tally.spans_us.append(decided_us - opened_us)
    return tallies


def _suspended(steps: QuerySet[ListingStep]) -> Mapping[str, int]:
    """Return by institution how many listings the lapse of a contest's deadline has suspended."""
    rows = steps.values("listing__institution_id").annotate(
        suspended=Count("listing_id", distinct=True)
    )
    return dict(rows.values_list("listing__institution_id", "suspended"))


def _hours_within(spans_us: list[int], percent: int) -> float | None:
    """Return within how many hours so many percent of sorted spans ended (nearest rank)."""
    if not spans_us:
        return None
    rank = -(-len(spans_us) * percent // 100)
    return round(spans_us[rank - 1] / HOUR_US, 1)
