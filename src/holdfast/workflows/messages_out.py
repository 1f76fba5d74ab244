"""The messages that leave for institutions, written from orders, and put into the outbox."""

from __future__ import annotations

from collections.abc import Iterable

from holdfast.banks.messages import ExtendOrder, HoldOrder, Payment, ReleaseOrder
from holdfast.cases.models import Order
from holdfast.records import outbox
from holdfast.records.models import OutboxMessage
from holdfast.workflows.centre import Centre
from holdfast.workflows.legal_basis import Basis

HOLD, RELEASE, EXTEND = "hold-order", "release-order", "extend-order"
"""Kinds of outbox messages that go to institutions."""


def post_holds(centre: Centre, orders: Iterable[tuple[Order, Basis]]) -> None:
    """Write each order's message into it and put them all into the outbox."""
    outbox.post_new([_hold(centre, order, basis) for order, basis in orders])


def _hold(centre: Centre, order: Order, basis: Basis) -> OutboxMessage:
    claim = order.claim
    message = HoldOrder(
        order_id=order.order_id,
        case=order.case.number,
        issuer=centre.name,
        institution=order.institution_id,
        account=order.account,
        amount_minor=order.amount_minor,
        currency=order.currency,
        basis=basis.key,
        basis_source=basis.source,
        provisional=basis.provisional,
        ordered_at_us=order.ordered_us,
        expires_at_us=basis.lapses_us,
        payment=Payment(
            transfer_id=claim.transfer_id,
            time_us=claim.time_us,
            amount_minor=claim.amount_minor,
            name_shown=claim.told.get("name_shown") if order.hop == 1 else None,
        ),
        takes_over=order.takes_over or None,
    )
    order.body = message.to_bytes().decode()
    return OutboxMessage(
        message_id=message.message_id,
        kind=HOLD,
        destination=order.institution_id,
        subject=order.order_id,
        body=order.body,
        created_us=order.ordered_us,
        due_us=order.ordered_us,
    )


def post_release(centre: Centre, order: Order, amount_minor: int, reason: str) -> None:
    """Tell the institution to let go of a part or all of what it holds."""
    message = ReleaseOrder(
        release_id=centre.new_id("release"),
        order_id=order.order_id,
        issuer=centre.name,
        institution=order.institution_id,
        account=order.account,
        amount_minor=amount_minor,
        currency=order.currency,
        reason=reason,
        ordered_at_us=centre.now_us(),
    )
    _post(message, RELEASE, order, centre)


def post_extension(centre: Centre, order: Order, basis: Basis) -> None:
    """Tell the institution the further basis and the new end."""
    message = ExtendOrder(
        extension_id=centre.new_id("extension"),
        order_id=order.order_id,
        issuer=centre.name,
        institution=order.institution_id,
        account=order.account,
        basis=basis.key,
        basis_source=basis.source,
        expires_at_us=order.lapses_us,
        ordered_at_us=centre.now_us(),
    )
    _post(message, EXTEND, order, centre)


def _post(message: ReleaseOrder | ExtendOrder, kind: str, order: Order, centre: Centre) -> None:
    outbox.post(
        message_id=message.message_id,
        kind=kind,
        destination=order.institution_id,
        subject=order.order_id,
        body=message.to_bytes().decode(),
        now_us=centre.now_us(),
    )
