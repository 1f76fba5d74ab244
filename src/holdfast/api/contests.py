"""Contests: somebody says that a listing is wrong, and an independent person decides."""

from __future__ import annotations

from typing import Annotated, Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, ConfigDict, Field

from holdfast.api.auth import ApiKey, centre_only
from holdfast.api.idempotent import Done, described, once
from holdfast.api.listing_shown import (
    ContestShown,
    ContestTold,
    ListingShown,
    ReceiptShown,
    SubjectContestTold,
)
from holdfast.api.oldest_first import oldest_first
from holdfast.api.pages import LIMIT_DEFAULT, After, Limit, Page
from holdfast.api.shown import Id, Time, at
from holdfast.people.role import Scope
from holdfast.records import audit
from holdfast.registry.contest import ContestState, Via
from holdfast.registry.models import Contest
from holdfast.registry.queries import contest_by_id
from holdfast.registry.subject import parse_subject
from holdfast.registry.throttle import CODES
from holdfast.workflows.contest_listing import contest_listing, contest_subject
from holdfast.workflows.decide_contest import decide_contest
from holdfast.workflows.read_notice import read_notice
from holdfast.workflows.running import centre

router = Router(tags=["registry contests"])

StateAsked = Annotated[
    ContestState, Query(description="Only those that stand so; the open ones if left out.")
]


class CodeTold(BaseModel):
    """A code to be checked."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    code: Annotated[str, Field(min_length=1, max_length=60)]


class SignShown(BaseModel):
    """Whether a code is ours, and what the centre's own people can say of it."""

    ours: bool
    countersign: str | None = Field(description="Four digits; null where the code is not ours.")


class EvidenceShown(BaseModel):
    """What the person said or added."""

    number: int
    text: str
    at: Time


class ContestRead(BaseModel):
    """A contest with what it is about and what the person says."""

    contest: ContestShown
    listing: ListingShown
    evidence: list[EvidenceShown]


class Verdict(BaseModel):
    """Who is right, and why; the person reads the reason as it stands."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    uphold: bool = Field(strict=True, description="Whether the listing was wrong.")
    reason: Annotated[str, Field(min_length=1, max_length=2000)]


@router.post(
    "/contests",
    auth=None,
    response={202: ReceiptShown},
    operation_id="contest_listing",
    summary="Contest a listing",
)
def contest(request: HttpRequest, told: ContestTold) -> HttpResponse:
    """Contest by the code of a notice, without a key; the answer is the same for any code.

    The same code again, while the contest waits, adds to the evidence.
    """
    CODES.take(request.META.get("REMOTE_ADDR", ""), centre().now_us())
    running = centre()
    receipt = contest_listing(running, told.code, told.texts, Via.PAGE, running.itself)
    body = ReceiptShown.of(receipt).model_dump_json()
    return HttpResponse(body, status=202, content_type="application/json")


@router.post(
    "/contests/check-code",
    auth=None,
    response=SignShown,
    operation_id="check_contest_code",
    summary="Check that a code is ours",
)
def check(request: HttpRequest, told: CodeTold) -> SignShown:
    """Return four digits; if the notice bears others, or who calls cannot say them, beware.

    A code that no notice of ours bears has none, so that nobody can invent one with its digits.
    """
    running = centre()
    CODES.take(request.META.get("REMOTE_ADDR", ""), running.now_us())
    read = read_notice(running, told.code)
    return SignShown(ours=read is not None, countersign=read.countersign if read else None)


@router.post(
    "/contests/by-subject",
    auth=ApiKey(Scope.REGISTRY_CONTEST),
    response={202: ReceiptShown},
    operation_id="contest_subject",
    summary="Contest on the hotline",
    openapi_extra=described(),
)
def by_subject(request: HttpRequest, told: SubjectContestTold) -> HttpResponse:
    """Contest all that is said of a subject, for somebody whom the hotline has made sure of."""
    who = centre_only(request)

    def work() -> Done:
        running = centre()
        subject = parse_subject(
            told.subject.kind, told.subject.key, running.country, running.person_key
        )
        receipt = contest_subject(running, subject, told.texts, who)
        return Done(ReceiptShown.of(receipt), f"contest:{receipt.receipt}", 202)

    return once(request, work)


@router.get(
    "/contests",
    auth=ApiKey(Scope.REGISTRY_CONTEST),
    response=Page[ContestShown],
    operation_id="list_contests",
    summary="List contests",
)
def list_contests(
    request: HttpRequest,
    state: StateAsked = ContestState.OPEN,
    limit: Limit = LIMIT_DEFAULT,
    after: After = "",
) -> Any:
    """Return the contests that stand so, the oldest first."""
    centre_only(request)
    found = Contest.objects.filter(state=state.value).select_related("listing")
    return oldest_first(found, limit, after, ContestShown.of)


@router.get(
    "/contests/{contest_id}",
    auth=ApiKey(Scope.REGISTRY_CONTEST),
    response=ContestRead,
    operation_id="read_contest",
    summary="Read a contest",
)
def read_contest(request: HttpRequest, contest_id: Id) -> ContestRead:
    """Return a contest with all that the person says; that it was read is on record."""
    who = centre_only(request)
    with transaction.atomic():
        found = contest_by_id(contest_id)
        audit.record(
            at_us=centre().now_us(),
            actor=who.name,
            verb="read_contest",
            subject=f"listing:{found.listing.listing_id}",
            detail={"contest": contest_id},
        )
    return ContestRead(
        contest=ContestShown.of(found),
        listing=ListingShown.of(found.listing, to_centre=True),
        evidence=[
            EvidenceShown(number=row.number, text=row.text, at=at(row.at_us))
            for row in found.evidence.order_by("number")
        ],
    )


@router.post(
    "/contests/{contest_id}/decision",
    auth=ApiKey(Scope.REGISTRY_CONTEST),
    response=ContestShown,
    operation_id="decide_contest",
    summary="Decide a contest",
    openapi_extra=described(),
)
def decide(request: HttpRequest, contest_id: Id, told: Verdict) -> HttpResponse:
    """Decide as somebody who neither listed nor approved; upheld, the listing is removed."""
    who = centre_only(request)

    def work() -> Done:
        found = decide_contest(centre(), contest_id, who, uphold=told.uphold, reason=told.reason)
        return Done(ContestShown.of(found), f"listing:{found.listing.listing_id}")

    return once(request, work)
