"""What is recorded, noted and settled for many at once is as if it were done one by one."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests.workflows.centre_kit import (
    TestCentre,
    account,
    actor_of,
    answer,
    bank,
    now,
    open_reviews,
    pay,
    spots,
)
from tests.workflows.soundness import assert_settled

from holdfast.banks.client import Answered, Fault
from holdfast.banks.messages import (
    ExtendOrder,
    HoldAnswer,
    HoldOrder,
    ReleaseOrder,
    parse_answer,
)
from holdfast.banks.signing import Keys, RequestHead
from holdfast.cases.models import BankAnswer, Order, StoredTrail
from holdfast.core.errors import Refused
from holdfast.records import due, outbox
from holdfast.records.models import DueWork, OutboxMessage
from holdfast.trail.question import Bounds
from holdfast.workflows import trace_money
from holdfast.workflows.deliver_message import Brought, Reached, bring, record_brought
from holdfast.workflows.due_work import SETTLING_KINDS, do_together
from holdfast.workflows.follow_ledger import settle_claims
from holdfast.workflows.mark_holds import mark_holds
from holdfast.workflows.record_answer import Told, record_answers

VICTIM, MULE, SECOND, THIRD = account(1, 1), account(2, 2), account(3, 3), account(4, 4)
OTHER = account(1, 7)
WAIT_US = 5_000_000


def planned(kind: str) -> list[str]:
    """Return the subjects of due work of a kind that is not done."""
    rows = DueWork.objects.filter(kind=kind, done_us=None).order_by("subject")
    return list(rows.values_list("subject", flat=True))


def three_orders(world: TestCentre) -> list[Order]:
    """Return the orders at three banks for one payment that went on in parts."""
    world.write(
        [
            pay("P", VICTIM, MULE, 100),
            pay("X", MULE, SECOND, 60, 1),
            pay("Y", SECOND, THIRD, 25, 2),
        ]
    )
    world.pass_time(minutes=10)
    return world.report("P").orders


def held_in_trail() -> dict[str, int]:
    """Return what the stored trails say is held, by account."""
    rows = [row for trail in StoredTrail.objects.all() for row in trail.answer["resting"]]
    return {row["account"]: row["held"] for row in rows}


class Bank:
    """Answers each order as it is told to, and holds all of it otherwise."""

    def __init__(self, says: Mapping[str, bytes | Fault] = {}) -> None:
        self._says = says

    def deliver(
        self,
        endpoint: str,
        order: HoldOrder | ReleaseOrder | ExtendOrder,
        keys: Keys,  # noqa: ARG002
    ) -> Answered | Fault:
        """Return what the order's bank says."""
        said = self._says.get(order.order_id)
        if isinstance(said, Fault):
            return said
        made = Order.objects.get(order_id=order.order_id)
        body = said or answer(made, "held", made.amount_minor)
        told: HoldAnswer = parse_answer(body)
        head = RequestHead("POST", endpoint, {})
        return Answered(told, 200, "k1", body, {}, head, made.ordered_us)


def brought(world: TestCentre, says: Mapping[str, bytes | Fault] = {}) -> list[Brought]:
    """Bring all messages that are due to their banks."""
    there = Bank(says)
    messages = outbox.take(now_us=world.now_us, lease_us=WAIT_US, limit=100)
    found = [Reached(row.destination, "http://127.0.0.1", {}) for row in messages]
    return [bring(there, row, to, WAIT_US) for row, to in zip(messages, found, strict=True)]


def undone() -> list[str]:
    """Return the orders whose messages have not arrived."""
    rows = OutboxMessage.objects.filter(done_us=None).order_by("id")
    return list(rows.values_list("subject", flat=True))


def test_answers_that_hold_all_are_noted_without_the_ledger(world: TestCentre) -> None:
    """Nothing is settled anew: the holds are noted in the trail, which is what it would be."""
    orders = three_orders(world)
    assert record_brought(world.centre, brought(world)) == ["done"] * 3
    assert {now(order).state for order in orders} == {"held"}
    assert (undone(), planned("trace")) == ([], [])
    names = sorted(order.order_id for order in orders)
    assert planned("held") == names
    world.take_away_ledger()
    mark_holds(world.centre, names)
    assert held_in_trail() == {MULE: 40, SECOND: 35, THIRD: 25}
    assert planned("trace") == []
    world.give_back_ledger()
    assert_settled(world)


def test_a_hold_that_began_before_money_left_is_settled(world: TestCentre) -> None:
    """The trail saw money leave after the instant at which the bank says that it held it."""
    world.write([pay("P", VICTIM, MULE, 100)])
    order = world.report("P").orders[0]
    world.pass_time(minutes=5)
    world.follow(pay("X", MULE, SECOND, 60, 2))
    assert spots(Order.objects.order_by("id")) == [(MULE, 100), (SECOND, 60)]
    world.answer(order, "held", 100, at_us=order.ordered_us)
    mark_holds(world.centre, [order.order_id])
    assert planned("trace") == [order.claim.claim_id]
    world.work()
    beyond = Order.objects.get(account=SECOND)
    assert (beyond.state, beyond.reason) == ("released", "money_left")
    assert held_in_trail() == {MULE: 100}
    assert_settled(world)


def test_what_is_held_in_part_is_settled(world: TestCentre) -> None:
    """What is missing decides what else is to be ordered: noting it is not enough."""
    orders = three_orders(world)
    world.answer(orders[0], "partly_held", 10)
    assert planned("trace") == [orders[0].claim.claim_id]
    assert planned("held") == []
    world.work()
    assert_settled(world)


def test_noted_twice_is_noted_once(world: TestCentre) -> None:
    """A worker may die before it says that it is done."""
    order = three_orders(world)[0]
    world.hold(order)
    for _ in range(2):
        mark_holds(world.centre, [order.order_id])
    assert held_in_trail()[MULE] == order.amount_minor
    settle_claims(world.centre, [order.claim.claim_id])
    mark_holds(world.centre, [order.order_id])
    assert held_in_trail()[MULE] == order.amount_minor
    assert planned("trace") == []
    assert_settled(world)


def test_an_unfit_answer_stops_no_other(world: TestCentre) -> None:
    """One bank answers to another's order, one not at all: the third's hold is recorded."""
    first, second, third = three_orders(world)
    says: dict[str, bytes | Fault] = {
        first.order_id: answer(second, "held", second.amount_minor),
        second.order_id: Fault("timeout", "late", retry=True),
    }
    outcomes = record_brought(world.centre, brought(world, says))
    assert outcomes == ["order_unknown", "timeout", "done"]
    assert [now(row).state for row in (first, second, third)] == ["requested", "requested", "held"]
    assert undone() == [first.order_id, second.order_id]
    assert open_reviews() == ["answer_unfit"]
    assert set(OutboxMessage.objects.filter(done_us=None).values_list("due_us", flat=True)) == {
        world.now_us + WAIT_US
    }


def test_two_messages_of_one_order_are_recorded_after_each_other(world: TestCentre) -> None:
    """An order that is answered twice in one go steps once, and both messages have arrived."""
    orders = three_orders(world)
    come = brought(world)
    again = [come[0], *come]
    assert record_brought(world.centre, again) == ["done"] * 4
    assert undone() == []
    assert BankAnswer.objects.count() == len(orders)
    assert now(orders[0]).steps.count() == 2


def test_answers_to_unknown_orders_are_left_out(world: TestCentre) -> None:
    """Answered together, an order of another bank is no order of this one."""
    first, second, _ = three_orders(world)
    told = [
        Told(answer(first, "held", first.amount_minor), actor_of(bank(9))),
        Told(answer(second, "held", second.amount_minor), actor_of(bank(3))),
    ]
    recorded = record_answers(world.centre, told)
    assert list(recorded) == [second.order_id]
    assert recorded[second.order_id].outcome == "heeded"
    assert now(first).state == "requested"


def test_an_unfit_answer_undoes_those_with_it(world: TestCentre) -> None:
    """Recorded together, all or nothing is: an answer from the future is refused."""
    first, second, _ = three_orders(world)
    late_us = world.now_us + 3_600_000_000
    told = [
        Told(answer(first, "held", first.amount_minor), actor_of(bank(2))),
        Told(answer(second, "held", second.amount_minor, at_us=late_us), actor_of(bank(3))),
    ]
    with pytest.raises(Refused) as refused:
        record_answers(world.centre, told)
    assert refused.value.code == "answer_from_future"
    assert BankAnswer.objects.count() == 0


@pytest.mark.parametrize("accounts", [None, 2])
def test_parts_are_settled_as_one(
    world: TestCentre, monkeypatch: pytest.MonkeyPatch, accounts: int | None
) -> None:
    """Two victims without a common account: as one or, where a bound is met, each by itself."""
    world.write([pay("P", VICTIM, MULE, 100), pay("Q", OTHER, THIRD, 70, 1)])
    world.pass_time(minutes=10)
    claims = [world.report(name).claims[0].claim_id for name in ("P", "Q")]
    world.write([pay("X", MULE, SECOND, 60, 2)])
    monkeypatch.setattr(trace_money, "BOUNDS", Bounds(accounts=accounts))
    settle_claims(world.centre, claims)
    assert spots(Order.objects.order_by("id")) == [(MULE, 100), (THIRD, 70), (SECOND, 60)]
    assert open_reviews() == []
    assert_settled(world)


def test_due_work_of_a_kind_is_done_together(world: TestCentre) -> None:
    """All that is taken is done, and nothing of it is due again."""
    for order in three_orders(world):
        world.hold(order)
    due.plan(kind="trace", subject=Order.objects.all()[0].claim.claim_id, due_us=world.now_us)
    works = due.take(now_us=world.now_us, lease_us=WAIT_US, limit=100, kinds=SETTLING_KINDS)
    do_together(world.centre, works)
    assert planned("held") + planned("trace") == []
    assert held_in_trail() == {MULE: 40, SECOND: 35, THIRD: 25}
    assert_settled(world)


def test_unchanged_slices_are_not_written(world: TestCentre) -> None:
    """Another claim on the same mule leaves the first one's slice as it was."""
    world.write([pay("P", VICTIM, MULE, 100)])
    world.report("P")
    before = StoredTrail.objects.get()
    world.write([pay("Q", OTHER, MULE, 70, 1)])
    world.pass_time(minutes=10)
    world.report("Q")
    after = StoredTrail.objects.get(claim=before.claim)
    assert (after.settled_us, after.ledger_change) == (before.settled_us, before.ledger_change)
    assert StoredTrail.objects.count() == 2
