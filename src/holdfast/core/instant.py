"""Instants: microseconds since 1970 UTC inside, RFC 3339 with a zone outside."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from holdfast.core.errors import Refused
from holdfast.core.words import N_

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SECOND_US = 1_000_000
HOUR_US = 3600 * SECOND_US
DAY_US = 24 * HOUR_US

_RFC_3339 = re.compile(
    r"(\d{4})-\d\d-\d\d[Tt ](?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d+)?([Zz]|[+-]\d\d:\d\d)?", re.ASCII
).fullmatch
_BUDDHIST_YEAR_MIN = "2400"
"""No instant of a ledger lies here in the common era; 2400 in the Buddhist era is 1857."""
_TIME_US_MAX = (datetime(int(_BUDDHIST_YEAR_MIN), 1, 1, tzinfo=UTC) - EPOCH) // MICROSECOND

_KEPT_MAX = 1 << 16
_minutes_us: dict[str, int] = {}
_ends_us: dict[str, int] = {}
"""Times of a ledger share their minutes ("2026-03-01T00:02:") and their ends ("42+07:00"): what
was found right once is not taken apart again, which makes a million times twice as fast."""


def parse_instant(text: str) -> int:
    """Read RFC 3339 with a zone, or whole microseconds since 1970 UTC; finer is cut.

    Raises:
        Refused: `time_unreadable`, `time_without_zone`, `time_buddhist_year`,
            `time_before_1970` or `time_not_microseconds`.
    """
    minute_us, end_us = _minutes_us.get(text[:17]), _ends_us.get(text[17:])
    if minute_us is not None and end_us is not None and minute_us + end_us >= 0:
        return minute_us + end_us
    if text.isdigit() and text.isascii() and len(text) <= 18:
        time_us = int(text)
        if time_us < _TIME_US_MAX:
            return time_us
        raise Refused(
            "time_not_microseconds",
            N_("{value} microseconds since 1970 lie after the year {year}; is the unit right?"),
            value=text,
            year=_BUDDHIST_YEAR_MIN,
        )
    found = _RFC_3339(text)
    if found is None:
        raise _unreadable(text)
    year, zone = found.groups()
    if zone is None:
        raise Refused(
            "time_without_zone",
            N_("the time {value!r} names no zone; write 2026-03-01T00:02:42Z or …+07:00"),
            value=text[:40],
        )
    if year >= _BUDDHIST_YEAR_MIN:
        raise Refused(
            "time_buddhist_year",
            N_("the year {year} looks like the Buddhist era; write {right} for it"),
            year=year,
            right=int(year) - 543,
        )
    try:
        since = datetime.fromisoformat(text.upper()) - EPOCH
    except ValueError:
        raise _unreadable(text) from None
    if since.days < 0:
        raise Refused(
            "time_before_1970", N_("the time {value!r} lies before 1970"), value=text[:40]
        )
    time_us = (since.days * 86_400 + since.seconds) * SECOND_US + since.microseconds
    if "." not in text:
        _keep(text, time_us)
    return time_us


def _keep(text: str, time_us: int) -> None:
    for kept in _minutes_us, _ends_us:
        if len(kept) >= _KEPT_MAX:
            kept.clear()
    minute_us = (datetime.fromisoformat(f"{text[:17]}00+00:00") - EPOCH) // MICROSECOND
    _minutes_us[text[:17]] = minute_us
    _ends_us[text[17:]] = time_us - minute_us


def _unreadable(text: str) -> Refused:
    return Refused(
        "time_unreadable",
        N_("{value!r} is not a time; write RFC 3339 such as 2026-03-01T00:02:42Z"),
        value=text[:40],
    )


def format_instant(time_us: int) -> str:
    """Write an instant as RFC 3339 in UTC, with a fraction only where there is one."""
    return (EPOCH + time_us * MICROSECOND).isoformat().replace("+00:00", "Z")
