"""Poll: an institution fetches what is addressed to it; the first time counts as delivery.

What was fetched may have been lost on the way, so it is given again until an answer has come: an
order to hold while it is unanswered, a release or an extension until its order is answered after
it was first fetched. What changes an order that ended before anybody fetched it is not given.

Who may only read delivers nothing by reading, and to an institution with an endpoint orders are
delivered there and nowhere else.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from holdfast.cases.models import BankAnswer, Order
from holdfast.cases.queries import UNANSWERED_VALUES
from holdfast.people.actor import Actor
from holdfast.people.models import Institution
from holdfast.people.role import Scope
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


@dataclass(frozen=True, slots=True)
class Page:
    """Some open messages, and whether others come after them."""

    given: list[Given]
    more: bool


def poll_orders(
    centre: Centre,
    actor: Actor,
    limit: int,
    after: tuple[int, int] = START,
    *,
    holds_only: bool = False,
) -> Page:
    """Return up to `limit` open messages to an actor's institution: holds, then what changes them.

    What comes for the first time is delivered by this to one who may answer: the order says when,
    and the outbox has nothing left to send.
    """
    mine = actor.institution_id
    with transaction.atomic():
        is_pushed = Institution.objects.filter(institution_id=mine, delivery=PUSH).exists()
        found = _holds(mine, limit + 1, after)
        if len(found) <= limit and not holds_only:
            found += _changes(mine, limit + 1 - len(found), after, is_pushed=is_pushed)
        given = found[:limit]
        if actor.may(Scope.ORDERS_ANSWER) and not is_pushed:
            _deliver(centre, actor, given)
    return Page(given, len(found) > limit)


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
    # What takes over a bank's own hold is held from the start; the bank must learn of it still.
    unknown = Q(acknowledged_us=None, ended_us=None) & ~Q(takes_over="")
    orders = Order.objects.filter(
        Q(state__in=UNANSWERED_VALUES) | unknown, institution_id=institution_id, id__gt=after[0]
    )
    rows = orders.select_related("case").order_by("id")[:limit]
    return [Given(order.body, order, (order.id, 0)) for order in rows]


def _changes(
    institution_id: str, limit: int, after: tuple[int, int], *, is_pushed: bool
) -> list[Given]:
    """Return releases and extensions that no answer has followed."""
    messages = _changes_to(institution_id).exclude(Exists(_NEVER_GIVEN)).filter(id__gt=after[1])
    if is_pushed:
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


def _deliver(centre: Centre, actor: Actor, given: Collection[Given]) -> None:
    now_us = centre.now_us()
    new = [row.order for row in given if not row.place[1] and row.order.delivered_us is None]
    Order.objects.filter(id__in=[order.id for order in new], delivered_us=None).update(
        delivered_us=now_us
    )
    for order in new:
        order.delivered_us = now_us
        audit.record(
            at_us=now_us,
            actor=actor.name,
            verb="poll_order",
            subject=f"case:{order.case.number}",
            detail={"order": order.order_id},
        )
    holds = [row.order.order_id for row in given if not row.place[1]]
    changes = [row.place[1] for row in given if row.place[1]]
    waiting = OutboxMessage.objects.filter(destination=actor.institution_id, done_us=None)
    for message in waiting.filter(kind=HOLD, subject__in=holds) | waiting.filter(id__in=changes):
        outbox.done(message, now_us)
    never_given = _changes_to(actor.institution_id).filter(Exists(_NEVER_GIVEN), done_us=None)
    for message in never_given:
        outbox.done(message, now_us)
