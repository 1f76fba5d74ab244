"""Approve: a second person says whether what was proposed may stand."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from holdfast.core.errors import Conflict, HoldfastError, NotFound, Refused
from holdfast.core.words import N_
from holdfast.law.tier import Event
from holdfast.people.actor import Actor
from holdfast.registry.listing import ListingState
from holdfast.registry.models import OPEN_CONTEST_VALUES, Contest, Listing
from holdfast.registry.queries import AT_ONCE, listing_by_id, lock_registry
from holdfast.workflows.centre import Centre
from holdfast.workflows.change_registry import step_listings, tell_feed
from holdfast.workflows.list_subject import TAKEN_OFF, contested_among, was_contested
from holdfast.workflows.other_hands import require_other_hands

REPLACED = "replaced"
"""The reason of a listing whose subject moved to another tier."""


def approve_listing(
    centre: Centre, listing_id: str, actor: Actor, *, approve: bool, reason: str
) -> Listing:
    """Let a proposed listing stand, or refuse it; one that it replaces ends with that.

    Raises:
        NotFound: `listing_unknown`.
        Forbidden: `own_request`: nobody approves what they listed or decided themselves.
        Conflict: `listing_step`, `listing_ended`, `listing_out_of_time`, `listing_basis_gone` or
            `listing_was_contested`.
    """
    with transaction.atomic():
        lock_registry()
        row = listing_by_id(listing_id)
        require_other_hands(actor, *_behind(row))
        _decide(centre, [row], actor, approve=approve, reason=reason)
    return row


def approve_batch(centre: Centre, batch: str, actor: Actor, *, approve: bool, reason: str) -> int:
    """Decide at once about all that one file proposed; return how many listings.

    A lot of them in a transaction: what was decided stays so if this is broken off, and calling
    it again goes on. What a contest took off meanwhile is refused, whatever is said of the rest.

    Raises:
        NotFound: `batch_unknown`: nothing of such a file waits.
        Forbidden: `own_request`.
        Conflict: `listing_basis_gone`.
    """
    count = 0
    while True:
        with transaction.atomic():
            lock_registry()
            waiting = Listing.objects.filter(batch=batch, state=ListingState.PROPOSED.value)
            now_us = centre.now_us()
            rows = list(waiting.filter(until_us__gt=now_us).order_by("id")[:AT_ONCE])
            if not rows:
                break
            require_other_hands(actor, *{name for row in rows for name in _behind(row)})
            again = contested_among(rows) if approve else set()
            if refused := [row for row in rows if row.listing_id in again]:
                _decide(centre, refused, actor, approve=False, reason=was_contested().code)
            rest = [row for row in rows if row.listing_id not in again]
            _decide(centre, rest, actor, approve=approve, reason=reason)
        count += len(rows)
    if not count:
        raise NotFound(
            "batch_unknown", N_("nothing of the file {batch} waits here"), batch=batch[:60]
        )
    return count


def _behind(row: Listing) -> tuple[str, str]:
    """Return who listed, and who decided where the ground names somebody."""
    return row.listed_by, row.decided_by


def _decide(
    centre: Centre,
    rows: Sequence[Listing],
    actor: Actor,
    *,
    approve: bool,
    reason: str,
) -> None:
    if not approve:
        step_listings(centre, rows, ListingState.REFUSED, actor, reason)
        return
    if contested_among(rows):
        raise was_contested()
    for row in rows:
        _check_basis(centre, row)
    approved = {"approved_by": actor.name, "approved_us": centre.now_us()}
    step_listings(centre, rows, ListingState.STANDING, actor, reason, also=approved)
    for row in rows:
        if row.replaces_id is not None:
            take_place(centre, row, actor)


def take_place(centre: Centre, row: Listing, actor: Actor) -> None:
    """End the listing that one replaces; a contest of that goes on, its clock unchanged.

    Raises:
        Conflict: `listing_was_contested`.
    """
    former = Listing.objects.get(id=row.replaces_id)
    if Listing.objects.filter(TAKEN_OFF, id=former.id).exists():
        raise was_contested()
    if former.state != ListingState.STANDING.value:
        return
    open_contests = Contest.objects.filter(listing=former, state__in=OPEN_CONTEST_VALUES)
    if open_contests.update(listing=row):
        row.disputed = True
        row.save(update_fields=["disputed"])
    step_listings(centre, [former], ListingState.REPLACED, actor, REPLACED)
    tell_feed(centre, [row])


def _check_basis(centre: Centre, row: Listing) -> None:
    """Refuse what the law of today does not carry any more."""
    day = centre.law.local_day(centre.country, centre.now_us())
    try:
        move = centre.law.move(centre.country, Event(row.ground), day)
    except Refused as error:
        raise _basis_gone(row, error) from None
    if move.tier != row.tier:
        raise _basis_gone(row, None)


def _basis_gone(row: Listing, error: HoldfastError | None) -> Conflict:
    return Conflict(
        "listing_basis_gone",
        N_("{ground} leads to {tier} no more since listing {listing} was proposed ({why})"),
        ground=row.ground,
        tier=row.tier,
        listing=row.listing_id,
        why=error.code if error is not None else "tier",
    )
