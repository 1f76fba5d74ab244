"""Deliver: bring one message of the outbox to its institution and record what that answers."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Protocol

from django.db import IntegrityError, transaction

from holdfast.banks.client import Answered, Delivery, Fault
from holdfast.banks.messages import (
    ExtendOrder,
    HoldOrder,
    ReleaseOrder,
    parse_extension,
    parse_order,
    parse_release,
)
from holdfast.banks.signing import Keys
from holdfast.cases.hold import HoldState
from holdfast.cases.models import Order
from holdfast.cases.review import ReviewKind
from holdfast.core.errors import HoldfastError
from holdfast.core.keys import PublicKey
from holdfast.people.actor import Actor
from holdfast.people.models import Institution, InstitutionKey
from holdfast.people.role import Scope
from holdfast.records import outbox
from holdfast.records.models import OutboxMessage
from holdfast.workflows.ask_person import ask_person
from holdfast.workflows.centre import Centre
from holdfast.workflows.messages_out import EXTEND, HOLD, RELEASE
from holdfast.workflows.record_answer import Told, record_answers, record_told

log = logging.getLogger(__name__)

PUSH = "push"
"""How orders reach an institution that has an endpoint of its own."""
CLOSED = "institution_closed"
"""Why a message waits: its institution takes part no more."""
_PARSERS: dict[str, Callable[[bytes], HoldOrder | ReleaseOrder | ExtendOrder]] = {
    HOLD: parse_order,
    RELEASE: parse_release,
    EXTEND: parse_extension,
}


class Deliverer(Protocol):
    """What brings a message to an endpoint; in a running centre a `BankClient`."""

    def deliver(
        self, endpoint: str, order: HoldOrder | ReleaseOrder | ExtendOrder, keys: Keys
    ) -> Delivery:
        """Send it and return the answer, or what went wrong."""
        ...


@dataclass(frozen=True, slots=True)
class Reached:
    """An institution to which orders are pushed: where, and the keys that its answers bear."""

    institution_id: str
    endpoint: str
    keys: Mapping[str, PublicKey]
    """By their ids; nobody else's are among them."""


def reached(institution_ids: Collection[str] | None = None) -> dict[str, Reached]:
    """Return institutions by their ids: those named, or all that orders are pushed to.

    One that was closed takes part no more, and is never among them.
    """
    rows = Institution.objects.filter(closed_us=None)
    if institution_ids is None:
        rows = rows.filter(delivery=PUSH)
    else:
        rows = rows.filter(institution_id__in=list(institution_ids))
    found = {
        row.id: Reached(row.institution_id, row.endpoint, {})
        for row in rows.only("institution_id", "endpoint")
    }
    keys: dict[int, dict[str, PublicKey]] = {row_id: {} for row_id in found}
    for key in InstitutionKey.objects.filter(institution__in=list(found)):
        keys[key.institution_id][key.key_id] = PublicKey.parse(
            key.key_id, key.public_key, key.valid_from_us, key.retired_us
        )
    return {row.institution_id: replace(row, keys=keys[key]) for key, row in found.items()}


def ended_among(messages: Iterable[OutboxMessage]) -> set[str]:
    """Return the ids of those orders to hold that have ended by now."""
    subjects = [message.subject for message in messages if message.kind == HOLD]
    states = Order.objects.filter(order_id__in=subjects).values_list("order_id", "state")
    return {order_id for order_id, state in states if HoldState(state).ended}


@dataclass(frozen=True, slots=True)
class Brought:
    """A message that was brought to its institution, and what came of it; not recorded yet."""

    message: OutboxMessage
    to: Reached
    delivery: Delivery
    wait_us: int
    """How long after a fault it is due again."""


def deliver_message(centre: Centre, bank: Deliverer, message: OutboxMessage, wait_us: int) -> str:
    """Deliver a message that this worker has taken; return `done`, or the code of the fault.

    A fault leaves the message in the outbox, due again after `wait_us` from now. An order that
    ended before it could be delivered is not sent any more: there is nothing left to hold.
    """
    if ended_among([message]):
        outbox.done(message, centre.now_us())
        return "done"
    to = reached([message.destination]).get(message.destination)
    if to is None:
        outbox.again(message, now_us=centre.now_us(), fault=CLOSED, wait_us=wait_us)
        return CLOSED
    return record_brought(centre, [bring(bank, message, to, wait_us)])[0]


def bring(bank: Deliverer, message: OutboxMessage, to: Reached, wait_us: int) -> Brought:
    """Bring a message of an order that has not ended to its institution; raises as `bank` does.

    The database is asked for nothing, so that a silent institution keeps no connection from others.
    """
    order = _PARSERS[message.kind](message.body.encode())
    return Brought(message, to, bank.deliver(to.endpoint, order, to.keys.get), wait_us)


def record_brought(centre: Centre, brought: Sequence[Brought]) -> list[str]:
    """Record what came of several messages; return `done` or the code of the fault of each."""
    together = _record_together(centre, brought) if len(brought) > 1 else frozenset()
    return ["done" if row.message.id in together else _record(centre, row) for row in brought]


def _record_together(centre: Centre, brought: Sequence[Brought]) -> Collection[int]:
    """Record answers to several orders as one; return the messages done, by their row ids.

    Where one of them can't be recorded, none is: each is then looked at by itself.
    """
    first: dict[str, tuple[Brought, Told]] = {}
    for row in brought:
        if isinstance(row.delivery, Answered):
            first.setdefault(row.message.subject, (row, _told(row, row.delivery)))
    try:
        with transaction.atomic():
            recorded = record_answers(centre, [told for _, told in first.values()])
            done = [first[order_id][0].message for order_id in recorded]
            outbox.done_all(done, centre.now_us())
    except (HoldfastError, IntegrityError) as error:
        log.info("%d answers are recorded one by one: %s", len(first), type(error).__name__)
        return frozenset()
    return {message.id for message in done}


def _record(centre: Centre, row: Brought) -> str:
    """Record what came of one message.

    Where the institution doesn't know an order that is to be let go, there is nothing to let go.
    """
    message, delivery = row.message, row.delivery
    if not isinstance(delivery, Fault):
        return _answered(centre, row, delivery)
    if _is_about_nothing(message, delivery):
        outbox.done(message, centre.now_us())
        return "done"
    if not delivery.retry:
        _ask_person(centre, message, delivery.code)
    outbox.again(message, now_us=centre.now_us(), fault=delivery.code, wait_us=row.wait_us)
    return delivery.code


def _answered(centre: Centre, row: Brought, delivery: Answered) -> str:
    message, told = row.message, _told(row, delivery)
    try:
        with transaction.atomic():
            record_told(centre, told)
            outbox.done(message, centre.now_us())
    except HoldfastError as error:
        # The bank has the order, but what it says is of no use: it still owes an answer.
        _ask_person(centre, message, error.code)
        _mark_delivered(centre, message)
        outbox.again(message, now_us=centre.now_us(), fault=error.code, wait_us=row.wait_us)
        return error.code
    return "done"


def _told(row: Brought, delivery: Answered) -> Told:
    to = row.to.institution_id
    name, scopes = f"key:{to}/{delivery.key_id}", frozenset((Scope.ORDERS_ANSWER,))
    actor = Actor(name=name, institution_id=to, scopes=scopes)
    return Told(delivery.body, actor, _proof(delivery), row.message.subject)


def _ask_person(centre: Centre, message: OutboxMessage, fault: str) -> None:
    """Put before a person what trying again will not mend; it is tried again all the same."""
    with transaction.atomic():
        order = Order.objects.select_related("case").get(order_id=message.subject)
        facts = {"order": order.order_id, "message": message.message_id, "fault": fault}
        ask_person(centre, ReviewKind.ANSWER_UNFIT, order.case, order.order_id, facts)


def _proof(delivery: Answered) -> str:
    """Return all that is needed, beside the body, to verify the answer's signature later."""
    request = delivery.request
    proof = {
        "status": delivery.status,
        "headers": delivery.headers,
        "request": {
            "method": request.method,
            "url": request.url,
            "headers": dict(request.headers),
        },
    }
    return json.dumps(proof, sort_keys=True)


def _mark_delivered(centre: Centre, message: OutboxMessage) -> None:
    Order.objects.filter(order_id=message.subject, delivered_us=None).update(
        delivered_us=centre.now_us()
    )


def _is_about_nothing(message: OutboxMessage, fault: Fault) -> bool:
    """Whether a release or an extension came to nobody: its order never held and has ended."""
    if message.kind == HOLD or fault.status != HTTPStatus.NOT_FOUND:
        return False
    order = Order.objects.get(order_id=message.subject)
    return order.held_us is None and HoldState(order.state).ended
