"""The database itself refuses a listing without due process, and any change of history."""

from __future__ import annotations

from itertools import product

import pytest
from django.db import IntegrityError, transaction
from tests.workflows.centre_kit import TestCentre
from tests.workflows.conftest import world
from tests.workflows.registry_kit import APPROVER, LISTER, PHONE, code_of, ground, put

from holdfast.law.tier import Event
from holdfast.registry import contest, listing
from holdfast.registry.contest import ContestState, Via
from holdfast.registry.listing import ListingState
from holdfast.registry.models import (
    BreakGlassReview,
    Contest,
    ContestCode,
    ContestEvidence,
    ContestStep,
    FeedEntry,
    Listing,
    ListingStep,
)
from holdfast.workflows.break_glass import break_glass, review_glass
from holdfast.workflows.contest_listing import contest_listing
from holdfast.workflows.list_subject import ToList

__all__ = ["world"]


def copy(row: Listing, **changed: object) -> Listing:
    """Return a new listing like another, with something changed."""
    values = {
        field.attname: getattr(row, field.attname)
        for field in Listing._meta.concrete_fields
        if field.name != "id"
    }
    return Listing(**(values | {"listing_id": "copy", "reference": "copy"} | changed))


@pytest.mark.parametrize(
    "changed",
    [
        {"ground": ""},
        {"evidence": ""},
        {"involvement": ""},
        {"legal_basis": ""},
        {"listed_by": ""},
        {"until_us": 1},
        {"owned_until_us": 1},
        {"contest_days": 0},
        {"contest_days": 400},
        {"contest_way": ""},
        {"tier_code": 0},
        {"tier_code": 256},
        {"needs_second": True},
        {"approved_by": LISTER.name},
        {"break_glass": True},
        {"ended_us": 5},
        {"state": "lapsed", "ended_us": 5},
        {"state": "suspended"},
        {"reference": "F-1"},
    ],
)
def test_no_listing_without_due_process(world: TestCentre, changed: dict[str, object]) -> None:
    """Ground, end, contest, second person: each is asked for by the database as well."""
    row = put(world)
    with transaction.atomic():
        copy(row).save(force_insert=True)
        transaction.set_rollback(True)
    with pytest.raises(IntegrityError), transaction.atomic():
        copy(row, **changed).save(force_insert=True)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("tier", "black"),
        ("tier_code", 50),
        ("ground", "rumour"),
        ("until_us", 2**60),
        ("contest_days", 300),
        ("owned_until_us", 2**60),
        ("seen_us", 5),
        ("listed_by", "staff:9"),
        ("needs_second", True),
        ("break_glass", True),
        ("subject_key", "+66899999999"),
    ],
)
def test_what_a_listing_says_never_changes(world: TestCentre, column: str, value: object) -> None:
    """A change is a new listing."""
    put(world)
    with pytest.raises(IntegrityError), transaction.atomic():
        Listing.objects.update(**{column: value})


def test_the_database_knows_the_same_steps(world: TestCentre) -> None:
    """Each pair of a listing's states is taken or refused as by the table."""
    proposed = put(world, event=Event.POLICE_COMPLAINT)
    allowed = {(state.value, state.value) for state in ListingState} | listing.allowed_steps()
    for before, to in product(ListingState, ListingState):
        with transaction.atomic():
            for state in _way(before):
                _to(proposed, state)
            try:
                with transaction.atomic():
                    _to(proposed, to)
            except IntegrityError:
                taken = False
            else:
                taken = True
            assert taken == ((before.value, to.value) in allowed), (before, to)
            transaction.set_rollback(True)


def _way(to: ListingState) -> list[ListingState]:
    ways = {ListingState.PROPOSED: [ListingState.PROPOSED]}
    queue = [ListingState.PROPOSED]
    for at in queue:
        for follower in sorted(listing.STEPS[at]):
            if follower not in ways:
                ways[follower] = [*ways[at], follower]
                queue.append(follower)
    return ways[to][1:]


def _to(row: Listing, state: ListingState) -> None:
    there = Listing.objects.filter(id=row.id)
    ended = 5 if state.ended else None
    kept = there.get().ended_us
    there.update(state=state.value, approved_by="staff:9", ended_us=kept or ended)


def test_the_table_of_contests_is_the_databases(world: TestCentre) -> None:
    """Decided once, and it stays; the deadline never moves."""
    row = put(world)
    contest_listing(world.centre, code_of(world, row), ["why"], Via.PAGE, LISTER)
    for before, to in product(ContestState, ContestState):
        with transaction.atomic():
            _put_contest(before)
            try:
                with transaction.atomic():
                    _put_contest(to)
            except IntegrityError:
                taken = False
            else:
                taken = True
            allowed = before is to or (before.value, to.value) in contest.allowed_steps()
            assert taken == allowed, (before, to)
            transaction.set_rollback(True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Contest.objects.update(due_us=2**60)


def _put_contest(state: ContestState) -> None:
    ended = {"decided_us": 5, "decided_by": "x", "reason": "y"} if state.ended else {}
    Contest.objects.update(state=state.value, **ended)


@pytest.mark.parametrize(
    "kept", [ListingStep, ContestStep, ContestEvidence, FeedEntry], ids=lambda kept: kept.__name__
)
def test_history_only_grows(world: TestCentre, kept: type) -> None:
    """No row of it is changed or removed."""
    row = put(world)
    contest_listing(world.centre, code_of(world, row), ["why"], Via.PAGE, LISTER)
    rows = kept.objects.all()  # type: ignore[attr-defined]
    assert rows.exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(id=10**6)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.first().delete()


def test_the_feed_has_no_gaps(world: TestCentre) -> None:
    """Neither a number left out nor one taken twice."""
    put(world)
    said = {"at_us": 1, "op": "set", "subject_kind": "phone", "subject_key": PHONE.key}
    said |= {"tier": 30, "disputed": False, "until_us": 5, "listing_id": "x"}
    for number in (1, 3):
        with pytest.raises(IntegrityError), transaction.atomic():
            FeedEntry.objects.create(number=number, **said)
    for wrong in ({"op": "retract"}, {"tier": 0}, {"tier": 256}, {"op": "gone"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            FeedEntry.objects.create(number=2, **(said | wrong))
    FeedEntry.objects.create(number=2, **said)


def test_a_used_code_and_a_verdict_stay(world: TestCentre) -> None:
    """A code that is void is not made valid again, nor is a review taken back."""
    row = put(world)
    contest_listing(world.centre, code_of(world, row), ["why"], Via.PAGE, LISTER)
    with pytest.raises(IntegrityError), transaction.atomic():
        ContestCode.objects.update(void_us=None)
    wanted = ToList(PHONE, ground(Event.BANK_CONFIRMED, seen_us=world.now_us + 1))
    world.now_us += 1
    alone = break_glass(world.centre, wanted, LISTER, "attack")
    review_glass(world.centre, alone.listing_id, APPROVER, justified=True, reason="seen")
    with pytest.raises(IntegrityError), transaction.atomic():
        BreakGlassReview.objects.update(justified=False)
