"""Where trails end: entered by one person, ended by two, and nothing let go by it."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from tests.workflows.centre_kit import (
    NOON_US,
    PERSON,
    TestCentre,
    account,
    letters,
    now,
    open_reviews,
    pay,
    spots,
)

from holdfast.cases.models import AccountFact, Order, Review
from holdfast.cases.stop import StopKind
from holdfast.core.errors import Conflict, Forbidden, NotFound, Refused
from holdfast.people.actor import Actor
from holdfast.people.role import Scope
from holdfast.records import audit
from holdfast.workflows.decide_review import decide_review
from holdfast.workflows.stop_account import StopTold, ask_end_of_stop, end_stop, stop_account

VICTIM, MULE, SHOP = account(1, 1), account(2, 2), account(3, 3)
ANOTHER = Actor("staff:2", "TH.AOC", frozenset(Scope), is_centre=True)


def stop(world: TestCentre, told: str = SHOP, kind: StopKind = StopKind.MERCHANT) -> AccountFact:
    """Enter a stop, known since before the story."""
    stopped = StopTold(told, kind, "register of firms 0105", NOON_US)
    return stop_account(world.centre, stopped, PERSON)


def paid_on(world: TestCentre) -> list[Order]:
    """Return the orders for 100 that went on to the shop, 40 of it staying."""
    world.write([pay("P", VICTIM, MULE, 100), pay("X", MULE, SHOP, 60, 1)])
    world.pass_time(minutes=5)
    return world.report("P").orders


def test_a_trail_ends_there(world: TestCentre) -> None:
    """Nothing is ordered at the shop; a person is asked to look."""
    stop(world)
    assert spots(paid_on(world)) == [(MULE, 40)]
    assert open_reviews() == ["stop"]


@pytest.mark.parametrize("held", [False, True])
def test_a_hold_that_stands_there_waits_for_a_person(world: TestCentre, *, held: bool) -> None:
    """Entering the stop lets go of nothing; declined, the hold is let go."""
    order = paid_on(world)[1]
    if held:
        world.hold(order)
    before = now(order).state
    stop(world)
    world.work()
    assert (now(order).state, letters("release-order")) == (before, [])
    assert sorted(open_reviews()) == ["stop", "stop_held"]
    world.decide("stop_held", approve=False)
    assert (now(order).state, now(order).reason) == ("released", "stop_held")
    world.work()
    assert Order.objects.count() == 2


def test_a_hold_there_may_stand(world: TestCentre) -> None:
    """Approved, it stands until its own end."""
    order = world.hold(paid_on(world)[1])
    stop(world)
    world.work()
    world.decide("stop_held")
    world.work()
    assert now(order).held_minor == 60
    world.pass_time(hours=24)
    world.work()
    assert now(order).state == "lapsed"


def test_ending_a_stop_takes_two(world: TestCentre) -> None:
    """Then holds reach the account; who asked did not decide."""
    fact = stop(world)
    paid_on(world)
    review = ask_end_of_stop(world.centre, fact.fact_id, PERSON, "the shop is a front")
    with pytest.raises(Forbidden):
        decide_review(world.centre, review.review_id, PERSON, approve=True, reason="me")
    with pytest.raises(Conflict, match="waits"):
        ask_end_of_stop(world.centre, fact.fact_id, ANOTHER, "too")
    world.work()
    assert Order.objects.count() == 1
    decide_review(world.centre, review.review_id, ANOTHER, approve=True, reason="seen")
    world.work()
    assert spots(Order.objects.order_by("id")) == [(MULE, 40), (SHOP, 60)]
    verbs = [entry.verb for entry in audit.history(f"stop:{fact.fact_id}")]
    assert verbs == ["enter_stop", "ask_person", "decide_review", "end_stop"]


def test_a_stop_may_begin_again(world: TestCentre) -> None:
    """The latest word counts."""
    fact = stop(world)
    end_stop(world.centre, fact.fact_id, PERSON, "mistaken")
    for wrong in (ask_end_of_stop, end_stop):
        with pytest.raises(Conflict, match="ended"):
            wrong(world.centre, fact.fact_id, PERSON, "again")
    stop(world)
    assert spots(paid_on(world)) == [(MULE, 40)]


def test_what_cannot_be(world: TestCentre) -> None:
    """Twice the same, in the future, unknown, or changed afterwards: refused."""
    fact = stop(world)
    with pytest.raises(Conflict, match="already"):
        stop(world)
    later = StopTold(MULE, StopKind.CASH, "x", world.now_us + 1)
    with pytest.raises(Refused, match="future"):
        stop_account(world.centre, later, PERSON)
    with pytest.raises(NotFound):
        ask_end_of_stop(world.centre, "stop-none", PERSON, "x")
    with pytest.raises(IntegrityError), transaction.atomic():
        AccountFact.objects.filter(id=fact.id).update(kind="none")


def test_a_persons_word_is_not_overruled_by_a_bank(world: TestCentre) -> None:
    """Two people have said that it is no merchant; the bank's answer does not make it one."""
    end_stop(world.centre, stop(world).fact_id, PERSON, "a front")
    order = paid_on(world)[1]
    world.answer(order, "refused", reason="merchant")
    assert AccountFact.objects.latest("id").kind == "none"
    assert Review.objects.filter(kind="stop").count() == 0


def test_what_a_bank_says_of_its_customer_is_kept_with_its_source(world: TestCentre) -> None:
    """And a person is asked about other holds there."""
    world.write([pay("Q", account(1, 9), SHOP, 30)])
    other = world.hold(world.report("Q").orders[0])
    order = paid_on(world)[1]
    world.answer(order, "refused", reason="merchant")
    fact = AccountFact.objects.get()
    assert (fact.kind, fact.verified_by) == ("merchant", order.institution_id)
    assert order.order_id in fact.source
    asked = Review.objects.get(kind="stop_held")
    assert asked.facts["order"] == other.order_id
