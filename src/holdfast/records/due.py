"""Due work: rows with a time, taken by any worker, done once.

Planning and doing cross without harm: what is planned anew while a worker does it is due again
when that worker is through.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from django.db import connection, transaction
from django.db.models import F, Min, QuerySet
from django.db.models.functions import Greatest

from holdfast.records.models import DueWork

FAULT_LENGTH_MAX = 80


_PLAN = """
    INSERT INTO records_duework
        (kind, subject, due_us, planned, taken_until_us, attempts, last_fault)
    VALUES {rows}
    ON CONFLICT (kind, subject) DO UPDATE SET
        due_us = excluded.due_us, planned = records_duework.planned + 1,
        attempts = 0, last_fault = '', done_us = NULL
"""
_IS_ANY_DUE = """
    SELECT 1 FROM records_duework
    WHERE done_us IS NULL AND due_us <= %s AND taken_until_us <= %s AND kind IN ({some})
    LIMIT 1
"""
"""Written out for the same reason as that of the outbox."""
_ROW = "(%s, %s, %s, 1, 0, 0, '')"


def plan(*, kind: str, subject: str, due_us: int) -> None:
    """Have work done at `due_us`; planned before, it is moved there, and due again if done."""
    plan_all(kind, {subject: due_us})


def plan_all(kind: str, due_us: Mapping[str, int]) -> None:
    """Plan work of one kind, each subject at its time, as `plan` does, in one statement.

    In SQL of our own: Django's upsert cannot count up what is there.
    """
    plan_kinds({kind: due_us})


def plan_kinds(due_us: Mapping[str, Mapping[str, int]]) -> None:
    """Plan work of several kinds as `plan_all` does that of one, all in one statement."""
    works = [(kind, subject, at_us) for kind, of in due_us.items() for subject, at_us in of.items()]
    if not works:
        return
    # In one order for everybody, so that two who plan the same work don't wait for each other.
    rows = [value for work in sorted(works) for value in work]
    with connection.cursor() as cursor:
        cursor.execute(_PLAN.format(rows=", ".join([_ROW] * len(works))), rows)


def cancel(kind: str, subject: str) -> bool:
    """Take work away that is not to be done; False if there was none.

    A worker that is doing it just now is not stopped: what it does must look at the state.
    """
    found = DueWork.objects.filter(kind=kind, subject=subject, done_us=None)
    count, _ = found.delete()
    return bool(count)


def take(
    *, now_us: int, lease_us: int, limit: int, kinds: Collection[str] | None = None
) -> list[DueWork]:
    """Take due work until `now_us + lease_us`, the longest due first; nobody else gets it.

    On PostgreSQL rows that another worker is just taking are skipped (FOR UPDATE SKIP LOCKED);
    SQLite has one writing transaction at a time.
    """
    with transaction.atomic():
        found = _ready(now_us).order_by("due_us", "id")
        if kinds is not None:
            found = found.filter(kind__in=list(kinds))
        works = list(found.select_for_update(skip_locked=True)[: max(limit, 0)])
        until_us = now_us + max(lease_us, 1)
        DueWork.objects.filter(id__in=[work.id for work in works]).update(
            taken_until_us=until_us, attempts=F("attempts") + 1
        )
    for work in works:
        work.taken_until_us = until_us
        work.attempts += 1
    return works


def is_any_due(now_us: int, kinds: Collection[str]) -> bool:
    """Whether work of these kinds in nobody's hands is due; cheap enough to ask all the time."""
    some = ", ".join(["%s"] * len(kinds)) or "NULL"
    with connection.cursor() as cursor:
        cursor.execute(_IS_ANY_DUE.format(some=some), [now_us, now_us, *kinds])
        return cursor.fetchone() is not None


def finish(work: DueWork, now_us: int) -> bool:
    """Say that work is done; False if it was planned anew meanwhile or is in other hands.

    Planned anew, it can be taken at once when it is due.
    """
    if _in_hand(work).update(done_us=now_us, taken_until_us=0, last_fault=""):
        return True
    _let_go(work)
    return False


def finish_all(works: Iterable[DueWork], now_us: int) -> None:
    """Say of several pieces of work what `finish` says of one, in a statement for most of them."""
    alike: dict[tuple[int, int], list[DueWork]] = {}
    for work in works:
        alike.setdefault((work.planned, work.attempts), []).append(work)
    for (planned, attempts), some in alike.items():
        mine = DueWork.objects.filter(
            id__in=[work.id for work in some], done_us=None, planned=planned, attempts=attempts
        )
        if mine.update(done_us=now_us, taken_until_us=0, last_fault="") < len(some):
            for work in some:
                _let_go(work)


def again(work: DueWork, *, now_us: int, fault: str, wait_us: int) -> bool:
    """Give work back, due after `wait_us`; False if it was planned anew or is in other hands."""
    given_back = _in_hand(work).update(
        due_us=now_us + wait_us, taken_until_us=0, last_fault=fault[:FAULT_LENGTH_MAX]
    )
    if given_back:
        return True
    _let_go(work)
    return False


def next_due_us() -> int | None:
    """Return when work can be taken next, None if there is none; may have passed already."""
    ready_us = Greatest("due_us", "taken_until_us")
    found: int | None = DueWork.objects.filter(done_us=None).aggregate(at=Min(ready_us))["at"]
    return found


def _ready(now_us: int) -> QuerySet:
    return DueWork.objects.filter(done_us=None, due_us__lte=now_us, taken_until_us__lte=now_us)


def _in_hand(work: DueWork) -> QuerySet:
    """Return the row if it is still planned as it was when it was taken, and in these hands."""
    return DueWork.objects.filter(
        id=work.id, done_us=None, planned=work.planned, attempts=work.attempts
    )


def _let_go(work: DueWork) -> None:
    """End the lease on a row that was planned anew, if it is still this one's."""
    DueWork.objects.filter(
        id=work.id, attempts=0, taken_until_us=work.taken_until_us, planned__gt=work.planned
    ).update(taken_until_us=0)
