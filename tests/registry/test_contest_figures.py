"""Figures of contests: what is counted of whom, and within how long answers came."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.workflows.centre_kit import TestCentre
from tests.workflows.registry_kit import (
    BANK,
    LISTER,
    OTHER_BANK,
    PHONE,
    REVIEWER,
    banks,
    put,
)

from holdfast.core.instant import DAY_US, HOUR_US
from holdfast.people.actor import Actor
from holdfast.registry.contest_figures import ContestFigures, contest_figures
from holdfast.registry.models import Contest
from holdfast.registry.subject import parse_subject
from holdfast.workflows.contest_listing import contest_subject
from holdfast.workflows.decide_contest import decide_contest
from holdfast.workflows.withdraw_listing import withdraw_listing

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(tmp_path: Path) -> TestCentre:
    """A centre and two banks that list."""
    made = TestCentre(tmp_path / "ledger")
    banks()
    return made


def _contested(world: TestCentre, number: int, actor: Actor = BANK) -> Contest:
    phone = parse_subject("phone", f"08{number:08d}", "TH")
    row = put(world, phone, actor=actor, reference=f"F-{number}")
    contest_subject(world.centre, phone, ["it is mine"], LISTER)
    found: Contest = Contest.objects.get(listing=row)
    return found


def _decide(world: TestCentre, contest: Contest, hours: float, *, uphold: bool) -> None:
    world.now_us = contest.opened_us + int(hours * HOUR_US)
    reason = "the contract of the phone shows it"
    decide_contest(world.centre, contest.contest_id, REVIEWER, uphold=uphold, reason=reason)


def _of(found: tuple[ContestFigures, ...], institution_id: str) -> ContestFigures:
    (row,) = (row for row in found if row.institution_id == institution_id)
    return row


def test_nothing_contested_has_no_figures(world: TestCentre) -> None:
    """No row, and nothing is divided by nothing."""
    put(world, PHONE)
    assert contest_figures(0) == ()
    _contested(world, 10_000_001)
    (row,) = contest_figures(0)
    assert (row.open, row.decided) == (1, 0)
    assert (row.upheld_percent, row.median_hours, row.p90_hours) == (None, None, None)


def test_answers_are_counted_by_their_hours(world: TestCentre) -> None:
    """Half came within the fifth of ten, nine of ten within the ninth; three of ten were wrong."""
    contests = [_contested(world, 10_000_000 + number) for number in range(10)]
    for place, contest in enumerate(contests, start=1):
        _decide(world, contest, 10 * place, uphold=place <= 3)
    (row,) = contest_figures(0)
    assert (row.contests, row.decided, row.upheld, row.rejected) == (10, 10, 3, 7)
    assert (row.median_hours, row.p90_hours, row.upheld_percent) == (50.0, 90.0, 30.0)


def test_what_waits_lapses_and_ends_otherwise(world: TestCentre) -> None:
    """Beyond its deadline it is overdue and its listing suspended; withdrawn, it needs no answer."""
    _contested(world, 10_000_001)
    withdrawn = _contested(world, 10_000_002)
    withdraw_listing(world.centre, withdrawn.listing.listing_id, BANK, "mistaken")
    world.now_us += 8 * DAY_US
    world.work()
    _contested(world, 10_000_003)
    (row,) = contest_figures(0)
    assert (row.contests, row.open, row.overdue, row.moot) == (3, 1, 1, 1)
    assert (row.suspended, row.decided) == (1, 0)


def test_each_institution_by_itself_and_all_together(world: TestCentre) -> None:
    """One's own figures are the same alone; the whole is of all answers, not of the rows."""
    for number, hours in enumerate((1, 2, 3)):
        _decide(world, _contested(world, 10_000_000 + number), hours, uphold=False)
    _decide(world, _contested(world, 20_000_000, OTHER_BANK), 100, uphold=True)
    found = contest_figures(0)
    assert [row.institution_id for row in found] == [
        BANK.institution_id,
        OTHER_BANK.institution_id,
        "",
    ]
    assert (found[-1].contests, found[-1].median_hours, found[-1].p90_hours) == (4, 2.0, 100.0)
    assert contest_figures(0, BANK.institution_id) == (_of(found, BANK.institution_id),)


def test_only_the_days_asked_for_count(world: TestCentre) -> None:
    """By when a contest was opened."""
    _decide(world, _contested(world, 10_000_001), 5, uphold=True)
    since_us = world.now_us + 1
    assert contest_figures(since_us) == ()
    world.now_us += HOUR_US
    _contested(world, 10_000_002)
    (row,) = contest_figures(since_us)
    assert (row.contests, row.upheld) == (1, 0)
