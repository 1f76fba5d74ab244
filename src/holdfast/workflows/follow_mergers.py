"""Follow mergers: what is listed under a merged bank's code goes over to its successor's.

From the release on that knows of a merger, an account is asked about by the successor's code,
however it is written. What was listed before goes along, as a new listing in the place of the old
one and the same in all but its key; so history, feed and replicas say what happened, and when.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import QuerySet

from holdfast.records import due
from holdfast.registry.listing import FIRST, ListingState
from holdfast.registry.merged import current_key, successors
from holdfast.registry.models import (
    ANSWERABLE_VALUES,
    OPEN_CONTEST_VALUES,
    OPEN_VALUES,
    Contest,
    Listing,
)
from holdfast.registry.queries import AT_ONCE, last_of, lock_registry
from holdfast.registry.subject import SubjectKind
from holdfast.workflows.centre import Centre
from holdfast.workflows.change_registry import add_listings, step_listings, tell_feed
from holdfast.workflows.listed_before import same, standing_among

FOLLOW_MERGER = "follow_merger"
"""Due work: bring what is listed under a merged bank's code to its successor; its subject is the bank."""
MERGED = "bank_merged"
"""The reason of a listing whose account is known by another key now."""
_PROPOSED = [ListingState.PROPOSED.value]
_OF_ITS_OWN = ("id", "listing_id", "subject_key", "state", "codes_issued", "replaces_id")
"""What a listing that goes over does not take from the one before."""


def plan_mergers(centre: Centre) -> None:
    """Have what is listed under codes of merged banks go over soon; where nothing is, nothing.

    To be called where a release begins to work: the table of mergers comes with it.
    """
    banks = [bank for bank in successors() if _open_of(bank).exists()]
    due.plan_all(FOLLOW_MERGER, dict.fromkeys(banks, centre.now_us()))


def follow_merger(centre: Centre, bank: str) -> int:
    """Bring all that is listed under a merged bank's code to its successor; return how many.

    Everything keeps its clock; contests and proposals go along. Where the same lister has listed
    the account under the new code by now, that listing counts. A lot of them in a transaction:
    broken off, it goes on where it was.
    """
    # What a proposal is to replace goes first.
    return sum(_follow(centre, bank, states) for states in (ANSWERABLE_VALUES, _PROPOSED))


def _follow(centre: Centre, bank: str, states: Sequence[str]) -> int:
    count, last = 0, 0
    while True:
        with transaction.atomic():
            lock_registry()
            there = _open_of(bank).filter(state__in=states, id__gt=last)
            rows = list(there.select_related("replaces").order_by("id")[:AT_ONCE])
            if not rows:
                return count
            count += _bring(centre, rows)
        last = rows[-1].id


def _open_of(bank: str) -> QuerySet[Listing]:
    """Return the listings of accounts under a bank's code that have not ended."""
    return Listing.objects.filter(
        subject_kind=SubjectKind.ACCOUNT.value,
        subject_key__startswith=f"{bank}.",
        state__in=OPEN_VALUES,
    )


def _bring(centre: Centre, rows: Sequence[Listing]) -> int:
    """Let some listings go over; return how many did."""
    new = {row.id: _under_new_key(centre, row) for row in rows}
    there = {same(row): row for row in standing_among(list(new.values()))}
    fresh = {old: row for old, row in new.items() if same(row) not in there}
    add_listings(centre, list(fresh.values()), centre.itself, MERGED)
    gone = [row for row in rows if _take_contests(row, there.get(same(new[row.id]), new[row.id]))]
    late = [row.id for row in gone if row.state == ListingState.SUSPENDED.value]
    again = [fresh[old] for old in late if old in fresh]
    step_listings(centre, again, ListingState.SUSPENDED, centre.itself, MERGED)
    step_listings(centre, gone, ListingState.REPLACED, centre.itself, MERGED)
    tell_feed(centre, list(there.values()))
    return len(gone)


def _under_new_key(centre: Centre, row: Listing) -> Listing:
    """Return a listing as it goes over; what stood, or stood until a contest was late, stands."""
    told = {
        name: value
        for name, value in vars(row).items()
        if not name.startswith("_") and name not in _OF_ITS_OWN
    }
    state = ListingState(row.state)
    return Listing(
        listing_id=centre.new_id("listing"),
        subject_key=current_key(row.subject_key),
        state=(state if state in FIRST else ListingState.STANDING).value,
        replaces_id=_replaced_now(row),
        **told,
    )


def _replaced_now(row: Listing) -> int:
    """Return the id of what a listing that goes over takes the place of.

    A move that waits for a second person takes the place of what it was to replace, which has
    gone over before it.
    """
    if row.state == ListingState.PROPOSED.value and row.replaces is not None:
        return int(last_of(row.replaces).id)
    return int(row.id)


def _take_contests(row: Listing, to: Listing) -> bool:
    """Let an open contest go along; False where the other has one too, and both stay."""
    contests = Contest.objects.filter(listing=row, state__in=OPEN_CONTEST_VALUES)
    if not contests.exists():
        return True
    if Contest.objects.filter(listing=to, state__in=OPEN_CONTEST_VALUES).exists():
        return False
    contests.update(listing=to)
    if not to.disputed:
        to.disputed = True
        to.save(update_fields=["disputed"])
    return True
