"""File a police complaint: an object of its own, from which some of the law's clocks run."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from holdfast.cases.claim import ClaimState
from holdfast.cases.hold import HoldState
from holdfast.cases.models import Case, Claim, Order, PoliceComplaint
from holdfast.cases.queries import current_case, locked_case
from holdfast.cases.review import ReviewKind
from holdfast.core.errors import Conflict, Forbidden, NotFound, Refused
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.records import audit, due
from holdfast.workflows.ask_person import ask_person
from holdfast.workflows.centre import Centre
from holdfast.workflows.confirm_claim import rest_on_new_basis
from holdfast.workflows.plan_listing import plan_listing
from holdfast.workflows.set_aside import set_aside_of
from holdfast.workflows.step_order import TRACE


@dataclass(frozen=True, slots=True)
class ComplaintTold:
    """What is known of a complaint; times in microseconds since 1970 UTC."""

    number: str
    station: str
    officer: str
    filed_us: int
    accepted_us: int | None = None
    """When the police accepted it; none while that is not confirmed."""


def file_complaint(
    centre: Centre, case: Case, told: ComplaintTold, actor: Actor
) -> PoliceComplaint:
    """Enter a complaint, or confirm one that was entered; a confirmed one moves the clocks.

    Raises:
        Refused: `complaint_time` where it is accepted before it was filed, or in the future.
        Conflict: `complaint_elsewhere` where another case has it.
        Forbidden: `complaint_not_yours` where another unit entered it.
    """
    now_us = centre.now_us()
    if told.filed_us > now_us or not told.filed_us <= (told.accepted_us or now_us) <= now_us:
        raise Refused(
            "complaint_time",
            N_("a complaint is filed, then accepted, both before now; check the times"),
        )
    with transaction.atomic():
        case = locked_case(case)
        complaint = _enter(centre, case, told, actor, now_us)
        if told.accepted_us is not None and complaint.accepted_us is None:
            _check_confirming(complaint, told.accepted_us, actor)
            complaint.accepted_us, complaint.confirmed_by = told.accepted_us, actor.name
            complaint.save(update_fields=["accepted_us", "confirmed_by"])
            _record(complaint, actor, now_us, "confirm_complaint")
            move_clocks(centre, case, actor)
            plan_listing(centre, case)
    return complaint


def _enter(
    centre: Centre, case: Case, told: ComplaintTold, actor: Actor, now_us: int
) -> PoliceComplaint:
    entered: PoliceComplaint
    entered, is_new = PoliceComplaint.objects.get_or_create(
        station=told.station,
        number=told.number,
        defaults={
            "complaint_id": centre.new_id("complaint"),
            "case": case,
            "officer": told.officer,
            "filed_us": told.filed_us,
            "entered_us": now_us,
            "entered_by": actor.institution_id,
        },
    )
    if is_new:
        _record(entered, actor, now_us, "file_complaint")
    if entered.case_id != case.id:
        raise Conflict(
            "complaint_elsewhere",
            N_("complaint {number} belongs to another case; check the number, or ask the centre"),
            number=told.number,
        )
    return entered


def _check_confirming(complaint: PoliceComplaint, accepted_us: int, actor: Actor) -> None:
    """Refuse to confirm what another unit entered, or at a time before it was filed."""
    if not actor.is_centre and complaint.entered_by != actor.institution_id:
        raise Forbidden(
            "complaint_not_yours",
            N_("who entered complaint {number} confirms it, or the centre"),
            number=complaint.number,
        )
    if accepted_us < complaint.filed_us:
        raise Refused(
            "complaint_time",
            N_("a complaint is filed, then accepted, both before now; check the times"),
        )


def move_clocks(centre: Centre, case: Case, actor: Actor) -> None:
    """Put open orders on the basis of a case's complaint; a person sees to what has lapsed before."""
    for claim in Claim.objects.filter(case=case, state=ClaimState.ACCEPTED.value):
        rest_on_new_basis(centre, claim, actor)
        due.plan(kind=TRACE, subject=claim.claim_id, due_us=centre.now_us())
    lapsed = Order.objects.filter(case=case, state=HoldState.LAPSED.value)
    for order in lapsed.order_by("id"):
        ask_person(
            centre,
            ReviewKind.AFTER_LAPSE,
            case,
            order.order_id,
            {"order": order.order_id, "amount_minor": set_aside_of(order)},
        )


def _record(complaint: PoliceComplaint, actor: Actor, now_us: int, verb: str) -> None:
    audit.record(
        at_us=now_us,
        actor=actor.name,
        verb=verb,
        subject=f"case:{complaint.case.number}",
        detail={
            "complaint": complaint.complaint_id,
            "filed_us": complaint.filed_us,
            "accepted_us": complaint.accepted_us,
        },
    )


def case_of(number: str) -> Case:
    """Return a case by its number, or the one that it was merged into.

    Raises:
        NotFound: `case_unknown`.
    """
    case: Case | None = Case.objects.select_related("merged_into").filter(number=number).first()
    if case is None:
        raise NotFound("case_unknown", N_("there is no case {case} for you"), case=number[:40])
    return current_case(case)
