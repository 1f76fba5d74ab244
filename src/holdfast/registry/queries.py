"""What is read of the registry, and the lock under which it changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from django.db.models import Avg, Count, F, Min, Q, QuerySet

from holdfast.core.errors import NotFound
from holdfast.core.instant import DAY_US
from holdfast.core.words import N_
from holdfast.registry.contest import ContestState
from holdfast.registry.listing import ListingState
from holdfast.registry.models import (
    OPEN_CONTEST_VALUES,
    OPEN_VALUES,
    Contest,
    FeedEntry,
    FeedLock,
    Listing,
)
from holdfast.registry.standing import Standing
from holdfast.registry.strictest import Said, strictest
from holdfast.registry.subject import Subject, SubjectKind

AT_ONCE = 500
"""How many subjects one statement names."""
T = TypeVar("T")


def lock_registry() -> FeedLock:
    """Wait until nobody else changes the registry; holds until the transaction ends.

    Taken before any row of the registry is read that a change rests on, so that the standing of
    a subject is reckoned from all that was committed before, and no two wait for each other.
    """
    row = FeedLock.objects.select_for_update().filter(name="feed")
    found: FeedLock | None = row.first()
    if found is None:
        FeedLock.objects.get_or_create(name="feed")
        found = row.get()
    return found


def in_lots(values: Iterable[T], size: int = AT_ONCE) -> Iterator[list[T]]:
    """Yield values a few at a time, in their order."""
    rest = iter(values)
    while lot := list(islice(rest, size)):
        yield lot


def subject_of(listing: Listing) -> Subject:
    """Return what a listing is about."""
    return Subject(SubjectKind(listing.subject_kind), listing.subject_key)


def listings_of(subjects: Collection[Subject]) -> QuerySet[Listing]:
    """Return all listings of some subjects, however they stand."""
    return Listing.objects.filter(_about(subjects))


def standings(subjects: Collection[Subject], now_us: int) -> dict[Subject, Standing | None]:
    """Return how some subjects stand now, by the listings themselves."""
    said: dict[Subject, list[Said]] = {subject: [] for subject in subjects}
    for some in in_lots(said):
        rows = listings_of(some).filter(state=ListingState.STANDING.value)
        for kind, key, *values in rows.values_list(
            "subject_kind", "subject_key", "tier_code", "disputed", "until_us"
        ):
            said[Subject(SubjectKind(kind), key)].append(Said(*values))
    return {subject: strictest(listings, now_us) for subject, listings in said.items()}


def registration_ends(subjects: Collection[Subject], now_us: int) -> dict[Subject, int]:
    """Return when the registration of some subjects ends, as far as a listing that stood told it.

    Of several ends that lie ahead the first counts: whom the subject belongs to after that is not
    known.
    """
    ends: dict[Subject, int] = {}
    for some in in_lots(subjects):
        rows = listings_of(some).filter(owned_until_us__gt=now_us, stands_us__isnull=False)
        known = rows.values_list("subject_kind", "subject_key").annotate(Min("owned_until_us"))
        ends |= {Subject(SubjectKind(kind), key): end_us for kind, key, end_us in known}
    return ends


def told(subjects: Collection[Subject]) -> dict[Subject, Standing | None]:
    """Return how some subjects stand by the feed's last entry; those it never named are left out."""
    found: dict[Subject, Standing | None] = {}
    for some in in_lots(subjects):
        rows = FeedEntry.objects.filter(_about(some)).order_by("number")
        for kind, key, tier, disputed, until_us in rows.values_list(
            "subject_kind", "subject_key", "tier", "disputed", "until_us"
        ):
            standing = Standing(tier, disputed, until_us) if tier else None
            found[Subject(SubjectKind(kind), key)] = standing
    return found


def last_of(listing: Listing) -> Listing:
    """Return the listing that took the place of one last, itself where none did."""
    following = listing.replaced_by.exclude(stands_us=None).order_by("-id").first()
    while following is not None:
        listing = following
        following = listing.replaced_by.exclude(stands_us=None).order_by("-id").first()
    return listing


def listing_by_id(listing_id: str, institution_id: str | None = None) -> Listing:
    """Return a listing; with an institution, only one that it made.

    Raises:
        NotFound: `listing_unknown`, also where it is another's.
    """
    found: Listing | None = Listing.objects.filter(listing_id=listing_id).first()
    if found is None or institution_id not in (None, found.institution_id):
        raise listing_unknown(listing_id)
    return found


def listing_unknown(listing_id: str) -> NotFound:
    """Return the error that a listing is not there, or not for the one who asks."""
    return NotFound(
        "listing_unknown", N_("there is no listing {listing} for you"), listing=listing_id[:60]
    )


def contest_by_id(contest_id: str) -> Contest:
    """Return a contest with its listing.

    Raises:
        NotFound: `contest_unknown`.
    """
    found: Contest | None = (
        Contest.objects.select_related("listing").filter(contest_id=contest_id).first()
    )
    if found is None:
        raise NotFound(
            "contest_unknown", N_("there is no contest {contest} for you"), contest=contest_id[:60]
        )
    return found


@dataclass(frozen=True, slots=True)
class Figures:
    """How an institution's listings fare."""

    institution_id: str
    standing: int
    proposed: int
    suspended: int
    ended: int
    break_glass: int
    """Of all, how many one person made alone in a running attack."""
    glass_unjustified: int
    glass_undecided: int
    """Of those made alone, how many nobody has looked at yet."""
    glass_overdue: int
    """Of these, how many should have been looked at by now."""
    contested: int
    undecided: int
    overdue: int
    """Of the undecided, those whose deadline has passed."""
    upheld: int
    rejected: int
    days_to_answer: float | None
    """How long an answer took on average; None where none was given."""
    days_listed: float | None
    """How long a listing that has ended stood on average."""


def figures(now_us: int, institution_id: str | None = None) -> list[Figures]:
    """Return the figures of every institution that has listed, or of one."""
    listings = Listing.objects.all()
    contests = Contest.objects.all()
    if institution_id is not None:
        listings = listings.filter(institution_id=institution_id)
        contests = contests.filter(listing__institution_id=institution_id)
    contested = {row.pop("listing__institution_id"): row for row in _contested(contests)}
    none = dict.fromkeys(("contested", "undecided", "overdue", "upheld", "rejected"), 0)
    return [
        _figures(row, contested.get(row["institution_id"], none))
        for row in _listed(listings, now_us)
    ]


def _listed(listings: QuerySet[Listing], now_us: int) -> Iterable[Mapping[str, object]]:
    def of(state: ListingState) -> Count:
        return Count("id", filter=Q(state=state.value))

    waits = Q(glass_review__isnull=False, glass_review__decided_us=None)
    rows: Iterable[Mapping[str, object]] = (
        listings.values("institution_id")
        .annotate(
            standing=of(ListingState.STANDING),
            proposed=of(ListingState.PROPOSED),
            suspended=of(ListingState.SUSPENDED),
            ended=Count("id", filter=~Q(state__in=OPEN_VALUES)),
            break_glass=Count("id", filter=Q(break_glass=True)),
            glass_unjustified=Count("id", filter=Q(glass_review__justified=False)),
            glass_undecided=Count("id", filter=waits),
            glass_overdue=Count("id", filter=waits & Q(glass_review__due_us__lte=now_us)),
            stood_us=Avg(F("ended_us") - F("stands_us"), filter=Q(ended_us__isnull=False)),
        )
        .order_by("institution_id")
    )
    return rows


def _contested(contests: QuerySet[Contest]) -> Iterable[dict[str, object]]:
    def of(*states: str) -> Count:
        return Count("id", filter=Q(state__in=states))

    answered = Q(state__in=[ContestState.UPHELD.value, ContestState.REJECTED.value])
    rows: Iterable[dict[str, object]] = contests.values("listing__institution_id").annotate(
        contested=Count("id"),
        undecided=of(*OPEN_CONTEST_VALUES),
        overdue=of(ContestState.OVERDUE.value),
        upheld=of(ContestState.UPHELD.value),
        rejected=of(ContestState.REJECTED.value),
        answered_us=Avg(F("decided_us") - F("opened_us"), filter=answered),
    )
    return rows


def _figures(listed: Mapping[str, object], contested: Mapping[str, object]) -> Figures:
    counts = {**listed, **contested}
    stood_us, answered_us = counts.pop("stood_us"), counts.pop("answered_us", None)
    return Figures(**counts, days_to_answer=_days(answered_us), days_listed=_days(stood_us))  # type: ignore[arg-type]


def _days(span_us: object) -> float | None:
    return None if span_us is None else round(float(span_us) / DAY_US, 2)  # type: ignore[arg-type]


def _about(subjects: Collection[Subject]) -> Q:
    """Return the condition that a row is about one of the subjects, never without one."""
    keys: dict[str, list[str]] = {}
    for subject in subjects:
        keys.setdefault(subject.kind.value, []).append(subject.key)
    about = Q(pk__in=())
    for kind, of_kind in keys.items():
        about |= Q(subject_kind=kind, subject_key__in=of_kind)
    return about
