"""Listings: what is said of whom, who approves it, and how it ends."""

from __future__ import annotations

from typing import Annotated, Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router
from pydantic import BaseModel, ConfigDict, Field

from holdfast.api.auth import ApiKey, actor, centre_only
from holdfast.api.idempotent import Done, described, once
from holdfast.api.listing_shown import GroundTold, ListingShown, ListingTold, Reason
from holdfast.api.pages import LIMIT_DEFAULT, After, Limit, Page, page, place
from holdfast.api.reviews import Decision
from holdfast.api.shown import Id
from holdfast.core.errors import HoldfastError
from holdfast.people.actor import Actor
from holdfast.people.role import Scope
from holdfast.records import audit
from holdfast.registry.listing import ListingState
from holdfast.registry.models import Listing
from holdfast.registry.queries import figures, listing_unknown
from holdfast.registry.subject import SubjectKind
from holdfast.workflows.approve_listing import approve_batch, approve_listing
from holdfast.workflows.break_glass import break_glass, review_glass
from holdfast.workflows.list_from_case import list_from_case
from holdfast.workflows.list_subject import list_subject
from holdfast.workflows.move_tier import move_tier
from holdfast.workflows.running import centre
from holdfast.workflows.tell_person import code_for_notice
from holdfast.workflows.withdraw_listing import withdraw_listing

router = Router(tags=["registry listings"])
PROBLEMS_SHOWN_MAX = 500

StateAsked = Annotated[ListingState | None, Query(description="Only those that stand so.")]
BatchAsked = Annotated[str, Query(pattern=r"^[!-~]{0,60}$", description="Only those of one file.")]


class AlarmTold(ListingTold):
    """What is to be listed at once, by one person, for an hour at most."""

    reason: Reason


class WithdrawalTold(BaseModel):
    """Why a listing is taken back."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    reason: Reason


class GlassVerdict(BaseModel):
    """Whether somebody listed alone with good cause."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    justified: bool = Field(strict=True)
    reason: Reason


class LeftOutShown(BaseModel):
    """What a case tells of that is not listed, and why."""

    kind: str
    code: str


class FromCaseShown(BaseModel):
    """What became of all that a case tells of."""

    listed: list[ListingShown]
    known: int
    left_out: list[LeftOutShown]


class Undecided(BaseModel):
    """A listing of a file that could not be decided like the rest, and why."""

    listing_id: str
    code: str
    detail: str


class BatchDecided(BaseModel):
    """How many listings of a file were decided about, and which could not be."""

    listings: int
    problems: list[Undecided] = Field(description=f"The first {PROBLEMS_SHOWN_MAX} of them.")
    problem_count: int


class CodeShown(BaseModel):
    """What goes with the notice: the code, and by what the person knows that it is ours."""

    code: str
    countersign: str


class FiguresShown(BaseModel):
    """How an institution's listings fare."""

    model_config = ConfigDict(from_attributes=True)

    institution_id: str
    standing: int
    proposed: int
    suspended: int
    ended: int
    break_glass: int
    glass_unjustified: int
    glass_undecided: int
    glass_overdue: int
    contested: int
    undecided: int
    overdue: int
    upheld: int
    rejected: int
    days_to_answer: float | None
    days_listed: float | None


class FiguresList(BaseModel):
    """The figures of every institution that the caller may see."""

    items: list[FiguresShown]


_READS = ApiKey(Scope.REGISTRY_LIST, Scope.REGISTRY_APPROVE, Scope.REGISTRY_CONTEST)


@router.get(
    "/listings",
    auth=_READS,
    response=Page[ListingShown],
    operation_id="list_listings",
    summary="List listings",
)
def list_listings(
    request: HttpRequest,
    state: StateAsked = None,
    batch: BatchAsked = "",
    limit: Limit = LIMIT_DEFAULT,
    after: After = "",
) -> Any:
    """Return the caller's listings and those about its accounts, the oldest first; the centre all.

    That they were read is on record.
    """
    who = actor(request)
    found = _seen_by(who).order_by("id")
    if state is not None:
        found = found.filter(state=state.value)
    if batch:
        found = found.filter(batch=batch)
    start = place(after)
    if start is not None:
        found = found.filter(id__gt=start[0])
    rows = list(found[: limit + 1])
    with transaction.atomic():
        audit.record(
            at_us=centre().now_us(),
            actor=who.name,
            verb="list_listings",
            subject="registry",
            detail={"shown": min(len(rows), limit)},
        )
    return page(rows, limit, lambda row: _shown(row, who), lambda row: int(row.id))


@router.get(
    "/listings/{listing_id}",
    auth=_READS,
    response=ListingShown,
    operation_id="read_listing",
    summary="Read a listing",
)
def read_listing(request: HttpRequest, listing_id: Id) -> ListingShown:
    """Return a listing that the caller made, or that is about an account it keeps."""
    who = actor(request)
    with transaction.atomic():
        row = _seen_by(who).filter(listing_id=listing_id).first()
        if row is None:
            raise listing_unknown(listing_id)
        audit.record(
            at_us=centre().now_us(),
            actor=who.name,
            verb="read_listing",
            subject=f"listing:{listing_id}",
        )
    return _shown(row, who)


@router.post(
    "/listings",
    auth=ApiKey(Scope.REGISTRY_LIST),
    response={201: ListingShown},
    operation_id="list_subject",
    summary="List a subject",
    openapi_extra=described(),
)
def list_one(request: HttpRequest, told: ListingTold) -> HttpResponse:
    """List a subject; where its tier needs it, it stands once a second person approves."""
    who = actor(request)
    running = centre()
    return _made(request, lambda: list_subject(running, told.to_list(running, who), who), 201)


@router.post(
    "/break-glass-listings",
    auth=ApiKey(Scope.REGISTRY_LIST),
    response={201: ListingShown},
    operation_id="break_glass",
    summary="List alone in a running attack",
    openapi_extra=described(),
)
def alarm(request: HttpRequest, told: AlarmTold) -> HttpResponse:
    """List at once by one named person; it falls after an hour, and another looks at it."""
    who = actor(request)
    running = centre()
    return _made(
        request, lambda: break_glass(running, told.to_list(running, who), who, told.reason), 201
    )


@router.post(
    "/cases/{number}/listings",
    auth=ApiKey(Scope.REGISTRY_LIST),
    response=FromCaseShown,
    operation_id="list_from_case",
    summary="List what a case tells of",
    openapi_extra=described(),
)
def from_case(request: HttpRequest, number: Id) -> HttpResponse:
    """List what a case tells of, as far as its ground carries; the centre alone."""
    who = centre_only(request)

    def work() -> Done:
        found = list_from_case(centre(), number, who)
        answer = FromCaseShown(
            listed=[_shown(row, who) for row in found.listed],
            known=found.known,
            left_out=[LeftOutShown(kind=left.kind, code=left.code) for left in found.left_out],
        )
        return Done(answer, f"case:{number}")

    return once(request, work)


@router.post(
    "/listings/{listing_id}/approval",
    auth=ApiKey(Scope.REGISTRY_APPROVE),
    response=ListingShown,
    operation_id="approve_listing",
    summary="Approve a listing",
    openapi_extra=described(),
)
def approve(request: HttpRequest, listing_id: Id, told: Decision) -> HttpResponse:
    """Say as the second person whether a proposed listing may stand."""
    who = centre_only(request)
    return _made(
        request,
        lambda: approve_listing(
            centre(), listing_id, who, approve=told.approve, reason=told.reason
        ),
    )


@router.post(
    "/listing-files/{batch}/approval",
    auth=ApiKey(Scope.REGISTRY_APPROVE),
    response=BatchDecided,
    operation_id="approve_listing_file",
    summary="Approve a file of listings",
)
def approve_file(
    request: HttpRequest, batch: Annotated[str, Path(pattern=r"^[!-~]{1,60}$")], told: Decision
) -> BatchDecided:
    """Say as the second person whether all that a file proposed may stand."""
    who = centre_only(request)
    problems: list[Undecided] = []
    found = 0

    def tell(listing_id: str, error: HoldfastError) -> None:
        nonlocal found
        found += 1
        if found <= PROBLEMS_SHOWN_MAX:
            problems.append(Undecided(listing_id=listing_id, code=error.code, detail=str(error)))

    count = approve_batch(centre(), batch, who, approve=told.approve, reason=told.reason, tell=tell)
    return BatchDecided(listings=count, problems=problems, problem_count=found)


@router.post(
    "/listings/{listing_id}/withdrawal",
    auth=ApiKey(Scope.REGISTRY_LIST),
    response=ListingShown,
    operation_id="withdraw_listing",
    summary="Withdraw a listing",
    openapi_extra=described(),
)
def withdraw(request: HttpRequest, listing_id: Id, told: WithdrawalTold) -> HttpResponse:
    """Take a listing of one's own back."""
    who = actor(request)
    return _made(request, lambda: withdraw_listing(centre(), listing_id, who, told.reason))


@router.post(
    "/listings/{listing_id}/move",
    auth=ApiKey(Scope.REGISTRY_LIST),
    response={201: ListingShown},
    operation_id="move_tier",
    summary="Move a subject to another tier",
    openapi_extra=described(),
)
def move(request: HttpRequest, listing_id: Id, told: GroundTold) -> HttpResponse:
    """List anew where an event leads, in place of a listing of one's own that stands."""
    who = actor(request)
    return _made(request, lambda: move_tier(centre(), listing_id, told.ground(who), who), 201)


@router.post(
    "/listings/{listing_id}/glass-review",
    auth=ApiKey(Scope.REGISTRY_APPROVE),
    response=ListingShown,
    operation_id="review_glass",
    summary="Review a listing made alone",
    openapi_extra=described(),
)
def glass(request: HttpRequest, listing_id: Id, told: GlassVerdict) -> HttpResponse:
    """Say afterwards whether somebody listed alone with good cause."""
    who = centre_only(request)
    return _made(
        request,
        lambda: (
            review_glass(
                centre(), listing_id, who, justified=told.justified, reason=told.reason
            ).listing
        ),
    )


@router.get(
    "/listings/{listing_id}/contest-code",
    auth=ApiKey(Scope.NOTICES, Scope.ORDERS_ANSWER),
    response=CodeShown,
    operation_id="read_contest_code",
    summary="Read the code for a notice",
)
def contest_code(request: HttpRequest, listing_id: Id) -> CodeShown:
    """Return the code that goes with the notice, to who brings it; reading it is on record."""
    code, sign = code_for_notice(centre(), listing_id, actor(request))
    return CodeShown(code=code, countersign=sign)


@router.get(
    "/registry/figures",
    auth=_READS,
    response=FiguresList,
    operation_id="read_registry_figures",
    summary="How listings fare",
)
def read_figures(request: HttpRequest) -> FiguresList:
    """Return how many, how long, how many upheld: one's own, to the centre each institution's."""
    who = actor(request)
    found = figures(centre().now_us(), None if who.is_centre else who.institution_id)
    return FiguresList(items=[FiguresShown.model_validate(row) for row in found])


def _made(request: HttpRequest, do: Any, status: int = 200) -> HttpResponse:
    """Do something that leads to a listing, and answer with how it stands."""
    who = actor(request)

    def work() -> Done:
        row: Listing = do()
        return Done(_shown(row, who), f"listing:{row.listing_id}", status)

    return once(request, work)


def _seen_by(who: Actor) -> QuerySet[Listing]:
    """Return the listings that somebody may read: the centre all, others what concerns them."""
    if who.is_centre:
        return Listing.objects.all()
    mine = Q(institution_id=who.institution_id)
    of_account = Q(
        subject_kind=SubjectKind.ACCOUNT.value,
        subject_key__startswith=f"{who.institution_id}.",
        stands_us__isnull=False,
    )
    return Listing.objects.filter(mine | of_account)


def _shown(row: Listing, who: Actor) -> ListingShown:
    return ListingShown.of(row, to_centre=who.is_centre)
