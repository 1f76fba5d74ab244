"""Instants: RFC 3339 outside, microseconds since 1970 UTC inside."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.core.errors import Refused
from holdfast.core.instant import DAY_US, EPOCH, HOUR_US, SECOND_US, format_instant, parse_instant

YEAR_2400_US = (datetime(2400, 1, 1, tzinfo=EPOCH.tzinfo) - EPOCH) // timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("text", "time_us"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-02T00:00:00Z", DAY_US),
        ("1970-01-01T08:00:00+07:00", HOUR_US),
        ("1969-12-31T23:00:00-02:00", HOUR_US),
        ("1970-01-01 00:00:01Z", SECOND_US),
        ("1970-01-01T00:00:00.5Z", SECOND_US // 2),
        ("1970-01-01T00:00:00.000001Z", 1),
        ("1970-01-01T00:00:00.0000019Z", 1),
        ("2026-03-01T00:02:42Z", 1_772_323_362 * SECOND_US),
        ("1772323362000000", 1_772_323_362 * SECOND_US),
        ("0", 0),
    ],
)
def test_an_instant_is_microseconds_since_1970(text: str, time_us: int) -> None:
    """The zone is applied, what is finer than a microsecond is cut, integers are kept."""
    assert parse_instant(text) == time_us


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "time_unreadable"),
        ("yesterday", "time_unreadable"),
        ("2026-03-01", "time_unreadable"),
        ("2026-03-01T00:02Z", "time_unreadable"),
        ("2026-02-30T00:00:00Z", "time_unreadable"),
        ("2026-03-01T25:00:00Z", "time_unreadable"),
        ("2026-03-01T00:00:60Z", "time_unreadable"),
        ("2026-03-01T00:00:00+25:00", "time_unreadable"),
        ("2026-03-01T00:00:00Z ", "time_unreadable"),
        ("2026-03-01T00:00:00Z\n", "time_unreadable"),
        ("๒๐๒๖-๐๓-๐๑T๐๐:๐๐:๐๐Z", "time_unreadable"),
        ("１７７２", "time_unreadable"),
        ("-1", "time_unreadable"),
        ("1" * 19, "time_unreadable"),
        ("2026-03-01T00:02:42", "time_without_zone"),
        ("2569-03-01T00:02:42+07:00", "time_buddhist_year"),
        ("1969-12-31T23:59:59Z", "time_before_1970"),
        ("0001-01-01T00:00:00+14:00", "time_before_1970"),
        ("9" * 18, "time_not_microseconds"),
        (str(YEAR_2400_US), "time_not_microseconds"),
    ],
)
def test_what_is_no_instant_is_refused(text: str, code: str) -> None:
    """Each way to be wrong has its stable code, the Buddhist year and the wrong unit too."""
    with pytest.raises(Refused) as refusal:
        parse_instant(text)
    assert refusal.value.code == code
    assert str(refusal.value)


def test_a_buddhist_year_is_told_the_common_one() -> None:
    """Who wrote 2569 is shown 2026."""
    with pytest.raises(Refused, match=r"2569.*2026"):
        parse_instant("2569-03-01T00:02:42+07:00")


@pytest.mark.parametrize(
    ("time_us", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1, "1970-01-01T00:00:00.000001Z"),
        (1_772_323_362 * SECOND_US, "2026-03-01T00:02:42Z"),
        (SECOND_US // 2, "1970-01-01T00:00:00.500000Z"),
    ],
)
def test_an_instant_is_written_in_utc(time_us: int, text: str) -> None:
    """RFC 3339 with Z, and a fraction only where there is one."""
    assert format_instant(time_us) == text


@given(st.integers(0, YEAR_2400_US - 1))
def test_what_is_written_is_read(time_us: int) -> None:
    """Every instant that is accepted can be written, and is read back to the microsecond."""
    assert parse_instant(format_instant(time_us)) == time_us
    assert parse_instant(str(time_us)) == time_us


@given(
    st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2399, 1, 1)),  # noqa: DTZ001
    st.integers(-14 * 60, 14 * 60),
)
def test_the_zone_changes_the_writing_and_not_the_instant(moment: datetime, minutes: int) -> None:
    """An instant written in any zone is one instant."""
    utc = moment.replace(tzinfo=EPOCH.tzinfo)
    there = utc.astimezone(timezone(timedelta(minutes=minutes)))
    assert parse_instant(there.isoformat()) == parse_instant(utc.isoformat())


@given(st.text(max_size=40) | st.text("0123456789-T:.Z+ ", max_size=40))
def test_any_text_is_an_instant_or_refused(text: str) -> None:
    """Nothing raises anything but a refusal, and whatever is accepted can be written."""
    try:
        time_us = parse_instant(text)
    except Refused as refusal:
        str(refusal)
    else:
        assert parse_instant(format_instant(time_us)) == time_us
