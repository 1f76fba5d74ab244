"""Many hands at once: the feed has no gap, and a subject's standing misses nobody's listing."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connection
from tests.workflows.centre_kit import TestCentre
from tests.workflows.registry_kit import (
    APPROVER,
    LISTER,
    PHONE,
    REVIEWER,
    assert_feed_is_true,
    feed,
    ground,
    put,
    said,
)

from holdfast.core.errors import Conflict
from holdfast.law.tier import Event
from holdfast.registry.models import Listing
from holdfast.registry.subject import parse_subject
from holdfast.workflows.approve_listing import approve_listing
from holdfast.workflows.list_subject import ToList, list_subject
from holdfast.workflows.withdraw_listing import withdraw_listing


def at_once(works: list[Callable[[], object]]) -> list[str]:
    """Do all at once, each in a thread with a connection of its own; return codes of refusals."""

    def do(work: Callable[[], object]) -> str:
        try:
            work()
        except Conflict as error:
            return error.code
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(do, works))


def test_listings_at_once_leave_one_true_feed(busy: TestCentre) -> None:
    """Of one subject and of others; no number is lost or given twice."""

    def lists(number: int) -> Callable[[], object]:
        subject = PHONE if number % 2 else parse_subject("phone", f"+6681234560{number}", "TH")
        event = Event.BANK_CONFIRMED if number % 4 == 1 else Event.BANK_SUSPICION
        wanted = ToList(subject, ground(event, reference=f"F-{number}"))
        return lambda: list_subject(busy.centre, wanted, LISTER)

    assert at_once([lists(number) for number in range(8)]) == [""] * 8
    assert_feed_is_true(busy)
    standing = said()
    assert standing is not None
    assert standing.tier == 20


def test_the_same_at_once_is_listed_once(busy: TestCentre) -> None:
    """The others are told of the first."""
    wanted = ToList(PHONE, ground())
    codes = at_once([lambda: list_subject(busy.centre, wanted, LISTER)] * 4)
    assert sorted(codes) == ["", *["listing_stands"] * 3]
    assert (Listing.objects.count(), len(feed())) == (1, 1)


def test_approved_and_withdrawn_at_once(busy: TestCentre) -> None:
    """One of them comes first; either way the feed ends with what the listing says."""
    row = put(busy, event=Event.POLICE_COMPLAINT)

    def approves() -> object:
        return approve_listing(busy.centre, row.listing_id, APPROVER, approve=True, reason="ok")

    def withdraws() -> object:
        return withdraw_listing(busy.centre, row.listing_id, REVIEWER, "a mistake")

    codes = at_once([approves, withdraws])
    assert codes in (["", ""], ["listing_ended", ""])
    assert (Listing.objects.get().state, said()) == ("withdrawn", None)
    assert_feed_is_true(busy)
