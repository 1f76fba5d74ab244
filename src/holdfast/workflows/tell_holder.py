"""Tell the holder: what an institution owes to whom it holds money of, by the law's data.

Not before the hold is answered: who is told of an order that is still on its way takes the money
away. The institution brings it, for it alone knows whose account it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from django.db import transaction

from holdfast.cases.hold import HOLDING, HoldState
from holdfast.cases.models import Notice, Order
from holdfast.core.errors import Refused
from holdfast.core.instant import HOUR_US, format_instant
from holdfast.law.rule import HoldRule
from holdfast.law.terms import Moment, Recipient
from holdfast.workflows.centre import Centre
from holdfast.workflows.write_notice import HOLDER, new_notice, write_notices

NOTIFY = "notify"
"""Due work: write the notices to a holder; its subject is ORDER/placed or ORDER/ended."""


def moment_of(before: HoldState, after: HoldState) -> Moment | None:
    """Return what a step of a hold is to its holder, or None where it is nothing."""
    if before.unanswered and after in HOLDING:
        return Moment.PLACED
    if before in HOLDING and after.ended:
        return Moment.ENDED
    return None


def notice_work(order_id: str, moment: Moment) -> str:
    """Return the subject of the due work that writes the notices of a moment."""
    return f"{order_id}/{moment.value}"


def tell_holder(centre: Centre, subject: str) -> None:
    """Write the notices of one moment of an order, see `tell_holders`."""
    tell_holders(centre, [subject])


def tell_holders(centre: Centre, subjects: Iterable[str]) -> None:
    """Write the notices that the law's data wants, each due so many hours after its event.

    Nothing of a hold that has ended before the holder could be told; nothing of the end of one of
    which the holder was never to be told.
    """
    parted = (subject.rsplit("/", 1) for subject in subjects)
    asked = [(order_id, Moment(word)) for order_id, word in parted]
    with transaction.atomic():
        rows = Order.objects.select_related("case").defer("body")
        orders = {
            row.order_id: row for row in rows.filter(order_id__in={name for name, _ in asked})
        }
        made = [_notices(centre, orders[order_id], moment) for order_id, moment in asked]
        write_notices(chain.from_iterable(made))


def _notices(centre: Centre, order: Order, moment: Moment) -> list[Notice]:
    event_us = order.held_us if moment is Moment.PLACED else order.ended_us
    placed = moment is Moment.PLACED
    if event_us is None or placed != (HoldState(order.state) in HOLDING):
        return []
    if not placed and not order.notices.filter(recipient=HOLDER).exists():
        return []
    rule = _rule(centre, order, event_us)
    return [] if rule is None else _wanted(centre, order, rule, moment, event_us)


def _rule(centre: Centre, order: Order, event_us: int) -> HoldRule | None:
    day = centre.law.local_day(centre.country, event_us)
    try:
        return centre.law.hold_rule(centre.country, order.basis, day)
    except Refused:
        return None


def _wanted(
    centre: Centre, order: Order, rule: HoldRule, moment: Moment, event_us: int
) -> list[Notice]:
    return [
        new_notice(
            centre,
            f"{notice.name}-{order.order_id}",
            order.institution_id,
            HOLDER,
            _says(centre, order, rule, moment) | {"type": notice.name, "duty": notice.duty.value},
            subject=f"case:{order.case.number}",
            order=order,
            due_us=event_us + notice.within_hours * HOUR_US,
        )
        for notice in rule.notices
        if notice.to is Recipient.HOLDER and notice.event is moment
    ]


def _says(centre: Centre, order: Order, rule: HoldRule, moment: Moment) -> dict[str, object]:
    """Return what the holder is to know; nothing of the victim, the case or the trail."""
    says: dict[str, object] = {
        "order": order.order_id,
        "institution": order.institution_id,
        "ordered_by": centre.name,
        "currency": order.currency,
        "basis": order.basis,
        "title": rule.title,
        "source": rule.source,
        "held_since": format_instant(order.held_us),
    }
    if moment is Moment.ENDED:
        return says | {"ended_at": format_instant(order.ended_us), "end": order.state}
    return says | {
        "amount_minor": order.held_minor,
        "until": None if order.state == HoldState.SEIZED.value else format_instant(order.lapses_us),
        "contest_with": [party.value for party in rule.may_lift],
        "contest_reference": order.order_id,
    }
