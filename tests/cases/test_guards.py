"""The database itself refuses what the table of steps does not have, and any change of history."""

from __future__ import annotations

from itertools import product

import pytest
from django.db import IntegrityError, connection, transaction
from tests.workflows.centre_kit import TestCentre, account, now, pay

from holdfast.cases.hold import FIRST, HOLDING, HoldState, allowed_steps
from holdfast.cases.models import BankAnswer, Order, OrderStep

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
