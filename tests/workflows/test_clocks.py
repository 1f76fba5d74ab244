"""The law's clocks: each runs from its own event, none starts again, every hold ends by itself."""

from __future__ import annotations

from typing import Any

import pytest
from tests.workflows.centre_kit import (
    NOON_US,
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

from holdfast.cases.models import Case, Order, PoliceComplaint
from holdfast.core.errors import Conflict, NotFound, Refused
from holdfast.core.instant import HOUR_US, format_instant
from holdfast.people.actor import Actor
from holdfast.workflows.confirm_claim import confirm_claim
from holdfast.workflows.file_complaint import ComplaintTold, case_of, file_complaint
from holdfast.workflows.lapse_hold import lapse_hold
from holdfast.workflows.merge_cases import merge_cases
from holdfast.workflows.remind_victim import remind_victim

VICTIM, MULE, SECOND = account(1, 1), account(2, 2), account(3, 3)
SENDER = actor_of(bank(1))
POLICE = actor_of("TH.POLICE.1")
WEEK_US = 168 * HOUR_US


def held(world: TestCentre, name: str = "P", amount_minor: int = 100) -> Order:
    """Return an order that a new report brought about and a bank answered."""
    world.write([pay(name, VICTIM, MULE, amount_minor)])
    return world.hold(world.report(name).orders[0])


def confirm(world: TestCentre, order: Order, actor: Actor = SENDER) -> None:
    """Let the sending bank confirm an order's claim."""
    confirm_claim(world.centre, order.claim.claim_id, actor, name_matches=True)


def complain(
    world: TestCentre, case: Case, number: str = "1/2026", accepted: bool = True
) -> PoliceComplaint:
    """Let the police enter a complaint, filed an hour ago."""
    told = ComplaintTold(
        number, "Bang Rak", "Lt. A", world.now_us - HOUR_US, world.now_us if accepted else None
    )
    return file_complaint(world.centre, case, told, POLICE)


def reminders() -> list[dict[str, Any]]:
    """Return the reminders of an end that the centre is to bring, in their order."""
    return [said for said in letters("notice") if said["type"] == "reminder"]


def test_from_a_callers_word_to_a_complaint(world: TestCentre) -> None:
    """24 hours from the report; 72 from it once the bank confirms; a week from the complaint."""
    order = held(world)
    assert (order.basis, order.lapses_us) == ("caller_word", NOON_US + 24 * HOUR_US)
    world.pass_time(hours=20)
    confirm(world, order)
    order = now(order)
    assert (order.state, order.basis, order.provisional) == ("extended", "victim_report", False)
    assert order.lapses_us == NOON_US + 72 * HOUR_US
    world.pass_time(hours=30)
    complain(world, order.case)
    order = now(order)
    assert (order.basis, order.lapses_us) == ("police_complaint", world.now_us + WEEK_US)
    assert order.held_minor == 100
    assert [row["LglMndtBsis"]["Prgrph"] for row in letters("extend-order", order)] == [
        "victim_report",
        "police_complaint",
    ]
    assert letters("extend-order", order)[1]["expires_at"] == format_instant(order.lapses_us)


def test_an_order_not_answered_yet_gets_its_new_end_too(world: TestCentre) -> None:
    """It is not extended, for nothing is held; but its end moves, and the bank learns it."""
    world.write([pay("P", VICTIM, MULE, 100)])
    order = world.report("P").orders[0]
    confirm(world, order)
    order = now(order)
    assert (order.state, order.basis) == ("requested", "victim_report")
    assert order.lapses_us == NOON_US + 72 * HOUR_US
    assert len(letters("extend-order", order)) == 1


def test_confirming_again_moves_nothing(world: TestCentre) -> None:
    """The clock ran from the report; a second word does not restart it."""
    order = held(world)
    confirm(world, order)
    world.pass_time(hours=5)
    confirm(world, order)
    assert now(order).lapses_us == NOON_US + 72 * HOUR_US
    assert len(letters("extend-order", order)) == 1


def test_only_the_sending_bank_confirms_a_claim(world: TestCentre) -> None:
    """To another bank the claim does not exist; neither does one that is not there."""
    order = held(world)
    for claim_id in (order.claim.claim_id, "claim-none"):
        with pytest.raises(NotFound):
            confirm_claim(world.centre, claim_id, actor_of(bank(2)), name_matches=True)
    assert now(order).basis == "caller_word"


def test_a_name_that_does_not_match_is_looked_at(world: TestCentre) -> None:
    """The claim is not confirmed by it; on a person's word it is, and the clock is the longer."""
    order = held(world)
    confirm_claim(world.centre, order.claim.claim_id, SENDER, name_matches=False)
    assert (open_reviews(), now(order).basis) == (["name_mismatch"], "caller_word")
    world.decide("name_mismatch")
    assert now(order).basis == "victim_report"


@pytest.mark.parametrize("answered", [True, False])
def test_a_hold_lapses_on_time(world: TestCentre, *, answered: bool) -> None:
    """Not a microsecond early; then it ends by itself, the bank is told, nobody asks again."""
    world.write([pay("P", VICTIM, MULE, 100)])
    order = world.report("P").orders[0]
    if answered:
        world.hold(order)
    world.now_us = order.lapses_us - 1
    world.work()
    assert not lapse_hold(world.centre, order.order_id)
    world.now_us += 1
    world.work()
    order = now(order)
    assert (order.state, order.held_minor, order.ended_us) == ("lapsed", 0, world.now_us)
    assert [row["reason"] for row in letters("release-order", order)] == ["lapsed"]
    assert not lapse_hold(world.centre, order.order_id)
    world.follow(pay("Q", SECOND, MULE, 500, 60 * 30))
    world.work()
    assert Order.objects.count() == 1
    assert_settled(world)


def test_an_extended_hold_lapses_at_its_new_end(world: TestCentre) -> None:
    """The first end passes without effect."""
    order = held(world)
    confirm(world, order)
    world.pass_time(hours=24)
    world.work()
    assert now(order).state == "extended"
    world.pass_time(hours=48)
    world.work()
    assert now(order).state == "lapsed"


def test_a_seized_hold_never_lapses(world: TestCentre) -> None:
    """The police's seizure has no clock of ours, once a person has learnt that it is true."""
    order = held(world)
    world.answer(order, "seized", 100)
    world.decide("seizure")
    world.pass_time(hours=24 * 365)
    world.work()
    assert not lapse_hold(world.centre, order.order_id)
    assert (now(order).state, now(order).held_minor) == ("seized", 100)


def test_reminders_come_before_the_end(world: TestCentre) -> None:
    """A day and six hours before the 72 hours end, with case and end and nothing personal."""
    order = held(world)
    confirm(world, order)
    for hours in (24, 23.9, 0.2, 17.8, 0.2):
        world.pass_time(hours=hours)
        world.work()
    end = format_instant(order.ordered_us + 72 * HOUR_US)
    assert reminders() == [{"type": "reminder", "case": order.case.number, "lapses_at": end}] * 2


def test_a_provisional_end_is_reminded_of_as_well(world: TestCentre) -> None:
    """Reminded six hours before the first end, then confirmed: the later end has its own."""
    order = held(world)
    world.pass_time(hours=18)
    world.work()
    assert len(reminders()) == 1
    confirm(world, order)
    world.pass_time(hours=48)
    world.work()
    assert [row["lapses_at"] for row in reminders()] == [
        format_instant(NOON_US + hours * HOUR_US) for hours in (24, 72, 72)
    ]


def test_a_payment_that_appears_later_is_reminded_of(world: TestCentre) -> None:
    """Orders that the ledger brings about later have reminders too."""
    world.report("P")
    world.pass_time(hours=2)
    world.follow(pay("P", VICTIM, MULE, 100))
    world.pass_time(hours=16)
    world.work()
    assert len(reminders()) == 1


def test_no_reminder_after_a_complaint_or_an_end(world: TestCentre) -> None:
    """Who has complained need not be reminded, nor is anybody of what has ended."""
    first, second = held(world), held(world, "Q")
    complain(world, first.case)
    world.answer(second, "released")
    world.pass_time(hours=18)
    world.work()
    assert reminders() == []


def test_doing_a_reminder_twice_sends_one(world: TestCentre) -> None:
    """A worker that died before it said so does it again without harm."""
    order = held(world)
    subject = f"{order.case.number}/6/{order.lapses_us}"
    assert remind_victim(world.centre, subject)
    assert remind_victim(world.centre, subject)
    assert len(reminders()) == 1


def test_without_a_basis_a_person_is_asked(world: TestCentre) -> None:
    """The report's time is over when the money turns up: nothing is ordered by rule."""
    world.report("P")
    world.pass_time(hours=25)
    world.follow(pay("P", VICTIM, MULE, 100))
    assert (Order.objects.count(), open_reviews()) == (0, ["no_basis"])
    complain(world, Case.objects.get())
    world.work()
    assert spots(Order.objects.all()) == [(MULE, 100)]
    assert Order.objects.get().basis == "police_complaint"


def test_a_complaint_that_is_not_confirmed_moves_no_clock(world: TestCentre) -> None:
    """First it is entered; only the police's acceptance counts."""
    order = held(world)
    entered = complain(world, order.case, accepted=False)
    assert now(order).basis == "caller_word"
    world.pass_time(hours=2)
    told = ComplaintTold("1/2026", "Bang Rak", "Lt. A", entered.filed_us, world.now_us)
    again = file_complaint(world.centre, order.case, told, POLICE)
    assert again.complaint_id == entered.complaint_id
    assert now(order).lapses_us == world.now_us + WEEK_US


@pytest.mark.parametrize(("filed_hours", "accepted_hours"), [(1, None), (-2, 1), (-1, -2), (1, 1)])
def test_a_complaint_out_of_time_is_refused(
    world: TestCentre, filed_hours: int, accepted_hours: int | None
) -> None:
    """Filed, then accepted, both before now."""
    case = held(world).case
    at = world.now_us
    accepted = None if accepted_hours is None else at + accepted_hours * HOUR_US
    told = ComplaintTold("1", "S", "O", at + filed_hours * HOUR_US, accepted)
    with pytest.raises(Refused, match="filed, then accepted"):
        file_complaint(world.centre, case, told, POLICE)
    assert not PoliceComplaint.objects.exists()


def test_one_complaint_belongs_to_one_case(world: TestCentre) -> None:
    """The same number at the same station is not for another case; which one has it is not told."""
    first, second = held(world), held(world, "Q")
    complain(world, first.case)
    with pytest.raises(Conflict) as refused:
        complain(world, second.case)
    assert refused.value.code == "complaint_elsewhere"
    assert first.case.number not in str(refused.value)


@pytest.mark.parametrize("answered", [True, False])
def test_a_complaint_after_the_lapse_asks_a_person(world: TestCentre, *, answered: bool) -> None:
    """What has ended stays ended; on a person's word there is a new order on the new basis."""
    world.write([pay("P", VICTIM, MULE, 100)])
    order = world.report("P").orders[0]
    if answered:
        world.hold(order)
    world.pass_time(hours=25)
    world.work()
    complain(world, order.case)
    world.work()
    assert (Order.objects.count(), open_reviews()) == (1, ["after_lapse"])
    world.decide("after_lapse")
    world.work()
    assert now(order).state == "lapsed"
    new = Order.objects.exclude(order_id=order.order_id).get()
    assert (new.amount_minor, new.basis) == (100, "police_complaint")


def test_declined_after_the_lapse_nothing_is_held(world: TestCentre) -> None:
    """The person's no stands."""
    order = held(world)
    world.pass_time(hours=25)
    world.work()
    complain(world, order.case)
    world.decide("after_lapse", approve=False)
    world.follow(pay("Q", SECOND, MULE, 5, 60 * 26))
    world.work()
    assert Order.objects.count() == 1


def test_a_hold_ends_with_the_last_of_those_it_serves(world: TestCentre) -> None:
    """The order's own claim has lost its basis; the claim that the hold serves has a longer one."""
    other = account(1, 7)
    world.write([pay("P", VICTIM, other, 100, -5), pay("Q", other, MULE, 100, -4)])
    order = world.hold(world.report("Q").orders[0])
    first = world.report("P")
    confirm_claim(world.centre, first.claims[0].claim_id, SENDER, name_matches=True)
    assert (now(order).state, now(order).lapses_us) == ("extended", NOON_US + 72 * HOUR_US)
    world.pass_time(hours=71)
    world.work()
    assert now(order).held_minor == 100
    world.pass_time(hours=1)
    world.work()
    assert (now(order).state, Order.objects.count()) == ("lapsed", 1)
    assert [row["reason"] for row in letters("release-order", order)] == ["lapsed"]


def test_a_hold_no_longer_follows_a_claim_it_does_not_serve(world: TestCentre) -> None:
    """The money turned out to be another's: a word on the order's first claim moves no clock."""
    other = account(1, 7)
    world.write([pay("P", VICTIM, other, 100, -5), pay("Q", other, MULE, 100, -4)])
    order = world.hold(world.report("Q").orders[0])
    world.report("P")
    world.work()
    confirm_claim(world.centre, order.claim.claim_id, SENDER, name_matches=True)
    world.work()
    assert (now(order).state, now(order).lapses_us) == ("held", NOON_US + 24 * HOUR_US)
    assert letters("extend-order", order) == []


def test_merging_restarts_no_clock(world: TestCentre) -> None:
    """Two cases become one: ends stay, all is found under the new number, reviews come along."""
    first = held(world)
    world.pass_time(hours=10)
    second = held(world, "Q", 50)
    ends = (first.lapses_us, second.lapses_us)
    into = merge_cases(world.centre, second.case, first.case, world.centre.itself)
    assert (now(first).lapses_us, now(second).lapses_us) == ends
    assert now(second).case == into == first.case
    assert case_of(second.case.number) == into
    assert letters("extend-order") == []
    world.write([pay("R", VICTIM, SECOND, 5)])
    world.now_us = ends[0]
    world.work()
    assert (now(first).state, now(second).state) == ("lapsed", "held")
    assert world.report("Q").case == into


def test_a_merged_case_rests_on_its_complaint(world: TestCentre) -> None:
    """The complaint's week runs from its acceptance for the other's holds too, not from now."""
    first = held(world)
    accepted_us = complain(world, first.case).accepted_us
    world.pass_time(hours=5)
    second = held(world, "Q")
    world.pass_time(hours=5)
    merge_cases(world.centre, second.case, first.case, world.centre.itself)
    assert now(second).lapses_us == accepted_us + WEEK_US
    assert now(first).lapses_us == accepted_us + WEEK_US


def test_a_merged_case_is_reminded_under_its_new_number(world: TestCentre) -> None:
    """The reminder planned for a case finds its way when that case is merged."""
    first = held(world)
    merge_cases(world.centre, first.case, held(world, "Q").case, world.centre.itself)
    world.pass_time(hours=18)
    world.work()
    assert {row["case"] for row in reminders()} == {now(first).case.number}


def test_a_case_is_not_merged_into_itself(world: TestCentre) -> None:
    """Nor in a ring: a merged case stands for the one it was merged into."""
    first, second = held(world).case, held(world, "Q").case
    merge_cases(world.centre, first, second, world.centre.itself)
    for pair in ((second, second), (first, second), (second, first)):
        with pytest.raises(Conflict) as refused:
            merge_cases(world.centre, *pair, world.centre.itself)
        assert refused.value.code == "case_into_itself"
    third = held(world, "R").case
    assert merge_cases(world.centre, third, first, world.centre.itself) == second
