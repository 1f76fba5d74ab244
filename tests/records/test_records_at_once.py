"""Many workers and requests at the same moment: each thing happens once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from django.db import connection, transaction
from tests.records.at_once import at_once
from tests.records.sealing import Sealing

from holdfast.core.errors import Conflict
from holdfast.records import due, idempotency, outbox
from holdfast.records.applied import advance, applied
from holdfast.records.models import DueWork, IdempotencyKey, OutboxMessage, SealedEntry

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("many")]

MESSAGES = 40


def _met(barrier: threading.Barrier) -> None:
    """Let transactions meet, where the engine has more than one that writes."""
    if connection.vendor == "postgresql":
        barrier.wait(timeout=30)


def test_two_workers_never_hold_the_same_message() -> None:
    """Three empty the outbox together; each message is taken once."""
    with transaction.atomic():
        for number in range(MESSAGES):
            _post(f"m{number}", f"TH.{number}")

    def empty() -> list[str]:
        taken = []
        while messages := outbox.take(now_us=100, lease_us=50, limit=3):
            taken += [message.message_id for message in messages]
        return taken

    found = Counter(name for names in at_once(empty, empty, empty) for name in _list(names))
    # Who skips what another is just taking may stop early; what it left is there to be taken.
    found.update(empty())
    assert found == {f"m{number}": 1 for number in range(MESSAGES)}


def test_two_workers_never_hold_the_same_work() -> None:
    """Three do what is due together; each piece is taken once."""
    for number in range(MESSAGES):
        due.plan(kind="lapse", subject=str(number), due_us=100)

    def empty() -> list[str]:
        taken = []
        while works := due.take(now_us=100, lease_us=50, limit=3):
            taken += [work.subject for work in works if due.finish(work, 100)]
        return taken

    found = Counter(name for names in at_once(empty, empty, empty) for name in _list(names))
    found.update(empty())
    assert found == {str(number): 1 for number in range(MESSAGES)}


def test_a_worker_does_not_wait_for_another() -> None:
    """On PostgreSQL it skips what another is just taking, and takes the rest."""
    if connection.vendor != "postgresql":
        pytest.skip("the embedded engine has one writing transaction at a time")
    with transaction.atomic():
        _post("m1", "TH.A")
        _post("m2", "TH.B")
    due.plan(kind="a", subject="1", due_us=100)
    due.plan(kind="a", subject="2", due_us=100)
    with transaction.atomic():
        [mine] = outbox.take(now_us=100, lease_us=50, limit=1)
        [work] = due.take(now_us=100, lease_us=50, limit=1)
        [names] = at_once(
            lambda: [
                *(m.message_id for m in outbox.take(now_us=100, lease_us=50, limit=5, not_to=[])),
                *(w.subject for w in due.take(now_us=100, lease_us=50, limit=5)),
            ]
        )
    assert (mine.message_id, work.subject) == ("m1", "1")
    assert names == ["m2", "2"]


def test_one_of_two_requests_with_a_key_is_done() -> None:
    """The other sees its answer, or is told to ask again; it leaves no trace of its own."""
    barrier = threading.Barrier(2)

    def request(number: int) -> Callable[[], str]:
        def answer() -> str:
            with transaction.atomic():
                found = idempotency.recall(institution="TH.A", key="k", request=b"r")
                if found is not None:
                    return found.body
                _met(barrier)
                due.plan(kind="effect", subject=str(number), due_us=0)
                idempotency.keep(
                    institution="TH.A",
                    key="k",
                    request=b"r",
                    status=201,
                    body=f"answer {number}",
                    subject="s",
                    at_us=0,
                )
            return f"answer {number}"

        return answer

    answers = at_once(request(1), request(2))
    kept = IdempotencyKey.objects.get().body
    assert [work.subject for work in DueWork.objects.all()] == [kept[-1]]
    for answer in answers:
        if isinstance(answer, Conflict):
            assert (answer.code, answer.transient) == ("idempotency_key_in_use", True)
        else:
            assert answer == kept
    assert kept in answers


def test_the_same_changes_are_applied_by_one() -> None:
    """From no number and from a number: one goes on, the other is refused."""
    for start in (0, 5):
        barrier = threading.Barrier(2)

        def apply(start: int = start, barrier: threading.Barrier = barrier) -> int:
            with transaction.atomic():
                _met(barrier)
                advance("ledger", start, start + 5)
                return start + 5

        results = at_once(apply, apply)
        assert sorted(isinstance(result, Conflict) for result in results) == [False, True]
        assert applied("ledger") == start + 5


def test_work_planned_by_two_is_one() -> None:
    """And neither of them sees an error."""
    times = [10, 20, 30]
    plans = [lambda at=at: due.plan(kind="a", subject="1", due_us=at) for at in times]
    assert at_once(*plans) == [None] * 3
    assert DueWork.objects.get().due_us in times


def test_a_message_posted_by_two_is_one() -> None:
    """Two workers that do the same work again write the same message."""
    barrier = threading.Barrier(2)

    def write() -> int:
        with transaction.atomic():
            _met(barrier)
            return int(_post("m", "TH.A").id)

    one, other = at_once(write, write)
    assert one == other
    assert OutboxMessage.objects.count() == 1


@pytest.mark.parametrize("is_shared", [True, False], ids=["one file", "a file each"])
def test_sealers_take_turns(sealing: Sealing, tmp_path: Path, *, is_shared: bool) -> None:
    """Three seal while entries are written, on one machine or on three: each entry once."""
    files = [sealing.heads if is_shared else tmp_path / f"{number}.jsonl" for number in range(3)]
    sealers = [replace(sealing, heads=file) for file in files]

    def work(sealer: Sealing) -> None:
        for _ in range(4):
            sealer.write(2)
            sealer.seal()

    assert at_once(*(partial(work, sealer) for sealer in sealers)) == [None] * 3
    for sealer in sealers:
        sealer.seal()
        assert sealer.problems() == []
    assert SealedEntry.objects.count() == 24


def test_a_slow_transaction_is_sealed_behind(sealing: Sealing) -> None:
    """Its entry has a lower id than those sealed before it was committed."""
    if connection.vendor != "postgresql":
        pytest.skip("the embedded engine commits in the order of ids")
    with transaction.atomic():
        [slow] = sealing.write()
        [written] = at_once(sealing.write)
        assert isinstance(written, list)
        [quick] = written
        assert slow < quick
        at_once(sealing.seal)
    sealing.seal()
    order = SealedEntry.objects.order_by("position").values_list("entry_id", flat=True)
    assert list(order) == [quick, slow]
    assert sealing.problems() == []


def _post(message_id: str, destination: str) -> OutboxMessage:
    return outbox.post(
        message_id=message_id, kind="k", destination=destination, subject="s", body="b", now_us=100
    )


def _list(found: list[str] | Conflict) -> list[str]:
    assert isinstance(found, list)
    return found
