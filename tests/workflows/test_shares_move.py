"""What a hold may serve, what is asked for no more, and what is never asked for again."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.workflows.centre_kit import TestCentre, account, letters, now, open_reviews, pay, spots
from tests.workflows.soundness import assert_settled

from holdfast.cases.models import HoldShare, Order, Review
from holdfast.core.instant import HOUR_US
from holdfast.trail.question import Bounds
from holdfast.workflows import trace_money
from holdfast.workflows.follow_ledger import settle_claim
from holdfast.workflows.release_hold import release_hold

VICTIM, MULE, SECOND, THIRD = account(1, 1), account(2, 2), account(3, 3), account(4, 4)
OTHER, RICH = account(1, 7), account(5, 8)


def ordered() -> list[tuple[str, int]]:
    """Return all orders there are: where, and how much."""
    return spots(Order.objects.order_by("id"))


def shares() -> list[tuple[str, int]]:
    """Return whom the holds in force serve."""
    rows = HoldShare.objects.filter(until_us=None).order_by("claim__transfer_id")
    return list(rows.values_list("claim__transfer_id", "amount_minor"))


def too_much_held(world: TestCentre, *more: object) -> Order:
    """Return an order that holds 100 for P of which 60 had left before, as is learned late."""
    world.write([pay("P", VICTIM, MULE, 100), *more])  # type: ignore[list-item]
    world.pass_time(minutes=10)
    order = world.hold(world.report("P").orders[0])
    world.follow(pay("X", MULE, SECOND, 60, 1))
    return order


def test_money_in_dispute_is_given_no_hold(world: TestCentre) -> None:
    """A rule may not order for a sale in dispute, so neither does an excess go there."""
    too_much_held(world, pay("Q", OTHER, MULE, 60, 2))
    world.report("Q", scam_type="goods")
    world.work()
    assert shares() == [("P", 100)]
    assert sorted(open_reviews()) == ["dispute", "overheld"]
    world.decide("dispute")
    world.work()
    assert shares() == [("P", 40), ("Q", 60)]


def test_money_of_a_dispute_further_on_is_given_no_hold(world: TestCentre) -> None:
    """Orders for it reach the first account only; on a hold further on it gets no part."""
    world.write([pay("P", VICTIM, MULE, 100), pay("A", MULE, SECOND, 100, 0.5)])
    world.write([pay("Q", OTHER, THIRD, 60, 2), pay("Y", THIRD, SECOND, 60, 3)])
    world.pass_time(minutes=10)
    world.hold(world.report("P").orders[0])
    world.follow(pay("X", SECOND, RICH, 60, 1))
    world.report("Q", scam_type="goods")
    world.work()
    assert shares() == [("P", 100)]
    assert open_reviews() == ["overheld"]


def test_money_that_a_person_let_go_is_given_no_hold(world: TestCentre) -> None:
    """What was released is not held again by way of another's hold."""
    world.write([pay("Q", OTHER, MULE, 60, 0.5)])
    mistaken = world.hold(world.report("Q").orders[0])
    release_hold(world.centre, mistaken.order_id, world.centre.itself, "mistake")
    too_much_held(world)
    world.work()
    assert shares() == [("P", 100)]
    assert open_reviews() == ["overheld"]


def test_money_without_a_basis_is_given_no_hold(world: TestCentre) -> None:
    """A day after its report nothing may be held for it; the excess is put before a person."""
    world.report("Q")
    world.pass_time(hours=25)
    hours_in_minutes = 25 * 60
    world.write([pay("P", VICTIM, MULE, 100, hours_in_minutes - 9)])
    order = world.hold(world.report("P").orders[0])
    world.follow(pay("X", MULE, SECOND, 60, hours_in_minutes - 8))
    assert open_reviews() == ["overheld"]
    world.follow(pay("Q", OTHER, MULE, 60, hours_in_minutes - 7))
    world.work()
    assert shares() == [("P", 100)]
    assert set(open_reviews()) >= {"overheld"}
    assert now(order).held_minor == 100


def test_a_victims_account_is_given_no_hold(world: TestCentre) -> None:
    """Who reported a loss may be bait: an excess there waits for a person too."""
    too_much_held(world, pay("Q", OTHER, MULE, 60, 2))
    world.write([pay("V", MULE, RICH, 1, 3)])
    world.report("V")
    world.report("Q")
    world.work()
    assert ("Q", 60) not in shares()
    assert {"overheld", "victim_account"} <= set(open_reviews())


def test_a_part_begins_when_its_money_came(world: TestCentre) -> None:
    """The hold is older than the other's payment: that part counts from the payment's arrival."""
    order = too_much_held(world)
    world.follow(pay("Q", OTHER, MULE, 60, 20))
    world.pass_time(minutes=20)
    world.report("Q")
    world.work()
    assert shares() == [("P", 40), ("Q", 60)]
    assert now(order).held_minor == 100
    assert ordered() == [(MULE, 100), (SECOND, 60)]
    assert_settled(world)


def test_a_hold_past_its_end_serves_nobody_else(world: TestCentre) -> None:
    """Its lapse is late: it goes to no other claim, whose money is ordered on its own basis."""
    order = too_much_held(world)
    world.pass_time(hours=25)
    world.write([pay("Q", OTHER, MULE, 60, 25 * 60)])
    world.report("Q")
    assert shares() == [("P", 100)]
    world.work()
    assert now(order).state == "lapsed"
    assert ordered() == [(MULE, 100), (SECOND, 60), (MULE, 60)]
    assert open_reviews() == ["overheld"]
    assert_settled(world)


def test_a_move_takes_the_longer_clock(world: TestCentre) -> None:
    """Whom the hold serves from now on was confirmed: its end is theirs."""
    order = too_much_held(world, pay("Q", OTHER, MULE, 60, 2))
    world.report("Q", via="centre", caller_confirmed=True)
    world.work()
    assert shares() == [("P", 40), ("Q", 60)]
    assert now(order).lapses_us == world.now_us + 72 * HOUR_US
    assert len(letters("extend-order", order)) == 1


def test_a_bank_whose_clock_runs_ahead_is_asked_once(world: TestCentre) -> None:
    """The payment came, by its bank, after the hold by ours: the money is held all the same."""
    world.write([pay("P", VICTIM, MULE, 100, 3)])
    order = world.report("P").orders[0]
    assert order.arrived_us == pay("P", VICTIM, MULE, 100, 3).time_us
    world.hold(order)
    world.work()
    assert ordered() == [(MULE, 100)]
    assert open_reviews() == []
    assert_settled(world)


def test_an_order_whose_money_has_left_is_withdrawn(world: TestCentre) -> None:
    """Nobody has answered and nothing rests there: other people's money is not to be held."""
    world.write([pay("P", VICTIM, MULE, 100)])
    order = world.report("P").orders[0]
    world.follow(pay("X", MULE, SECOND, 100, 1))
    assert (now(order).state, now(order).reason) == ("released", "money_left")
    letter = letters("release-order", order)[0]
    assert (letter["amount_minor"], letter["reason"]) == (100, "money_left")
    assert ordered() == [(MULE, 100), (SECOND, 100)]
    world.follow(pay("Y", SECOND, MULE, 100, 2))
    world.work()
    assert ordered() == [(MULE, 100), (SECOND, 100), (MULE, 100)]
    assert now(order).state == "released"
    assert len(letters("release-order")) == 2
    assert_settled(world)


def test_an_order_that_still_covers_something_stands(world: TestCentre) -> None:
    """As long as a part is there the order asks for it; nothing is sent."""
    world.write([pay("P", VICTIM, MULE, 100)])
    order = world.report("P").orders[0]
    world.follow(pay("X", MULE, SECOND, 60, 1))
    assert now(order).state == "requested"
    assert letters("release-order") == []


@pytest.mark.parametrize("answered", [True, False])
def test_a_trail_cut_short_takes_nothing_back(
    world: TestCentre, monkeypatch: pytest.MonkeyPatch, *, answered: bool
) -> None:
    """What was let go stays let go, and what is on its way stays so, where a bound was met."""
    world.write([pay("P", VICTIM, MULE, 100), pay("X", MULE, SECOND, 60, 1)])
    first, second = world.report("P").orders
    if answered:
        world.pass_time(minutes=2)
        world.hold(second)
        release_hold(world.centre, second.order_id, world.centre.itself, "mistake")
    with monkeypatch.context() as patch:
        patch.setattr(trace_money, "BOUNDS", Bounds(accounts=1))
        settle_claim(world.centre, first.claim.claim_id)
    settle_claim(world.centre, first.claim.claim_id)
    assert ordered() == [(MULE, 40), (SECOND, 60)]
    assert now(second).state == ("released" if answered else "requested")


@pytest.mark.parametrize("with_payment", [True, False])
def test_an_older_ledger_takes_nothing_back(
    world: TestCentre, tmp_path: Path, *, with_payment: bool
) -> None:
    """Restored from before the payment, or before where it went: what was let go stays so."""
    world.follow(pay("P", VICTIM, MULE, 100))
    world.follow(pay("X", MULE, SECOND, 60, 1))
    first, second = world.report("P").orders
    world.pass_time(minutes=2)
    world.hold(first)
    world.hold(second)
    release_hold(world.centre, second.order_id, world.centre.itself, "mistake")
    whole, world.folder = world.folder, tmp_path / "older"
    world.write([pay("P", VICTIM, MULE, 100)] if with_payment else [pay("Z", RICH, THIRD, 1)])
    settle_claim(world.centre, first.claim.claim_id)
    world.folder = whole
    settle_claim(world.centre, first.claim.claim_id)
    assert ordered().count((SECOND, 60)) == 1
    assert Review.objects.filter(kind="overheld").count() == 0
