"""Ask a person: open a review where a rule alone could harm somebody."""

from __future__ import annotations

from collections.abc import Mapping

from holdfast.cases.models import Case, Review
from holdfast.cases.review import ReviewKind, ReviewState
from holdfast.records import audit
from holdfast.workflows.centre import Centre


def ask_person(
    centre: Centre,
    kind: ReviewKind,
    case: Case,
    subject: str,
    facts: Mapping[str, object],
    *,
    asked_by: str = "centre",
) -> Review:
    """Open a review, once for its case, kind and subject; an open one learns the new facts."""
    known: Review | None = Review.objects.filter(
        case=case, kind=kind.value, subject=subject
    ).first()
    if known is not None:
        if known.state == ReviewState.OPEN.value and known.facts != dict(facts):
            Review.objects.filter(id=known.id).update(facts=dict(facts))
        return known
    review: Review = Review.objects.create(
        review_id=centre.new_id("review"),
        kind=kind.value,
        case=case,
        subject=subject,
        facts=dict(facts),
        state=ReviewState.OPEN.value,
        asked_by=asked_by,
        opened_us=centre.now_us(),
    )
    audit.record(
        at_us=review.opened_us,
        actor=asked_by,
        verb="ask_person",
        subject=f"case:{case.number}",
        detail={"review": review.review_id, "kind": kind.value},
    )
    return review


def is_approved(case_id: int, kind: ReviewKind, subject: str) -> bool:
    """Whether a person has approved what was asked."""
    approved = Review.objects.filter(
        case_id=case_id, kind=kind.value, subject=subject, state=ReviewState.APPROVED.value
    )
    return bool(approved.exists())
