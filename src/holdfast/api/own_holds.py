"""Own holds: what a bank holds by its own suspicion, told to the centre, and let go."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import BaseModel, ConfigDict, Field

from holdfast.api.auth import ApiKey, actor
from holdfast.api.idempotent import Done, described, once
from holdfast.api.pages import LIMIT_DEFAULT, After, Limit, Page, page, place
from holdfast.api.shown import Id, Minor, ReasonCode, Time, at, at_or_none
from holdfast.cases.models import Order, OwnHold
from holdfast.cases.own_hold import OwnHoldState
from holdfast.cases.queries import UNANSWERED_VALUES
from holdfast.cases.report import AccountText, CurrencyText, TimeText
from holdfast.core.instant import parse_instant
from holdfast.core.money import AMOUNT_MINOR_MAX
from holdfast.people.role import Scope
from holdfast.workflows.own_holds import OwnHoldTold, end_own_hold, tell_own_hold
from holdfast.workflows.running import centre

router = Router(tags=["own holds"])

Reference = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._~:-]{0,59}$")]


class NewOwnHold(BaseModel):
    """An amount that the caller holds in an account of its own, by its own suspicion."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    reference: Reference = Field(description="The caller's own id of it; each has another.")
    account: AccountText
    amount_minor: Annotated[int, Field(strict=True, ge=1, le=AMOUNT_MINOR_MAX)]
    currency: CurrencyText
    since: TimeText


class OwnHoldEnd(BaseModel):
    """That the caller has let go of what no order took over, and why."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    reason: ReasonCode = Field(description="A code, such as nothing_found.")


class OwnHoldShown(BaseModel):
    """What an institution holds by its own word, and how that stands."""

    own_hold_id: str
    institution: str
    reference: str
    account: str
    amount_minor: Minor
    amount_left_minor: Minor = Field(description="What no order has taken over and is held still.")
    currency: str
    state: OwnHoldState
    basis: str
    since: Time
    told_at: Time
    expires_at: Time = Field(description="When it ends by itself.")
    ended_at: Time | None
    reason: str | None
    orders: list[str] = Field(description="The orders that took it over.")
    unanswered: list[str] = Field(
        description="Orders on this account that wait for an answer: say there what is held."
    )

    @classmethod
    def of(cls, own: OwnHold) -> OwnHoldShown:
        """Show a bank's own hold."""
        orders = Order.objects.filter(institution_id=own.institution_id).order_by("id")
        took = orders.filter(takes_over=own.reference)
        waiting = orders.filter(account=own.account, state__in=UNANSWERED_VALUES)
        return cls(
            own_hold_id=own.own_hold_id,
            institution=own.institution_id,
            reference=own.reference,
            account=own.account,
            amount_minor=own.amount_minor,
            amount_left_minor=own.left_minor,
            currency=own.currency,
            state=OwnHoldState(own.state),
            basis=own.basis,
            since=at(own.since_us),
            told_at=at(own.told_us),
            expires_at=at(own.lapses_us),
            ended_at=at_or_none(own.ended_us),
            reason=own.reason or None,
            orders=list(took.values_list("order_id", flat=True)),
            unanswered=list(waiting.values_list("order_id", flat=True)),
        )


@router.get(
    "/own-holds",
    auth=ApiKey(Scope.ORDERS_READ),
    response=Page[OwnHoldShown],
    operation_id="list_own_holds",
    summary="List own holds",
)
def list_own_holds(request: HttpRequest, limit: Limit = LIMIT_DEFAULT, after: After = "") -> Any:
    """Return what the caller holds by its own word, the latest first; the centre sees all."""
    who = actor(request)
    holds = OwnHold.objects.order_by("-id")
    if not who.is_centre:
        holds = holds.filter(institution_id=who.institution_id)
    start = place(after)
    if start is not None:
        holds = holds.filter(id__lt=start[0])
    return page(list(holds[: limit + 1]), limit, OwnHoldShown.of, lambda row: int(row.id))


@router.post(
    "/own-holds",
    auth=ApiKey(Scope.ORDERS_ANSWER),
    response={201: OwnHoldShown},
    operation_id="tell_own_hold",
    summary="Tell of an own hold",
    openapi_extra=described(),
)
def tell(request: HttpRequest, told: NewOwnHold) -> HttpResponse:
    """Tell what is held by own suspicion since when; the answer says when the law ends it.

    If a claim turns out to rest on this money, an order takes it over: it is held from the start
    and its message names the reference in `takes_over`.
    """

    def work() -> Done:
        held = OwnHoldTold(
            told.reference,
            told.account,
            told.amount_minor,
            told.currency,
            parse_instant(told.since),
        )
        own = tell_own_hold(centre(), held, actor(request))
        return Done(OwnHoldShown.of(own), f"own-hold:{own.own_hold_id}", 201)

    return once(request, work)


@router.post(
    "/own-holds/{own_hold_id}/end",
    auth=ApiKey(Scope.ORDERS_ANSWER),
    response=OwnHoldShown,
    operation_id="end_own_hold",
    summary="Say that an own hold was let go",
    openapi_extra=described(),
)
def end(request: HttpRequest, own_hold_id: Id, told: OwnHoldEnd) -> HttpResponse:
    """Say that what no order has taken over is held no more."""

    def work() -> Done:
        own = end_own_hold(centre(), own_hold_id, actor(request), told.reason)
        return Done(OwnHoldShown.of(own), f"own-hold:{own.own_hold_id}")

    return once(request, work)
