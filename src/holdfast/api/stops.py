"""Stops: accounts at which a trail ends, who says so, and asking that one be none any more."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, ConfigDict, Field

from holdfast.api.auth import ApiKey, centre_only
from holdfast.api.idempotent import Done, described, once
from holdfast.api.pages import LIMIT_DEFAULT, After, Limit, Page, page, place
from holdfast.api.reviews import ReviewShown
from holdfast.api.shown import Id, Time, at
from holdfast.cases.models import AccountFact
from holdfast.cases.report import AccountText, TimeText
from holdfast.cases.stop import StopKind
from holdfast.core.instant import parse_instant
from holdfast.people.role import Scope
from holdfast.workflows.running import centre
from holdfast.workflows.stop_account import StopTold, ask_end_of_stop, stop_account

router = Router(tags=["stops"])

AccountAsked = Annotated[str, Query(pattern=r"^[ -~]{0,80}$", description="Only this account's.")]
Source = Annotated[str, Field(min_length=1, max_length=500)]


class NewStop(BaseModel):
    """That trails end at an account, and what says so."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    account: AccountText
    kind: Literal["merchant", "cash", "government", "exchange", "foreign"]
    source: Source = Field(description="What says so, such as a register and its number.")
    since: TimeText = Field(description="Since when it is so; not in the future.")


class StopEnd(BaseModel):
    """That an account is to be no stop any more, and why."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    reason: Source


class StopShown(BaseModel):
    """An account at which trails end."""

    stop_id: str
    account: str
    kind: StopKind
    source: str
    verified_by: str = Field(description="The institution whose word it is.")
    since: Time
    entered_at: Time
    entered_by: str

    @classmethod
    def of(cls, fact: AccountFact) -> StopShown:
        """Show a stop."""
        return cls(
            stop_id=fact.fact_id,
            account=fact.account,
            kind=StopKind(fact.kind),
            source=fact.source,
            verified_by=fact.verified_by,
            since=at(fact.from_us),
            entered_at=at(fact.entered_us),
            entered_by=fact.entered_by,
        )


@router.get(
    "/stops",
    auth=ApiKey(Scope.CASES_READ),
    response=Page[StopShown],
    operation_id="list_stops",
    summary="List stops",
)
def list_stops(
    request: HttpRequest,
    account: AccountAsked = "",
    limit: Limit = LIMIT_DEFAULT,
    after: After = "",
) -> Any:
    """Return the stops in force, the latest first; for the centre only."""
    centre_only(request)
    later = AccountFact.objects.filter(account=OuterRef("account"), id__gt=OuterRef("id"))
    facts = AccountFact.objects.exclude(kind=StopKind.NONE.value).filter(~Exists(later))
    if account:
        facts = facts.filter(account=account)
    start = place(after)
    if start is not None:
        facts = facts.filter(id__lt=start[0])
    rows = list(facts.order_by("-id")[: limit + 1])
    return page(rows, limit, StopShown.of, lambda row: int(row.id))


@router.post(
    "/stops",
    auth=ApiKey(Scope.REVIEWS_DECIDE),
    response={201: StopShown},
    operation_id="stop_account",
    summary="Enter a stop",
    openapi_extra=described(),
)
def enter(request: HttpRequest, told: NewStop) -> HttpResponse:
    """Let trails end at an account from now on; holds that stand there wait for a person."""
    who = centre_only(request)

    def work() -> Done:
        stop = StopTold(told.account, StopKind(told.kind), told.source, parse_instant(told.since))
        fact = stop_account(centre(), stop, who)
        return Done(StopShown.of(fact), f"stop:{fact.fact_id}", 201)

    return once(request, work)


@router.post(
    "/stops/{stop_id}/end",
    auth=ApiKey(Scope.REVIEWS_DECIDE),
    response={202: ReviewShown},
    operation_id="ask_end_of_stop",
    summary="Ask that a stop end",
    openapi_extra=described(),
)
def end(request: HttpRequest, stop_id: Id, told: StopEnd) -> HttpResponse:
    """Ask that holds may reach the account; they may once another person approves the review."""
    who = centre_only(request)

    def work() -> Done:
        review = ask_end_of_stop(centre(), stop_id, who, told.reason)
        return Done(ReviewShown.of(review), review.filed_under, 202)

    return once(request, work)
