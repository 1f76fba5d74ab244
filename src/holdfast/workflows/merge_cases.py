"""Merge: two cases turn out to be one; no clock starts again."""

from __future__ import annotations

from django.db import transaction

from holdfast.cases.models import (
    Case,
    Claim,
    InstitutionCaseId,
    Order,
    PoliceComplaint,
    Report,
    Review,
)
from holdfast.cases.queries import confirmed_complaint, current_case
from holdfast.cases.review import ReviewState
from holdfast.core.errors import Conflict
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.records import audit
from holdfast.workflows.centre import Centre
from holdfast.workflows.file_complaint import move_clocks


def merge_cases(centre: Centre, case: Case, into: Case, actor: Actor) -> Case:
    """Move all of a case into another and return that; what each claim's clocks run from stays.

    Raises:
        Conflict: `case_into_itself`.
    """
    with transaction.atomic():
        case, into = _locked(case, into)
        if case.id == into.id:
            raise Conflict(
                "case_into_itself",
                N_("case {case} can't be merged into itself"),
                case=case.number,
            )
        for kind in (Report, Claim, Order, PoliceComplaint, InstitutionCaseId):
            kind.objects.filter(case=case).update(case=into)
        _move_reviews(case, into)
        Case.objects.filter(merged_into=case).update(merged_into=into)
        case.merged_into = into
        case.save(update_fields=["merged_into"])
        for number in (case.number, into.number):
            audit.record(
                at_us=centre.now_us(),
                actor=actor.name,
                verb="merge_cases",
                subject=f"case:{number}",
                detail={"from": case.number, "into": into.number},
            )
        if confirmed_complaint(into.id) is not None:
            move_clocks(centre, into, actor)
    return into


def _locked(case: Case, into: Case) -> tuple[Case, Case]:
    """Return the two cases, or those that they were merged into meanwhile, to be changed."""
    while True:
        read = Case.objects.in_bulk([case.id, into.id])
        case, into = current_case(read[case.id]), current_case(read[into.id])
        cases = Case.objects.select_for_update(of=("self",), no_key=True).filter(
            id__in=(case.id, into.id)
        )
        locked = {row.id: row for row in cases.order_by("id")}
        if not any(row.merged_into_id for row in locked.values()):
            return locked[case.id], locked[into.id]


def _move_reviews(case: Case, into: Case) -> None:
    for review in Review.objects.filter(case=case):
        same = Review.objects.filter(case=into, kind=review.kind, subject=review.subject)
        waits = ReviewState.OPEN.value
        if review.state != waits or not same.filter(state=waits).exists():
            review.case = into
            review.save(update_fields=["case"])
