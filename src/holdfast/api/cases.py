"""Cases: which there are, how one stands, what happened in it, that two are one."""

from __future__ import annotations

from typing import Annotated, Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import BaseModel, ConfigDict, Field

from holdfast.api.auth import ApiKey, actor, centre_only
from holdfast.api.complaints import ComplaintShown
from holdfast.api.idempotent import Done, described, once
from holdfast.api.pages import LIMIT_DEFAULT, After, Limit, Page, page, place
from holdfast.api.reviews import ReviewShown
from holdfast.api.shown import ClaimShown, Id, OrderShown, Time, at, at_or_none
from holdfast.api.sight import Sight
from holdfast.cases.models import Case, InstitutionCaseId, Report, Review
from holdfast.cases.review import ReviewState
from holdfast.core.errors import Conflict
from holdfast.core.words import N_
from holdfast.people.role import Scope
from holdfast.records import audit
from holdfast.workflows.merge_cases import merge_cases
from holdfast.workflows.running import centre

router = Router(tags=["cases"])


class CaseLine(BaseModel):
    """A case in a list."""

    case: str
    opened_at: Time
    merged_into: str | None


class InstitutionNumber(BaseModel):
    """The number under which an institution keeps the case."""

    institution: str
    value: str


class AnswerOwed(BaseModel):
    """Who has not answered an order yet, and since when."""

    institution: str
    order_id: str
    since: Time
    acknowledged: bool


class ReportLine(BaseModel):
    """That there is a report; what it tells is read by itself."""

    report_id: str
    via: str
    institution: str
    received_at: Time
    completed_at: Time | None
    missing: list[str]


class CaseRead(BaseModel):
    """A case as far as it concerns the caller."""

    case: str
    opened_at: Time
    merged: list[str] = Field(description="Numbers of the cases that were merged into this one.")
    institution_case_ids: list[InstitutionNumber]
    reports: list[ReportLine]
    claims: list[ClaimShown]
    orders: list[OrderShown]
    owed: list[AnswerOwed]
    complaints: list[ComplaintShown]
    reviews: list[ReviewShown] = Field(description="What waits for a person, for the centre only.")


class Merge(BaseModel):
    """Which case a case is to be merged into."""

    model_config = ConfigDict(extra="forbid")

    into: Annotated[str, Field(pattern=r"^[!-~]{1,60}$")]


class NewInstitutionNumber(BaseModel):
    """The caller's own number of a case."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    value: Annotated[str, Field(min_length=1, max_length=100)]


@router.get(
    "/cases",
    auth=ApiKey(Scope.CASES_READ),
    response=Page[CaseLine],
    operation_id="list_cases",
    summary="List cases",
)
def list_cases(request: HttpRequest, limit: Limit = LIMIT_DEFAULT, after: After = "") -> Any:
    """Return the cases that concern the caller, the newest first."""
    cases = Sight(actor(request)).cases().select_related("merged_into").order_by("-id")
    start = place(after)
    if start is not None:
        cases = cases.filter(id__lt=start[0])
    return page(list(cases[: limit + 1]), limit, _line, lambda case: int(case.id))


@router.get(
    "/cases/{number}",
    auth=ApiKey(Scope.CASES_READ),
    response=CaseRead,
    operation_id="read_case",
    summary="Read a case",
)
def read_case(request: HttpRequest, number: Id) -> CaseRead:
    """Return a case that concerns the caller; of one that was merged, the case it is in now."""
    sight = Sight(actor(request))
    with transaction.atomic():
        return _read(sight.read(number, "read_case"), sight)


@router.post(
    "/cases/{number}/merge",
    auth=ApiKey(Scope.REVIEWS_DECIDE),
    response=CaseRead,
    operation_id="merge_cases",
    summary="Merge a case into another",
    openapi_extra=described(),
)
def merge(request: HttpRequest, number: Id, told: Merge) -> HttpResponse:
    """Make one case of two; only the centre may, and no clock starts again."""
    sight = Sight(centre_only(request))

    def work() -> Done:
        into = merge_cases(centre(), sight.case(number), sight.case(told.into), sight.actor)
        return Done(_read(into, sight), f"case:{into.number}")

    return once(request, work)


@router.post(
    "/cases/{number}/institution-case-ids",
    auth=ApiKey(Scope.CASES_READ),
    response={201: InstitutionNumber},
    operation_id="add_institution_case_id",
    summary="Add the own number of a case",
    openapi_extra=described(),
)
def add_number(request: HttpRequest, number: Id, told: NewInstitutionNumber) -> HttpResponse:
    """Keep the number under which the caller keeps a case; the same again changes nothing."""
    sight = Sight(actor(request))

    def work() -> Done:
        case = sight.case(number)
        _add_number(case, told.value, sight)
        shown = InstitutionNumber(institution=sight.actor.institution_id, value=told.value)
        return Done(shown, f"case:{case.number}", 201)

    return once(request, work)


def _add_number(case: Case, value: str, sight: Sight) -> None:
    known, is_new = InstitutionCaseId.objects.get_or_create(
        institution_id=sight.actor.institution_id, value=value, defaults={"case": case}
    )
    if known.case_id != case.id:
        raise Conflict(
            "institution_case_id_elsewhere",
            N_("your number {value} stands for another case; each number is one case's"),
            value=value,
        )
    if is_new:
        audit.record(
            at_us=centre().now_us(),
            actor=sight.actor.name,
            verb="add_institution_case_id",
            subject=f"case:{case.number}",
        )


def _line(case: Case) -> CaseLine:
    merged_into = None if case.merged_into is None else case.merged_into.number
    return CaseLine(case=case.number, opened_at=at(case.opened_us), merged_into=merged_into)


def _read(case: Case, sight: Sight) -> CaseRead:
    whole = sight.is_whole(case)
    orders = list(sight.orders(case).select_related("case").order_by("id"))
    shown = [OrderShown.of(order, sight, is_whole=whole) for order in orders]
    merged = Case.objects.filter(merged_into=case).order_by("id")
    return CaseRead(
        case=case.number,
        opened_at=at(case.opened_us),
        merged=list(merged.values_list("number", flat=True)),
        institution_case_ids=_numbers(case, sight, whole=whole),
        reports=[_report(row) for row in sight.reports().filter(case=case).order_by("id")],
        claims=[
            ClaimShown.of(row, with_ends=sight.has_ends(row, is_whole=whole))
            for row in sight.claims(case).order_by("id")
        ],
        orders=shown,
        owed=[
            AnswerOwed(
                institution=order.institution,
                order_id=order.order_id,
                since=order.ordered_at,
                acknowledged=order.acknowledged_at is not None,
            )
            for order in shown
            if order.state.unanswered
        ],
        complaints=[
            ComplaintShown.of(row, with_officer=whole) for row in case.complaints.order_by("id")
        ],
        reviews=_reviews(case) if sight.actor.is_centre else [],
    )


def _numbers(case: Case, sight: Sight, *, whole: bool) -> list[InstitutionNumber]:
    rows = case.institution_case_ids.order_by("id")
    if not whole:
        rows = rows.filter(institution_id=sight.actor.institution_id)
    return [InstitutionNumber(institution=row.institution_id, value=row.value) for row in rows]


def _reviews(case: Case) -> list[ReviewShown]:
    rows = Review.objects.filter(case=case, state=ReviewState.OPEN.value).select_related("case")
    return [ReviewShown.of(row) for row in rows.order_by("id")]


def _report(report: Report) -> ReportLine:
    return ReportLine(
        report_id=report.report_id,
        via=report.via,
        institution=report.institution_id,
        received_at=at(report.received_us),
        completed_at=at_or_none(report.completed_us),
        missing=report.missing,
    )
