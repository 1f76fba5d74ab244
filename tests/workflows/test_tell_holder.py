"""Whose account is held learns of it: after the hold, what the law's data says, and of its end."""

from __future__ import annotations

import pytest
from tests.workflows.centre_kit import TestCentre, account, bank, now, pay

from holdfast.cases.models import Notice, Order
from holdfast.core.instant import HOUR_US, format_instant
from holdfast.workflows.release_hold import release_hold

VICTIM, MULE = account(1, 1), account(2, 2)


@pytest.fixture
def order(world: TestCentre) -> Order:
    """Return an order for 100 at bank 2, a minute ago, of a confirmed caller."""
    world.write([pay("P", VICTIM, MULE, 100)])
    made = world.report("P", caller_confirmed=True).orders[0]
    world.pass_time(minutes=1)
    return made


def notices() -> list[Notice]:
    """Return what holders are to be told, in order."""
    return list(Notice.objects.filter(recipient="holder").order_by("id"))


def test_nothing_before_the_hold_is_answered(world: TestCentre, order: Order) -> None:
    """On its way, acknowledged or refused: who were told would take the money away."""
    world.work()
    world.answer(order, "acknowledged")
    world.work()
    world.answer(order, "refused", reason="no_funds")
    world.work()
    assert notices() == []


def test_what_the_holder_is_told(world: TestCentre, order: Order) -> None:
    """What, since when, by whom, on which law, until when, and with whom to contest it."""
    world.answer(order, "partly_held", 40)
    world.work()
    (notice,) = notices()
    assert (notice.institution_id, notice.due_us) == (bank(2), world.now_us + 24 * HOUR_US)
    assert notice.says == {
        "type": "holder_held",
        "duty": "policy",
        "order": order.order_id,
        "institution": bank(2),
        "ordered_by": "TH.AOC",
        "amount_minor": 40,
        "currency": "THB",
        "basis": "victim_report",
        "title": "The victim's report, confirmed by the bank that the money left",
        "source": notice.says["source"],
        "held_since": format_instant(world.now_us),
        "until": format_instant(order.lapses_us),
        "contest_with": ["bank", "centre", "police"],
        "contest_reference": order.order_id,
    }
    assert "2568" in notice.says["source"]


def test_a_hold_that_has_ended_by_then_is_not_told(world: TestCentre, order: Order) -> None:
    """And so neither is its end."""
    world.hold(order)
    release_hold(world.centre, order.order_id, world.centre.itself, "mistake")
    world.work()
    assert notices() == []


@pytest.mark.parametrize("end", ["released", "lapsed"])
def test_the_end_is_told_too(world: TestCentre, order: Order, end: str) -> None:
    """That the money is free again, within the hours of the law's data."""
    world.hold(order)
    world.work()
    if end == "released":
        release_hold(world.centre, order.order_id, world.centre.itself, "mistake")
    else:
        world.now_us = order.lapses_us
    world.work()
    assert now(order).state == end
    free = notices()[1]
    assert (free.says["type"], free.says["end"]) == ("holder_free", end)
    assert free.due_us == world.now_us + 24 * HOUR_US


def test_each_is_written_once(world: TestCentre, order: Order) -> None:
    """The bank says it again, or a worker died meanwhile."""
    world.hold(order)
    world.work()
    world.answer(order, "held", 100, answer_id="again")
    world.work()
    assert len(notices()) == 1
