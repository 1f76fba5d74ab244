"""Withdraw: take a listing back, because who listed says so or its case was unfounded."""

from __future__ import annotations

from django.db import transaction

from holdfast.cases.models import Case
from holdfast.core.errors import NotFound
from holdfast.core.words import N_
from holdfast.law.tier import Event
from holdfast.people.actor import Actor
from holdfast.registry.contest import ContestState
from holdfast.registry.listing import ListingState
from holdfast.registry.models import OPEN_VALUES, Listing
from holdfast.registry.queries import in_lots, listing_by_id, listings_of, lock_registry
from holdfast.registry.subject import REGISTERED, Subject
from holdfast.workflows.centre import Centre
from holdfast.workflows.change_registry import step_listings
from holdfast.workflows.list_subject import kind_of
from holdfast.workflows.step_contest import end_contests

UNFOUNDED = "case_unfounded"
REREGISTERED = "registered_anew"


def withdraw_listing(centre: Centre, listing_id: str, actor: Actor, reason: str) -> Listing:
    """Take a listing back; the centre may withdraw any, an institution its own.

    Raises:
        NotFound: `listing_unknown`.
        Conflict: `listing_ended`.
    """
    with transaction.atomic():
        lock_registry()
        row = listing_by_id(listing_id, None if actor.is_centre else actor.institution_id)
        withdraw(centre, [row], actor, reason)
    return row


def close_unfounded(centre: Centre, case_number: str, actor: Actor) -> int:
    """Take off all that was listed for a case of ours that proved unfounded; return how many.

    Raises:
        Refused: `lister_not_allowed`: only those whom the law names may say so.
    """
    with transaction.atomic():
        _check_may_say(centre, actor)
        lock_registry()
        numbers = _with_merged(case_number)
        rows = list(Listing.objects.filter(case_number__in=numbers, state__in=OPEN_VALUES))
        withdraw(centre, rows, actor, UNFOUNDED)
    return len(rows)


def end_registration(centre: Centre, subject: Subject, actor: Actor) -> int:
    """Take a proxy or a number off that belongs to another person now; return how many listings.

    Raises:
        NotFound: `subject_not_registered`: another kind of subject has no registration.
    """
    if subject.kind not in REGISTERED:
        raise NotFound(
            "subject_not_registered",
            N_("a {kind} is not registered anew; a proxy or a phone is"),
            kind=subject.kind.value,
        )
    with transaction.atomic():
        lock_registry()
        rows = list(listings_of([subject]).filter(state__in=OPEN_VALUES))
        withdraw(centre, rows, actor, REREGISTERED)
    return len(rows)


def withdraw(centre: Centre, rows: list[Listing], actor: Actor, reason: str) -> None:
    """Withdraw listings under the registry's lock; contests of them need no answer any more."""
    for some in in_lots(rows):
        end_contests(centre, some, ContestState.MOOT, actor, reason)
        step_listings(centre, some, ListingState.WITHDRAWN, actor, reason)


def _with_merged(case_number: str) -> set[str]:
    """Return a case's number and those of all cases that were merged into it."""
    numbers, fresh = {case_number}, {case_number}
    while fresh:
        merged = Case.objects.filter(merged_into__number__in=fresh)
        fresh = set(merged.values_list("number", flat=True)) - numbers
        numbers |= fresh
    return numbers


def _check_may_say(centre: Centre, actor: Actor) -> None:
    day = centre.law.local_day(centre.country, centre.now_us())
    centre.law.tier_for(centre.country, Event.CASE_UNFOUNDED, kind_of(actor), day)
