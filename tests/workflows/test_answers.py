"""Answers: late, twice, out of order, too much, from the wrong one, or rubbish: all kept sound."""

from __future__ import annotations

import json

import pytest
from tests.workflows.centre_kit import (
    TestCentre,
    account,
    actor_of,
    answer,
    bank,
    letters,
    now,
    open_reviews,
    pay,
    spots,
)
from tests.workflows.soundness import assert_settled

from holdfast.cases.models import BankAnswer, LearnedTransfer, Order
from holdfast.core.errors import Conflict, NotFound, Refused
from holdfast.workflows.record_answer import record_answer
from holdfast.workflows.release_hold import release_hold

VICTIM, MULE, SECOND = account(1, 1), account(2, 2), account(3, 3)


@pytest.fixture
def order(world: TestCentre) -> Order:
    """Return an order for 100 at bank 2, a minute ago."""
    world.write([pay("P", VICTIM, MULE, 100)])
    made = world.report("P").orders[0]
    world.pass_time(minutes=1)
    return made


def test_a_silent_bank_owes_an_answer(world: TestCentre, order: Order) -> None:
    """Nothing happens until the time runs out; then the order ends, and the bank is told."""
    world.pass_time(hours=23)
    world.work()
    assert now(order).state == "requested"
    world.pass_time(hours=1)
    world.work()
    assert now(order).state == "lapsed"
    assert letters("release-order", order)[0]["amount_minor"] == 100


def test_the_same_answer_twice_is_one(world: TestCentre, order: Order) -> None:
    """The second time says what is known, and nothing is written."""
    body = answer(order, "held", 100)
    first = record_answer(world.centre, body, actor_of(bank(2)), signature="s")
    world.pass_time(minutes=5)
    again = record_answer(world.centre, body, actor_of(bank(2)), signature="s")
    assert (first.repeated, again.repeated) == (False, True)
    assert (again.outcome, again.state, again.held_minor) == ("heeded", "held", 100)
    assert BankAnswer.objects.get().signature == "s"


def test_an_answer_id_is_used_once(world: TestCentre, order: Order) -> None:
    """The same id with other content is refused; the first answer stays."""
    world.answer(order, "held", 60, answer_id="a1")
    with pytest.raises(Conflict) as refused:
        world.answer(order, "held", 70, answer_id="a1")
    assert refused.value.code == "answer_id_reused"
    assert now(order).held_minor == 60


def test_the_same_thing_said_anew_changes_nothing(world: TestCentre, order: Order) -> None:
    """Another answer that tells what is known is kept, and the order stays."""
    world.answer(order, "held", 100)
    assert world.answer(order, "held", 100, answer_id="a2").outcome == "nothing_new"
    assert BankAnswer.objects.count() == 2
    assert now(order).steps.count() == 2


def test_an_acknowledgement_may_come_late(world: TestCentre, order: Order) -> None:
    """Held first, acknowledged after: the order stays held."""
    world.answer(order, "held", 100)
    assert world.answer(order, "acknowledged").outcome == "out_of_date"
    assert (now(order).state, open_reviews()) == ("held", [])


def test_acknowledged_then_held(world: TestCentre, order: Order) -> None:
    """The order knows when it was acknowledged, when answered, and since when the money is held."""
    assert world.answer(order, "acknowledged").state == "acknowledged"
    acknowledged_us = world.now_us
    world.pass_time(minutes=3)
    world.answer(order, "held", 100, at_us=world.now_us - 60_000_000)
    order = now(order)
    assert (order.acknowledged_us, order.answered_us) == (acknowledged_us, world.now_us)
    assert order.held_us == world.now_us - 60_000_000


def test_more_than_asked_is_let_go(world: TestCentre, order: Order) -> None:
    """Heeded up to what was asked; the excess is to be released, and a person learns of it."""
    recorded = world.answer(order, "held", 130)
    assert (recorded.outcome, recorded.held_minor) == ("more_than_asked", 100)
    letter = letters("release-order", order)[0]
    assert (letter["amount_minor"], letter["reason"]) == (30, "more_than_asked")
    assert open_reviews() == ["answer_unfit"]


@pytest.mark.parametrize("end", ["lapsed", "released"])
def test_held_after_the_end_is_let_go(world: TestCentre, order: Order, end: str) -> None:
    """The order has ended: it does not hold again, a person looks; the bank was told to let go."""
    if end == "lapsed":
        world.pass_time(hours=24)
        world.work()
    else:
        release_hold(world.centre, order.order_id, world.centre.itself, "mistake")
    recorded = world.answer(order, "held", 80)
    assert (recorded.outcome, recorded.state, recorded.held_minor) == ("too_late", end, 0)
    assert [row["amount_minor"] for row in letters("release-order", order)] == [100]
    assert open_reviews() == ["answer_unfit"]
    world.answer(order, "released", answer_id="a9")
    assert now(order).state == end


@pytest.mark.parametrize(("number", "wanted"), [(3, None), (2, "order-none")])
def test_another_banks_order_is_no_order(
    world: TestCentre, order: Order, number: int, wanted: str | None
) -> None:
    """Another's order and one that is not there look the same."""
    order.order_id = wanted or order.order_id
    order.institution_id = bank(number)
    with pytest.raises(NotFound) as refused:
        record_answer(world.centre, answer(order, "held", 100), actor_of(bank(number)))
    assert refused.value.code == "order_unknown"
    assert not BankAnswer.objects.exists()


def test_nobody_answers_for_another(world: TestCentre, order: Order) -> None:
    """An answer that names another institution than its sender is refused."""
    order.institution_id = bank(3)
    with pytest.raises(Refused) as refused:
        record_answer(world.centre, answer(order, "held", 100), actor_of(bank(2)))
    assert refused.value.code == "answer_institution"


def test_an_answer_to_another_address_is_refused(world: TestCentre, order: Order) -> None:
    """What was sent to one order's address is not an answer to another."""
    body = answer(order, "held", 100)
    with pytest.raises(Refused) as refused:
        record_answer(world.centre, body, actor_of(bank(2)), order_id="order-other")
    assert refused.value.code == "answer_other_order"


def test_an_answer_in_another_currency_is_refused(world: TestCentre, order: Order) -> None:
    """A hundred dollars are not a hundred satang."""
    order.currency = "USD"
    with pytest.raises(Refused) as refused:
        world.answer(order, "held", 100)
    assert refused.value.code == "answer_currency"


@pytest.mark.parametrize(("seconds", "taken"), [(300, True), (301, False)])
def test_an_answer_from_the_future_is_refused(
    world: TestCentre, order: Order, seconds: int, *, taken: bool
) -> None:
    """Five minutes between clocks are borne; the hold counts from now at the latest."""
    at_us = world.now_us + seconds * 1_000_000
    if taken:
        world.answer(order, "held", 100, at_us=at_us)
        assert now(order).held_us == world.now_us
    else:
        with pytest.raises(Refused) as refused:
            world.answer(order, "held", 100, at_us=at_us)
        assert refused.value.code == "answer_from_future"


def test_a_hold_older_than_its_order_counts_from_the_order(world: TestCentre, order: Order) -> None:
    """The bank held before it was asked: under this order it holds since the order."""
    world.answer(order, "held", 100, at_us=order.ordered_us - 10**9)
    assert now(order).held_us == order.ordered_us


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"\xff\xfe", b'{"type": "hold-answer"', b"9" * 1_000_001]
)
def test_rubbish_is_refused(world: TestCentre, order: Order, body: bytes) -> None:
    """It has a code, and nothing is written."""
    with pytest.raises(Refused):
        record_answer(world.centre, body, actor_of(bank(2)))
    assert (BankAnswer.objects.count(), now(order).state) == (0, "requested")


@pytest.mark.parametrize(
    ("first", "second"),
    [(("held", 100), ("held", 60)), (("held", 100), ("refused", 0)), (("refused", 0), ("held", 9))],
)
def test_an_answer_that_does_not_fit_is_looked_at(
    world: TestCentre, order: Order, first: tuple[str, int], second: tuple[str, int]
) -> None:
    """Neither guessed at nor lost: it is kept, the order stays, a person is asked."""
    world.answer(order, *first, reason="no_funds" if first[0] == "refused" else None)
    before = now(order)
    world.answer(order, *second, reason="no_funds" if second[0] == "refused" else None)
    assert (now(order).state, now(order).held_minor) == (before.state, before.held_minor)
    assert open_reviews() == ["answer_unfit"]


def test_a_name_that_does_not_match_is_looked_at(world: TestCentre, order: Order) -> None:
    """The money is held all the same; where the person says no, it is let go."""
    world.answer(order, "held", 100, name_matches=False)
    assert (now(order).state, open_reviews()) == ("held", ["name_mismatch"])
    world.decide("name_mismatch", approve=False)
    assert (now(order).state, open_reviews()) == ("released", [])


def test_a_thousand_onward_transfers(world: TestCentre, order: Order) -> None:
    """As many as an answer may tell of: all are learned, and what they carried is ordered."""
    onward = [pay(f"T{n:04}", MULE, account(3, 100 + n % 40), 1, 0.5) for n in range(1_000)]
    world.pass_time(minutes=5)
    world.answer(order, "refused", reason="no_funds", onward=onward)
    world.work()
    assert LearnedTransfer.objects.exclude(ledger_change=None).count() == 1_000
    further = Order.objects.exclude(order_id=order.order_id)
    assert sum(row.amount_minor for row in further) == 100
    assert_settled(world)


def test_one_onward_transfer_too_many_is_refused(world: TestCentre, order: Order) -> None:
    """A thousand is the bound."""
    values = json.loads(answer(order, "refused", reason="no_funds"))
    row = {
        "time": "2026-11-20T05:00:30Z",
        "debit_account": MULE,
        "credit_account": SECOND,
        "amount_minor": 1,
        "currency": "THB",
    }
    values["onward"] = [row | {"transfer_id": f"T{n}"} for n in range(1_001)]
    with pytest.raises(Refused) as refused:
        record_answer(world.centre, json.dumps(values).encode(), actor_of(bank(2)))
    assert refused.value.code == "answer_field"


def test_no_money_has_left_in_the_future(world: TestCentre, order: Order) -> None:
    """A transfer that is told before it can have been booked is refused with its answer."""
    with pytest.raises(Refused) as refused:
        world.answer(order, "held", 100, onward=[pay("X", MULE, SECOND, 9, 7)])
    assert refused.value.code == "answer_from_future"
    assert now(order).state == "requested"


def test_a_bank_tells_of_its_own_account_only(world: TestCentre, order: Order) -> None:
    """Transfers that do not touch the order's account are not learned from its answer."""
    foreign = pay("X", account(4, 4), SECOND, 60, 0.5)
    world.answer(order, "held", 100, onward=[foreign])
    world.work()
    assert not LearnedTransfer.objects.exists()


def test_what_left_after_the_acknowledgement_is_counted(world: TestCentre, order: Order) -> None:
    """The bank had the order and let money go: that sum stands on the order."""
    world.answer(order, "acknowledged")
    world.pass_time(minutes=10)
    onward = [pay("X", MULE, SECOND, 30, 0.5), pay("Y", MULE, SECOND, 45, 6)]
    world.answer(order, "partly_held", 25, onward=onward)
    assert now(order).left_after_ack_minor == 45


def test_a_transfer_that_contradicts_the_ledger_is_kept_apart(
    world: TestCentre, order: Order
) -> None:
    """The first one stays in the ledger; the other is marked, and nothing hangs."""
    world.follow(pay("X", MULE, SECOND, 30, 0.5))
    world.pass_time(minutes=10)
    world.answer(order, "partly_held", 70, onward=[pay("X", MULE, SECOND, 60, 0.5)])
    world.work()
    assert LearnedTransfer.objects.get().outcome == "contradicts"
    assert (SECOND, 30) in spots(Order.objects.all())
    assert_settled(world)


def test_transfers_are_told_by_two_banks(world: TestCentre, order: Order) -> None:
    """Who paid tells of a transfer; what who received it says of another bank is not learned."""
    world.pass_time(minutes=5)
    gone = pay("X", MULE, SECOND, 100, 0.5)
    world.answer(order, "refused", reason="no_funds", onward=[gone])
    world.work()
    further = Order.objects.get(account=SECOND)
    world.answer(further, "held", 100, onward=[gone])
    world.work()
    assert [row.outcome for row in LearnedTransfer.objects.order_by("id")] == ["kept"]
    assert Order.objects.count() == 2
    assert_settled(world)
