"""A number registered anew: what was listed of it before is nobody else's."""

from __future__ import annotations

from contextlib import suppress

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.workflows.centre_kit import TestCentre
from tests.workflows.registry_kit import (
    ACCOUNT,
    BANK,
    LISTER,
    PHONE,
    banks,
    ground,
    put,
    said,
)

from holdfast.core.errors import Conflict, NotFound, Refused
from holdfast.core.instant import HOUR_US
from holdfast.law.tier import Event
from holdfast.registry.models import Listing
from holdfast.workflows.break_glass import break_glass
from holdfast.workflows.list_subject import ToList, list_subject
from holdfast.workflows.move_tier import move_tier
from holdfast.workflows.withdraw_listing import end_registration, withdraw_listing

LIGHT_GREY, DARK_GREY, BLACK, DARK_BROWN, LIGHT_BROWN = 30, 40, 50, 20, 10


def test_what_was_registered_anew_is_not_listed(world: TestCentre) -> None:
    """A number's listing ends with its registration; the next owner is not listed."""
    until_us = world.now_us + HOUR_US
    row = put(world, owned_until_us=until_us)
    assert row.until_us == until_us
    with pytest.raises(Refused) as refused:
        put(world, reference="F-2", owned_until_us=world.now_us)
    assert refused.value.code == "subject_moved_on"
    put(world, reference="F-3")
    assert end_registration(world.centre, PHONE, LISTER) == 2
    assert said() is None
    with pytest.raises(NotFound):
        end_registration(world.centre, ACCOUNT, LISTER)


@given(
    owned_hours=st.integers(1, 24 * 40),
    steps=st.lists(
        st.tuples(
            st.sampled_from(["again", "other", "alone", "move", "withdraw"]),
            st.integers(0, 24 * 20),
        ),
        max_size=6,
    ),
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_outlasts_a_registration(
    world: TestCentre, owned_hours: int, steps: list[tuple[str, int]]
) -> None:
    """However the number is listed again, moved or taken back: what was said before ends with it."""
    frame = transaction.atomic()
    with suppress(_Back), frame:
        banks()
        begin_us = world.now_us
        end_us = begin_us + owned_hours * HOUR_US
        row = put(world, event=Event.BANK_SUSPICION, owned_until_us=end_us)
        for number, (what, hours) in enumerate(steps):
            world.pass_time(hours=hours)
            world.work()
            ground_ = ground(Event.BANK_CONFIRMED, reference=f"N-{number}")
            with suppress(Conflict, Refused):
                if what == "move":
                    row = move_tier(world.centre, row.listing_id, ground_, LISTER)
                elif what == "alone":
                    break_glass(world.centre, ToList(PHONE, ground_), LISTER, "attack")
                elif what == "withdraw":
                    withdraw_listing(world.centre, row.listing_id, LISTER, "gone")
                else:
                    by = LISTER if what == "again" else BANK
                    row = list_subject(world.centre, ToList(PHONE, ground_), by)
        told_before = Listing.objects.filter(listed_us__lt=end_us)
        assert all(row.until_us <= end_us for row in told_before)
        assert all(row.owned_until_us in (None, end_us) for row in Listing.objects.all())
        world.now_us = begin_us
        raise _Back


class _Back(Exception):
    """An example is over."""


def test_a_later_word_of_a_registration_is_heard(world: TestCentre) -> None:
    """Who lists may know of a later end, and the next owner is another person."""
    first_us, later_us = world.now_us + HOUR_US, world.now_us + 2 * HOUR_US
    put(world, owned_until_us=first_us)
    assert put(world, reference="F-2", owned_until_us=later_us).until_us == later_us
    assert put(world, reference="F-3").until_us == first_us
    world.pass_time(hours=3)
    assert put(world, reference="F-4").owned_until_us is None
