"""Breaking the glass: one person lists alone, for an hour, and another says whether it was right."""

from __future__ import annotations

import pytest
from tests.workflows.centre_kit import TestCentre
from tests.workflows.registry_kit import (
    APPROVER,
    LISTER,
    OTHER_BANK,
    PHONE,
    fresh,
    ground,
    said,
)

from holdfast.cases.models import Notice
from holdfast.core.errors import Conflict, Forbidden
from holdfast.core.instant import HOUR_US
from holdfast.law.tier import Event
from holdfast.records.models import AuditEntry
from holdfast.registry.models import BreakGlassReview
from holdfast.registry.queries import figures
from holdfast.workflows.break_glass import break_glass, chase_glass, review_glass
from holdfast.workflows.list_subject import ToList

LIGHT_GREY, DARK_GREY, BLACK, DARK_BROWN, LIGHT_BROWN = 30, 40, 50, 20, 10


def test_breaking_the_glass(world: TestCentre) -> None:
    """At once, for an hour at most, once a day, by somebody named; looked at by another."""
    wanted = ToList(PHONE, ground(Event.POLICE_COMPLAINT))
    with pytest.raises(Forbidden):
        break_glass(world.centre, wanted, OTHER_BANK, "attack")
    row = break_glass(world.centre, wanted, LISTER, "attack")
    assert (row.state, row.until_us) == ("standing", world.now_us + HOUR_US)
    with pytest.raises(Forbidden):
        review_glass(world.centre, row.listing_id, LISTER, justified=True, reason="mine")
    world.pass_time(hours=1)
    world.work()
    assert (fresh(row).state, said()) == ("lapsed", None)
    with pytest.raises(Conflict) as refused:
        break_glass(world.centre, wanted, LISTER, "again")
    assert refused.value.code == "glass_broken_before"
    review_glass(world.centre, row.listing_id, APPROVER, justified=True, reason="an attack")
    with pytest.raises(Conflict):
        review_glass(world.centre, row.listing_id, APPROVER, justified=True, reason="twice")
    assert BreakGlassReview.objects.get().justified is True


def test_a_review_that_nobody_makes_is_chased_by_name(world: TestCentre) -> None:
    """At its time and each day again, until somebody looks; figures say how many are overdue."""
    row = break_glass(world.centre, ToList(PHONE, ground()), LISTER, "attack")
    review = BreakGlassReview.objects.get()
    world.now_us = review.due_us - 1
    world.work()
    assert overdue(world) == (1, 0)
    assert not AuditEntry.objects.filter(verb="glass_review_overdue").exists()
    world.now_us += 1
    world.work()
    assert overdue(world) == (1, 1)
    entry = AuditEntry.objects.get(verb="glass_review_overdue")
    assert (entry.subject, LISTER.name in entry.detail_json) == (f"listing:{row.listing_id}", True)
    notice = Notice.objects.get(recipient="institution")
    assert (notice.institution_id, notice.says["type"]) == ("TH.AOC", "glass_review_overdue")
    assert notice.says["listed_by"] == LISTER.name
    world.pass_time(hours=24)
    world.work()
    assert Notice.objects.filter(recipient="institution").count() == 2
    review_glass(world.centre, row.listing_id, APPROVER, justified=True, reason="an attack")
    world.pass_time(hours=48)
    world.work()
    assert Notice.objects.filter(recipient="institution").count() == 2
    assert overdue(world) == (0, 0)


def test_a_review_in_time_is_not_chased(world: TestCentre) -> None:
    """Once somebody has looked, nothing is due."""
    row = break_glass(world.centre, ToList(PHONE, ground()), LISTER, "attack")
    review_glass(world.centre, row.listing_id, APPROVER, justified=False, reason="no attack")
    assert not chase_glass(world.centre, row.listing_id)
    world.pass_time(hours=25)
    world.work()
    assert not AuditEntry.objects.filter(verb="glass_review_overdue").exists()


def overdue(world: TestCentre) -> tuple[int, int]:
    """Return how many reviews wait, and how many of them are overdue."""
    (found,) = figures(world.now_us)
    return found.glass_undecided, found.glass_overdue


def test_glass_broken_without_cause_ends_at_once(world: TestCentre) -> None:
    """The reviewer's word takes it off within the hour."""
    row = break_glass(world.centre, ToList(PHONE, ground()), LISTER, "attack")
    review_glass(world.centre, row.listing_id, APPROVER, justified=False, reason="no attack")
    assert (fresh(row).state, said()) == ("withdrawn", None)
