"""Instants as people read them: in the centre's time, and in Thai by the Buddhist era."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from holdfast.core.instant import EPOCH, MICROSECOND
from holdfast.workflows.running import centre

BUDDHIST_YEARS_MORE = 543
"""The Buddhist era as Thailand counts it; Babel prints the common era's year instead."""


def zone() -> ZoneInfo:
    """Return the zone that the centre's country lives by."""
    running = centre()
    return ZoneInfo(running.law.countries[running.country].timezone)


def date_shown(time_us: int, language: str) -> str:
    """Return a day and minute such as "20 Nov 2026, 12:00"; in Thai "20 พ.ย. 2569 12:00 น."."""
    from babel.dates import format_date

    local = (EPOCH + time_us * MICROSECOND).astimezone(zone())
    day = format_date(local, "d MMM", locale=language)
    if language == "th":
        # The hour's mark does not begin a line.
        return f"{day} {local.year + BUDDHIST_YEARS_MORE} {local:%H:%M}\u00a0น."
    return f"{day} {local.year}, {local:%H:%M}"


def begin_us(day: date) -> int:
    """Return when a day begins in the centre's country."""
    return (datetime.combine(day, time(), zone()) - EPOCH) // MICROSECOND
