"""Seize: a court or the police keep what was held; no clock of ours ends it any more."""

from __future__ import annotations

from django.db import transaction

from holdfast.cases.hold import HoldState
from holdfast.cases.models import Order
from holdfast.people.actor import Actor
from holdfast.workflows.centre import Centre
from holdfast.workflows.legal_basis import SEIZURE
from holdfast.workflows.step_order import locked_order, step_order


def seize_hold(centre: Centre, order_id: str, actor: Actor) -> Order:
    """Take a hold for seized, because a person has learnt that it is; the law says who lifts it.

    Raises:
        NotFound: `order_unknown`.
        Conflict: `hold_ended` or `hold_step`.
    """
    with transaction.atomic():
        order = locked_order(order_id)
        order.basis, order.provisional = SEIZURE, False
        step_order(
            order,
            HoldState.SEIZED,
            actor,
            centre.now_us(),
            held_minor=order.held_minor,
            reason="seized",
        )
    return order
