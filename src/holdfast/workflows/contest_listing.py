"""Contest: somebody says that a listing is wrong, with the code of the notice or on the hotline.

What is answered is the same whether anything is listed or not: a receipt, and within how many
days an answer comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from holdfast.core.errors import Refused
from holdfast.core.instant import DAY_US
from holdfast.core.person import keyed_hash
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.records import audit, due
from holdfast.registry.code import code_hash, read_code, receipt
from holdfast.registry.contest import FIRST, Via
from holdfast.registry.listing import ListingState
from holdfast.registry.models import (
    OPEN_CONTEST_VALUES,
    Contest,
    ContestCode,
    ContestEvidence,
    Listing,
)
from holdfast.registry.queries import last_of, listings_of, lock_registry
from holdfast.registry.subject import Subject
from holdfast.workflows.centre import Centre
from holdfast.workflows.change_registry import mark_disputed
from holdfast.workflows.step_contest import DECIDE_BY, record_contest

TEXT_MAX = 20_000
EVIDENCE_MAX = 50
"""Texts in one contest, what is added later included."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What whoever contests is told."""

    receipt: str
    answer_within_days: int


def contest_listing(
    centre: Centre, code: str, texts: Sequence[str], via: Via, actor: Actor
) -> Receipt:
    """Contest by a notice's code; the same code again, while it waits, adds to the evidence.

    Raises:
        Refused: `contest_code_form`, `contest_without_reason` or `contest_text_long`.
    """
    _check_texts(texts)
    known = read_code(code)
    with transaction.atomic():
        lock_registry()
        now_us = centre.now_us()
        found = (
            ContestCode.objects.select_related("listing")
            .filter(code_hash=code_hash(centre.person_key, known))
            .first()
        )
        if found is not None:
            _contest_by(centre, found, texts, via, actor)
        else:
            _say_nobody(centre, actor, "code", now_us)
    return _receipt(centre, known)


def contest_subject(
    centre: Centre, subject: Subject, texts: Sequence[str], actor: Actor
) -> Receipt:
    """Contest all that is said of a subject, for a person whom the hotline has made sure of.

    Raises:
        Refused: `contest_without_reason` or `contest_text_long`.
    """
    _check_texts(texts)
    with transaction.atomic():
        lock_registry()
        standing = listings_of([subject]).filter(state=ListingState.STANDING.value)
        rows = list(standing.order_by("id"))
        for row in rows:
            _contest(centre, row, texts, Via.HOTLINE, actor)
        if not rows:
            _say_nobody(centre, actor, str(subject), centre.now_us())
    return _receipt(centre, str(subject))


def _contest_by(
    centre: Centre,
    code: ContestCode,
    texts: Sequence[str],
    via: Via,
    actor: Actor,
) -> None:
    row = last_of(code.listing)
    waiting = _waiting(code.listing) or _waiting(row)
    if waiting is not None:
        _add_evidence(centre, waiting, texts, actor)
    elif code.void_us is None and row.state == ListingState.STANDING.value:
        _contest(centre, row, texts, via, actor)
        code.void_us = centre.now_us()
        code.save(update_fields=["void_us"])
    else:
        _say_nobody(centre, actor, code.code_hash, centre.now_us())


def _waiting(listing: Listing) -> Contest | None:
    found: Contest | None = listing.contests.filter(state__in=OPEN_CONTEST_VALUES).first()
    return found


def _contest(
    centre: Centre,
    listing: Listing,
    texts: Sequence[str],
    via: Via,
    actor: Actor,
) -> None:
    waiting = _waiting(listing)
    if waiting is not None:
        _add_evidence(centre, waiting, texts, actor)
        return
    now_us = centre.now_us()
    contest = Contest.objects.create(
        contest_id=centre.new_id("contest"),
        listing=listing,
        state=FIRST.value,
        via=via.value,
        opened_us=now_us,
        opened_by=actor.name,
        due_us=now_us + listing.contest_days * DAY_US,
    )
    record_contest(centre, contest, "", actor, "")
    _add_evidence(centre, contest, texts, actor)
    due.plan(kind=DECIDE_BY, subject=contest.contest_id, due_us=contest.due_us)
    mark_disputed(centre, listing, disputed=True)


def _add_evidence(centre: Centre, contest: Contest, texts: Sequence[str], actor: Actor) -> None:
    """Keep what the person says; beyond the bound the rest is left out."""
    first = contest.evidence.count()
    ContestEvidence.objects.bulk_create(
        ContestEvidence(
            contest=contest,
            number=first + number,
            text=text.strip(),
            at_us=centre.now_us(),
            added_by=actor.name,
        )
        for number, text in enumerate(texts[: max(EVIDENCE_MAX - first, 0)], start=1)
    )


def _check_texts(texts: Sequence[str]) -> None:
    if not any(text.strip() for text in texts):
        raise Refused(
            "contest_without_reason", N_("say in your own words why the listing is wrong")
        )
    if len(texts) > EVIDENCE_MAX or any(len(text) > TEXT_MAX for text in texts):
        raise Refused(
            "contest_text_long",
            N_("at most {count} texts of {limit} characters each are taken here"),
            count=EVIDENCE_MAX,
            limit=TEXT_MAX,
        )


def _say_nobody(centre: Centre, actor: Actor, what: str, now_us: int) -> None:
    """Keep on record that somebody contested what is not listed, without keeping what."""
    audit.record(
        at_us=now_us,
        actor=actor.name,
        verb="contest_nothing",
        subject=f"contest:{keyed_hash(what, centre.person_key)[:32]}",
    )


def _receipt(centre: Centre, what: str) -> Receipt:
    day = centre.law.local_day(centre.country, centre.now_us())
    days = centre.law.contest_days_max(centre.country, day)
    return Receipt(receipt(centre.person_key, what), days)
