"""What the tests of the registry's verbs share: people, subjects, and what the feed says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.workflows.centre_kit import TestCentre, account, bank

from holdfast.law.tier import Event, Grade
from holdfast.people.actor import Actor
from holdfast.people.models import Institution
from holdfast.people.role import Scope
from holdfast.registry.ground import Ground, Involvement, Link
from holdfast.registry.models import ContestCode, FeedEntry, Listing
from holdfast.registry.queries import standings, told
from holdfast.registry.standing import Standing
from holdfast.registry.subject import Subject, SubjectKind, parse_subject
from holdfast.workflows.list_subject import ToList, list_subject
from holdfast.workflows.tell_person import code_for_notice

LISTER, APPROVER, REVIEWER = (
    Actor(f"staff:{number}", "TH.AOC", frozenset(Scope), is_centre=True, person=f"staff:{number}")
    for number in (1, 2, 3)
)
BANK = Actor(f"key:{bank(2)}/k1", bank(2), frozenset((Scope.REGISTRY_LIST,)), person="somchai")
OTHER_BANK = Actor(f"key:{bank(3)}/k1", bank(3), frozenset((Scope.REGISTRY_LIST,)))
PHONE = parse_subject("phone", "081-234-5678", "TH")
ACCOUNT = parse_subject("account", account(2, 2), "TH")
PERSON = Subject(SubjectKind.PERSON, "TH.NIDN." + "a" * 64)
SEEN = "opened last week, twenty payments in and out within a minute each"


def banks() -> None:
    """Let the banks of these tests take part."""
    for number in (2, 3):
        Institution.objects.get_or_create(
            institution_id=bank(number),
            defaults={"name": f"Bank {number}", "kind": "bank", "created_us": 0},
        )


def ground(event: Event = Event.VICTIM_REPORT, **more: Any) -> Ground:
    """Return a whole ground for an event."""
    whole = Ground(
        event,
        Grade.OFFICIAL if event is Event.OFFICIAL_LIST else Grade.CONFIRMED,
        Involvement.PAID_MULE,
        behaviour=SEEN,
        decided_by="officer 7",
        reference="F-1",
    )
    return replace(whole, **more)


def first_account(**more: Any) -> Ground:
    """Return the ground of an account that a victim of `OTHER_BANK` paid, confirmed by that."""
    confirmed: dict[str, Any] = {"payment_confirmed": True, "paid_from": account(3, 1)}
    return ground(**({"link": Link.FIRST_ACCOUNT} | confirmed | more))


def put(
    world: TestCentre,
    subject: Subject = PHONE,
    event: Event = Event.VICTIM_REPORT,
    actor: Actor = LISTER,
    **more: object,
) -> Listing:
    """List a subject on an event."""
    ways = {key: more.pop(key) for key in ("days", "owned_until_us", "second") if key in more}
    wanted = ToList(subject, ground(event, **more), **ways)  # type: ignore[arg-type]
    return list_subject(world.centre, wanted, actor)


def fresh(listing: Listing) -> Listing:
    """Return a listing as it stands now."""
    found: Listing = Listing.objects.get(listing_id=listing.listing_id)
    return found


def said(subject: Subject = PHONE) -> Standing | None:
    """Return how the feed says that a subject stands; None where it says nothing, or no more."""
    return told([subject]).get(subject)


def feed() -> list[tuple[int, str, int]]:
    """Return the feed: number, what it says, tier."""
    return list(FeedEntry.objects.order_by("number").values_list("number", "op", "tier"))


def assert_feed_is_true(world: TestCentre) -> None:
    """Check that the feed has no gap and says of each subject what its listings say."""
    numbers = [number for number, _, _ in feed()]
    assert numbers == list(range(1, len(numbers) + 1))
    subjects = {
        Subject(SubjectKind(kind), key)
        for kind, key in Listing.objects.values_list("subject_kind", "subject_key")
    }
    now = standings(subjects, world.now_us)
    there = told(subjects)
    assert {s: there.get(s) for s in subjects} == now


def code_of(world: TestCentre, listing: Listing) -> str:
    """Have the notice be written, and return the code that goes with it."""
    world.work()
    assert ContestCode.objects.filter(listing=listing, void_us=None).count() == 1
    return code_for_notice(world.centre, listing.listing_id, LISTER)[0]
