"""Many scores in one: the median of each figure and how far it spreads from seed to seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from holdfast.simulation.score import Score

FIGURES: Mapping[str, Callable[[Score], float | None]] = {
    "reports": lambda score: score.reports,
    "refused": lambda score: len(score.refused),
    "stolen_minor": lambda score: score.stolen_minor,
    "reported_minor": lambda score: score.reported_minor,
    "holdable_minor": lambda score: score.holdable_minor,
    "held_minor": lambda score: score.held_minor,
    "held_of_holdable_minor": lambda score: score.held_of_holdable_minor,
    "held_share": lambda score: score.held_share,
    "innocents": lambda score: score.harm.innocents,
    "innocents_per_1000_cases": lambda score: score.harm.innocents_per_1000_cases,
    "innocent_minor": lambda score: score.harm.innocent_minor,
    "person_hours": lambda score: score.harm.person_hours,
    "release_hours_median": lambda score: score.harm.release_hours_median,
    "blocked_payments": lambda score: score.harm.blocked_payments,
    "false_reports_that_froze": lambda score: score.harm.false_reports_that_froze,
}
"""What is compared between seeds, by the name that a score gives it."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over several scores; scores without it are left out."""

    count: int
    median: float
    lower: float
    """A quarter of the scores lies below."""
    upper: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Summary:
    """What several scores say together."""

    scores: int
    figures: Mapping[str, Spread | None]
    """By name; None where no score has the figure."""
    broken: tuple[str, ...]
    """Invariants that did not hold in any of them, each once."""


def summary_of(scores: Sequence[Score]) -> Summary:
    """Return medians and spread of the figures of some scores."""
    figures = {
        name: _spread([figure(score) for score in scores]) for name, figure in FIGURES.items()
    }
    broken = dict.fromkeys(words for score in scores for words in score.broken)
    return Summary(len(scores), figures, tuple(broken))


def _spread(values: Sequence[float | None]) -> Spread | None:
    found = [value for value in values if value is not None]
    if not found:
        return None
    least, most = min(found), max(found)
    lower, _, upper = (
        quantiles(found, n=4, method="inclusive") if len(found) > 1 else (least, least, least)
    )
    return Spread(len(found), median(found), lower, upper, least, most)
