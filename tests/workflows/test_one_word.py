"""What nobody brings about by one word alone: a bank, a teller, or who decided once."""

from __future__ import annotations

import pytest
from tests.workflows.centre_kit import (
    MINUTE_US,
    PERSON,
    TestCentre,
    account,
    letters,
    now,
    open_reviews,
    pay,
    spots,
    told,
)
from tests.workflows.soundness import assert_settled

from holdfast.cases.models import Claim, HoldShare, Order, Review
from holdfast.cases.report import ReportTold
from holdfast.cases.review import ReviewKind
from holdfast.core.errors import Refused
from holdfast.core.instant import HOUR_US
from holdfast.records.models import OutboxMessage
from holdfast.workflows.add_claims import Taken
from holdfast.workflows.ask_person import ask_about_homes, ask_person, is_approved
from holdfast.workflows.complete_report import complete_report
from holdfast.workflows.dispute import heed_types
from holdfast.workflows.file_complaint import ComplaintTold, file_complaint
from holdfast.workflows.merge_cases import merge_cases
from holdfast.workflows.release_hold import release_hold

VICTIM, MULE, SECOND = account(1, 1), account(2, 2), account(3, 3)


@pytest.fixture
def order(world: TestCentre) -> Order:
    """Return an order for 100 at bank 2, a minute ago."""
    world.write([pay("P", VICTIM, MULE, 100)])
    made = world.report("P").orders[0]
    world.pass_time(minutes=1)
    return made


def complete(world: TestCentre, taken: Taken, *transfer_ids: str, scam_type: str) -> Taken:
    """Complete a report with a type of scam, and with payments."""
    fuller = told(*transfer_ids, scam_type=scam_type)
    return complete_report(world.centre, taken.report.report_id, fuller, world.centre.itself)


def test_a_hold_told_after_its_end_is_none(world: TestCentre, order: Order) -> None:
    """The worker is late: at 24 h the money was free, whatever the bank says at 25 h."""
    world.pass_time(hours=25)
    recorded = world.answer(order, "held", 100, at_us=world.now_us - 2 * HOUR_US)
    assert (recorded.outcome, recorded.state, recorded.held_minor) == ("too_late", "lapsed", 0)
    assert not HoldShare.objects.exists()
    assert [row["reason"] for row in letters("release-order", order)] == ["lapsed"]


def test_a_bank_that_goes_on_holding_is_not_told_for_ever(world: TestCentre, order: Order) -> None:
    """Each time it is told to let go it says that it holds: then a person must speak with it."""
    world.pass_time(hours=24)
    world.work()
    for number in range(5):
        OutboxMessage.objects.filter(subject=order.order_id).update(done_us=world.now_us)
        world.pass_time(minutes=1)
        said = world.answer(order, "held", 100, answer_id=f"again-{number}")
        assert said.outcome == "too_late"
    assert [row["reason"] for row in letters("release-order", order)] == ["lapsed", "too_late"]
    assert open_reviews() == ["answer_unfit"]


def test_a_hold_before_the_money_came_counts_from_its_coming(world: TestCentre) -> None:
    """One bank's clock runs ahead: the hold stands on the money, and nothing is ordered twice."""
    world.write([pay("P", VICTIM, MULE, 100, 4)])
    order = world.report("P").orders[0]
    world.hold(order)
    share = HoldShare.objects.get()
    assert share.from_us == order.arrived_us == world.now_us + 4 * MINUTE_US
    world.work()
    assert (Order.objects.count(), open_reviews()) == (1, [])
    assert_settled(world)


@pytest.mark.parametrize("end", ["released", "lapsed"])
def test_a_bank_does_not_end_what_is_not_its_own_to_end(
    world: TestCentre, order: Order, end: str
) -> None:
    """On a police complaint only the police and the centre lift; before the end nothing lapses."""
    world.hold(order)
    at = world.now_us
    told_ = ComplaintTold("1/2569", "S", "O", at - HOUR_US, at)
    file_complaint(world.centre, order.case, told_, PERSON)
    assert world.answer(order, end).outcome == "unfit"
    assert (now(order).held_minor, open_reviews()) == (100, ["answer_unfit"])


def test_a_bank_lifts_what_the_law_lets_it_lift(world: TestCentre, order: Order) -> None:
    """A caller's word may be lifted by the bank, and told to have lapsed at its end."""
    world.hold(order)
    assert world.answer(order, "lapsed").outcome == "unfit"
    assert world.answer(order, "released").state == "released"


def test_clocks_apart_a_hold_lapses_at_the_bank_first(world: TestCentre, order: Order) -> None:
    """Four minutes before our end, by the bank's clock the time has run out."""
    world.hold(order)
    world.now_us = order.lapses_us - 4 * MINUTE_US
    assert world.answer(order, "lapsed").state == "lapsed"


def test_a_seizure_is_believed_once_a_person_knows(world: TestCentre, order: Order) -> None:
    """Until then the clock goes on; afterwards it has none, and the centre can't let go."""
    world.hold(order)
    world.answer(order, "seized", 100)
    assert (now(order).state, open_reviews()) == ("held", ["seizure"])
    world.decide("seizure")
    order = now(order)
    assert (order.state, order.held_minor, order.basis) == ("seized", 100, "seizure_order")
    with pytest.raises(Refused, match="law"):
        release_hold(world.centre, order.order_id, PERSON, "mistake")
    assert world.answer(order, "released").outcome == "unfit"


def test_a_seizure_that_is_none_lapses(world: TestCentre, order: Order) -> None:
    """A person says no: nothing has changed."""
    world.hold(order)
    world.answer(order, "seized", 100)
    world.decide("seizure", approve=False)
    world.pass_time(hours=24)
    world.work()
    assert now(order).state == "lapsed"


def test_what_goes_back_has_not_left(world: TestCentre, order: Order) -> None:
    """Money on its way back to the victim is what was wanted, and dollars are not satang."""
    world.answer(order, "acknowledged")
    world.pass_time(minutes=10)
    back, lost = pay("R", MULE, VICTIM, 60, 5), pay("L", MULE, SECOND, 7, 5)
    dollars = pay("D", MULE, SECOND, 9, 5)._replace(currency="USD")
    world.answer(order, "partly_held", 40, onward=[back, dollars, lost])
    assert now(order).left_after_ack_minor == 7


def test_what_is_paid_out_has_not_left(world: TestCentre, order: Order) -> None:
    """The bank carries the hold out: to another victim, say."""
    world.hold(order)
    world.pass_time(minutes=10)
    world.answer(order, "paid_out", onward=[pay("R", MULE, account(1, 9), 100, 5)])
    assert now(order).left_after_ack_minor == 0


def test_a_second_unfit_answer_is_looked_at_too(world: TestCentre, order: Order) -> None:
    """Who decided about the first has not seen the second."""
    world.hold(order)
    for number in (1, 2):
        world.answer(order, "partly_held", 60, answer_id=f"u{number}")
        assert open_reviews() == ["answer_unfit"]
        world.decide("answer_unfit")
    assert Review.objects.count() == 2


def test_what_was_decided_is_not_asked_again(world: TestCentre, order: Order) -> None:
    """The same facts, or less money: silent. More money: asked anew, the decision stays."""
    facts = {"account": MULE, "amount_minor": 50}

    def ask(amount_minor: int) -> Review:
        now_told = facts | {"amount_minor": amount_minor}
        return ask_person(world.centre, ReviewKind.OVERHELD, order.case, "s", now_told)

    first = ask(50)
    world.decide("overheld", approve=False)
    assert (ask(50), ask(49), open_reviews()) == (first, first, [])
    again = ask(51)
    assert (again.state, open_reviews()) == ("open", ["overheld"])
    assert ask(60) == again
    again.refresh_from_db()
    first.refresh_from_db()
    assert (again.facts["amount_minor"], first.facts["amount_minor"]) == (60, 50)


def test_an_approval_is_for_an_amount(world: TestCentre, order: Order) -> None:
    """Approved for one satang, nine thousand are asked about again."""
    ask_person(world.centre, ReviewKind.DISPUTE, order.case, "s", {"amount_minor": 1})
    world.decide("dispute")
    asked = (order.case_id, ReviewKind.DISPUTE, "s")
    assert [is_approved(*asked, amount) for amount in (0, 1, 2)] == [True, True, False]


def test_more_for_a_victims_account_is_asked_again(world: TestCentre) -> None:
    """A person let 40 be held there; the 60 that come back later are another question."""
    world.write([pay("H", MULE, SECOND, 7, -9), pay("P", VICTIM, MULE, 100)])
    world.write([pay("Q", MULE, SECOND, 60, 1)])
    world.report("H")
    world.report("P")
    world.decide("victim_account")
    world.work()
    assert (MULE, 40) in spots(Order.objects.all())
    world.hold(Order.objects.get(account=MULE))
    world.follow(pay("B", SECOND, MULE, 67, 2))
    world.work()
    assert spots(Order.objects.filter(account=MULE)) == [(MULE, 40)]
    assert Review.objects.get(kind="victim_account", state="open").facts["amount_minor"] > 40


def test_who_waits_for_their_payment_is_a_victim_too(world: TestCentre) -> None:
    """A loss that the ledger does not know yet protects its teller's account as well."""
    world.write([pay("P", VICTIM, MULE, 100)])
    world.report_of({"transfer_id": "LATER", "from_account": MULE})
    assert (world.report("P").orders, open_reviews()) == ([], ["victim_account"])


@pytest.mark.parametrize("approve", [True, False])
def test_who_reports_after_an_order_is_asked_about(
    world: TestCentre, order: Order, *, approve: bool
) -> None:
    """The order stands until a person looks; declined, the money is let go."""
    world.hold(order)
    world.write([pay("H", MULE, SECOND, 7, -9)])
    other = world.report_of({"transfer_id": "X", "from_account": account(7, 7)})
    payments = [other.claims[0].told, {"transfer_id": "H"}]
    fuller = ReportTold.model_validate({"via": "centre", "payments": payments})
    complete_report(world.centre, other.report.report_id, fuller, PERSON)
    assert "victim_account" in open_reviews()
    assert Review.objects.get(kind="victim_account").subject == order.order_id
    world.decide("victim_account", approve=approve)
    assert now(order).state == ("held" if approve else "released")
    ask_about_homes(world.centre, Claim.objects.all())
    assert "victim_account" not in open_reviews()


def test_a_dispute_told_later_is_looked_at(world: TestCentre) -> None:
    """Orders stand until a person decides: at the first account, and of those beyond."""
    world.write([pay("P", VICTIM, MULE, 100), pay("Q", MULE, SECOND, 40, 1)])
    taken = world.report("P")
    first, beyond = taken.orders
    world.hold(first)
    complete(world, taken, "P", scam_type="goods")
    assert open_reviews() == ["dispute", "release"]
    complete(world, taken, "P", scam_type="goods")
    assert len(open_reviews()) == 2
    world.decide("release")
    world.decide("dispute", approve=False)
    assert (now(first).state, now(beyond).state) == ("released", "released")
    world.work()
    assert (Order.objects.count(), open_reviews()) == (2, [])


def test_another_teller_alone_brings_no_dispute(world: TestCentre, order: Order) -> None:
    """The first has not said so; orders stand, and nobody need look."""
    world.hold(order)
    second = world.report("P")
    complete(world, second, "P", scam_type="goods")
    assert (Claim.objects.get().disputed, open_reviews()) == (False, [])


def test_the_first_tellers_word_does_not_bar_the_others(world: TestCentre) -> None:
    """Told first as a sale gone wrong, then as a fraud: a person decides, and orders go out."""
    world.write([pay("P", VICTIM, MULE, 100), pay("Q", MULE, SECOND, 40, 1)])
    world.report("P", scam_type="goods")
    second = world.report("P")
    complete(world, second, "P", scam_type="investment")
    assert open_reviews() == ["dispute", "scam_type"]
    assert (Claim.objects.get().disputed, Order.objects.count()) == (True, 0)
    world.decide("scam_type")
    world.work()
    assert not Claim.objects.get().disputed
    assert sorted(spots(Order.objects.all())) == [(MULE, 60), (SECOND, 40)]
    assert heed_types(world.centre, second.report, PERSON) == []


def test_a_dispute_that_a_person_confirms_stays_one(world: TestCentre) -> None:
    """The tellers disagree; declined, nothing changes and nobody is asked again."""
    world.write([pay("P", VICTIM, MULE, 100)])
    world.report("P", scam_type="goods")
    second = world.report("P")
    complete(world, second, "P", scam_type="investment")
    world.decide("scam_type", approve=False)
    complete(world, second, "P", scam_type="investment")
    assert (Claim.objects.get().disputed, open_reviews()) == (True, ["dispute"])


def test_a_teller_alone_may_correct_themselves(world: TestCentre) -> None:
    """Nobody else told of it."""
    world.write([pay("P", VICTIM, MULE, 100)])
    taken = world.report("P", scam_type="goods")
    complete(world, taken, "P", scam_type="investment")
    world.work()
    assert spots(Order.objects.all()) == [(MULE, 100)]


def test_a_stranger_on_an_unanswered_order_is_let_go(world: TestCentre, order: Order) -> None:
    """The bank shows another name before it holds: declined, the order is withdrawn."""
    world.answer(order, "acknowledged", name_matches=False)
    world.decide("name_mismatch", approve=False)
    assert now(order).state == "released"
    assert [row["amount_minor"] for row in letters("release-order", order)] == [100]


def test_merged_cases_keep_what_was_decided(world: TestCentre, order: Order) -> None:
    """Of one subject, decided here and open there: both are of the case that stays."""
    world.write([pay("R", VICTIM, SECOND, 5)])
    into = world.report("R").case
    ask_person(world.centre, ReviewKind.STOP, order.case, "s", {"amount_minor": 1})
    world.decide("stop")
    ask_person(world.centre, ReviewKind.STOP, into, "s", {"amount_minor": 1})
    merge_cases(world.centre, order.case, into, PERSON)
    kept = Review.objects.filter(case=into).order_by("id")
    assert list(kept.values_list("state", flat=True)) == ["approved", "open"]


def test_an_approval_is_for_all_that_stands_there(world: TestCentre) -> None:
    """40 were approved on a victim's account; 40 more of the same claim wait for a person again."""
    world.write([pay("V", SECOND, account(4, 4), 1), pay("P", VICTIM, MULE, 80, 1)])
    world.write([pay("X", MULE, SECOND, 40, 2)])
    world.pass_time(minutes=5)
    world.report("V")
    assert spots(world.report("P").orders) == [(MULE, 40)]
    world.decide("victim_account")
    world.work()
    assert (SECOND, 40) in spots(Order.objects.all())
    world.hold(Order.objects.get(account=SECOND))
    world.follow(pay("Y", MULE, SECOND, 40, 3))
    asked = Review.objects.get(state="open")
    assert (asked.kind, asked.facts["amount_minor"]) == ("victim_account", 80)
    assert Order.objects.filter(account=SECOND).count() == 1
    world.decide("victim_account")
    world.work()
    assert [amount for _, amount in spots(Order.objects.filter(account=SECOND))] == [40, 40]
