"""What a bank holds by its own word: kept, named before its end, ended, and never held twice."""

from __future__ import annotations

from typing import Any

import pytest
from tests.workflows.centre_kit import (
    MINUTE_US,
    PERSON,
    TestCentre,
    account,
    actor_of,
    bank,
    letters,
    now,
    open_reviews,
    pay,
    told,
)
from tests.workflows.soundness import assert_settled

from holdfast.cases.models import Claim, HoldShare, Notice, Order, OwnHold
from holdfast.core.errors import Conflict, Forbidden, NotFound, Refused
from holdfast.core.instant import DAY_US, HOUR_US, format_instant
from holdfast.workflows.add_claims import Taken
from holdfast.workflows.complete_report import complete_report
from holdfast.workflows.confirm_claim import confirm_claim
from holdfast.workflows.own_holds import OwnHoldTold, end_own_hold, tell_own_hold
from holdfast.workflows.poll_orders import poll_orders
from holdfast.workflows.take_report import take_report

VICTIM, MULE, SECOND = account(1, 1), account(2, 2), account(1, 3)


def own(
    world: TestCentre, amount: int = 100, minutes_ago: float = 0, where: str = MULE, **more: Any
) -> OwnHold:
    """Let a bank hold by its own suspicion, some minutes ago."""
    since_us = world.now_us - int(minutes_ago * MINUTE_US)
    values = {"reference": "S-1", "currency": "THB"} | more
    return tell_own_hold(
        world.centre,
        OwnHoldTold(account=where, amount_minor=amount, since_us=since_us, **values),
        actor_of(where[:12]),
    )


def by_bank(world: TestCentre, *transfer_ids: str, **more: Any) -> Taken:
    """Take a report from the victim's bank, which has made sure of the caller."""
    payments = [{"transfer_id": name, "from_account": VICTIM} for name in transfer_ids]
    report = told(via="bank", **({"payments": payments, "caller_confirmed": True} | more))
    return take_report(world.centre, report, actor_of(bank(1)))


def stands(order: Order) -> tuple[str, int, str, int]:
    """Return an order's state, what it holds, on what basis, until when."""
    order = now(order)
    return order.state, order.held_minor, order.basis, order.lapses_us


def test_it_ends_by_itself(world: TestCentre) -> None:
    """Seven days after the suspicion began, not after it was told; the bank is warned twice."""
    held = own(world, minutes_ago=60)
    assert held.lapses_us == held.since_us + 7 * DAY_US
    world.now_us = held.lapses_us - 1
    world.work()
    held.refresh_from_db()
    assert (held.state, held.left_minor) == ("held", 100)
    notices = Notice.objects.order_by("id")
    assert [(n.institution_id, n.recipient, n.says["type"]) for n in notices] == [
        (bank(2), "institution", "own_hold_ends")
    ] * 2
    assert notices[0].says["expires_at"] == format_instant(held.lapses_us)
    world.now_us += 1
    world.work()
    held.refresh_from_db()
    assert (held.state, held.left_minor, held.ended_us) == ("lapsed", 0, world.now_us)


def test_the_bank_may_let_go(world: TestCentre) -> None:
    """Once; another bank's hold is not there for it, and nobody is warned any more."""
    held = own(world)
    with pytest.raises(NotFound):
        end_own_hold(world.centre, held.own_hold_id, actor_of(bank(3)), "nothing_found")
    end_own_hold(world.centre, held.own_hold_id, actor_of(bank(2)), "nothing_found")
    with pytest.raises(Conflict, match="has ended"):
        end_own_hold(world.centre, held.own_hold_id, actor_of(bank(2)), "nothing_found")
    world.pass_time(hours=24 * 7)
    world.work()
    held.refresh_from_db()
    assert (held.state, held.reason, Notice.objects.count()) == ("released", "nothing_found", 0)


def test_what_cannot_be_told(world: TestCentre) -> None:
    """Of another's account, from the future, of what has lapsed, or another under one reference."""
    first = own(world)
    assert own(world).own_hold_id == first.own_hold_id
    with pytest.raises(Conflict, match="another hold"):
        own(world, 99)
    with pytest.raises(Refused, match="future"):
        own(world, minutes_ago=-1, reference="S-2")
    with pytest.raises(Refused, match="has ended"):
        own(world, minutes_ago=7 * 24 * 60, reference="S-2")
    with pytest.raises(Forbidden):
        tell_own_hold(
            world.centre, OwnHoldTold("S-2", MULE, 1, "THB", world.now_us), actor_of(bank(3))
        )
    assert OwnHold.objects.count() == 1


def test_an_order_takes_it_over(world: TestCentre) -> None:
    """Held from the start under the bank's reference; the later of the two ends stays."""
    world.write([pay("P", VICTIM, MULE, 100, -5)])
    held = own(world, 150, minutes_ago=1)
    order = world.report("P").orders[0]
    assert stands(order) == ("held", 100, "bank_suspicion", held.lapses_us)
    assert letters("hold-order")[0]["takes_over"] == "S-1"
    held.refresh_from_db()
    assert (held.state, held.left_minor) == ("held", 50)
    assert HoldShare.objects.get().amount_minor == 100
    world.work()
    assert Order.objects.count() == 1
    assert_settled(world)


def test_the_victims_report_follows_on_the_suspicion(world: TestCentre) -> None:
    """Confirmed near the end of the seven days, the basis changes and the end moves on."""
    held = own(world, minutes_ago=0)
    world.pass_time(hours=6 * 24)
    world.write([pay("P", VICTIM, MULE, 100, -5)])
    order = world.report("P").orders[0]
    assert stands(order)[:3] == ("held", 100, "bank_suspicion")
    confirm_claim(world.centre, order.claim.claim_id, PERSON, name_matches=True)
    until_us = world.now_us + 72 * HOUR_US
    assert stands(order) == ("extended", 100, "victim_report", until_us)
    assert letters("extend-order", order)[0]["LglMndtBsis"]["Prgrph"] == "victim_report"
    held.refresh_from_db()
    assert (held.state, held.left_minor) == ("ordered", 0)
    world.now_us = held.lapses_us
    world.work()
    assert now(order).state == "extended"


def test_a_callers_word_does_not_follow_on_the_suspicion(world: TestCentre) -> None:
    """It would end later, yet the law's data do not name it: the bank's own basis stays, and firm."""
    held = own(world)
    world.pass_time(hours=6 * 24 + 12)
    world.write([pay("P", VICTIM, MULE, 100, -5)])
    order = world.report("P").orders[0]
    world.work()
    assert stands(order) == ("held", 100, "bank_suspicion", held.lapses_us)
    assert (now(order).provisional, letters("extend-order", order)) == (False, [])


def test_the_longer_basis_of_a_confirmed_report_counts_at_once(world: TestCentre) -> None:
    """The law lets it follow on the suspicion, so the order begins on it."""
    own(world)
    world.pass_time(hours=6 * 24)
    world.write([pay("P", VICTIM, MULE, 100, -5)])
    order = world.report("P", caller_confirmed=True).orders[0]
    assert stands(order) == ("held", 100, "victim_report", world.now_us + 72 * HOUR_US)


def test_what_was_held_before_the_money_came_is_other_money(world: TestCentre) -> None:
    """Else the victim's money would stay free: both are held."""
    own(world, minutes_ago=10)
    world.write([pay("P", VICTIM, MULE, 100, -5)])
    order = world.report("P").orders[0]
    assert (order.state, order.takes_over) == ("requested", "")


def test_only_the_rest_is_ordered(world: TestCentre) -> None:
    """The bank holds a part: one order takes that over, another asks for what is missing."""
    world.write([pay("P", VICTIM, MULE, 100, -5)])
    own(world, 30)
    orders = world.report("P").orders
    assert [(o.amount_minor, now(o).state) for o in orders] == [(30, "held"), (70, "requested")]
    world.hold(orders[1])
    world.work()
    assert Order.objects.count() == 2
    assert_settled(world)


def test_what_has_ended_is_not_taken_over(world: TestCentre) -> None:
    """Its time has run out though the worker was away: an order as any other."""
    own(world)
    world.pass_time(hours=7 * 24)
    world.write([pay("P", VICTIM, MULE, 100, 7 * 24 * 60 - 5)])
    assert world.report("P").orders[0].state == "requested"


def test_a_bank_that_polls_learns_of_the_order(world: TestCentre) -> None:
    """It comes until the bank has said something to it, which changes nothing."""
    world.write([pay("P", VICTIM, MULE, 100, -5)])
    own(world)
    order = world.report("P").orders[0]
    given = poll_orders(world.centre, actor_of(bank(2)), 10).given
    assert [row.order.order_id for row in given] == [order.order_id]
    assert world.answer(order, "held", 100).outcome == "nothing_new"
    assert poll_orders(world.centre, actor_of(bank(2)), 10).given == []


def test_a_bank_tells_with_the_report_what_it_holds(world: TestCentre) -> None:
    """The victim's bank keeps the mule's account too: held from the call, and by the call's clock."""
    world.write([pay("P", VICTIM, SECOND, 100, -50)])
    called_us = world.now_us - 40 * MINUTE_US
    row = {
        "reference": "H-7",
        "account": SECOND,
        "amount": "1.00",
        "currency": "THB",
        "since": format_instant(called_us + MINUTE_US),
    }
    taken = by_bank(world, "P", reported_at=format_instant(called_us), held_already=[row])
    order = taken.orders[0]
    assert stands(order) == ("held", 100, "victim_report", called_us + 72 * HOUR_US)
    assert (order.takes_over, taken.claims[0].reported_us) == ("H-7", called_us)
    assert OwnHold.objects.get().state == "ordered"
    world.work()
    assert Order.objects.count() == 1


def test_only_who_made_sure_of_the_caller_holds_on_their_word(world: TestCentre) -> None:
    """And only in accounts of its own; the report is not taken half."""
    world.write([pay("P", VICTIM, SECOND, 100, -50)])
    row = {
        "reference": "H-7",
        "account": SECOND,
        "amount": "1.00",
        "currency": "THB",
        "since": format_instant(world.now_us),
    }
    with pytest.raises(Refused, match="caller_confirmed"):
        by_bank(world, "P", caller_confirmed=False, held_already=[row])
    with pytest.raises(Forbidden):
        by_bank(world, "P", held_already=[row | {"account": MULE}])
    assert (Claim.objects.count(), OwnHold.objects.count()) == (0, 0)


def test_the_clock_runs_from_the_call(world: TestCentre) -> None:
    """Also of a claim that somebody reported here before: the first word counts."""
    world.write([pay("P", VICTIM, MULE, 100, -120), pay("Q", VICTIM, MULE, 50, -110)])
    called_us = world.now_us - 90 * MINUTE_US
    first = world.report("Q").claims[0]
    taken = by_bank(world, "P", "Q", reported_at=format_instant(called_us))
    first.refresh_from_db()
    assert (taken.claims[0].reported_us, first.reported_us) == (called_us, called_us)
    assert taken.orders[0].lapses_us == called_us + 72 * HOUR_US


def test_what_is_said_when_the_form_is_filled_counts_too(world: TestCentre) -> None:
    """That the caller is who they say, and when they called: of payments told before as well."""
    world.write([pay("P", VICTIM, MULE, 100, -120)])
    first = by_bank(world, "P", caller_confirmed=False)
    called_us = world.now_us - 90 * MINUTE_US
    fuller = told(
        via="bank",
        payments=[{"transfer_id": "P", "from_account": VICTIM}],
        caller_confirmed=True,
        reported_at=format_instant(called_us),
    )
    complete_report(world.centre, first.report.report_id, fuller, actor_of(bank(1)))
    claim = Claim.objects.get()
    assert (claim.reported_us, claim.confirmed_us) == (called_us, world.now_us)
    order = now(first.orders[0])
    assert (order.basis, order.lapses_us) == ("victim_report", called_us + 72 * HOUR_US)


@pytest.mark.parametrize(
    ("minutes_ago", "code"), [(-6, "reported_in_future"), (60, "reported_before_payment")]
)
def test_no_impossible_time(world: TestCentre, minutes_ago: int, code: str) -> None:
    """Neither ahead of our clock by more than clocks differ, nor before the payment."""
    world.write([pay("P", VICTIM, MULE, 100, -50)])
    at = format_instant(world.now_us - minutes_ago * MINUTE_US)
    with pytest.raises(Refused) as refused:
        by_bank(world, "P", reported_at=at)
    assert refused.value.code == code


def test_a_clock_that_is_a_little_ahead(world: TestCentre) -> None:
    """It was told now."""
    world.write([pay("P", VICTIM, MULE, 100, -50)])
    at = format_instant(world.now_us + 4 * MINUTE_US)
    assert by_bank(world, "P", reported_at=at).claims[0].reported_us == world.now_us


def test_told_long_ago_a_person_looks(world: TestCentre) -> None:
    """Meanwhile the clock runs from now; approved, it runs from then, and no end comes nearer."""
    world.write([pay("P", VICTIM, MULE, 100, -100 * 60)])
    called_us = world.now_us - 80 * HOUR_US
    taken = by_bank(world, "P", reported_at=format_instant(called_us))
    order, claim = taken.orders[0], taken.claims[0]
    assert (claim.reported_us, open_reviews()) == (world.now_us, ["report_late"])
    assert order.lapses_us == world.now_us + 72 * HOUR_US
    world.decide("report_late")
    claim.refresh_from_db()
    assert claim.reported_us == called_us
    assert now(order).lapses_us == order.lapses_us
    world.work()
