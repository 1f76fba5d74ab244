"""Retract: an entry that takes a subject off waits until every replica says that it is gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef

from holdfast.core.instant import DAY_US, HOUR_US
from holdfast.records import audit, due
from holdfast.records.inside import require_transaction
from holdfast.registry.models import FeedEntry, Replica, Retraction, RetractionReceipt
from holdfast.workflows.centre import Centre

CHASE = "chase_retraction"
"""Due work: look who has not confirmed that a subject is gone; its subject is the number."""
CHASE_AGAIN_US = DAY_US
CONNECTED, RETIRED = "connected", "retired"
"""States of a replica: it owes receipts, or exists no more."""


@dataclass(frozen=True, slots=True)
class Owed:
    """A retraction that is not confirmed by all, and the replicas that owe it."""

    number: int
    at_us: int
    due_us: int
    replicas: tuple[str, ...]


def open_retractions(centre: Centre, entries: Sequence[FeedEntry]) -> None:
    """Have every connected replica owe its word that the entries' subjects are gone.

    Raises:
        TransactionManagementError: no transaction is open.
    """
    require_transaction("a retraction")
    if not entries:
        return
    now_us = centre.now_us()
    day = centre.law.local_day(centre.country, now_us)
    hours = centre.law.registry_number(centre.country, "retraction_hours", day)
    replicas = list(Replica.objects.filter(state=CONNECTED))
    retractions = Retraction.objects.bulk_create(
        Retraction(
            entry=entry,
            due_us=now_us + hours * HOUR_US,
            whole_us=None if replicas else now_us,
        )
        for entry in entries
    )
    RetractionReceipt.objects.bulk_create(
        RetractionReceipt(retraction=retraction, replica=replica)
        for retraction in retractions
        for replica in replicas
    )
    if replicas:
        due.plan_all(CHASE, {str(one.entry.number): one.due_us for one in retractions})


def confirm_retractions(centre: Centre, replica: Replica, number: int) -> None:
    """Take a replica's word for every retraction up to a number.

    Raises:
        TransactionManagementError: no transaction is open.
    """
    require_transaction("a receipt")
    owed = RetractionReceipt.objects.filter(
        replica=replica, confirmed_us=None, retraction__entry__number__lte=number
    )
    whose = list(owed.values_list("retraction_id", flat=True))
    if whose:
        owed.update(confirmed_us=centre.now_us())
        settle_retractions(centre, whose)


def settle_retractions(centre: Centre, among: Sequence[int]) -> None:
    """Close those retractions, by their rows' ids, that nobody owes any more.

    Raises:
        TransactionManagementError: no transaction is open.
    """
    require_transaction("the end of a retraction")
    some = Retraction.objects.filter(whole_us=None, id__in=among)
    # Of two who give the last two receipts at once the second waits, and sees both.
    list(some.select_for_update().order_by("id"))
    open_ones = some.exclude(Exists(_receipts_owed()))
    for number in list(open_ones.values_list("entry__number", flat=True)):
        due.cancel(CHASE, str(number))
    open_ones.update(whole_us=centre.now_us())


def chase_retraction(centre: Centre, number: str) -> None:
    """Put down by name who has not confirmed in time, and look again a day later."""
    with transaction.atomic():
        for owed in owed_by(int(number)):
            audit.record(
                at_us=centre.now_us(),
                actor=centre.itself.name,
                verb="retraction_overdue",
                subject=f"feed:{number}",
                detail={"replicas": list(owed.replicas)},
            )
            due.plan(kind=CHASE, subject=number, due_us=centre.now_us() + CHASE_AGAIN_US)


def owed_by(
    number: int | None = None, institution_id: str | None = None, limit: int = 100
) -> Iterator[Owed]:
    """Yield the retractions that are not confirmed by all, the oldest first, with who owes them.

    With `institution_id`, only what that institution owes.
    """
    receipts = RetractionReceipt.objects.filter(
        confirmed_us=None, replica__state=CONNECTED, retraction__whole_us=None
    )
    if institution_id is not None:
        receipts = receipts.filter(replica__institution_id=institution_id)
    retractions = Retraction.objects.filter(
        whole_us=None, id__in=receipts.values("retraction_id")
    ).select_related("entry")
    if number is not None:
        retractions = retractions.filter(entry__number=number)
    for one in retractions.order_by("entry__number")[:limit]:
        names = receipts.filter(retraction=one).order_by("replica__replica_id")
        replicas = tuple(names.values_list("replica__replica_id", flat=True))
        yield Owed(one.entry.number, one.entry.at_us, one.due_us, replicas)


def _receipts_owed() -> object:
    return RetractionReceipt.objects.filter(
        retraction=OuterRef("pk"), confirmed_us=None, replica__state=CONNECTED
    )
