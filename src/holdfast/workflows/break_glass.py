"""Break glass: one person lists in a running attack; it falls after an hour and is looked at."""

from __future__ import annotations

from django.db import transaction

from holdfast.core.errors import Conflict, Forbidden
from holdfast.core.instant import DAY_US, HOUR_US, SECOND_US, format_instant
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.records import audit, due
from holdfast.registry.listing import ListingState
from holdfast.registry.models import BreakGlassReview, Listing
from holdfast.registry.queries import last_of, listing_unknown, listings_of, lock_registry
from holdfast.workflows.centre import Centre
from holdfast.workflows.change_registry import add_listings
from holdfast.workflows.list_subject import ToList, heed_registrations, kind_of, new_listing
from holdfast.workflows.listed_before import check_new
from holdfast.workflows.other_hands import require_other_hands
from holdfast.workflows.withdraw_listing import withdraw
from holdfast.workflows.write_notice import INSTITUTION, write_notice

UNJUSTIFIED = "glass_unjustified"
CHASE_GLASS = "chase_glass"
"""Due work: look whether a listing made alone was looked at in time; its subject is the listing."""
AGAIN_US = DAY_US
"""How long the same subject cannot be listed so again: an hour is not to be strung to a day."""


def break_glass(centre: Centre, wanted: ToList, actor: Actor, reason: str) -> Listing:
    """List at once, without a second person, for the minutes that the law's data give.

    Raises:
        Forbidden: `glass_person_missing`: nobody in particular is behind the actor.
        Conflict: `glass_broken_before`: of late, for the same subject; or as `list_subject`.
        Refused: as `list_subject`.
    """
    if not actor.person:
        raise Forbidden(
            "glass_person_missing",
            N_("only a person who is named lists alone; use a key of your own"),
        )
    with transaction.atomic():
        lock_registry()
        now_us = centre.now_us()
        before = listings_of([wanted.subject]).filter(
            institution_id=actor.institution_id, break_glass=True, listed_us__gt=now_us - AGAIN_US
        )
        if before.exists():
            raise Conflict(
                "glass_broken_before",
                N_("you listed this alone within the last day; now a second person must approve"),
            )
        day = centre.law.local_day(centre.country, now_us)
        minutes = centre.law.registry_number(centre.country, "break_glass_minutes", day)
        hours = centre.law.registry_number(centre.country, "glass_review_hours", day)
        row = new_listing(centre, wanted, actor, kind_of(actor))
        row.break_glass, row.state, row.stands_us = True, ListingState.STANDING.value, now_us
        row.until_us = min(row.until_us, now_us + minutes * 60 * SECOND_US)
        heed_registrations([row], now_us)
        check_new(row)
        add_listings(centre, [row], actor, reason)
        due_us = now_us + hours * HOUR_US
        BreakGlassReview.objects.create(listing=row, opened_us=now_us, due_us=due_us)
        due.plan(kind=CHASE_GLASS, subject=row.listing_id, due_us=due_us)
    return row


def review_glass(
    centre: Centre, listing_id: str, actor: Actor, *, justified: bool, reason: str
) -> BreakGlassReview:
    """Say afterwards whether somebody listed alone with good cause; without, it ends at once.

    Raises:
        NotFound: `listing_unknown`.
        Forbidden: `own_request`.
        Conflict: `glass_reviewed`.
    """
    with transaction.atomic():
        lock_registry()
        review: BreakGlassReview | None = (
            BreakGlassReview.objects.select_related("listing")
            .filter(listing__listing_id=listing_id)
            .first()
        )
        if review is None:
            raise listing_unknown(listing_id)
        require_other_hands(actor, review.listing.listed_by, review.listing.decided_by)
        if review.decided_us is not None:
            raise Conflict(
                "glass_reviewed",
                N_("listing {listing} was looked at before"),
                listing=listing_id,
            )
        review.decided_us, review.decided_by = centre.now_us(), actor.name
        review.justified, review.reason = justified, reason
        review.save()
        due.cancel(CHASE_GLASS, listing_id)
        audit.record(
            at_us=review.decided_us,
            actor=actor.name,
            verb="review_glass",
            subject=f"listing:{listing_id}",
            detail={"justified": justified},
        )
        row = last_of(review.listing)
        if not justified and row.break_glass and not ListingState(row.state).ended:
            withdraw(centre, [row], actor, UNJUSTIFIED)
    return review


def chase_glass(centre: Centre, listing_id: str) -> bool:
    """Put down by name, and tell the centre, that nobody has looked in time; again a day later.

    The listing itself has fallen by then; what is owed is a word on who listed alone. Returns
    whether it was overdue.
    """
    with transaction.atomic():
        overdue = BreakGlassReview.objects.filter(decided_us=None, due_us__lte=centre.now_us())
        review = overdue.select_related("listing").filter(listing__listing_id=listing_id).first()
        if review is None:
            return False
        row, now_us = review.listing, centre.now_us()
        who = {"listed_by": row.listed_by, "institution": row.institution_id}
        audit.record(
            at_us=now_us,
            actor=centre.itself.name,
            verb="glass_review_overdue",
            subject=f"listing:{listing_id}",
            detail=who,
        )
        days = (now_us - review.due_us) // DAY_US
        write_notice(
            centre,
            f"{listing_id}-glass-overdue-{days}",
            centre.name,
            INSTITUTION,
            {
                "type": "glass_review_overdue",
                "listing": listing_id,
                "due_at": format_instant(review.due_us),
                **who,
            },
            subject=f"listing:{listing_id}",
        )
        due.plan(kind=CHASE_GLASS, subject=listing_id, due_us=now_us + DAY_US)
    return True
