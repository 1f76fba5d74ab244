"""Find listings by hand: by a part of the subject, by a person, by a name as a hint."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from holdfast.cases.models import Claim
from holdfast.core.errors import Refused
from holdfast.registry.models import Listing
from holdfast.registry.names import Hint, hints, plain_name
from holdfast.registry.queries import listings_of
from holdfast.registry.subject import SubjectKind, parse_subject
from holdfast.workflows.centre import Centre

SHOWN_MAX = 100
OF_CANDIDATE_MAX = 20
NAMES_MAX = 2000
"""Names that are compared with one; each is written in Latin letters for it."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A name that may be the one asked about, why, and what is listed for its cases."""

    hint: Hint
    listings: tuple[Listing, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What was found; names never decide anything."""

    listings: tuple[Listing, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    is_by_name: bool = False
    is_cut: bool = False
    """Whether there is more than is shown, or more names than were compared."""


def find(centre: Centre, by: str, text: str) -> Found:
    """Return what is listed by a `part` of a subject, for a `person`, or by a `name` as a hint.

    Raises:
        Refused: `name_form`, `extra_missing`, or as `parse_subject` for a person.
    """
    if by == "name":
        return _by_name(text)
    if by == "person":
        person = parse_subject(SubjectKind.PERSON, text, centre.country, centre.person_key)
        return _found(listings_of([person]))
    return _found(Listing.objects.filter(_has_part(text)))


def _found(rows: QuerySet[Listing]) -> Found:
    shown = list(rows.order_by("-id")[: SHOWN_MAX + 1])
    return Found(tuple(shown[:SHOWN_MAX]), is_cut=len(shown) > SHOWN_MAX)


def _has_part(text: str) -> Q:
    """Return the condition that a key has this in it; of a number as it is dialled, its digits."""
    dialled = re.sub(r"[\s().-]", "", text)
    has = Q(subject_key__icontains=text.strip())
    if dialled.isdigit():
        has |= Q(subject_key__contains=dialled) | Q(subject_key__contains=dialled.lstrip("0"))
    return has


def _by_name(asked: str) -> Found:
    """Compare with the names that victims were shown for payments in cases with listings."""
    cases = Listing.objects.exclude(case_number="").values("case_number")
    claims = Claim.objects.filter(case__number__in=cases, told__has_key="name_shown")
    told = list(claims.order_by("-id").values_list("told", "case__number")[: NAMES_MAX + 1])
    cases_of: dict[str, set[str]] = {}
    for payment, number in told[:NAMES_MAX]:
        if _is_name(payment["name_shown"]):
            cases_of.setdefault(payment["name_shown"], set()).add(number)
    candidates = tuple(_candidates(hints(asked, cases_of), cases_of))
    return Found((), candidates[:SHOWN_MAX], is_by_name=True, is_cut=len(told) > NAMES_MAX)


def _candidates(found: Iterable[Hint], cases_of: dict[str, set[str]]) -> Iterator[Candidate]:
    for hint in found:
        rows = Listing.objects.filter(case_number__in=cases_of[hint.name]).order_by("-id")
        yield Candidate(hint, tuple(rows[:OF_CANDIDATE_MAX]))


def _is_name(text: object) -> bool:
    try:
        return isinstance(text, str) and bool(plain_name(text))
    except Refused:
        return False
