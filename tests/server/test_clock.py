"""The clock by which holds end: small corrections are followed, jumps are not."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.workflows.centre_kit import NOON_US, TestCentre, account, pay, told

from holdfast.cases.hold import HoldState
from holdfast.cases.models import Order
from holdfast.core.errors import CentreError
from holdfast.core.instant import DAY_US, HOUR_US, SECOND_US
from holdfast.people.actor import centre_itself
from holdfast.records import due
from holdfast.records.models import DueWork
from holdfast.records.signing_key import create_key
from holdfast.server import clock, worker
from holdfast.server.clock import (
    APART_US_MAX,
    JUMP_US,
    Heartbeat,
    SteadyClock,
    Witness,
    check_start,
    counter_us,
    read_heartbeat,
    wall_us,
    write_heartbeat,
)
from holdfast.server.home import Home
from holdfast.server.worker import Worker
from holdfast.workflows.hold_money import LAPSE
from holdfast.workflows.step_order import TRACE
from holdfast.workflows.take_report import take_report

BEGIN_US = NOON_US
JUMPS_US = (-HOUR_US, HOUR_US, DAY_US, -DAY_US, JUMP_US, -JUMP_US)


@dataclass
class Machine:
    """A machine whose clock can be set; its counter can not."""

    wall: int = BEGIN_US
    counter: int = 77 * SECOND_US

    def clock(self) -> SteadyClock:
        """Begin a process on this machine."""
        return SteadyClock(lambda: self.wall, lambda: self.counter)

    def run(self, for_us: int) -> None:
        """Let time pass."""
        self.wall += for_us
        self.counter += for_us

    def set_clock(self, by_us: int) -> None:
        """Set the clock forward or back."""
        self.wall += by_us


passing = st.tuples(st.just(Machine.run), st.integers(0, 3 * HOUR_US))
corrected = st.tuples(st.just(Machine.set_clock), st.integers(-JUMP_US + 1, JUMP_US - 1))
jumping = st.tuples(st.just(Machine.set_clock), st.sampled_from(JUMPS_US))
Step = tuple[Callable[[Machine, int], None], int]


@given(st.lists(passing | corrected | jumping))
def test_time_never_goes_back(steps: list[Step]) -> None:
    """Whatever is done to the machine's clock, each reading is at or after the one before."""
    machine = Machine()
    now = machine.clock()
    before = now()
    for step, value in steps:
        step(machine, value)
        after = now()
        assert after >= before
        before = after


@given(st.lists(passing | jumping))
def test_jumps_change_nothing(steps: list[Step]) -> None:
    """An hour or a day, forward or back: time goes on as the counter does."""
    machine = Machine()
    now = machine.clock()
    for step, value in steps:
        passed_us = machine.counter
        before = now()
        step(machine, value)
        jump_us = machine.wall - (BEGIN_US + machine.counter - 77 * SECOND_US)
        # Jumps that cancel each other out, but for a little, leave a correction.
        if abs(jump_us) >= JUMP_US or jump_us == 0:
            assert now() - before == machine.counter - passed_us


@given(st.lists(st.tuples(st.integers(JUMP_US, HOUR_US), st.integers(-JUMP_US + 1, JUMP_US - 1))))
def test_small_corrections_are_followed(steps: list[tuple[int, int]]) -> None:
    """What a time server corrects is heeded at once, or waited for where it goes back."""
    machine = Machine()
    now = machine.clock()
    for passed_us, correction_us in steps:
        machine.run(passed_us)
        machine.set_clock(correction_us)
        assert now() == machine.wall
        assert now.jumped_us == 0


@pytest.mark.parametrize("jump_us", JUMPS_US)
def test_a_jump_is_told_until_it_is_undone(jump_us: int) -> None:
    """How far the machine's clock is off can be seen while it is."""
    machine = Machine()
    now = machine.clock()
    machine.set_clock(jump_us)
    assert now() == BEGIN_US
    assert now.jumped_us == jump_us
    machine.run(HOUR_US)
    assert now() == BEGIN_US + HOUR_US
    assert now.jumped_us == jump_us
    machine.set_clock(-jump_us)
    now()
    assert now.jumped_us == 0


def test_the_machines_own_clock_and_counter() -> None:
    """The defaults are this machine's time, and a counter that goes forward."""
    before = counter_us()
    assert abs(SteadyClock()() - time.time_ns() // 1000) < JUMP_US
    assert abs(wall_us() - time.time_ns() // 1000) < JUMP_US
    assert counter_us() >= before


def test_a_heartbeat_is_kept_and_read(tmp_path: Path) -> None:
    """The last one written is read; where there is none, or rubbish, there is none."""
    assert read_heartbeat(tmp_path) is None
    for beat in (Heartbeat(BEGIN_US, 12, 0), Heartbeat(BEGIN_US + 1, 13, -HOUR_US)):
        write_heartbeat(tmp_path, beat)
        assert read_heartbeat(tmp_path) == beat
    assert [path.name for path in tmp_path.iterdir()] == [clock.HEARTBEAT_FILE]
    for rubbish in ("", "{}", "[1]", '{"at_us": 1, "pid"', "\x00"):
        (tmp_path / clock.HEARTBEAT_FILE).write_text(rubbish, encoding="ascii")
        assert read_heartbeat(tmp_path) is None


def _start(
    now_us: int,
    *written_us: int,
    alive_us: int | None = None,
    jumped_us: int = 0,
    database_us: int | None = None,
    ahead_us_max: int = 12 * HOUR_US,
) -> str:
    """Begin by a clock; return the code of what is against it."""
    written = [Witness(f"file {at_us}", at_us) for at_us in written_us]
    try:
        check_start(
            now_us,
            written,
            alive_us=alive_us,
            jumped_us=jumped_us,
            database_us=database_us,
            ahead_us_max=ahead_us_max,
        )
    except CentreError as error:
        return error.code if "{" not in str(error) else str(error)
    return ""


@pytest.mark.parametrize("back_us", [JUMP_US + 1, HOUR_US, DAY_US])
def test_a_start_before_what_was_written_is_refused(back_us: int) -> None:
    """With a clock that went back while nothing ran, holds would last too long."""
    assert _start(BEGIN_US - back_us, BEGIN_US) == "clock_went_back"
    assert _start(BEGIN_US - back_us, 5, BEGIN_US, BEGIN_US - DAY_US) == "clock_went_back"


@pytest.mark.parametrize("later_us", [-JUMP_US, 0, SECOND_US, 30 * DAY_US])
def test_a_start_after_what_was_written_is_allowed(later_us: int) -> None:
    """However long nothing was written; and a little before it, as clocks are corrected."""
    assert _start(BEGIN_US + later_us, BEGIN_US) == ""
    assert _start(BEGIN_US + later_us) == ""


@pytest.mark.parametrize("apart_us", [APART_US_MAX + 1, HOUR_US, -DAY_US])
def test_a_start_apart_from_the_database_is_refused(apart_us: int) -> None:
    """One of the two is wrong; a few minutes are told by `check` alone."""
    assert _start(BEGIN_US, database_us=BEGIN_US - apart_us) == "clock_apart"
    assert _start(BEGIN_US, database_us=BEGIN_US + APART_US_MAX) == ""


def test_a_start_beside_a_worker_with_another_clock_is_refused() -> None:
    """What the worker did not follow, nobody begins by; the two would not agree on an end."""
    assert _start(BEGIN_US + HOUR_US, BEGIN_US, jumped_us=HOUR_US) == "clock_jumped"


def test_a_start_long_after_the_last_work_needs_a_person() -> None:
    """A day ahead looks just like a day off, and would end every hold a day early."""
    for ahead_us in (12 * HOUR_US + 1, DAY_US, 7 * DAY_US):
        assert _start(BEGIN_US + ahead_us, BEGIN_US, alive_us=BEGIN_US) == "clock_far_ahead"
    assert _start(BEGIN_US + 12 * HOUR_US, BEGIN_US, alive_us=BEGIN_US) == ""
    assert _start(BEGIN_US + DAY_US, alive_us=BEGIN_US, ahead_us_max=2 * DAY_US) == ""


@dataclass
class Holding:
    """A centre with an order on its clock, and its worker, whose machine's clock can be set."""

    machine: Machine
    worker: Worker
    order: Order

    def work(self) -> None:
        """End what has run out, as a worker's loop does."""
        while self.worker._do_ends():
            pass

    @property
    def has_ended(self) -> bool:
        """Whether the order's time has run out, for the centre."""
        self.order.refresh_from_db()
        return HoldState(self.order.state) is HoldState.LAPSED

    @property
    def left_us(self) -> int:
        """How long the order still has, by the counter that nobody sets."""
        passed_us = self.machine.counter - Machine().counter
        left: int = self.order.lapses_us - BEGIN_US - passed_us
        return left


@pytest.fixture
def holding(tmp_path: Path, db: None, monkeypatch: pytest.MonkeyPatch) -> Holding:
    """Return a centre that has ordered a hold just now."""
    machine = Machine()
    steady = machine.clock()
    world = TestCentre(tmp_path / "ledger")
    world.centre = replace(world.centre, now_us=steady)
    world.write([pay("P1", account(2, 1), account(4, 1), 500_00, -30)])
    take_report(world.centre, told("P1"), centre_itself("TH.AOC"))
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "person").write_bytes(bytes(32))
    home = Home(tmp_path, "TH", "TH.AOC", "", tmp_path / "ledger", tmp_path / "heads.jsonl", ())
    monkeypatch.setattr(worker, "CLOCK", steady)
    key = create_key(tmp_path / "keys", "th-1")
    working = Worker(home, lambda: key)
    working.centre = world.centre
    return Holding(machine, working, Order.objects.get())


@pytest.mark.django_db
@pytest.mark.parametrize("jump_us", [DAY_US, 30 * DAY_US, HOUR_US])
def test_no_hold_ends_early_when_the_clock_jumps_forward(holding: Holding, jump_us: int) -> None:
    """Set forward by a day, the worker lets no hold lapse before its own time has passed."""
    holding.machine.set_clock(jump_us)
    holding.work()
    assert not holding.has_ended
    holding.machine.run(holding.left_us - 1)
    holding.work()
    assert not holding.has_ended
    holding.machine.run(1)
    holding.work()
    assert holding.has_ended
    assert holding.order.ended_us == holding.order.lapses_us


@pytest.mark.django_db
@pytest.mark.parametrize("jump_us", [-HOUR_US, -DAY_US])
def test_no_hold_lasts_longer_when_the_clock_goes_back(holding: Holding, jump_us: int) -> None:
    """Set back by an hour, the worker ends each hold when its time has passed all the same."""
    holding.machine.run(holding.left_us - 1)
    holding.machine.set_clock(jump_us)
    holding.work()
    assert not holding.has_ended
    holding.machine.run(1)
    holding.work()
    assert holding.has_ended
    assert holding.order.ended_us == holding.order.lapses_us


@pytest.mark.django_db
def test_what_fails_unforeseen_is_tried_again_soon(
    holding: Holding, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hold whose end fails once ends soon after, not only when the lease on it has run out."""
    holding.machine.run(holding.left_us - 1)
    holding.work()
    holding.machine.run(1)

    def fail(*_: object) -> None:
        msg = "once"
        raise ZeroDivisionError(msg)

    with monkeypatch.context() as once:
        once.setattr(worker, "do_due", fail)
        with pytest.raises(ZeroDivisionError):
            holding.worker._do_ends()
    work = DueWork.objects.get(kind=LAPSE, last_fault="ZeroDivisionError")
    assert work.taken_until_us == 0
    assert work.due_us <= holding.machine.wall + 2 * SECOND_US
    holding.machine.run(2 * SECOND_US)
    holding.work()
    assert holding.has_ended


@pytest.mark.django_db
def test_what_fails_together_is_done_one_by_one(
    holding: Holding, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it fails with: what is well is done at once and waits for no lease."""
    claim = holding.order.claim.claim_id
    due.plan_all(TRACE, dict.fromkeys((claim, "claim-nobody"), BEGIN_US - 1))

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(worker, "do_together", fail)
    holding.worker._settle()
    assert DueWork.objects.filter(kind=TRACE, done_us__isnull=False).count() == 2


@pytest.mark.django_db
def test_a_worker_that_dies_makes_nothing_else_wait(
    holding: Holding, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of all that is due, only what it had in hand waits for the end of its lease."""
    for number in range(5):
        due.plan(kind=LAPSE, subject=f"other-{number}", due_us=BEGIN_US - 1)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(worker, "do_due", die)
    with pytest.raises(KeyboardInterrupt):
        holding.worker._do_ends()
    taken = DueWork.objects.filter(taken_until_us__gt=0)
    assert taken.count() == 1
    assert taken.get().taken_until_us == BEGIN_US + worker.LEASE_US
