"""Two people for what can harm one: nobody decides their own request, nothing is decided twice."""

from __future__ import annotations

import pytest
from tests.workflows.centre_kit import PERSON, TestCentre, account, now, open_reviews, pay

from holdfast.cases.models import Order, Review
from holdfast.core.errors import Conflict, Forbidden, NotFound
from holdfast.people.actor import Actor
from holdfast.people.role import Scope
from holdfast.records import audit
from holdfast.workflows.ask_release import ask_release
from holdfast.workflows.decide_review import decide_review

VICTIM, MULE = account(1, 1), account(2, 2)
OTHER = Actor("staff:2", "TH.AOC", frozenset(Scope), is_centre=True)


@pytest.fixture
def order(world: TestCentre) -> Order:
    """Return an order that holds 100."""
    world.write([pay("P", VICTIM, MULE, 100)])
    return world.hold(world.report("P").orders[0])


def decide(world: TestCentre, review: Review, actor: Actor, *, approve: bool = True) -> Review:
    """Let somebody decide."""
    return decide_review(world.centre, review.review_id, actor, approve=approve, reason="checked")


def test_nobody_decides_their_own_request(world: TestCentre, order: Order) -> None:
    """Neither yes nor no: another person must look."""
    review = ask_release(world.centre, order.order_id, PERSON, "mistake")
    for approve in (True, False):
        with pytest.raises(Forbidden) as refused:
            decide(world, review, PERSON, approve=approve)
        assert refused.value.code == "own_request"
    assert (now(order).state, open_reviews()) == ("held", ["release"])
    decide(world, review, OTHER)
    assert now(order).state == "released"


def test_nothing_is_decided_twice(world: TestCentre, order: Order) -> None:
    """The first word stands, whatever the second would be."""
    review = ask_release(world.centre, order.order_id, PERSON, "mistake", 40)
    decide(world, review, OTHER)
    for approve in (True, False):
        with pytest.raises(Conflict) as refused:
            decide(world, review, OTHER, approve=approve)
        assert refused.value.code == "review_decided"
    assert now(order).held_minor == 60


def test_declined_nothing_is_released(world: TestCentre, order: Order) -> None:
    """Another may ask again afterwards."""
    review = ask_release(world.centre, order.order_id, PERSON, "mistake")
    decide(world, review, OTHER, approve=False)
    assert now(order).held_minor == 100
    assert ask_release(world.centre, order.order_id, OTHER, "again").state == "open"


def test_an_approval_that_cannot_be_carried_out_is_none(world: TestCentre, order: Order) -> None:
    """The order ended meanwhile: the review stays open, nothing is half done."""
    review = ask_release(world.centre, order.order_id, PERSON, "mistake")
    world.answer(order, "returned")
    with pytest.raises(Conflict) as refused:
        decide(world, review, OTHER)
    assert refused.value.code == "hold_ended"
    assert Review.objects.get(id=review.id).state == "open"


def test_a_review_that_is_not_there(world: TestCentre) -> None:
    """It is said so."""
    with pytest.raises(NotFound):
        decide_review(world.centre, "review-none", OTHER, approve=True, reason="x")


def test_a_decision_says_who_when_and_why(world: TestCentre, order: Order) -> None:
    """Kept on the review and in the audit of its case."""
    review = ask_release(world.centre, order.order_id, PERSON, "mistake")
    world.pass_time(minutes=7)
    decide(world, review, OTHER)
    review.refresh_from_db()
    assert (review.decided_by, review.decided_us, review.reason) == (
        "staff:2",
        world.now_us,
        "checked",
    )
    entries = audit.history(f"case:{order.case.number}")
    assert ("staff:2", "decide_review") in [(entry.actor, entry.verb) for entry in entries]
