"""Reports: file one, complete it, read it again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import BaseModel, Field

from holdfast.api.auth import ApiKey, actor
from holdfast.api.idempotent import Done, described, once
from holdfast.api.shown import Id, OrderShown, Time, at, at_or_none
from holdfast.api.sight import Sight
from holdfast.cases.claim import ClaimState
from holdfast.cases.models import Claim, Report
from holdfast.cases.report import ReportTold, Via
from holdfast.core.errors import NotFound
from holdfast.core.words import N_
from holdfast.people.role import Scope
from holdfast.records import audit
from holdfast.workflows.add_claims import Taken
from holdfast.workflows.complete_report import complete_report
from holdfast.workflows.running import centre
from holdfast.workflows.take_report import take_report

router = Router(tags=["reports"])


class ClaimTaken(BaseModel):
    """What became of one payment of a report."""

    claim_id: str
    case: str
    state: ClaimState
    transfer_id: str | None
    reported_before: bool = Field(description="Whether somebody had told of this payment before.")


class PaymentSeveral(BaseModel):
    """A payment that more than one transfer fits; a reference would say which is meant."""

    payment: int = Field(description="Its place in the report, from 0 on.")
    transfers: int


class ReportTaken(BaseModel):
    """What became of a report."""

    report_id: str
    case: str
    received_at: Time
    missing: list[str] = Field(description="What is still to be asked, in this order.")
    claims: list[ClaimTaken]
    several: list[PaymentSeveral]
    orders: list[OrderShown] = Field(description="The orders that were made at once.")
    not_followed: str | None = Field(
        description="Code of why following the money waits; it is tried again by itself."
    )


class ReportRead(BaseModel):
    """A report as it stands now; personal data, and each reading is audited."""

    report_id: str
    case: str
    via: Via
    institution: str
    received_at: Time
    completed_at: Time | None
    missing: list[str]
    told: dict[str, Any] = Field(
        description="As it was told; an identity number only as a keyed hash."
    )
    claims: list[ClaimTaken]


@router.post(
    "/reports",
    auth=ApiKey(Scope.REPORTS_WRITE),
    response={201: ReportTaken},
    operation_id="take_report",
    summary="File a report",
    openapi_extra=described(required=True),
)
def file_report(request: HttpRequest, told: ReportTold) -> HttpResponse:
    """Take a report, however incomplete, and order at once what can be held."""

    def work() -> Done:
        taken = take_report(centre(), told, actor(request))
        return Done(_taken(taken, Sight(actor(request))), f"case:{taken.case.number}", 201)

    return once(request, work, required=True)


@router.put(
    "/reports/{report_id}",
    auth=ApiKey(Scope.REPORTS_WRITE),
    response=ReportTaken,
    operation_id="complete_report",
    summary="Complete a report",
    openapi_extra=described(),
)
def replace_report(request: HttpRequest, report_id: Id, told: ReportTold) -> HttpResponse:
    """Replace a report by a fuller one; payments that were told before must be in it still."""

    def work() -> Done:
        taken = complete_report(centre(), report_id, told, actor(request))
        return Done(_taken(taken, Sight(actor(request))), f"case:{taken.case.number}")

    return once(request, work)


@router.get(
    "/reports/{report_id}",
    auth=ApiKey(Scope.CASES_READ),
    response=ReportRead,
    operation_id="read_report",
    summary="Read a report",
)
def read_report(request: HttpRequest, report_id: Id) -> ReportRead:
    """Return a report that the caller sent."""
    who = actor(request)
    with transaction.atomic():
        reports = Sight(who).reports().select_related("case")
        report = reports.filter(report_id=report_id).first()
        if report is None:
            raise NotFound(
                "report_unknown", N_("there is no report {report} for you"), report=report_id
            )
        audit.record(
            at_us=centre().now_us(),
            actor=who.name,
            verb="read_report",
            subject=f"case:{report.case.number}",
            detail={"report": report_id},
        )
        return _read(report)


def _taken(taken: Taken, sight: Sight) -> ReportTaken:
    whole = sight.actor.is_centre
    new, known = _claims(before=False), _claims(before=True)
    return ReportTaken(
        report_id=taken.report.report_id,
        case=taken.case.number,
        received_at=at(taken.report.received_us),
        missing=taken.report.missing,
        claims=[new(claim) for claim in taken.claims] + [known(claim) for claim in taken.known],
        several=[
            PaymentSeveral(payment=index, transfers=count)
            for index, count in sorted(taken.several.items())
        ],
        orders=[OrderShown.of(order, sight, is_whole=whole) for order in taken.orders],
        not_followed=taken.not_followed or None,
    )


def _claims(*, before: bool) -> Callable[[Claim], ClaimTaken]:
    def shown(claim: Claim) -> ClaimTaken:
        return ClaimTaken(
            claim_id=claim.claim_id,
            case=claim.case.number,
            state=ClaimState(claim.state),
            transfer_id=claim.transfer_id,
            reported_before=before,
        )

    return shown


def _read(report: Report) -> ReportRead:
    claims = Claim.objects.filter(told_by__report=report).select_related("case").order_by("id")
    return ReportRead(
        report_id=report.report_id,
        case=report.case.number,
        via=Via(report.via),
        institution=report.institution_id,
        received_at=at(report.received_us),
        completed_at=at_or_none(report.completed_us),
        missing=report.missing,
        told=report.told,
        claims=[
            _claims(before=claim.told_by.filter(report__id__lt=report.id).exists())(claim)
            for claim in claims
        ],
    )
