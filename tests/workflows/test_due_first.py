"""Clocks that cross: what is due ends before anything extends it, and no word is missed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import sleep

import pytest
from django.db import connection, transaction
from tests.workflows.centre_kit import (
    NOON_US,
    PERSON,
    TestCentre,
    account,
    actor_of,
    bank,
    letters,
    now,
    open_reviews,
    pay,
)

from holdfast.cases.models import Case, Claim, Order
from holdfast.cases.queries import lock_settlement
from holdfast.core.errors import Refused
from holdfast.core.instant import HOUR_US
from holdfast.workflows.confirm_claim import confirm_claim
from holdfast.workflows.file_complaint import ComplaintTold, file_complaint
from holdfast.workflows.hold_money import hold_money
from holdfast.workflows.legal_basis import basis_for
from holdfast.workflows.merge_cases import merge_cases
from holdfast.workflows.release_hold import release_hold
from holdfast.workflows.step_order import locked_order

VICTIM, MULE, SECOND = account(1, 1), account(2, 2), account(3, 3)
SENDER = actor_of(bank(1))
WEEK_US = 168 * HOUR_US


def held(world: TestCentre, name: str = "P") -> Order:
    """Return an order that a new report brought about and a bank answered."""
    world.write([pay(name, VICTIM, MULE, 100)])
    return world.hold(world.report(name).orders[0])


def complain(world: TestCentre, case: Case) -> None:
    """Let the police accept a complaint now."""
    at = world.now_us
    told = ComplaintTold(f"{case.number}/1", "Bang Rak", "Lt. A", at - HOUR_US, at)
    file_complaint(world.centre, case, told, actor_of("TH.POLICE.1"))


def confirm(world: TestCentre, claim: Claim) -> None:
    """Let the sending bank confirm a claim."""
    confirm_claim(world.centre, claim.claim_id, SENDER, name_matches=True)


@pytest.mark.parametrize("word", [complain, confirm])
@pytest.mark.parametrize("answered", [True, False])
def test_what_is_due_lapses_before_a_word_extends_it(
    world: TestCentre, word: Callable[..., None], *, answered: bool
) -> None:
    """The worker is late, the bank has let go at 24 h: at 25 h nothing is revived, a person looks."""
    world.write([pay("P", VICTIM, MULE, 100)])
    order = world.report("P").orders[0]
    if answered:
        world.hold(order)
    world.pass_time(hours=25)
    word(world, order.case if word is complain else order.claim)
    assert (now(order).state, now(order).reason) == ("lapsed", "time_ran_out")
    assert [row["reason"] for row in letters("release-order", order)] == ["lapsed"]
    assert letters("extend-order", order) == []
    assert open_reviews() == ["after_lapse"]
    world.work()
    assert Order.objects.count() == 1
    world.decide("after_lapse")
    world.work()
    new = Order.objects.exclude(order_id=order.order_id).get()
    assert new.basis == {complain: "police_complaint", confirm: "victim_report"}[word]


def test_an_order_rests_on_what_was_confirmed_meanwhile(world: TestCentre) -> None:
    """The claim was read before the bank's word came: its order has the basis that follows."""
    world.write([pay("P", VICTIM, MULE, 100)])
    stale = world.report("P").claims[0]
    world.write([pay("X", MULE, SECOND, 100, 1)])
    Claim.objects.update(confirmed_us=world.now_us)
    with transaction.atomic(), world.centre.ledger() as ledger:
        lock_settlement("THB")
        orders = hold_money(world.centre, ledger, [stale], world.centre.itself).orders
    assert [(order.account, order.basis) for order in orders] == [(SECOND, "victim_report")]
    assert letters("hold-order", orders[0])[0]["LglMndtBsis"]["Prgrph"] == "victim_report"


def test_a_settlement_catches_up_with_a_word_that_crossed_it(world: TestCentre) -> None:
    """The bank's word saw no order yet, the order no word: the next settlement joins them."""
    order = held(world)
    Claim.objects.update(confirmed_us=world.now_us)
    world.follow(pay("R", SECOND, MULE, 5, 1))
    order = now(order)
    assert (order.state, order.basis, order.provisional) == ("extended", "victim_report", False)
    assert order.lapses_us == NOON_US + 72 * HOUR_US
    assert len(letters("extend-order", order)) == 1
    world.follow(pay("S", SECOND, MULE, 5, 2))
    assert len(letters("extend-order", order)) == 1


def test_of_two_firm_bases_the_later_end_counts(world: TestCentre) -> None:
    """A complaint of two hours more does not shorten the three days of a confirmed report."""
    first = held(world)
    complain(world, first.case)
    world.pass_time(hours=166)
    second = held(world, "Q")
    confirm(world, second.claim)
    merge_cases(world.centre, second.case, first.case, PERSON)
    claim = Claim.objects.get(id=second.claim_id)
    basis = basis_for(world.centre, claim, world.now_us)
    assert basis is not None
    assert (basis.key, basis.lapses_us) == ("victim_report", world.now_us + 72 * HOUR_US)
    early = basis_for(world.centre, Claim.objects.get(id=first.claim_id), world.now_us)
    assert early is not None
    assert (early.key, early.lapses_us) == ("police_complaint", NOON_US + WEEK_US)


def test_what_is_seized_the_centre_does_not_let_go(world: TestCentre) -> None:
    """The law lets only court and police lift it; the centre is told so, and nothing is sent."""
    order = held(world)
    world.answer(order, "seized", 100)
    world.decide("seizure")
    for amount_minor in (None, 30):
        with pytest.raises(Refused) as refused:
            release_hold(world.centre, order.order_id, PERSON, "mistake", amount_minor)
        assert refused.value.code == "release_not_ours"
    assert (now(order).state, now(order).held_minor) == ("seized", 100)
    assert letters("release-order") == []


def test_an_order_is_found_while_its_case_is_merged(busy: TestCentre) -> None:
    """Whoever waits for its row finds it in the case it moved to, and so its claim."""
    first, second = held(busy), held(busy, "Q")
    merged = Event()

    def merge() -> None:
        with transaction.atomic():
            merge_cases(busy.centre, first.case, second.case, PERSON)
            merged.set()
            sleep(0.3)  # the others come to wait for the rows meanwhile

    def look() -> Case:
        merged.wait(5)
        with transaction.atomic():
            found: Case = locked_order(first.order_id).case
        return found

    def word() -> Case:
        merged.wait(5)
        claim = Claim.objects.get(id=first.claim_id)
        confirmed = confirm_claim(busy.centre, claim.claim_id, SENDER, name_matches=True)
        found: Case = confirmed.case
        return found

    def alone(doing: Callable[[], Case | None]) -> Case | None:
        try:
            return doing()
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        cases = list(pool.map(alone, (merge, look, word)))
    assert cases[1:] == [second.case, second.case]
    assert now(first).basis == "victim_report"
