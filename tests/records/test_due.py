"""Due work: planned, taken by any worker, done once."""

from __future__ import annotations

import pytest

from holdfast.records import due
from holdfast.records.models import DueWork

pytestmark = pytest.mark.django_db


def _take(now_us: int, **words: object) -> list[DueWork]:
    return due.take(now_us=now_us, lease_us=50, limit=10, **words)  # type: ignore[arg-type]


def _only(now_us: int) -> DueWork:
    [work] = _take(now_us)
    return work


def test_work_is_taken_when_it_is_due_and_done_once() -> None:
    """Not before, not by a second worker, and not again."""
    due.plan(kind="lapse", subject="order:1", due_us=100)
    assert due.next_due_us() == 100
    assert _take(99) == []
    work = _only(100)
    assert (work.kind, work.subject, work.attempts) == ("lapse", "order:1", 1)
    assert _take(149) == []
    assert due.next_due_us() == 150
    assert due.finish(work, 120)
    assert not due.finish(work, 121)
    assert _take(10_000) == []
    assert due.next_due_us() is None
    assert DueWork.objects.get().done_us == 120


@pytest.mark.parametrize("moved_us", [50, 150])
def test_planning_again_moves_work(moved_us: int) -> None:
    """Earlier or later; it stays one piece of work."""
    due.plan(kind="lapse", subject="order:1", due_us=100)
    due.plan(kind="lapse", subject="order:1", due_us=moved_us)
    assert _take(moved_us - 1) == []
    assert _only(moved_us).due_us == moved_us


def test_planning_after_done_makes_it_due_again() -> None:
    """With its tries counted from the start."""
    due.plan(kind="lapse", subject="order:1", due_us=100)
    due.finish(_only(100), 110)
    due.plan(kind="lapse", subject="order:1", due_us=200)
    assert _take(199) == []
    assert _only(200).attempts == 1


def test_work_planned_anew_while_it_is_done_is_due_again() -> None:
    """Not before the worker is through, then at once; it does not count as done."""
    due.plan(kind="trace", subject="claim:1", due_us=100)
    work = _only(100)
    due.plan(kind="trace", subject="claim:1", due_us=105)
    assert _take(110) == []
    assert not due.finish(work, 120)
    again = _only(121)
    assert due.finish(again, 130)
    assert _take(10_000) == []


def test_a_fault_of_work_planned_anew_does_not_move_it() -> None:
    """The later word counts."""
    due.plan(kind="trace", subject="claim:1", due_us=100)
    work = _only(100)
    due.plan(kind="trace", subject="claim:1", due_us=105)
    assert not due.again(work, now_us=120, fault="f", wait_us=10_000)
    assert _only(121).due_us == 105


def test_who_lost_the_lease_of_work_planned_anew_disturbs_nobody() -> None:
    """The second worker's lease goes on."""
    due.plan(kind="trace", subject="claim:1", due_us=100)
    late = _only(100)
    due.plan(kind="trace", subject="claim:1", due_us=100)
    now = _only(150)
    assert not due.finish(late, 160)
    assert _take(161) == []
    assert due.finish(now, 170)


def test_who_lost_the_lease_can_not_finish() -> None:
    """Another worker does it now, and says so itself."""
    due.plan(kind="lapse", subject="order:1", due_us=100)
    late = _only(100)
    now = _only(150)
    assert not due.finish(late, 160)
    assert not due.again(late, now_us=160, fault="f", wait_us=0)
    assert _take(161) == []
    assert due.finish(now, 170)


def test_work_given_back_waits() -> None:
    """It keeps its tries and its fault."""
    due.plan(kind="lapse", subject="order:1", due_us=100)
    assert due.again(_only(100), now_us=110, fault="ledger_busy", wait_us=1000)
    assert _take(1109) == []
    work = _only(1110)
    assert (work.attempts, work.last_fault) == (2, "ledger_busy")


def test_cancelled_work_is_not_taken() -> None:
    """Nor is it done by the worker that has it; planned again it is new."""
    due.plan(kind="lapse", subject="order:1", due_us=100)
    work = _only(100)
    assert due.cancel("lapse", "order:1")
    assert not due.cancel(kind="lapse", subject="order:1")
    assert not due.finish(work, 110)
    assert _take(10_000) == []
    due.plan(kind="lapse", subject="order:1", due_us=100)
    assert not due.finish(work, 110)
    assert len(_take(100)) == 1


def test_the_longest_due_comes_first_and_kinds_can_be_chosen() -> None:
    """One kind never stands in the way of a worker for another."""
    for number, kind in enumerate(["a", "b", "a", "c"]):
        due.plan(kind=kind, subject=str(number), due_us=100 - number)
    assert [work.subject for work in _take(100, kinds=["a", "c"])] == ["3", "2", "0"]
    assert _take(100, kinds=[]) == []
    assert [work.subject for work in _take(100)] == ["1"]


def test_work_of_several_kinds_is_planned_at_once() -> None:
    """Each subject at its own time, as if planned by itself: what was done is due again."""
    due.plan(kind="lapse", subject="order:1", due_us=100)
    due.plan(kind="lapse", subject="order:2", due_us=100)
    done = _take(100, kinds=("lapse",))
    due.finish_all(done, 110)
    due.plan_kinds({"lapse": {"order:2": 300, "order:3": 200}, "remind": {"order:3": 150}})
    open_work = DueWork.objects.filter(done_us=None).order_by("due_us")
    assert [(row.kind, row.subject, row.due_us, row.planned) for row in open_work] == [
        ("remind", "order:3", 150, 1),
        ("lapse", "order:3", 200, 1),
        ("lapse", "order:2", 300, 2),
    ]
    assert DueWork.objects.get(subject="order:1").done_us == 110


def test_planning_all_of_a_kind_moves_what_was_planned() -> None:
    """One statement, however many; none where there is nothing to plan."""
    due.plan_all("trace", {f"claim:{number}": number for number in range(1, 4)})
    due.plan_all("trace", {"claim:3": 50})
    due.plan_all("trace", {})
    rows = DueWork.objects.order_by("subject").values_list("subject", "due_us", "attempts")
    assert list(rows) == [("claim:1", 1, 0), ("claim:2", 2, 0), ("claim:3", 50, 0)]


def test_several_are_finished_at_once_but_not_what_was_planned_anew() -> None:
    """What others planned or took meanwhile stays theirs; the rest is done."""
    due.plan_all("trace", {"claim:1": 100, "claim:2": 100, "claim:3": 100})
    works = _take(100)
    due.plan(kind="trace", subject="claim:2", due_us=105)
    due.again(works[2], now_us=101, fault="slow", wait_us=0)
    [other] = _take(101)
    assert other.subject == "claim:3"
    due.finish_all(works, 120)
    done = DueWork.objects.exclude(done_us=None).values_list("subject", flat=True)
    assert list(done) == ["claim:1"]
    assert _only(120).subject == "claim:2"
    due.finish_all([other], 130)
    assert DueWork.objects.get(subject="claim:3").done_us == 130
