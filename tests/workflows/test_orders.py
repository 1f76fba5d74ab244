"""Orders: what rests is ordered, no more, no less, once, whoever else reports what else."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.workflows.centre_kit import (
    TestCentre,
    account,
    bank,
    letters,
    now,
    open_reviews,
    pay,
    spots,
)
from tests.workflows.soundness import assert_settled

from holdfast.banks.messages import HolderKind
from holdfast.cases.models import AccountFact, HoldShare, Order, Review, StoredTrail
from holdfast.cases.queries import settled_with
from holdfast.records import audit
from holdfast.trail.question import Bounds
from holdfast.workflows import trace_money
from holdfast.workflows.follow_ledger import settle_claim
from holdfast.workflows.release_hold import release_hold

VICTIM, MULE, SECOND, THIRD = account(1, 1), account(2, 2), account(3, 3), account(4, 4)
OTHER, RICH = account(1, 7), account(5, 8)
ABROAD = "MY.MYBK.001.0000000009"


def ordered() -> list[tuple[str, int]]:
    """Return all orders there are: where, and how much."""
    return spots(Order.objects.order_by("id"))


def shares() -> list[tuple[str, int]]:
    """Return whom the holds in force serve."""
    rows = HoldShare.objects.filter(until_us=None).order_by("claim__transfer_id")
    return list(rows.values_list("claim__transfer_id", "amount_minor"))


def test_a_report_makes_orders_for_what_rests(world: TestCentre) -> None:
    """Of 100 paid to a mule who passed 60 on, 40 and 60 are ordered, each at its own bank."""
    world.write([pay("P", VICTIM, MULE, 10_000, -5), pay("Q", MULE, SECOND, 6_000, -3)])
    taken = world.report("P")
    assert [(o.account, o.amount_minor, o.institution_id) for o in taken.orders] == [
        (MULE, 4_000, bank(2)),
        (SECOND, 6_000, bank(3)),
    ]
    assert {order.basis for order in taken.orders} == {"caller_word"}
    assert all(order.provisional for order in taken.orders)
    letter = letters("hold-order", taken.orders[1])[0]
    assert (letter["amount_minor"], letter["account"], letter["case"]) == (
        6_000,
        SECOND,
        taken.case.number,
    )
    assert letter["payment"]["transfer_id"] == "P"
    assert_settled(world)


def test_an_answer_is_heeded_and_kept(world: TestCentre) -> None:
    """A bank that holds all brings its order to held, with a share for the claim."""
    world.write([pay("P", VICTIM, MULE, 10_000, -5)])
    order = world.report("P").orders[0]
    recorded = world.answer(order, "held", 10_000)
    assert (recorded.outcome, recorded.state, recorded.held_minor) == ("heeded", "held", 10_000)
    assert shares() == [("P", 10_000)]


@pytest.mark.parametrize("answered", [True, False])
def test_a_second_victim_of_the_same_mule_is_held_once(
    world: TestCentre, *, answered: bool
) -> None:
    """Each victim's own money is ordered, whether the first order was answered or not."""
    world.write([pay("P", VICTIM, MULE, 100), pay("Q", OTHER, MULE, 70, 1)])
    first = world.report("P").orders[0]
    if answered:
        world.hold(first)
    assert spots(world.report("Q").orders) == [(MULE, 70)]
    world.work()
    assert ordered() == [(MULE, 100), (MULE, 70)]
    assert_settled(world)


@pytest.mark.parametrize("rich", [True, False])
def test_a_claim_reported_later_whose_payment_came_earlier(
    world: TestCentre, *, rich: bool
) -> None:
    """The hold stands, it serves the earlier payment now, and both histories say so."""
    world.write(
        [
            *([pay("R", RICH, MULE, 500, -9)] if rich else []),
            pay("P", VICTIM, MULE, 100, -5),
            pay("Q", OTHER, MULE, 100, -4),
            pay("X", MULE, SECOND, 600 if rich else 100, -3),
        ]
    )
    later = world.report("Q")
    world.hold(later.orders[0])
    assert shares() == [("Q", 100)]
    earlier = world.report("P")
    world.work()
    if rich:
        # 500 of others and P's 100 left first: Q's money is still there.
        assert shares() == [("Q", 100)]
        assert spots(earlier.orders) == [(SECOND, 100)]
    assert ordered() == [(MULE, 100), (SECOND, 100)]
    assert_settled(world)


def test_shares_move_to_whom_the_money_is(world: TestCentre) -> None:
    """P's money is paid out by X as claim Q: what was held for Q is P's own once P is reported."""
    world.write([pay("P", VICTIM, OTHER, 100, -5), pay("Q", OTHER, MULE, 100, -4)])
    second = world.report("Q")
    world.hold(second.orders[0])
    assert shares() == [("Q", 100)]
    first = world.report("P")
    world.work()
    assert shares() == [("P", 100)]
    assert ordered() == [(MULE, 100)]
    for case in (first.case, second.case):
        verbs = [entry.verb for entry in audit.history(f"case:{case.number}")]
        assert "share_hold" in verbs
    assert_settled(world)


def test_money_asked_for_is_not_asked_for_twice(world: TestCentre) -> None:
    """The same before the bank has answered: the order on its way covers the earlier claim."""
    world.write(
        [
            pay("R", RICH, MULE, 500, -9),
            pay("P", VICTIM, OTHER, 100, -5),
            pay("Q", OTHER, MULE, 100, -4),
        ]
    )
    order = world.report("Q").orders[0]
    assert world.report("P").orders == []
    world.work()
    world.hold(order)
    world.work()
    assert shares() == [("P", 100)]
    assert ordered() == [(MULE, 100)]
    assert open_reviews() == []


def test_money_held_stays_where_it_is(world: TestCentre) -> None:
    """What the mule pays later is other money: the trail goes on only with what is not held."""
    world.write([pay("P", VICTIM, MULE, 100)])
    order = world.report("P").orders[0]
    world.pass_time(minutes=2)
    world.answer(order, "partly_held", 30)
    world.follow(pay("R", RICH, MULE, 500, 3), pay("X", MULE, SECOND, 200, 4))
    world.work()
    assert ordered() == [(MULE, 100), (SECOND, 70)]
    assert_settled(world)


def test_money_that_comes_back_is_asked_for_anew(world: TestCentre) -> None:
    """Of 100 the bank holds 40, 60 had left; when they come back, just these are ordered."""
    world.write([pay("P", VICTIM, MULE, 100)])
    first = world.report("P").orders[0]
    world.pass_time(minutes=1)
    world.answer(first, "partly_held", 40)
    world.work()
    assert ordered() == [(MULE, 100)], "what is missing is not asked for again"
    world.follow(pay("X", MULE, SECOND, 60, 0.5))
    assert ordered() == [(MULE, 100), (SECOND, 60)]
    world.follow(pay("Y", SECOND, MULE, 60, 3))
    world.work()
    assert ordered() == [(MULE, 100), (SECOND, 60), (MULE, 60)]
    assert_settled(world)


@pytest.mark.parametrize("reason", ["no_funds", "no_account", "closed", "legal", "other"])
def test_a_refused_order_is_not_repeated(world: TestCentre, reason: str) -> None:
    """What the bank refused is not asked for again, however often the trail is settled."""
    world.write([pay("P", VICTIM, MULE, 100)])
    order = world.report("P").orders[0]
    world.answer(order, "refused", reason=reason)
    world.follow(pay("R", RICH, MULE, 500, 3))
    world.work()
    assert (now(order).state, now(order).reason) == ("refused", reason)
    assert ordered() == [(MULE, 100)]


@pytest.mark.parametrize("answered", [True, False])
def test_what_was_let_go_is_not_asked_for_again(world: TestCentre, *, answered: bool) -> None:
    """Also where the order was released before the bank had answered."""
    world.write([pay("P", VICTIM, MULE, 100)])
    order = world.report("P").orders[0]
    if answered:
        world.hold(order)
    release_hold(world.centre, order.order_id, world.centre.itself, "mistake")
    world.follow(pay("R", RICH, MULE, 500, 3))
    world.work()
    assert ordered() == [(MULE, 100)]
    assert letters("release-order", order)[0]["amount_minor"] == 100


def test_a_part_is_let_go(world: TestCentre) -> None:
    """Of 100 held 30 are released: 70 stay held, the 30 are not asked for again."""
    world.write([pay("P", VICTIM, MULE, 100)])
    order = world.hold(world.report("P").orders[0])
    release_hold(world.centre, order.order_id, world.centre.itself, "part", 30)
    world.work()
    order = now(order)
    assert (order.state, order.held_minor, order.tranche) == ("held", 70, 2)
    assert ordered() == [(MULE, 100)]
    assert letters("release-order", order)[0]["amount_minor"] == 30
    world.follow(pay("X", MULE, SECOND, 30, 9))
    assert ordered() == [(MULE, 100), (SECOND, 30)]
    assert_settled(world)


def test_released_for_whom_it_served(world: TestCentre) -> None:
    """A hold that serves another claim by now is let go: nothing of that is asked for again."""
    world.write([pay("P", VICTIM, OTHER, 100, -5), pay("Q", OTHER, MULE, 100, -4)])
    order = world.hold(world.report("Q").orders[0])
    world.report("P")
    world.work()
    assert shares() == [("P", 100)]
    release_hold(world.centre, order.order_id, world.centre.itself, "mistake")
    world.work()
    assert ordered() == [(MULE, 100)]
    assert shares() == []


def test_money_sent_back_is_not_asked_for_again(world: TestCentre) -> None:
    """The bank returns what it held: the trail sees it home, and nothing is ordered."""
    world.write([pay("P", VICTIM, MULE, 100)])
    order = world.hold(world.report("P").orders[0])
    world.pass_time(minutes=9)
    world.answer(order, "returned", onward=[pay("B", MULE, VICTIM, 100, 8)])
    world.work()
    world.follow(pay("R", RICH, MULE, 500, 20))
    world.work()
    assert ordered() == [(MULE, 100)]
    exits = StoredTrail.objects.get().answer["exits"]
    assert [(row["kind"], row["amount"]) for row in exits] == [("returned", 100)]
    assert_settled(world)


def test_onward_transfers_lead_further_on(world: TestCentre) -> None:
    """The bank tells where the money went; it is learned, followed, and ordered there."""
    world.write([pay("P", VICTIM, MULE, 100)])
    order = world.report("P").orders[0]
    world.pass_time(minutes=5)
    onward = [pay("X", MULE, SECOND, 60, 1), pay("Y", MULE, THIRD, 40, 2)]
    world.answer(order, "refused", reason="no_funds", onward=onward)
    world.work()
    assert ordered() == [(MULE, 100), (SECOND, 60), (THIRD, 40)]
    assert [o.hop for o in Order.objects.order_by("id")] == [1, 2, 2]
    assert_settled(world)


@pytest.mark.parametrize("kind", [HolderKind.MERCHANT, HolderKind.GOVERNMENT, HolderKind.EXCHANGE])
def test_the_trail_ends_at_a_merchant(world: TestCentre, kind: HolderKind) -> None:
    """The bank says whose account it is: a stop from now on, a person is asked, nothing beyond."""
    world.write([pay("P", VICTIM, MULE, 100)])
    order = world.report("P").orders[0]
    world.answer(order, "refused", reason="merchant", holder_kind=kind)
    world.follow(pay("X", MULE, SECOND, 100, 5))
    world.work()
    assert AccountFact.objects.get().kind == kind.value
    assert ordered() == [(MULE, 100)]
    assert open_reviews() == ["stop"]
    assert Review.objects.get().facts["kind"] == kind.value
    world.write([pay("Q", OTHER, MULE, 50, 7)])
    assert world.report("Q").orders == []


def test_a_victims_account_is_held_on_a_persons_word(world: TestCentre) -> None:
    """Money rests with somebody who reported a loss: bait, perhaps. A person decides."""
    world.write([pay("Q", OTHER, SECOND, 10), pay("P", VICTIM, OTHER, 100, 1)])
    world.report("Q")
    assert world.report("P").orders == []
    assert open_reviews() == ["victim_account"]
    world.work()
    assert ordered() == [(SECOND, 10)]
    world.decide("victim_account")
    world.work()
    assert ordered() == [(SECOND, 10), (OTHER, 100)]


def test_who_reports_to_be_spared_is_looked_at(world: TestCentre) -> None:
    """A mule who claims to be a victim keeps what is held; more waits for a person."""
    world.write([pay("P", VICTIM, MULE, 100), pay("Q", MULE, SECOND, 10, -1)])
    order = world.hold(world.report("P").orders[0])
    world.report("Q")
    world.work()
    assert now(order).state == "held"
    assert ordered() == [(MULE, 100), (SECOND, 10)]


def test_money_abroad_is_asked_for_there(world: TestCentre) -> None:
    """No order crosses the border: a person sees to it, and approving makes none either."""
    world.write([pay("P", VICTIM, ABROAD, 100)])
    assert world.report("P").orders == []
    assert open_reviews() == ["stop"]
    world.decide("stop")
    world.work()
    assert ordered() == []


def test_more_is_held_than_rests(world: TestCentre) -> None:
    """A transfer learned late shows that the money had left: the excess is released on approval."""
    world.write([pay("P", VICTIM, MULE, 100), pay("R", RICH, MULE, 500, 2)])
    world.pass_time(minutes=10)
    order = world.hold(world.report("P").orders[0])
    world.follow(pay("X", MULE, SECOND, 60, 1))
    world.work()
    assert open_reviews() == ["overheld"]
    assert Review.objects.get().facts["amount_minor"] == 60
    world.decide("overheld")
    world.work()
    order = now(order)
    assert (order.held_minor, order.tranche) == (40, 2)
    assert ordered() == [(MULE, 100), (SECOND, 60)]
    assert open_reviews() == []
    assert_settled(world)


def test_an_excess_that_has_found_its_use_is_not_released(world: TestCentre) -> None:
    """Between question and approval another claim came to rest there: the hold serves it now."""
    world.write([pay("P", VICTIM, MULE, 100), pay("Q", OTHER, MULE, 60, 2)])
    world.pass_time(minutes=10)
    order = world.hold(world.report("P").orders[0])
    world.follow(pay("X", MULE, SECOND, 60, 1))
    world.work()
    assert open_reviews() == ["overheld"]
    assert world.report("Q").orders == []
    world.decide("overheld")
    assert now(order).held_minor == 100
    assert shares() == [("P", 40), ("Q", 60)]
    world.work()
    assert_settled(world)


def test_a_trail_cut_short_says_so(world: TestCentre, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a bound was met a person is asked, and what was followed is ordered."""
    monkeypatch.setattr(trace_money, "BOUNDS", Bounds(accounts=1))
    world.write([pay("P", VICTIM, MULE, 100), pay("X", MULE, SECOND, 60, 1)])
    assert spots(world.report("P").orders) == [(MULE, 40)]
    assert open_reviews() == ["truncated"]
    assert StoredTrail.objects.get().answer["truncated"]


def test_no_order_is_above_the_balance(world: TestCentre) -> None:
    """The bank reported less than the trail would have: no more than that is asked for."""
    world.write(
        [
            pay("P", VICTIM, MULE, 100),
            pay("X", MULE, SECOND, 10, 1, debit_balance_before_minor=50),
        ]
    )
    assert spots(world.report("P").orders) == [(MULE, 40), (SECOND, 10)]


def test_claims_in_two_currencies_are_settled_apart(world: TestCentre) -> None:
    """One report, two currencies: two orders, each in its own."""
    world.write([pay("P", VICTIM, MULE, 100), pay("Q", VICTIM, MULE, 50)._replace(currency="USD")])
    orders = world.report("P", "Q").orders
    assert [(order.currency, order.amount_minor) for order in orders] == [
        ("THB", 100),
        ("USD", 50),
    ]


def test_the_trail_is_kept_with_what_it_rests_on(world: TestCentre) -> None:
    """The stored slice names the rule, the ledger's change and whom it was settled with."""
    world.write([pay("P", VICTIM, MULE, 100), pay("Q", OTHER, MULE, 70, 1)])
    world.report("P")
    world.report("Q")
    assert {(row.rule, row.ledger_change) for row in StoredTrail.objects.all()} == {("fifo", 1)}
    first, second = StoredTrail.objects.order_by("id")
    assert settled_with(second.claim) == [first.claim.claim_id]
    assert settled_with(first.claim) == [second.claim.claim_id]


def test_a_ledger_that_lost_a_payment_stops_no_other(world: TestCentre, tmp_path: Path) -> None:
    """Restored from before the payment: its claim has no trail, the hold stands, others go on within the balance."""
    world.write([pay("P", VICTIM, MULE, 100)])
    order = world.hold(world.report("P").orders[0])
    whole, world.folder = world.folder, tmp_path / "older"
    world.write([pay("Q", OTHER, MULE, 150)])
    taken = world.report("Q")
    world.now_us += 1
    settle_claim(world.centre, order.claim.claim_id)
    assert spots(taken.orders) == [(MULE, 50)]
    assert (now(order).held_minor, StoredTrail.objects.count()) == (100, 2)
    world.folder = whole
    world.write([pay("Q", OTHER, MULE, 150)])
