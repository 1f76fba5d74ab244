"""Move: an event brings a listed subject into another tier, or takes it off."""

from __future__ import annotations

from dataclasses import replace

from django.db import transaction

from holdfast.core.errors import Conflict
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.registry.ground import Ground
from holdfast.registry.listing import ListingState
from holdfast.registry.models import Listing
from holdfast.registry.queries import listing_by_id, lock_registry, subject_of
from holdfast.workflows.approve_listing import take_place
from holdfast.workflows.centre import Centre
from holdfast.workflows.list_subject import ToList, list_subject


def move_tier(
    centre: Centre, listing_id: str, ground: Ground, actor: Actor, *, second: bool = False
) -> Listing:
    """List a subject anew where an event leads, in place of an older listing of the same maker.

    The older one stands until the new one does: where that needs a second person, or `second`
    asks for one, until then.
    An open contest goes along, with its deadline.

    Raises:
        NotFound: `listing_unknown`, also where another institution listed.
        Conflict: `listing_stands_not`: it does not stand any more; or as `list_subject`.
        Refused: as `list_subject`.
    """
    with transaction.atomic():
        lock_registry()
        former = listing_by_id(listing_id, None if actor.is_centre else actor.institution_id)
        if former.state != ListingState.STANDING.value or former.break_glass:
            raise Conflict(
                "listing_stands_not",
                N_("listing {listing} is {state}; only one that stands moves"),
                listing=listing_id,
                state=former.state,
            )
        ground = replace(
            ground,
            case_number=ground.case_number or former.case_number,
            reference=ground.reference or former.reference,
        )
        wanted = ToList(
            subject_of(former),
            ground,
            source_country=former.source_country,
            owned_from_us=former.owned_from_us,
            owned_until_us=former.owned_until_us,
            batch=former.batch,
            second=second,
        )
        row = list_subject(centre, wanted, actor, replaces=former)
        if row.state == ListingState.STANDING.value:
            take_place(centre, row, actor)
    return row
