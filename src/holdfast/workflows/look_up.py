"""Look up: find listings by hand, for a purpose that is told and on record.

Only a person looks up, so often a minute and no oftener, a page at a time. A name is a hint: it
leads to listings by the names that victims were shown, and decides nothing. What was looked for is
not kept; its keyed hash is, so that it can be told afterwards who looked for somebody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from holdfast.cases.models import Claim
from holdfast.core.errors import Forbidden, Refused
from holdfast.core.instant import SECOND_US
from holdfast.core.person import keyed_hash
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.records import audit
from holdfast.registry.lookup import By, Purpose, plain_text, with_part
from holdfast.registry.models import Listing
from holdfast.registry.names import WARNING, Hint, Reason, hints, plain_name
from holdfast.registry.queries import contest_by_id, listing_by_id, listings_of
from holdfast.registry.quota import BucketName, Rule, ready_us
from holdfast.registry.quota_store import DatabaseLots
from holdfast.registry.subject import Subject, SubjectKind, parse_subject
from holdfast.registry.throttle import AskedTooOften
from holdfast.workflows.centre import Centre
from holdfast.workflows.file_complaint import case_of

PAGE_MAX = 100
OF_CANDIDATE_MAX = 20
NAMES_MAX = 2000
"""Names that are compared with one; each is written in Latin letters for it."""
PACE = Rule(size=40, per_minute=6, miss=1, hit=1, sent=1, lease=1)
"""How often one person looks up, in all processes together: each page is one token."""
REFERENCE_MISSING = "look_up_reference_missing"
_BUCKETS = "by_hand"
_HASH_DIGITS = 32


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody looks for, and what for."""

    by: By
    text: str
    purpose: Purpose
    reference: str = ""
    """The case, contest or listing that the purpose is about."""
    after: int = 0
    """`next` of the page before; 0 for the first."""
    limit: int = PAGE_MAX


@dataclass(frozen=True, slots=True)
class Candidate:
    """What may be meant, and why it is shown."""

    reason: Reason
    listings: tuple[Listing, ...]
    """The newest first; of a name, those of the cases in which victims were shown it."""
    hint: Hint | None = None
    is_cut: bool = False
    """Whether there are more listings than these."""


@dataclass(frozen=True, slots=True)
class Found:
    """A page of candidates; no program decides anything by them."""

    candidates: tuple[Candidate, ...]
    next: int | None
    """Where the next page begins; None where nothing follows."""
    warning: str = ""
    """What is to be said of names, where it was asked by one."""
    names_cut: bool = False
    """Whether there are more names than were compared."""

    @property
    def listings(self) -> tuple[Listing, ...]:
        """All listings of the page, in the order of the candidates."""
        return tuple(row for candidate in self.candidates for row in candidate.listings)


def look_up(centre: Centre, asked: Asked, actor: Actor) -> Found:
    """Return a page of what may be meant, and keep on record who asked, what for and by what.

    Raises:
        Forbidden: `look_up_person_missing`: no one person is behind the actor.
        AskedTooOften: `asked_too_often`.
        Refused: `look_up_reference_missing`, `look_up_part_short`, `name_form`, `extra_missing`,
            or as `plain` and `parse_subject`.
        NotFound: `case_unknown`, `contest_unknown` or `listing_unknown`, of the reference.
    """
    _check_pace(centre, actor)
    subject = _subject_of(asked)
    found = _FIND[asked.by](centre, asked)
    with transaction.atomic():
        audit.record(
            at_us=centre.now_us(),
            actor=actor.name,
            verb="look_up",
            subject=subject,
            detail={
                "by": asked.by.value,
                "purpose": asked.purpose.value,
                "asked": hash_of(centre, asked.by, asked.text),
                "after": asked.after,
                "shown": len(found.candidates),
            },
        )
    return found


def hash_of(centre: Centre, by: By, text: str) -> str:
    """Return under what it is on record that a text was looked for."""
    if by is By.PERSON:
        known = _person(centre, text).key
    else:
        known = plain_name(text) if by is By.NAME else plain_text(text).casefold()
    return keyed_hash(f"look-up {by} {known}", centre.person_key)[:_HASH_DIGITS]


def _check_pace(centre: Centre, actor: Actor) -> None:
    if not actor.person:
        raise Forbidden(
            "look_up_person_missing",
            N_("only a person looks up by hand; use a key that names who holds it"),
        )
    whose = keyed_hash(f"look-up {actor.person}", centre.person_key)
    now_us = centre.now_us()
    bucket = BucketName(centre.name, _BUCKETS, whose)
    given, level = DatabaseLots().lease(bucket, PACE, 1, 1, now_us)
    if not given:
        raise AskedTooOften(
            "asked_too_often",
            N_("you have looked up very often; look up again in {seconds} s"),
            seconds=max(-(-(ready_us(level, PACE, 1) - now_us) // SECOND_US), 1),
        )


def _subject_of(asked: Asked) -> str:
    """Return to what a look-up belongs on record: what its purpose is about must be there."""
    if asked.purpose in (Purpose.ENQUIRY, Purpose.OVERSIGHT):
        return "registry"
    if not asked.reference:
        raise Refused(
            REFERENCE_MISSING,
            N_("give the number of the case, contest or listing that you look this up for"),
        )
    if asked.purpose is Purpose.CASE:
        return f"case:{case_of(asked.reference).number}"
    if asked.purpose is Purpose.CONTEST:
        return f"listing:{contest_by_id(asked.reference).listing.listing_id}"
    return f"listing:{listing_by_id(asked.reference).listing_id}"


def _by_part(_centre: Centre, asked: Asked) -> Found:
    return _page(with_part(asked.text), asked, Reason.IN_SUBJECT)


def _by_person(centre: Centre, asked: Asked) -> Found:
    return _page(listings_of([_person(centre, asked.text)]), asked, Reason.SAME_PERSON)


def _person(centre: Centre, text: str) -> Subject:
    known = plain_text(text)
    return parse_subject(SubjectKind.PERSON, known, centre.country, centre.person_key)


def _page(rows: QuerySet[Listing], asked: Asked, reason: Reason) -> Found:
    """Return a page of listings, the newest first, each by itself."""
    if asked.after:
        rows = rows.filter(id__lt=asked.after)
    shown = list(rows.order_by("-id")[: asked.limit + 1])
    kept = shown[: asked.limit]
    return Found(
        tuple(Candidate(reason, (row,)) for row in kept),
        int(kept[-1].id) if len(shown) > len(kept) else None,
    )


def _by_name(_centre: Centre, asked: Asked) -> Found:
    """Compare with the names that victims were shown for payments in cases with listings."""
    cases = Listing.objects.exclude(case_number="").values("case_number")
    claims = Claim.objects.filter(case__number__in=cases, told__has_key="name_shown")
    told = list(claims.order_by("-id").values_list("told", "case__number")[: NAMES_MAX + 1])
    cases_of: dict[str, set[str]] = {}
    for payment, number in told[:NAMES_MAX]:
        if _is_name(payment["name_shown"]):
            cases_of.setdefault(payment["name_shown"], set()).add(number)
    ranked = hints(plain_text(asked.text), cases_of)
    end = asked.after + asked.limit
    return Found(
        tuple(_candidates(ranked[asked.after : end], cases_of)),
        end if len(ranked) > end else None,
        WARNING,
        len(told) > NAMES_MAX,
    )


def _candidates(found: Iterable[Hint], cases_of: Mapping[str, set[str]]) -> Iterator[Candidate]:
    for hint in found:
        rows = Listing.objects.filter(case_number__in=cases_of[hint.name]).order_by("-id")
        shown = tuple(rows[: OF_CANDIDATE_MAX + 1])
        is_cut = len(shown) > OF_CANDIDATE_MAX
        yield Candidate(hint.reason, shown[:OF_CANDIDATE_MAX], hint, is_cut)


def _is_name(text: object) -> bool:
    try:
        return isinstance(text, str) and bool(plain_name(text))
    except Refused:
        return False


_FIND: Mapping[By, Callable[[Centre, Asked], Found]] = {
    By.PART: _by_part,
    By.PERSON: _by_person,
    By.NAME: _by_name,
}
