"""The database itself refuses what the table of steps does not have, and any change of history."""

from __future__ import annotations

from itertools import product

import pytest
from django.db import IntegrityError, connection, transaction
from tests.workflows.centre_kit import TestCentre, account, now, pay

from holdfast.cases.hold import FIRST, HOLDING, HoldState, allowed_steps
from holdfast.cases.models import BankAnswer, Claim, HoldShare, Order, OrderStep, Review
from holdfast.cases.review import ReviewKind
from holdfast.records.sql_guards import keep_closed, keep_columns
from holdfast.workflows.ask_person import ask_person
from holdfast.workflows.release_hold import release_hold

VICTIM, MULE = account(1, 1), account(2, 2)


def order_of(world: TestCentre) -> Order:
    """Return a new order for 100."""
    world.write([pay("P", VICTIM, MULE, 100)])
    return world.report("P").orders[0]


def put_into(order: Order, state: HoldState) -> None:
    """Bring an order into a state by steps that the table has."""
    ways = {FIRST: [FIRST]}
    queue = [FIRST]
    for at in queue:
        for follower in sorted(HoldState, key=lambda s: s.value):
            if (at.value, follower.value) in allowed_steps() and follower not in ways:
                ways[follower] = [*ways[at], follower]
                queue.append(follower)
    for step in ways[state][1:]:
        held = 100 if step in HOLDING else 0
        Order.objects.filter(id=order.id).update(state=step.value, held_minor=held)


def test_the_database_knows_the_same_steps(world: TestCentre) -> None:
    """Each pair of states is taken or refused by the database as by the table."""
    order = order_of(world)
    allowed = {(state.value, state.value) for state in HoldState} | allowed_steps()
    for before, to in product(HoldState, HoldState):
        held = 100 if to in HOLDING else 0
        with transaction.atomic():
            put_into(order, before)
            try:
                with transaction.atomic():
                    Order.objects.filter(id=order.id).update(state=to.value, held_minor=held)
            except IntegrityError:
                taken = False
            else:
                taken = True
            assert taken == ((before.value, to.value) in allowed), (before, to)
            transaction.set_rollback(True)
    assert now(order).state == FIRST.value


@pytest.mark.parametrize("state", sorted(set(HoldState) - {FIRST}, key=str))
def test_no_order_begins_in_the_middle(world: TestCentre, state: HoldState) -> None:
    """A row of an order is made in the first state only."""
    order = order_of(world)
    order.id, order.order_id, order.state = None, "order-x", state.value
    with pytest.raises(IntegrityError), transaction.atomic():
        order.save(force_insert=True)


@pytest.mark.parametrize(
    ("change", "values"),
    [
        ("more than asked", {"state": "held", "held_minor": 101}),
        ("less than nothing", {"state": "held", "held_minor": -1}),
        ("without holding", {"held_minor": 1}),
    ],
)
def test_no_order_holds_what_it_must_not(
    world: TestCentre, change: str, values: dict[str, object]
) -> None:
    """More than was asked, below zero, or while not holding: refused by the database too."""
    order = order_of(world)
    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.filter(id=order.id).update(**values)
    assert now(order).held_minor == 0, change


@pytest.mark.parametrize("kind", [OrderStep, BankAnswer])
@pytest.mark.parametrize("word", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_history_cannot_be_changed(
    world: TestCentre, kind: type[OrderStep | BankAnswer], word: str
) -> None:
    """Steps and answers, once written, stay as they are."""
    order = order_of(world)
    world.answer(order, "held", 100)
    table = kind._meta.db_table
    count = kind.objects.count()
    assert count
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(word.format(table))
    assert kind.objects.count() == count


def test_no_order_is_removed(world: TestCentre) -> None:
    """An order that was made stays."""
    order_of(world)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM cases_order")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("amount_minor", 99),
        ("amount_minor", 101),
        ("account", VICTIM),
        ("currency", "USD"),
        ("institution_id", "TH.THCBC.009"),
        ("order_id", "order-x"),
        ("body", "{}"),
    ],
)
def test_what_was_ordered_never_changes(world: TestCentre, column: str, value: object) -> None:
    """It went out so: account, amount, currency and words stay."""
    order = order_of(world)
    with pytest.raises(IntegrityError, match="cannot change"), transaction.atomic():
        Order.objects.filter(id=order.id).update(**{column: value})
    assert getattr(now(order), column) == getattr(order, column)


def test_no_end_comes_nearer(world: TestCentre) -> None:
    """A hold's end may be moved on, never back."""
    order = order_of(world)
    orders = Order.objects.filter(id=order.id)
    with transaction.atomic():
        orders.update(lapses_us=order.lapses_us + 1)
        transaction.set_rollback(True)
    with pytest.raises(IntegrityError, match="cannot change"), transaction.atomic():
        orders.update(lapses_us=order.lapses_us - 1)
    assert now(order).lapses_us == order.lapses_us


CLAIM_STEPS = {
    ("waiting", "accepted"),
    ("waiting", "refused"),
    ("waiting", "withdrawn"),
    ("accepted", "withdrawn"),
    ("withdrawn", "accepted"),
}


def test_a_claim_takes_known_steps_only(world: TestCentre) -> None:
    """A claim that is followed is not made to wait again; one withdrawn may be followed anew."""
    world.write([pay("P", VICTIM, MULE, 100)])
    in_ledger = {"time_us": 1, "amount_minor": 1}
    states = ("waiting", "accepted", "refused", "withdrawn")
    for before, to in product(states, states):
        with transaction.atomic():
            claim = world.report_of({"transfer_id": "LATER"}).claims[0]
            claims = Claim.objects.filter(id=claim.id)
            claims.update(state=before, transfer_id="L", **in_ledger)
            try:
                with transaction.atomic():
                    claims.update(state=to)
            except IntegrityError:
                taken = False
            else:
                taken = True
            assert taken == (before == to or (before, to) in CLAIM_STEPS), (before, to)
            transaction.set_rollback(True)


@pytest.mark.parametrize(
    "values",
    [
        {"state": "open"},
        {"state": "declined"},
        {"facts": {"amount_minor": 9_000}},
        {"decided_by": "staff:9"},
        {"decided_us": None},
    ],
)
def test_a_decision_stays(world: TestCentre, values: dict[str, object]) -> None:
    """Neither the word nor what it was about nor whose it was changes afterwards."""
    order = order_of(world)
    ask_person(world.centre, ReviewKind.TRUNCATED, order.case, "s", {"amount_minor": 1})
    world.decide("truncated")
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.update(**values)
    review = Review.objects.get()
    assert (review.state, review.decided_by) == ("approved", "staff:1")
    assert review.facts == {"amount_minor": 1}


def test_a_share_that_has_ended_is_history(world: TestCentre) -> None:
    """What was held for whom, until when: neither changed nor removed; the rest may sink."""
    order = order_of(world)
    world.answer(order, "held", 100)
    release_hold(world.centre, order.order_id, world.centre.itself, "mistake")
    shares = HoldShare.objects.all()
    for change in (
        lambda: shares.update(amount_minor=1),
        lambda: shares.update(until_us=None),
        lambda: shares.update(until_us=1),
        lambda: shares.update(tranche=2),
        shares.delete,
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    shares.update(set_aside_minor=3)
    share = shares.get()
    assert (share.amount_minor, share.until_us, share.tranche) == (100, world.now_us, 1)


def test_an_open_share_may_go(world: TestCentre) -> None:
    """The money serves another claim from then on, which the audit tells."""
    order = order_of(world)
    world.answer(order, "held", 100)
    with transaction.atomic():
        HoldShare.objects.all().delete()
        assert not HoldShare.objects.exists()
        transaction.set_rollback(True)


@pytest.mark.parametrize("name", ["", "a b", 'x"; DROP', "a" * 46])
def test_a_column_that_is_not_plain_is_refused(name: str) -> None:
    """No name from a migration becomes SQL of another meaning."""
    for table, column, sinking in ((name, "a", "b"), ("t", name, "b"), ("t", "a", name)):
        with pytest.raises(ValueError, match="plain name"):
            keep_columns(table, {column}, never_sink={sinking})
        with pytest.raises(ValueError, match="plain name"):
            keep_closed(table, column, {sinking})
