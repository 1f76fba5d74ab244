"""Approving a file: as a whole, and what of it cannot be decided like the rest is told."""

from __future__ import annotations

from datetime import date

import pytest
from tests.workflows.centre_kit import TestCentre
from tests.workflows.registry_kit import (
    APPROVER,
    LISTER,
    assert_feed_is_true,
    feed,
    fresh,
    ground,
    put,
)

from holdfast.core.errors import Forbidden, HoldfastError, NotFound, Refused
from holdfast.core.instant import DAY_US
from holdfast.law.law import Law
from holdfast.law.tier import Event, Move
from holdfast.registry.models import Contest, Listing
from holdfast.registry.subject import parse_subject
from holdfast.workflows.approve_listing import approve_batch
from holdfast.workflows.list_subject import ToList, list_subject
from holdfast.workflows.withdraw_listing import withdraw_listing

LIGHT_GREY, DARK_GREY, BLACK, DARK_BROWN, LIGHT_BROWN = 30, 40, 50, 20, 10


def test_one_bad_row_does_not_hold_up_its_file(world: TestCentre) -> None:
    """What is the approver's own, and what was contested, is told by its id; the rest stands."""
    numbers = [parse_subject("phone", f"+6681234{i:04d}", "TH") for i in range(6)]
    rows = [
        put(
            world,
            subject,
            reference=f"F-{i}",
            second=True,
            decided_by=APPROVER.name if i == 2 else "officer 7",
        )
        for i, subject in enumerate(numbers)
    ]
    Listing.objects.all().update(batch="file-1")
    other = put(world, numbers[4], reference="F-4", event=Event.BANK_SUSPICION, actor=LISTER)
    Contest.objects.create(
        contest_id="c-1",
        listing=other,
        state="open",
        via="page",
        opened_us=world.now_us,
        opened_by="x",
        due_us=world.now_us + DAY_US,
    )
    told: list[tuple[str, str]] = []
    decided = approve_batch(
        world.centre,
        "file-1",
        APPROVER,
        approve=True,
        reason="seen",
        tell=lambda listing_id, error: told.append((listing_id, error.code)),
    )
    assert decided == 5
    assert told == [(rows[2].listing_id, "own_request")]
    assert [fresh(row).state for row in rows] == [
        "standing",
        "standing",
        "proposed",
        "standing",
        "standing",
        "standing",
    ]
    withdraw_listing(world.centre, other.listing_id, LISTER, "over")


def test_a_basis_gone_for_one_row_leaves_the_rest(
    world: TestCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told row by row; what waits can be decided about again."""
    one = put(world, event=Event.POLICE_COMPLAINT)
    two = put(world, event=Event.VICTIM_REPORT, reference="F-2", second=True)
    Listing.objects.all().update(batch="file-1")
    move = type(world.centre.law).move

    def gone(law: Law, country: str, event: Event, on: date) -> Move:
        if event is Event.POLICE_COMPLAINT:
            raise Refused("law_not_in_force", "not in force")
        return move(law, country, event, on)

    monkeypatch.setattr(type(world.centre.law), "move", gone)
    told: list[tuple[str, str]] = []

    def tell(listing_id: str, error: HoldfastError) -> None:
        told.append((listing_id, error.code))

    said_ = {"approve": True, "reason": "seen", "tell": tell}
    assert approve_batch(world.centre, "file-1", APPROVER, **said_) == 1  # type: ignore[arg-type]
    assert approve_batch(world.centre, "file-1", APPROVER, **said_) == 0  # type: ignore[arg-type]
    assert told == [(one.listing_id, "listing_basis_gone")] * 2
    assert [fresh(row).state for row in (one, two)] == ["proposed", "standing"]


def test_a_file_is_approved_as_a_whole(world: TestCentre) -> None:
    """By another than who sent it; what is approved twice is not there."""
    numbers = [parse_subject("phone", f"+6681234{i:04d}", "TH") for i in range(30)]
    for i, subject in enumerate(numbers):
        wanted = ToList(subject, ground(reference=f"F-{i}"), batch="file-1", second=True)
        list_subject(world.centre, wanted, LISTER)
    assert feed() == []
    with pytest.raises(Forbidden):
        approve_batch(world.centre, "file-1", LISTER, approve=True, reason="mine")
    assert approve_batch(world.centre, "file-1", APPROVER, approve=True, reason="seen") == 30
    assert len(feed()) == 30
    with pytest.raises(NotFound):
        approve_batch(world.centre, "file-1", APPROVER, approve=True, reason="seen")
    assert_feed_is_true(world)
