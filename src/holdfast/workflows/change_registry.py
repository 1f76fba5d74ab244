"""Change the registry: what every step of listings leaves behind, in one transaction.

Each change leaves the listing's row, a line of its history, an audit entry, and an entry of the
feed where the subject stands otherwise than the feed said last. The caller holds the registry's
lock, so the feed's order is the order of the changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from django.db.models import Count

from holdfast.people.actor import Actor
from holdfast.records import audit, due
from holdfast.registry.listing import Clocked, ListingState
from holdfast.registry.models import (
    FeedEntry,
    FeedOp,
    Listing,
    ListingStep,
)
from holdfast.registry.queries import lock_registry, standings, subject_of, told
from holdfast.registry.standing import Standing
from holdfast.registry.subject import Subject
from holdfast.workflows.centre import Centre
from holdfast.workflows.retract_entry import open_retractions

LAPSE_LISTING = "lapse_listing"
"""Due work: end a listing whose time has run out."""
TELL_PERSON = "tell_person"
"""Due work: tell the person concerned; its subject is LISTING/WHAT HAPPENED."""
_CHANGING = ("state", "stands_us", "ended_us", "reason", "approved_us", "approved_by", "disputed")


def clocked(listing: Listing) -> Clocked:
    """Return the rules' view of a listing."""
    return Clocked(listing.listing_id, ListingState(listing.state), listing.until_us)


def add_listings(
    centre: Centre, listings: Sequence[Listing], actor: Actor, reason: str = ""
) -> None:
    """Keep new listings, each as its state says; those that stand are answered from now on."""
    now_us = centre.now_us()
    Listing.objects.bulk_create(listings)
    ListingStep.objects.bulk_create(
        ListingStep(
            listing=listing,
            number=1,
            from_state="",
            to_state=listing.state,
            at_us=now_us,
            actor=actor.name,
            reason=reason,
        )
        for listing in listings
    )
    _audit(listings, "list_subject", actor, now_us)
    due.plan_all(LAPSE_LISTING, {listing.listing_id: listing.until_us for listing in listings})
    _leave(centre, [row for row in listings if row.state == ListingState.STANDING.value])


def step_listings(
    centre: Centre,
    listings: Sequence[Listing],
    to: ListingState,
    actor: Actor,
    reason: str,
    also: Mapping[str, object] | None = None,
) -> None:
    """Take the step with each listing; `also` are columns that change with it, in all alike.

    Raises:
        Conflict: `listing_ended`, `listing_step` or `listing_out_of_time`.
    """
    now_us = centre.now_us()
    before = {listing.listing_id: listing.state for listing in listings}
    for listing in listings:
        clocked(listing).step(to, now_us)
        changed = _changed(listing, to, now_us) | {"reason": reason} | dict(also or {})
        for column, value in changed.items():
            setattr(listing, column, value)
    for changed, alike in _alike(listings):
        Listing.objects.filter(id__in=alike).update(**changed)
    _record_steps(listings, before, actor, now_us, reason)
    _audit(listings, "step_listing", actor, now_us)
    proposed = ListingState.PROPOSED.value
    # Nobody was ever told of a proposal that came to nothing.
    stood = [row for row in listings if before[row.listing_id] != proposed]
    _leave(centre, listings if to is ListingState.STANDING else stood)


def _changed(listing: Listing, to: ListingState, now_us: int) -> dict[str, object]:
    """Return the columns that a step changes in a listing."""
    changed: dict[str, object] = {"state": to.value}
    if to is ListingState.STANDING and listing.stands_us is None:
        changed["stands_us"] = now_us
    if to.ended:
        changed |= {"ended_us": now_us, "disputed": False}
    return changed


def _alike(listings: Sequence[Listing]) -> Iterator[tuple[dict[str, object], list[int]]]:
    """Yield what stands in the columns that steps change, with the rows in which it is the same.

    Nearly always it is the same in all: one statement writes them, whatever their number.
    """
    rows: dict[tuple[object, ...], list[int]] = {}
    for listing in listings:
        values = tuple(getattr(listing, column) for column in _CHANGING)
        rows.setdefault(values, []).append(listing.id)
    for values, ids in rows.items():
        yield dict(zip(_CHANGING, values, strict=True)), ids


def mark_disputed(centre: Centre, listing: Listing, *, disputed: bool) -> None:
    """Say whether a contest of a listing waits for its answer; askers see it."""
    listing.disputed = disputed
    listing.save(update_fields=["disputed"])
    tell_feed(centre, [listing])


def tell_feed(centre: Centre, listings: Sequence[Listing]) -> None:
    """Write into the feed how the listings' subjects stand now, where that is news."""
    by_subject: dict[Subject, str] = {subject_of(row): row.listing_id for row in listings}
    now_us = centre.now_us()
    before, after = told(by_subject), standings(by_subject, now_us)
    entries = [
        _entry(subject, after[subject], listing_id, now_us)
        for subject, listing_id in by_subject.items()
        if after[subject] != before.get(subject)
    ]
    if not entries:
        return
    lock = lock_registry()
    for entry in entries:
        lock.last_number += 1
        entry.number = lock.last_number
    FeedEntry.objects.bulk_create(entries)
    lock.save(update_fields=["last_number"])
    open_retractions(centre, [entry for entry in entries if entry.op == FeedOp.RETRACT])


def _entry(subject: Subject, standing: Standing | None, listing_id: str, now_us: int) -> FeedEntry:
    return FeedEntry(
        at_us=now_us,
        op=FeedOp.RETRACT if standing is None else FeedOp.SET,
        subject_kind=subject.kind.value,
        subject_key=subject.key,
        tier=0 if standing is None else standing.tier,
        disputed=standing is not None and standing.disputed,
        until_us=0 if standing is None else standing.until_us,
        listing_id=listing_id,
    )


def _leave(centre: Centre, listings: Sequence[Listing]) -> None:
    """Tell the feed, and have the persons concerned be told."""
    if not listings:
        return
    tell_feed(centre, listings)
    now_us = centre.now_us()
    due.plan_all(TELL_PERSON, {f"{row.listing_id}/{row.state}": now_us for row in listings})


def _record_steps(
    listings: Sequence[Listing], before: dict[str, str], actor: Actor, now_us: int, reason: str
) -> None:
    rows = ListingStep.objects.filter(listing__in=listings).values("listing_id")
    counts = dict(rows.annotate(steps=Count("id")).values_list("listing_id", "steps"))
    ListingStep.objects.bulk_create(
        ListingStep(
            listing=listing,
            number=counts.get(listing.id, 0) + 1,
            from_state=before[listing.listing_id],
            to_state=listing.state,
            at_us=now_us,
            actor=actor.name,
            reason=reason,
        )
        for listing in listings
    )


def _audit(listings: Sequence[Listing], verb: str, actor: Actor, now_us: int) -> None:
    """Write who did it; of the subject only its kind, for the key may tell of a person."""
    audit.record_all(
        audit.entry(
            at_us=now_us,
            actor=actor.name,
            verb=verb,
            subject=f"listing:{listing.listing_id}",
            basis=listing.legal_basis,
            detail={
                "kind": listing.subject_kind,
                "tier": listing.tier,
                "state": listing.state,
                "ground": listing.ground,
                "case": listing.case_number,
                "until_us": listing.until_us,
            },
        )
        for listing in listings
    )
