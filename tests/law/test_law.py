"""The questions asked of the law, and what is promised on every day."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.core.errors import Refused
from holdfast.law.dated import Dated
from holdfast.law.law import PARAMETERS, Law
from holdfast.law.page import page, told

LAW = Law.load()
DAY = date(2026, 3, 1)
DAYS = st.dates(date(1990, 1, 1), date(2399, 12, 31))
TIMES_US = st.integers(0, 10**16)
RULES = st.sampled_from(
    [(code, basis) for code, country in LAW.countries.items() for basis in country.bases]
)


def every_list() -> list[tuple[Dated, ...]]:
    """Return every list of dated values there is."""
    found: list[tuple[Dated, ...]] = [*LAW.categories.values()]
    for country in LAW.countries.values():
        found += [*country.scam_types.values(), *country.numbers.values()]
        for basis in country.bases.values():
            found += [basis.rules, basis.reminders, *basis.notices.values()]
    return found


@given(DAYS)
def test_at_most_one_value_is_in_force(day: date) -> None:
    """On no day are two values of one parameter in force."""
    for values in every_list():
        assert sum(value.covers(day) for value in values) <= 1


@given(RULES, DAYS)
def test_a_rule_is_in_force_or_refused(rule: tuple[str, str], day: date) -> None:
    """On each day a basis has one rule that covers the day, or says when it is in force."""
    country, basis = rule
    found = next((found for found in LAW.bases(country, day) if found.basis == basis), None)
    if found is None:
        with pytest.raises(Refused, match="is not in force"):
            LAW.hold_rule(country, basis, day)
        return
    assert found == LAW.hold_rule(country, basis, day)
    assert found.covers(day)
    assert all(notice.covers(day) for notice in found.notices)


@given(RULES, TIMES_US)
def test_a_deadline_follows_its_start(rule: tuple[str, str], start_us: int) -> None:
    """No hold lapses before the event it is counted from, and a renewal never ends it earlier."""
    country, basis = rule
    hold = LAW.hold_rule(country, basis, DAY)
    ends = [
        LAW.deadline_us(country, basis, start_us, DAY, renewals)
        for renewals in range(hold.renewals_max + 1)
    ]
    assert all(end is None for end in ends) == (hold.period_hours is None)
    known = [start_us, *(end for end in ends if end is not None)]
    assert known == sorted(set(known))


@given(RULES, DAYS)
def test_a_reminder_comes_within_the_hold(rule: tuple[str, str], day: date) -> None:
    """Every reminder lies between the event and the end of the hold, the earliest first."""
    country, basis = rule
    hours = LAW.reminders_hours(country, basis, day)
    assert list(hours) == sorted(hours, reverse=True)
    if hours:
        period_hours = LAW.hold_rule(country, basis, day).period_hours
        assert period_hours is not None
        assert 0 < hours[-1] <= hours[0] < period_hours


@given(st.sampled_from(sorted(LAW.countries)), TIMES_US)
def test_a_day_is_local(country: str, time_us: int) -> None:
    """The local day is the day in UTC or, east of it, the next."""
    utc = date(1970, 1, 1) + timedelta(microseconds=time_us)
    assert LAW.local_day(country, time_us) - utc in (timedelta(0), timedelta(1))


def test_a_day_begins_at_local_midnight() -> None:
    """Bangkok's day begins at 17:00 UTC, Yangon's at 17:30."""
    five_pm_us = 17 * 3600 * 1_000_000
    assert LAW.local_day("TH", five_pm_us) == date(1970, 1, 2)
    assert LAW.local_day("TH", five_pm_us - 1) == date(1970, 1, 1)
    assert LAW.local_day("MM", five_pm_us) == date(1970, 1, 1)


def test_what_is_not_known_is_refused() -> None:
    """Each question about something unknown says what is known."""
    refusals: dict[str, Callable[[], object]] = {
        "law_country_unknown": lambda: LAW.bases("XX", DAY),
        "law_basis_unknown": lambda: LAW.hold_rule("TH", "whim", DAY),
        "law_not_in_force": lambda: LAW.number("TH", "claims_open_days", DAY),
        "law_number_unknown": lambda: LAW.number("TH", "luck", DAY),
        "law_actor_unknown": lambda: LAW.may("TH", "victim_report", "mayor", "lift", DAY),
        "law_renewals_exceeded": lambda: LAW.deadline_us("TH", "victim_report", 0, DAY, -1),
        "scam_type_unknown": lambda: LAW.scam_type("TH", "bad_weather", DAY),
    }
    for code, ask in refusals.items():
        with pytest.raises(Refused) as refused:
            ask()
        assert refused.value.code == code
        assert str(refused.value)


def test_not_in_force_says_when_it_is() -> None:
    """The refusal names the days on which the basis is in force."""
    with pytest.raises(Refused) as refused:
        LAW.hold_rule("TH", "victim_report", date(2022, 1, 1))
    assert "2023-03-17 – 2025-04-12; 2025-04-13 –" in str(refused.value)


def test_a_number_is_the_one_of_the_day() -> None:
    """Claims for a refund are open for 90 days once the regulation is in force."""
    assert LAW.number("TH", "claims_open_days", date(2026, 9, 1)) == 90


def test_thai_types_of_scam() -> None:
    """The police list has 14 types in its order, each with an English and a Thai name."""
    kinds = LAW.scam_types("TH", DAY)
    assert [kind.position for kind in kinds] == list(range(1, 15))
    assert all(set(kind.names) == {"en", "th"} for kind in kinds)
    assert [kind.code for kind in kinds if kind.dispute] == ["goods"]
    assert [kind.code for kind in kinds if kind.category is None] == ["hacking"]
    assert LAW.scam_type("TH", "romance", DAY).name("th") == "หลอกให้รักแล้วโอนเงิน"
    assert LAW.scam_type("TH", "romance", DAY).name("km") == "Pretended love, then money asked for"
    assert LAW.scam_types("TH", date(2021, 1, 1)) == ()
    assert LAW.scam_types("SG", DAY) == ()


def test_there_are_nine_categories() -> None:
    """The international classifier has nine types; every national category is among them."""
    assert len(LAW.categories) == 9
    used = {kind.category for kind in LAW.scam_types("TH", DAY)} - {None}
    assert used <= set(LAW.categories)


def test_everything_awaits_review() -> None:
    """No value may pass as reviewed while no lawyer of the country has compared it."""
    assert all(value.needs_review for values in every_list() for value in values)


def test_the_fingerprint_is_of_the_bytes(tmp_path: Path) -> None:
    """The same files give the same fingerprint anywhere; any byte changed gives another."""
    folder = Path(shutil.copytree(PARAMETERS, tmp_path / "law"))
    assert Law.load(folder).fingerprint == LAW.fingerprint
    assert len(LAW.fingerprint) == 64
    with (folder / "sg.yaml").open("a", encoding="utf-8") as file:
        file.write("# read again\n")
    assert Law.load(folder).fingerprint != LAW.fingerprint


def test_the_page_tells_every_value() -> None:
    """Each dated value stands on the page in words, with its days, source and need of review."""
    rows = page(LAW).splitlines()
    for values in every_list():
        for value in values:
            assert any(
                all(
                    part in row
                    for part in (told(value), str(value.since), value.source, "*needed*")
                )
                for row in rows
            )
    assert all(row.count("|") == 7 for row in rows if row.startswith("| "))


def test_the_page_tells_both_readings() -> None:
    """Where a law firm reads the law otherwise, the page says so."""
    assert "Another reading (2025-04-13 –): Tilleke & Gibbins" in page(LAW)
