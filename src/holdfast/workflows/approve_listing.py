"""Approve: a second person says whether what was proposed may stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial

from django.db import transaction

from holdfast.core.errors import Conflict, Forbidden, HoldfastError, NotFound, Refused
from holdfast.core.words import N_
from holdfast.law.tier import Event
from holdfast.people.actor import Actor
from holdfast.registry.listing import ListingState
from holdfast.registry.models import (
    ANSWERABLE_VALUES,
    OPEN_CONTEST_VALUES,
    Contest,
    Listing,
)
from holdfast.registry.queries import AT_ONCE, listing_by_id, lock_registry
from holdfast.workflows.centre import Centre
from holdfast.workflows.change_registry import step_listings, tell_feed
from holdfast.workflows.listed_before import TAKEN_OFF, contested_among, doubts, was_contested
from holdfast.workflows.other_hands import require_other_hands

REPLACED = "replaced"
"""The reason of a listing whose subject moved to another tier."""
UNDECIDED = "contest_undecided"
"""The reason of a listing that is suspended because its contest was not answered in time."""


def approve_listing(
    centre: Centre, listing_id: str, actor: Actor, *, approve: bool, reason: str
) -> Listing:
    """Let a proposed listing stand, or refuse it; one that it replaces ends with that.

    Raises:
        NotFound: `listing_unknown`.
        Forbidden: `own_request`: nobody approves what they listed or decided themselves, nor had
            a hand in what the same institution said of the subject before and was contested.
        Conflict: `listing_step`, `listing_ended`, `listing_out_of_time`, `listing_basis_gone` or
            `listing_was_contested`.
    """
    with transaction.atomic():
        lock_registry()
        row = listing_by_id(listing_id)
        for error in _against([row], centre, actor, approve=approve).values():
            raise error
        _decide(centre, [row], actor, approve=approve, reason=reason)
    return row


def approve_batch(
    centre: Centre,
    batch: str,
    actor: Actor,
    *,
    approve: bool,
    reason: str,
    tell: Callable[[str, HoldfastError], None] | None = None,
) -> int:
    """Decide at once about all that one file proposed; return how many listings.

    A lot of them in a transaction: what was decided stays so if this is broken off, and calling
    it again goes on. A listing that cannot be decided so is told with its id and the reason and
    waits on, the rest goes through; what a contest took off meanwhile is told and refused,
    whatever is said of the rest.

    Raises:
        NotFound: `batch_unknown`: nothing of such a file waits.
        Forbidden: `own_request`: all of it is the actor's own.
    """
    count, last, own = 0, 0, None
    while True:
        with transaction.atomic():
            lock_registry()
            rows = _waiting(centre, batch, after=last)
            if not rows:
                break
            against = _against(rows, centre, actor, approve=approve)
            out = [row for row in rows if _is_contested(against.get(row.listing_id))]
            rest = [row for row in rows if row.listing_id not in against]
            _decide(centre, out, actor, approve=False, reason=was_contested().code)
            _decide(centre, rest, actor, approve=approve, reason=reason)
        for listing_id, error in against.items():
            own = own or (error if isinstance(error, Forbidden) else None)
            if tell is not None:
                tell(listing_id, error)
        count += len(out) + len(rest)
        last = rows[-1].id
    if own is not None and not count:
        raise own
    if not last:
        raise NotFound(
            "batch_unknown", N_("nothing of the file {batch} waits here"), batch=batch[:60]
        )
    return count


def _waiting(centre: Centre, batch: str, *, after: int) -> list[Listing]:
    """Return the next lot of what waits of a file, in order."""
    proposed = Listing.objects.filter(batch=batch, state=ListingState.PROPOSED.value)
    there = proposed.filter(until_us__gt=centre.now_us(), id__gt=after)
    return list(there.order_by("id")[:AT_ONCE])


def _against(
    rows: Sequence[Listing], centre: Centre, actor: Actor, *, approve: bool
) -> dict[str, HoldfastError]:
    """Return by listing why somebody cannot decide about it so."""
    found: dict[str, HoldfastError] = {}
    in_doubt = doubts(rows) if approve else {}
    again = contested_among(rows) if approve else set()
    outrun = _replace_contested(rows) if approve else set()
    other_hands = cache(partial(require_other_hands, actor))  # a file has few hands and many rows
    for row in rows:
        behind = {row.listed_by, row.decided_by}
        if row.listing_id in in_doubt:
            behind |= in_doubt[row.listing_id].hands
        try:
            other_hands(*sorted(behind))
            if row.listing_id in again | outrun:
                raise was_contested()
            if approve:
                _check_basis(centre, row)
        except HoldfastError as error:
            found[row.listing_id] = error
    return found


def _replace_contested(rows: Sequence[Listing]) -> set[str]:
    """Return which of some listings would take the place of what a contest took off."""
    formers = {row.replaces_id for row in rows if row.replaces_id is not None}
    off = set(Listing.objects.filter(TAKEN_OFF, id__in=formers).values_list("id", flat=True))
    return {row.listing_id for row in rows if row.replaces_id in off}


def _is_contested(error: HoldfastError | None) -> bool:
    return error is not None and error.code == was_contested().code


def _decide(
    centre: Centre,
    rows: Sequence[Listing],
    actor: Actor,
    *,
    approve: bool,
    reason: str,
) -> None:
    """Take the step with listings against which nothing speaks."""
    if not approve:
        step_listings(centre, rows, ListingState.REFUSED, actor, reason)
        return
    approved = {"approved_by": actor.name, "approved_us": centre.now_us()}
    step_listings(centre, rows, ListingState.STANDING, actor, reason, also=approved)
    for row in rows:
        if row.replaces_id is not None:
            take_place(centre, row, actor)


def take_place(centre: Centre, row: Listing, actor: Actor) -> None:
    """End the listing that one replaces; a contest of that goes on, its clock unchanged.

    What was suspended because nobody had answered in time stays so under its new tier, unless the
    law forbids it.

    Raises:
        Conflict: `listing_was_contested`.
    """
    former = Listing.objects.get(id=row.replaces_id)
    if Listing.objects.filter(TAKEN_OFF, id=former.id).exists():
        raise was_contested()
    if former.state not in ANSWERABLE_VALUES:
        return
    is_late = former.state == ListingState.SUSPENDED.value
    open_contests = Contest.objects.filter(listing=former, state__in=OPEN_CONTEST_VALUES)
    if open_contests.update(listing=row):
        row.disputed = True
        row.save(update_fields=["disputed"])
    step_listings(centre, [former], ListingState.REPLACED, actor, REPLACED)
    if is_late and row.suspends_undecided:
        step_listings(centre, [row], ListingState.SUSPENDED, actor, UNDECIDED)
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
