"""Scores drawn: the picture of money over time, a panel for each."""

from __future__ import annotations

from collections.abc import Mapping

from holdfast.documents.money_picture import MoneyOverTime, draw_money
from holdfast.simulation.parameters import parameters
from holdfast.simulation.score import Score


def draw_scores(scores: Mapping[str, Score], *, title: str = "") -> str:
    """Return the scores of one story, by what each is called, as SVG text.

    All panels reach from the first theft to the last change in any of them.
    """
    page = parameters()
    times = [point.time_us for score in scores.values() for point in score.series]
    ends = [score.ends_us for score in scores.values()]
    begins_us = min(times, default=0)
    ends_us = max(times, default=0)
    ends_us = min(max(ends, default=0), ends_us + (ends_us - begins_us) // 20 + 1)
    panels = [
        MoneyOverTime(name, score.series, begins_us, ends_us, page.currency)
        for name, score in scores.items()
    ]
    return draw_money(panels, title=title, zone_hours=page.zone_hours)
