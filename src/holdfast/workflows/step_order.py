"""Step: take an order from one state to the next, with all that every step leaves behind."""

from __future__ import annotations

from django.db.models.functions import Greatest

from holdfast.cases.hold import Hold, HoldState
from holdfast.cases.models import HoldShare, Order, OrderStep
from holdfast.core.errors import NotFound
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.records import audit, due
from holdfast.workflows.set_aside import set_aside_shares

LAPSE = "lapse"
"""Due work: end an order whose time has run out."""
TRACE = "trace"
"""Due work: settle a claim anew."""


def locked_order(order_id: str, institution_id: str | None = None) -> Order:
    """Return an order to be changed, locked until the transaction ends.

    Its row is locked alone: joined to its case, it would be missed where a merge moves it.

    Raises:
        NotFound: `order_unknown`, also where it is another institution's.
    """
    orders = Order.objects.select_for_update(no_key=True)
    order: Order | None = orders.filter(order_id=order_id).first()
    if order is None or institution_id not in (None, order.institution_id):
        raise NotFound(
            "order_unknown", N_("there is no order {order} for you"), order=order_id[:60]
        )
    return order


def hold_of(order: Order) -> Hold:
    """Return the rules' view of an order."""
    return Hold(
        order.order_id,
        HoldState(order.state),
        order.amount_minor,
        order.held_minor,
        order.lapses_us,
    )


def step_order(
    order: Order,
    to: HoldState,
    actor: Actor,
    at_us: int,
    *,
    held_minor: int = 0,
    reason: str = "",
) -> None:
    """Take the step, with history, audit, shares and clock; the caller holds the order's lock.

    Its claim is settled anew soon after: what is held decides what else is to be ordered.

    Raises:
        Conflict: `hold_ended`, `hold_step` or `hold_amount`.
    """
    before = hold_of(order)
    after = before.step(to, held_minor)
    order.state, order.held_minor, order.reason = after.state.value, after.held_minor, reason
    if before.state.unanswered and not after.state.unanswered:
        order.set_aside_minor = order.amount_minor - after.held_minor
    if after.state.ended:
        order.ended_us = at_us
        set_aside_shares(order)
        close_shares(order, at_us)
    if after.state.ended or to is HoldState.SEIZED:
        due.cancel(kind=LAPSE, subject=order.order_id)
    if not after.state.unanswered:
        due.plan(kind=TRACE, subject=order.claim.claim_id, due_us=at_us)
    order.save()
    record_step(order, before.state, actor, at_us, reason)


def close_shares(order: Order, at_us: int) -> None:
    """End what an order holds for claims; the trail sees the money free from then on.

    A share that was to begin later, by the clock of the bank that paid, never began.
    """
    shares = HoldShare.objects.filter(order=order, until_us=None)
    shares.update(until_us=Greatest("from_us", at_us))


def record_step(
    order: Order, before: HoldState, actor: Actor, at_us: int, reason: str = ""
) -> None:
    """Write a step's line in the order's history and its entry in the audit."""
    OrderStep.objects.create(
        order=order,
        number=order.steps.count() + 1,
        from_state=before.value,
        to_state=order.state,
        at_us=at_us,
        actor=actor.name,
        basis=order.basis,
        lapses_us=order.lapses_us,
        held_minor=order.held_minor,
        reason=reason,
    )
    audit.record(
        at_us=at_us,
        actor=actor.name,
        verb="step_order",
        subject=f"case:{order.case.number}",
        basis=order.basis,
        detail={
            "order": order.order_id,
            "from": before.value,
            "to": order.state,
            "held_minor": order.held_minor,
            "lapses_us": order.lapses_us,
            "reason": reason,
        },
    )
