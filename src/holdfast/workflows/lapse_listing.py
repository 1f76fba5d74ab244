"""Lapse: end a listing whose time has run out."""

from __future__ import annotations

from django.db import transaction

from holdfast.registry.contest import ContestState
from holdfast.registry.listing import ListingState
from holdfast.registry.queries import listing_by_id, lock_registry
from holdfast.workflows.centre import Centre
from holdfast.workflows.change_registry import clocked, step_listings
from holdfast.workflows.step_contest import end_contests

REASON = "time_ran_out"


def lapse_listing(centre: Centre, listing_id: str) -> bool:
    """End a listing if its time has run out; return whether it ended now."""
    with transaction.atomic():
        lock_registry()
        row = listing_by_id(listing_id)
        if not clocked(row).is_due(centre.now_us()):
            return False
        end_contests(centre, [row], ContestState.MOOT, centre.itself, REASON)
        step_listings(centre, [row], ListingState.LAPSED, centre.itself, REASON)
    return True
