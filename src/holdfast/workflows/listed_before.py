"""Listed before: what speaks against keeping a new listing of a subject that was listed already."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from holdfast.core.errors import Conflict
from holdfast.core.words import N_
from holdfast.registry.contest import ContestState
from holdfast.registry.ground import BEHAVIOUR_LENGTH_MIN
from holdfast.registry.listing import ListingState
from holdfast.registry.merged import current_key, former_keys
from holdfast.registry.models import OPEN_CONTEST_VALUES, OPEN_VALUES, Contest, Listing
from holdfast.registry.queries import listings_of, subject_of
from holdfast.registry.subject import Subject, SubjectKind

TAKEN_OFF = Q(state=ListingState.REMOVED.value) | Q(contests__state=ContestState.MOOT.value)
"""What a contest took off, or what ended before its contest was answered: a new clock for the same
ground would let a contest be outrun."""
_IN_DOUBT = [*OPEN_CONTEST_VALUES, ContestState.UPHELD.value, ContestState.MOOT.value]


@dataclass(frozen=True, slots=True)
class Doubt:
    """That what an institution said of a subject before is contested, or was taken off for it."""

    since_us: int
    """When the last such contest was decided, or opened where nobody has decided."""
    hands: frozenset[str]
    """Who listed, decided and approved what is in doubt."""


def check_new(row: Listing) -> None:
    """Check that the same is not listed already, nor was taken off by a contest.

    Raises:
        Conflict: `listing_stands`, `listing_was_contested` or `listing_in_doubt`.
    """
    for error in conflicts([row]).values():
        raise error


def conflicts(rows: Sequence[Listing]) -> dict[str, Conflict]:
    """Return by listing what speaks against keeping it, in rows that are to be kept in order."""
    there = {same(row): row for row in standing_among(rows)}
    contested, in_doubt = contested_among(rows), doubts(rows)
    found: dict[str, Conflict] = {}
    for row in rows:
        if row.listing_id in contested:
            found[row.listing_id] = was_contested()
        elif same(row) in there:
            found[row.listing_id] = _stands(there[same(row)])
        elif row.listing_id in in_doubt and row.state != ListingState.PROPOSED.value:
            found[row.listing_id] = _is_in_doubt()
        else:
            there[same(row)] = row
    return found


def standing_among(rows: Sequence[Listing]) -> list[Listing]:
    """Return the listings that have not ended of the subjects of some others."""
    return list(listings_of({subject_of(row) for row in rows}).filter(state__in=OPEN_VALUES))


def contested_among(rows: Sequence[Listing]) -> set[str]:
    """Return which of some listings say again what a contest took off, whoever said it then."""
    there = _history(rows)
    contested = {_ground_of(row) for row in there.filter(TAKEN_OFF)}
    return {row.listing_id for row in rows if _ground_of(row) in contested}


def doubts(rows: Sequence[Listing]) -> dict[str, Doubt]:
    """Return by listing what is in doubt of what its own institution said of the subject before.

    New evidence leaves no doubt: seen after the contest, and told in words or known by a case. A
    listing that takes the place of the contested one takes its contest along.
    """
    contests = _contests_of(rows)
    found = {}
    for row in rows:
        mine = contests.get((row.institution_id, subject_now(row)), ())
        against = [contest for contest in mine if contest.listing_id != row.replaces_id]
        since_us = max((contest.decided_us or contest.opened_us for contest in against), default=0)
        if against and not _is_new_evidence(row, since_us):
            behind = (contest.listing for contest in against)
            hands = {hand for before in behind for hand in hands_behind(before)}
            found[row.listing_id] = Doubt(since_us, frozenset(hands))
    return found


def hands_behind(row: Listing) -> tuple[str, ...]:
    """Return the names of those who listed, decided and approved, as far as there are any."""
    names = (row.listed_by, row.decided_by, row.approved_by)
    return tuple(name for name in names if name)


def same(row: Listing) -> tuple[object, ...]:
    """Return what no two open listings share, as the database guards it."""
    return (row.institution_id, row.tier, row.break_glass, *_behind(row))


def was_contested() -> Conflict:
    """Return the error that a contest stands against listing a subject on the same ground."""
    return Conflict(
        "listing_was_contested",
        N_("this was contested, and removed or withdrawn; it is not listed again on that ground"),
    )


def _is_new_evidence(row: Listing, since_us: int) -> bool:
    is_told = len(row.behaviour.strip()) >= BEHAVIOUR_LENGTH_MIN or bool(row.case_number)
    return is_told and row.seen_us is not None and row.seen_us > since_us


def _contests_of(rows: Sequence[Listing]) -> dict[tuple[str, Subject], list[Contest]]:
    """Return the contests that speak against what institutions said of the rows' subjects."""
    by_whom = _history(rows).filter(institution_id__in={row.institution_id for row in rows})
    contests = Contest.objects.filter(listing__in=by_whom, state__in=_IN_DOUBT)
    found: dict[tuple[str, Subject], list[Contest]] = {}
    for contest in contests.select_related("listing"):
        row = contest.listing
        found.setdefault((row.institution_id, subject_now(row)), []).append(contest)
    return found


def _ground_of(row: Listing) -> tuple[object, ...]:
    return (row.ground, *_behind(row))


def _behind(row: Listing) -> tuple[object, ...]:
    return (subject_now(row), row.case_number, row.reference)


def _history(rows: Sequence[Listing]) -> QuerySet[Listing]:
    return history_of({subject_of(row) for row in rows})


def history_of(subjects: Collection[Subject]) -> QuerySet[Listing]:
    """Return all listings of some subjects, also under keys that they had before."""
    accounts = [subject for subject in subjects if subject.kind is SubjectKind.ACCOUNT]
    before = (Subject(each.kind, key) for each in accounts for key in former_keys(each.key))
    return listings_of({*subjects, *before})


def subject_now(row: Listing) -> Subject:
    """Return what a listing is about, by the key of today."""
    subject = subject_of(row)
    is_account = subject.kind is SubjectKind.ACCOUNT
    return Subject(subject.kind, current_key(subject.key)) if is_account else subject


def _stands(listing: Listing) -> Conflict:
    return Conflict(
        "listing_stands",
        N_("you have listed this on the same ground before: {listing} is {state}"),
        listing=listing.listing_id,
        state=listing.state,
    )


def _is_in_doubt() -> Conflict:
    return Conflict(
        "listing_in_doubt",
        N_(
            "what you listed of this before is contested, or a contest took it off; say what was "
            "seen since then (behaviour) and when (seen_at), or have a second person decide "
            "(ask_second)"
        ),
    )
