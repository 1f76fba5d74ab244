"""The outbox: what leaves the house is written with the change and sent at least once.

A worker takes messages on a lease. While the lease runs nobody else gets them; when it has run
out, because the worker died, the next one does. So a message can be sent twice, under the same
id, by which the other side knows it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Case, Count, F, IntegerField, Min, Q, QuerySet, Value, When, Window
from django.db.models.functions import Greatest, RowNumber

from holdfast.core.errors import Conflict
from holdfast.core.words import N_
from holdfast.records.inside import require_transaction
from holdfast.records.models import OutboxMessage

FAULT_LENGTH_MAX = 80
_OPEN = Q(done_us=None, given_up_us=None)
_IS_ANY_DUE = """
    SELECT 1 FROM records_outboxmessage
    WHERE done_us IS NULL AND given_up_us IS NULL
        AND due_us <= %s AND taken_until_us <= %s {some}
    LIMIT 1
"""
"""Asked fifty times a second by each worker: to have Django write it costs more than its answer."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much waits; times in microseconds since 1970 UTC, None where nothing waits."""

    open: int
    """Neither done nor given up."""
    due: int
    """Of these, due by now and in nobody's hands."""
    taken: int
    """Of these, in a worker's hands."""
    tried: int
    """Of these, tried before without success."""
    given_up: int
    oldest_us: int | None
    """When the oldest open message was written."""


def post(
    *,
    message_id: str,
    kind: str,
    destination: str,
    subject: str,
    body: str,
    now_us: int,
    due_us: int | None = None,
) -> OutboxMessage:
    """Put a message into the outbox, due at once or at `due_us`; the same again changes nothing.

    Raises:
        Conflict: `message_id_reused`: this id has another kind, destination, subject or body.
        TransactionManagementError: no transaction is open.
    """
    require_transaction("a message that leaves")
    said = {"kind": kind, "destination": destination, "subject": subject, "body": body}
    when_us = now_us if due_us is None else due_us
    message: OutboxMessage
    message, is_new = OutboxMessage.objects.get_or_create(
        message_id=message_id, defaults={**said, "created_us": now_us, "due_us": when_us}
    )
    if not is_new and any(getattr(message, name) != value for name, value in said.items()):
        raise Conflict(
            "message_id_reused",
            N_("the message {message_id} was posted before and said something else"),
            message_id=message_id,
        )
    return message


def post_new(messages: Iterable[OutboxMessage]) -> None:
    """Put messages whose ids nobody can have used before into the outbox, in one statement.

    Raises:
        TransactionManagementError: no transaction is open.
    """
    require_transaction("a message that leaves")
    OutboxMessage.objects.bulk_create(messages)


def take(
    *,
    now_us: int,
    lease_us: int,
    limit: int,
    not_to: Collection[str] = (),
    to: Collection[str] | None = None,
    per_destination: int = 1,
) -> list[OutboxMessage]:
    """Take due messages until `now_us + lease_us`, the longest due first; nobody else gets them.

    One destination has at most `per_destination` messages in hand at once, those that other
    workers took before included. `not_to` leaves destinations out, `to` leaves all others out.

    PostgreSQL skips rows that another worker is just taking (FOR UPDATE SKIP LOCKED) and looks
    at the others again after locking them; SQLite has one writing transaction at a time.
    """
    with transaction.atomic():
        ids = _candidates(now_us, not_to, to, per_destination)[: max(limit, 0)]
        found = _ready(now_us).filter(id__in=list(ids)).order_by("due_us", "id")
        messages = list(found.select_for_update(skip_locked=True))
        until_us = now_us + max(lease_us, 1)
        OutboxMessage.objects.filter(id__in=[message.id for message in messages]).update(
            taken_until_us=until_us, attempts=F("attempts") + 1
        )
    for message in messages:
        message.taken_until_us = until_us
        message.attempts += 1
    return messages


def done(message: OutboxMessage, now_us: int) -> bool:
    """Say that a message has arrived, whoever has it by now; False if that was known before."""
    found = OutboxMessage.objects.filter(id=message.id, done_us=None)
    return bool(found.update(done_us=now_us, given_up_us=None, taken_until_us=0, last_fault=""))


def done_all(messages: Iterable[OutboxMessage], now_us: int) -> None:
    """Say of several messages that they have arrived, as `done` does, in one statement."""
    found = OutboxMessage.objects.filter(id__in=[row.id for row in messages], done_us=None)
    found.update(done_us=now_us, given_up_us=None, taken_until_us=0, last_fault="")


def again(message: OutboxMessage, *, now_us: int, fault: str, wait_us: int) -> bool:
    """Give a message back, due after `wait_us`; False if it is in other hands or done by now."""
    return bool(
        _in_hand(message).update(
            due_us=now_us + wait_us, taken_until_us=0, last_fault=fault[:FAULT_LENGTH_MAX]
        )
    )


def give_up(message: OutboxMessage, *, now_us: int, fault: str) -> bool:
    """End the tries: a person has to look; False if it is in other hands or done by now."""
    return bool(
        _in_hand(message).update(
            given_up_us=now_us, taken_until_us=0, last_fault=fault[:FAULT_LENGTH_MAX]
        )
    )


def revive(message_id: str, *, now_us: int) -> bool:
    """Try a message again that was given up; False if there is no such."""
    found = OutboxMessage.objects.filter(message_id=message_id, done_us=None)
    return bool(found.exclude(given_up_us=None).update(given_up_us=None, due_us=now_us))


def waiting(*, now_us: int, destination: str | None = None) -> Waiting:
    """Count what waits, of all destinations or of one."""
    found = OutboxMessage.objects.filter(done_us=None)
    if destination is not None:
        found = found.filter(destination=destination)
    is_taken = Q(taken_until_us__gt=now_us)
    counts = found.aggregate(
        open=Count("id", filter=_OPEN),
        due=Count("id", filter=_OPEN & Q(due_us__lte=now_us) & ~is_taken),
        taken=Count("id", filter=_OPEN & is_taken),
        tried=Count("id", filter=_OPEN & ~Q(last_fault="")),
        given_up=Count("id", filter=~Q(given_up_us=None)),
        oldest_us=Min("created_us", filter=_OPEN),
    )
    return Waiting(**counts)


def is_any_due(now_us: int, to: Collection[str] | None = None) -> bool:
    """Whether an open message in nobody's hands is due; cheap enough to ask all the time.

    `to` leaves all other destinations out, as in `take`.
    """
    values: list[object] = [now_us, now_us]
    some = ""
    if to is not None:
        values += to
        some = f"AND destination IN ({', '.join(['%s'] * len(to)) or 'NULL'})"
    with connection.cursor() as cursor:
        cursor.execute(_IS_ANY_DUE.format(some=some), values)
        return cursor.fetchone() is not None


def next_due_us(to: Collection[str] | None = None) -> int | None:
    """Return when an open message, to some destinations or to any, can be taken next, or None.

    This may have passed already, where a destination has enough in hand.
    """
    ready_us = Greatest("due_us", "taken_until_us")
    waiting = OutboxMessage.objects.filter(_OPEN)
    if to is not None:
        waiting = waiting.filter(destination__in=list(to))
    found: int | None = waiting.aggregate(at=Min(ready_us))["at"]
    return found


def _ready(now_us: int) -> QuerySet:
    return OutboxMessage.objects.filter(_OPEN, due_us__lte=now_us, taken_until_us__lte=now_us)


def _in_hand(message: OutboxMessage) -> QuerySet:
    """Return the row if it is still in the hands that took this message."""
    return OutboxMessage.objects.filter(_OPEN, id=message.id, attempts=message.attempts)


def _candidates(
    now_us: int, not_to: Collection[str], to: Collection[str] | None, per_destination: int
) -> QuerySet:
    """Return ids that may be taken, the longest due first, behind them some that are in hand."""
    found = OutboxMessage.objects.filter(_OPEN).exclude(destination__in=list(not_to))
    if to is not None:
        found = found.filter(destination__in=list(to))
    is_taken = Case(
        When(taken_until_us__gt=now_us, then=Value(1)),
        default=Value(0),
        output_field=IntegerField(),
    )
    place = Window(
        RowNumber(), partition_by=F("destination"), order_by=(F("taken").desc(), "due_us", "id")
    )
    found = found.filter(Q(due_us__lte=now_us) | Q(taken_until_us__gt=now_us))
    found = found.annotate(taken=is_taken).annotate(place=place)
    # Those in hand must be there when places are counted; at the end they harm nobody.
    within = found.filter(place__lte=per_destination).order_by("taken", "due_us", "id")
    return within.values_list("id", flat=True)
