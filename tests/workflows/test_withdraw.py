"""A claim that was false or mistaken leaves the settlement, and nobody else loses by it."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from tests.workflows.centre_kit import (
    PERSON,
    TestCentre,
    account,
    actor_of,
    bank,
    letters,
    now,
    open_reviews,
    pay,
    spots,
)
from tests.workflows.soundness import assert_settled

from holdfast.cases.models import Claim, HoldShare, Notice, Order, Review
from holdfast.core.errors import Conflict, Forbidden, LedgerError, NotFound
from holdfast.core.instant import HOUR_US
from holdfast.people.actor import Actor
from holdfast.people.role import Scope
from holdfast.records import audit
from holdfast.workflows.confirm_claim import confirm_claim
from holdfast.workflows.decide_review import decide_review
from holdfast.workflows.seize_hold import seize_hold
from holdfast.workflows.withdraw_claim import ask_withdrawal, follow_again, withdraw_claim

VICTIM, MULE, SECOND = account(1, 1), account(2, 2), account(3, 3)
OTHER = account(1, 7)
ANOTHER = Actor("staff:2", "TH.AOC", frozenset(Scope), is_centre=True)


def withdraw(world: TestCentre, claim: Claim) -> Claim:
    """Let one person ask and another approve."""
    review = ask_withdrawal(world.centre, claim.claim_id, PERSON, "reported_in_error")
    decide_review(world.centre, review.review_id, ANOTHER, approve=True, reason="called back")
    claim.refresh_from_db()
    return claim


def shares() -> list[tuple[str, int]]:
    """Return whom the holds in force serve."""
    rows = HoldShare.objects.filter(until_us=None).order_by("claim__transfer_id")
    return list(rows.values_list("claim__transfer_id", "amount_minor"))


def test_what_stood_on_it_is_let_go(world: TestCentre) -> None:
    """A hold is released, an order on its way is taken back, and both banks are told."""
    world.write([pay("P", VICTIM, MULE, 100), pay("X", MULE, SECOND, 40, 1)])
    world.pass_time(minutes=2)
    taken = world.report("P")
    held, asked = taken.orders
    world.hold(held)
    claim = withdraw(world, taken.claims[0])
    assert (claim.state, claim.withdrawn_why) == ("withdrawn", "reported_in_error")
    assert [(now(o).state, now(o).reason) for o in (held, asked)] == [
        ("released", "claim_withdrawn")
    ] * 2
    assert [row["amount_minor"] for row in letters("release-order")] == [40, 60]
    world.work()
    assert Order.objects.count() == 2
    assert_settled(world)


def test_the_case_and_its_teller_learn_of_it(world: TestCentre) -> None:
    """The history says who and why, and who reported it is to tell the caller."""
    world.write([pay("P", VICTIM, MULE, 100)])
    claim = withdraw(world, world.report("P").claims[0])
    entry = [e for e in audit.history(f"case:{claim.case.number}") if e.verb == "withdraw_claim"]
    assert [(e.actor, e.detail["reason"]) for e in entry] == [("staff:2", "reported_in_error")]
    notice = Notice.objects.get()
    assert (notice.institution_id, notice.recipient) == ("TH.AOC", "victim")
    assert notice.says == {
        "type": "claim_withdrawn",
        "case": claim.case.number,
        "claim": claim.claim_id,
    }


def test_nothing_happens_before_another_agrees(world: TestCentre) -> None:
    """Who asks does not decide; declined, all stays, and it may be asked again."""
    world.write([pay("P", VICTIM, MULE, 100)])
    taken = world.report("P")
    claim_id = taken.claims[0].claim_id
    review = ask_withdrawal(world.centre, claim_id, PERSON, "mistake")
    with pytest.raises(Forbidden):
        decide_review(world.centre, review.review_id, PERSON, approve=True, reason="me")
    with pytest.raises(Conflict, match="waits for a person"):
        ask_withdrawal(world.centre, claim_id, ANOTHER, "mistake")
    decide_review(world.centre, review.review_id, ANOTHER, approve=False, reason="not so")
    assert now(taken.orders[0]).state == "requested"
    again = ask_withdrawal(world.centre, claim_id, PERSON, "mistake")
    assert again.review_id != review.review_id


def test_who_may_ask(world: TestCentre) -> None:
    """The payer's bank and who reported it; to others there is no such claim."""
    world.write([pay("P", VICTIM, MULE, 100)])
    claim_id = world.report("P").claims[0].claim_id
    with pytest.raises(NotFound):
        ask_withdrawal(world.centre, claim_id, actor_of(bank(2)), "mistake")
    assert ask_withdrawal(world.centre, claim_id, actor_of(bank(1)), "mistake").state == "open"
    with pytest.raises(NotFound):
        withdraw_claim(world.centre, "claim-none", PERSON, "mistake")


def test_its_hold_goes_to_whom_it_serves(world: TestCentre) -> None:
    """Another victim's money rests in the same account unheld: the hold stands and is theirs."""
    world.write([pay("P", VICTIM, MULE, 100), pay("Q", OTHER, MULE, 60, 1)])
    world.pass_time(minutes=2)
    false = world.report("P")
    order = world.hold(false.orders[0])
    asked = world.report("Q").orders[0]
    world.answer(asked, "refused", reason="no_funds")
    HoldShare.objects.update(set_aside_minor=0)
    Order.objects.filter(id=asked.id).update(set_aside_minor=0)
    withdraw(world, false.claims[0])
    assert shares() == [("Q", 60)]
    assert (now(order).state, now(order).held_minor) == ("held", 60)
    assert [row["amount_minor"] for row in letters("release-order", order)] == [40]
    world.work()
    assert spots(Order.objects.order_by("id")) == [(MULE, 100), (MULE, 60)]
    world.pass_time(hours=24)
    world.work()
    assert now(order).state == "lapsed"
    assert_settled(world)


def test_a_shared_hold_loses_only_its_part(world: TestCentre) -> None:
    """Of a hold for two, the part of the one withdrawn goes, whichever of them came first."""
    world.write([pay("P", VICTIM, MULE, 100)])
    world.pass_time(minutes=10)
    order = world.hold(world.report("P").orders[0])
    world.follow(pay("X", MULE, SECOND, 60, 1))
    world.follow(pay("Q", OTHER, MULE, 60, 2))
    world.report("Q")
    world.work()
    assert shares() == [("P", 40), ("Q", 60)]
    withdraw(world, Claim.objects.get(transfer_id="P"))
    assert shares() == [("Q", 60)]
    assert now(order).held_minor == 60
    world.work()
    assert_settled(world)


def test_money_of_others_is_ordered_at_once(world: TestCentre) -> None:
    """What seemed to be the false claim's rests there for another: it is asked for."""
    world.write([pay("P", VICTIM, MULE, 100), pay("Q", OTHER, MULE, 60, 1)])
    world.write([pay("X", MULE, SECOND, 100, 2)])
    world.pass_time(minutes=3)
    false = world.report("P")
    world.report("Q")
    assert (MULE, 60) in spots(Order.objects.all())
    withdraw(world, false.claims[0])
    world.work()
    assert_settled(world)
    standing = Order.objects.filter(state="requested").order_by("id")
    assert sum(amount for _, amount in spots(standing)) == 60


def test_what_is_seized_stays(world: TestCentre) -> None:
    """The police keep it, by an order that is not the centre's to lift; a person sees to it."""
    world.write([pay("P", VICTIM, MULE, 100)])
    taken = world.report("P")
    order = world.hold(taken.orders[0])
    seize_hold(world.centre, order.order_id, PERSON)
    withdraw(world, taken.claims[0])
    assert (now(order).state, now(order).held_minor) == ("seized", 100)
    assert open_reviews() == ["overheld"]


def test_a_claim_that_waits_is_just_withdrawn(world: TestCentre) -> None:
    """When its payment appears, nothing follows; told again, it is a claim of its own."""
    claim = withdraw(world, world.report("LATER").claims[0])
    world.follow(pay("LATER", VICTIM, MULE, 100))
    world.work()
    assert (Order.objects.count(), claim.state) == (0, "withdrawn")
    again = world.report("LATER")
    assert (len(again.claims), len(again.orders)) == (1, 1)


def test_told_again_a_person_decides(world: TestCentre) -> None:
    """Approved, it is followed, and its clock runs on from where it first began."""
    world.write([pay("P", VICTIM, MULE, 100)])
    claim = withdraw(world, world.report("P").claims[0])
    first_us = claim.reported_us
    world.pass_time(hours=2)
    again = world.report("P", caller_confirmed=True)
    assert ([row.claim_id for row in again.known], again.orders) == ([claim.claim_id], [])
    assert open_reviews() == ["claim_again"]
    with pytest.raises(Conflict, match="withdrawn"):
        confirm_claim(world.centre, claim.claim_id, PERSON, name_matches=True)
    review = Review.objects.get(state="open")
    decide_review(world.centre, review.review_id, PERSON, approve=True, reason="it is true")
    world.work()
    claim.refresh_from_db()
    assert (claim.state, claim.withdrawn_us, claim.reported_us) == ("accepted", None, first_us)
    order = Order.objects.latest("id")
    assert (order.state, order.lapses_us) == ("requested", first_us + 24 * HOUR_US)


def test_declined_each_new_report_asks_again(world: TestCentre) -> None:
    """A person's no was about the reports there were."""
    world.write([pay("P", VICTIM, MULE, 100)])
    withdraw(world, world.report("P").claims[0])
    world.report("P")
    world.decide("claim_again", approve=False)
    world.report("P")
    assert open_reviews() == ["claim_again"]


def test_a_claim_waiting_for_a_payment_withdrawn_meanwhile(world: TestCentre) -> None:
    """Two told of one payment, one by its facts only: they are one claim, and a person decides."""
    facts = {
        "to_account": MULE,
        "amount": "1.00",
        "currency": "THB",
        "time": "2026-11-20T05:00:00Z",
    }
    world.report_of(facts)
    world.report_of({"transfer_id": "P"})
    world.follow(pay("P", VICTIM, MULE, 100))
    assert Claim.objects.filter(state="accepted").count() == 1
    withdraw(world, Claim.objects.get(state="accepted"))
    world.report_of(facts)
    assert open_reviews() == ["claim_again"]


def test_what_ended_is_not_withdrawn_twice(world: TestCentre) -> None:
    """And what was never withdrawn is not followed again."""
    world.write([pay("P", VICTIM, MULE, 100)])
    claim = world.report("P").claims[0]
    with pytest.raises(Conflict, match="not withdrawn"):
        follow_again(world.centre, claim.claim_id, PERSON)
    withdraw(world, claim)
    with pytest.raises(Conflict, match="no more"):
        ask_withdrawal(world.centre, claim.claim_id, PERSON, "mistake")
    with pytest.raises(Conflict, match="no more"):
        withdraw_claim(world.centre, claim.claim_id, PERSON, "mistake")


def test_without_the_ledger_nothing_is_half_done(world: TestCentre) -> None:
    """The decision is not taken; later it can be."""
    world.write([pay("P", VICTIM, MULE, 100)])
    taken = world.report("P")
    review = ask_withdrawal(world.centre, taken.claims[0].claim_id, PERSON, "mistake")
    world.take_away_ledger()
    with pytest.raises(LedgerError):
        decide_review(world.centre, review.review_id, ANOTHER, approve=True, reason="so")
    world.give_back_ledger()
    assert Review.objects.get().state == "open"
    assert now(taken.orders[0]).state == "requested"


def test_who_has_not_seen_the_withdrawal_cannot_undo_it(world: TestCentre) -> None:
    """The database refuses a claim that is followed and was taken out by a person."""
    world.write([pay("P", VICTIM, MULE, 100)])
    claim = withdraw(world, world.report("P").claims[0])
    with pytest.raises(IntegrityError), transaction.atomic():
        Claim.objects.filter(id=claim.id).update(state="accepted")
