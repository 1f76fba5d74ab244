"""Orders to hold: what an institution polls, how one stands, and asking for a release."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, ConfigDict, Field

from holdfast.api.auth import ApiKey, actor
from holdfast.api.idempotent import Done, described, once
from holdfast.api.pages import LIMIT_DEFAULT, After, Limit, cursor, place
from holdfast.api.reviews import ReviewShown
from holdfast.api.shown import Id, Minor, OrderShown, ReasonCode, Time, at
from holdfast.api.sight import Sight
from holdfast.cases.hold import OPEN, HoldState
from holdfast.cases.models import BankAnswer, Order, OrderStep
from holdfast.core.errors import NotFound
from holdfast.core.money import AMOUNT_MINOR_MAX
from holdfast.core.words import N_
from holdfast.people.role import Scope
from holdfast.workflows.ask_release import ask_release
from holdfast.workflows.poll_orders import START, poll_orders
from holdfast.workflows.running import centre

router = Router(tags=["hold orders"])


class OrdersAsked(StrEnum):
    """Which orders are asked for."""

    OPEN = "open"  # messages that wait for an answer: holds, releases, extensions
    ALL = "all"  # all orders to hold, however they stand
    REQUESTED = HoldState.REQUESTED.value
    ACKNOWLEDGED = HoldState.ACKNOWLEDGED.value
    HELD = HoldState.HELD.value
    PARTLY_HELD = HoldState.PARTLY_HELD.value
    REFUSED = HoldState.REFUSED.value
    EXTENDED = HoldState.EXTENDED.value
    RELEASED = HoldState.RELEASED.value
    LAPSED = HoldState.LAPSED.value
    SEIZED = HoldState.SEIZED.value
    RETURNED = HoldState.RETURNED.value
    PAID_OUT = HoldState.PAID_OUT.value


class OrdersPage(BaseModel):
    """Messages as they are sent, each with `now`: how its order stands."""

    items: list[dict[str, Any]]
    next: str | None


class StepShown(BaseModel):
    """A step of an order."""

    number: int
    from_state: HoldState | None
    to_state: HoldState
    at: Time
    actor: str
    basis: str
    expires_at: Time
    amount_held_minor: Minor
    reason: str | None


class AnswerShown(BaseModel):
    """An answer that came, and what became of it."""

    answer_id: str
    received_at: Time
    outcome: str


class OrderRead(BaseModel):
    """An order with every step and every answer."""

    order: OrderShown
    message: dict[str, Any] = Field(description="The order as it was sent first.")
    steps: list[StepShown]
    answers: list[AnswerShown]


class ReleaseAsked(BaseModel):
    """That a hold is to be let go, and why."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    reason: ReasonCode = Field(description="A code, such as holder_cleared.")
    amount_minor: Annotated[int, Field(strict=True, ge=1, le=AMOUNT_MINOR_MAX)] | None = Field(
        default=None, description="Of what is held; all of it where left out."
    )


@router.get(
    "/hold-orders",
    auth=ApiKey(Scope.ORDERS_READ),
    response=OrdersPage,
    operation_id="poll_orders",
    summary="Poll orders",
)
def poll(
    request: HttpRequest,
    state: Annotated[OrdersAsked, Query()] = OrdersAsked.OPEN,
    limit: Limit = LIMIT_DEFAULT,
    after: After = "",
) -> OrdersPage:
    """Return orders to the caller's institution; an open one comes until it is answered.

    The first time that an institution fetches an open order is when it was delivered, unless it
    is pushed to an endpoint, or the key lacks `orders:answer` and so only reads. The centre sees
    the orders of all institutions in every other state than `open`.
    """
    who = actor(request)
    start = place(after, 2)
    if state is not OrdersAsked.OPEN:
        return _in_state(Sight(who), state, limit, start)
    begin = START if start is None else (start[0], start[1])
    found = poll_orders(centre(), who, limit, begin)
    return OrdersPage(
        items=[_with_now(row.body, row.order) for row in found.given],
        next=cursor(*found.given[-1].place) if found.more else None,
    )


@router.get(
    "/hold-orders/{order_id}",
    auth=ApiKey(Scope.ORDERS_READ),
    response=OrderRead,
    operation_id="read_order",
    summary="Read an order",
)
def read_order(request: HttpRequest, order_id: Id) -> OrderRead:
    """Return an order of the caller's institution with all its steps."""
    sight = Sight(actor(request))
    orders = sight.orders().select_related("case")
    order = orders.filter(order_id=order_id).first()
    if order is None:
        raise NotFound("order_unknown", N_("there is no order {order} for you"), order=order_id)
    answers = BankAnswer.objects.filter(order=order).order_by("id")
    return OrderRead(
        order=OrderShown.of(order, sight, is_whole=True),
        message=json.loads(order.body),
        steps=[_step(step, sight) for step in order.steps.order_by("number")],
        answers=[
            AnswerShown(
                answer_id=row.answer_id, received_at=at(row.received_us), outcome=row.outcome
            )
            for row in answers
        ],
    )


@router.post(
    "/hold-orders/{order_id}/release",
    auth=ApiKey(Scope.ORDERS_ANSWER, Scope.REVIEWS_DECIDE),
    response={202: ReviewShown},
    operation_id="ask_release",
    summary="Ask for a release",
    openapi_extra=described(),
)
def release(request: HttpRequest, order_id: Id, told: ReleaseAsked) -> HttpResponse:
    """Ask that a hold be let go; it is when another person at the centre approves the review."""

    def work() -> Done:
        review = ask_release(centre(), order_id, actor(request), told.reason, told.amount_minor)
        return Done(ReviewShown.of(review), review.filed_under, 202)

    return once(request, work)


def _in_state(
    sight: Sight, state: OrdersAsked, limit: int, start: tuple[int, ...] | None
) -> OrdersPage:
    orders = sight.orders().select_related("case").order_by("id")
    if state is not OrdersAsked.ALL:
        orders = orders.filter(state=state.value)
    if start is not None:
        orders = orders.filter(id__gt=start[0])
    rows = list(orders[: limit + 1])
    return OrdersPage(
        items=[_with_now(row.body, row) for row in rows[:limit]],
        next=cursor(rows[limit - 1].id, 0) if len(rows) > limit else None,
    )


def _with_now(body: str, order: Order) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(body)
    message["now"] = {
        "state": order.state,
        "open": HoldState(order.state) in OPEN,
        "amount_held_minor": order.held_minor,
        "expires_at": at(order.lapses_us),
    }
    return message


def _step(step: OrderStep, sight: Sight) -> StepShown:
    mine = step.actor.startswith(f"key:{sight.actor.institution_id}/")
    return StepShown(
        number=step.number,
        from_state=HoldState(step.from_state) if step.from_state else None,
        to_state=HoldState(step.to_state),
        at=at(step.at_us),
        actor=step.actor if sight.actor.is_centre or mine else "centre",
        basis=step.basis,
        expires_at=at(step.lapses_us),
        amount_held_minor=step.held_minor,
        reason=step.reason or None,
    )
