"""Ask to release: one person asks that a hold be let go, another must agree."""

from __future__ import annotations

from django.db import transaction

from holdfast.cases.hold import HoldState
from holdfast.cases.models import Review
from holdfast.cases.review import ReviewKind
from holdfast.core.errors import Conflict, Refused
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.workflows.ask_person import ask_anew
from holdfast.workflows.centre import Centre
from holdfast.workflows.step_order import locked_order


def ask_release(
    centre: Centre, order_id: str, actor: Actor, reason: str, amount_minor: int | None = None
) -> Review:
    """Open a review about letting go of an amount, or of all; nothing is let go by this.

    One request at a time waits for each order: what a person is about to approve never changes.

    Raises:
        NotFound: `order_unknown`, also where it is another institution's.
        Conflict: `release_ended`, or `review_waits` where somebody has asked already.
        Refused: `release_beyond`.
    """
    with transaction.atomic():
        order = locked_order(order_id, None if actor.is_centre else actor.institution_id)
        if HoldState(order.state).ended:
            raise Conflict(
                "release_ended", N_("order {order} has ended; nothing is held"), order=order_id
            )
        if amount_minor is not None and not 0 < amount_minor <= order.held_minor:
            raise Refused(
                "release_beyond",
                N_("{held} is held under order {order}; ask for that much at most"),
                held=order.held_minor,
                order=order_id,
            )
        facts = {"order": order_id, "amount_minor": amount_minor, "reason": reason}
        return ask_anew(
            centre, ReviewKind.RELEASE, order.case, order_id, facts, asked_by=actor.name
        )
