"""Poll: an institution fetches what is addressed to it; the first time counts as delivery.

What was fetched may have been lost on the way, so it is given again until an answer has come: an
order to hold while it is unanswered, a release or an extension until its order is answered after
it was first fetched. What changes an order that ended before anybody fetched it is not given.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from holdfast.cases.models import BankAnswer, Order
from holdfast.cases.queries import UNANSWERED_VALUES
from holdfast.people.models import Institution
from holdfast.records import audit, outbox
from holdfast.records.models import OutboxMessage
from holdfast.workflows.centre import Centre
from holdfast.workflows.deliver_message import PUSH
from holdfast.workflows.messages_out import EXTEND, HOLD, RELEASE

START = (0, 0)


@dataclass(frozen=True, slots=True)
class Given:
    """A message as it was written, and the order it is about as that stands now."""

    body: str
    order: Order
    place: tuple[int, int]
    """After which to go on: the order's row, then the message's."""


def poll_orders(
    centre: Centre, institution_id: str, actor_name: str, limit: int, after: tuple[int, int] = START
) -> list[Given]:
    """Return up to `limit` open messages to an institution: holds first, then what changes them.

    What comes for the first time is delivered by this: the order says when, and the outbox has
    nothing left to send.
    """
    with transaction.atomic():
        given = _holds(institution_id, limit, after)
        if len(given) < limit:
            given += _changes(institution_id, limit - len(given), after)
        _deliver(centre, institution_id, actor_name, given)
    return given


_ANSWERED_SINCE = BankAnswer.objects.filter(
    order__order_id=OuterRef("subject"), received_us__gte=OuterRef("done_us")
)
_NEVER_GIVEN = Order.objects.filter(
    order_id=OuterRef("subject"), delivered_us=None, ended_us__isnull=False
)


def _changes_to(institution_id: str) -> QuerySet[OutboxMessage]:
    return OutboxMessage.objects.filter(destination=institution_id, kind__in=(RELEASE, EXTEND))


def _holds(institution_id: str, limit: int, after: tuple[int, int]) -> list[Given]:
    if after[1]:
        return []
    orders = Order.objects.filter(
        institution_id=institution_id, state__in=UNANSWERED_VALUES, id__gt=after[0]
    )
    rows = orders.select_related("case").order_by("id")[:limit]
    return [Given(order.body, order, (order.id, 0)) for order in rows]


def _changes(institution_id: str, limit: int, after: tuple[int, int]) -> list[Given]:
    """Return releases and extensions that no answer has followed."""
    messages = _changes_to(institution_id).exclude(Exists(_NEVER_GIVEN)).filter(id__gt=after[1])
    if Institution.objects.filter(institution_id=institution_id, delivery=PUSH).exists():
        # What was brought to an endpoint is done with its answer, never before.
        messages = messages.filter(done_us=None)
    else:
        messages = messages.exclude(Exists(_ANSWERED_SINCE))
    found = list(messages.order_by("id")[:limit])
    orders = {
        order.order_id: order
        for order in Order.objects.filter(
            order_id__in={message.subject for message in found}
        ).select_related("case")
    }
    return [
        Given(message.body, orders[message.subject], (after[0], message.id)) for message in found
    ]


def _deliver(
    centre: Centre, institution_id: str, actor_name: str, given: Collection[Given]
) -> None:
    now_us = centre.now_us()
    new = [row.order for row in given if not row.place[1] and row.order.delivered_us is None]
    Order.objects.filter(id__in=[order.id for order in new], delivered_us=None).update(
        delivered_us=now_us
    )
    for order in new:
        order.delivered_us = now_us
        audit.record(
            at_us=now_us,
            actor=actor_name,
            verb="poll_order",
            subject=f"case:{order.case.number}",
            detail={"order": order.order_id},
        )
    holds = [row.order.order_id for row in given if not row.place[1]]
    changes = [row.place[1] for row in given if row.place[1]]
    waiting = OutboxMessage.objects.filter(destination=institution_id, done_us=None)
    for message in waiting.filter(kind=HOLD, subject__in=holds) | waiting.filter(id__in=changes):
        outbox.done(message, now_us)
    for message in _changes_to(institution_id).filter(Exists(_NEVER_GIVEN), done_us=None):
        outbox.done(message, now_us)
