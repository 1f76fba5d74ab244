"""Lapse: end an order whose time has run out, and say so to the institution."""

from __future__ import annotations

from django.db import transaction

from holdfast.cases.hold import HoldState
from holdfast.cases.models import Order
from holdfast.records import due
from holdfast.workflows.centre import Centre
from holdfast.workflows.messages_out import post_release
from holdfast.workflows.step_order import LAPSE, hold_of, locked_order, step_order


def lapse_hold(centre: Centre, order_id: str) -> bool:
    """End an order if its time has run out; return whether it ended now.

    An order that was extended meanwhile is due again at its new end; one that has ended or was
    seized has no clock.
    """
    with transaction.atomic():
        order = locked_order(order_id)
        if lapse_if_due(centre, order):
            return True
        if HoldState(order.state) is not HoldState.SEIZED and not HoldState(order.state).ended:
            due.plan(kind=LAPSE, subject=order_id, due_us=order.lapses_us)
    return False


def lapse_if_due(centre: Centre, order: Order) -> bool:
    """End a locked order if its time has run out; return whether it ended now."""
    now_us = centre.now_us()
    if not hold_of(order).is_due(now_us):
        return False
    amount_minor = order.held_minor or order.amount_minor
    step_order(order, HoldState.LAPSED, centre.itself, now_us, reason="time_ran_out")
    post_release(centre, order, amount_minor, "lapsed")
    return True
