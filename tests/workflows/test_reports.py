"""Reports: one payment is one claim however often it is told, and no report is lost."""

from __future__ import annotations

import json

import pytest
from django.apps import apps
from tests.workflows.centre_kit import (
    NOON_US,
    POLICE_SCOPES,
    TestCentre,
    account,
    actor_of,
    bank,
    now,
    open_reviews,
    pay,
    spots,
    told,
)
from tests.workflows.soundness import assert_settled

from holdfast.cases.models import Case, Claim, ClaimReport, InstitutionCaseId, Order, Report
from holdfast.cases.report import ReportTold
from holdfast.core.account import bank_of
from holdfast.core.errors import Conflict, Forbidden, NotFound, Refused
from holdfast.core.instant import HOUR_US
from holdfast.people.actor import Actor
from holdfast.people.role import Scope
from holdfast.records.models import AuditEntry
from holdfast.workflows.add_claims import Taken
from holdfast.workflows.complete_report import complete_report
from holdfast.workflows.take_report import take_report

VICTIM, MULE, SECOND = account(1, 1), account(2, 2), account(3, 3)
NUMBER = "1101700203450"


def as_bank(world: TestCentre, report: ReportTold, number: int = 1) -> Taken:
    """Take a report that a bank sends."""
    return take_report(world.centre, report, actor_of(bank(number)))


def test_cases_are_numbered_by_the_year_of_the_country(world: TestCentre) -> None:
    """Numbers count up within a year, and the new year begins in Bangkok, not in Greenwich."""
    world.write([pay(name, VICTIM, MULE, 100) for name in "PQR"])
    assert world.report("P").case.number == "TH-2026-000001"
    assert world.report("Q").case.number == "TH-2026-000002"
    world.now_us = 1_798_736_400_000_000  # 2026-12-31 17:00 UTC: midnight in Bangkok
    assert world.report("R").case.number == "TH-2027-000001"


@pytest.mark.parametrize(
    ("via", "sender"),
    [
        ("centre", None),
        ("bank", actor_of(bank_of(VICTIM))),
        ("police", actor_of("TH.POLICE.1", *POLICE_SCOPES)),
    ],
)
def test_reports_come_by_three_ways(world: TestCentre, via: str, sender: Actor | None) -> None:
    """A caller, a bank or the police: the report says who sent it, and the money is held."""
    world.write([pay("P", VICTIM, MULE, 100)])
    sender = sender or world.centre.itself
    taken = take_report(world.centre, told("P", via=via), sender)
    assert (taken.report.via, taken.report.institution_id) == (via, sender.institution_id)
    assert spots(taken.orders) == [(MULE, 100)]


@pytest.mark.parametrize("via", ["centre", "police"])
def test_a_bank_speaks_as_a_bank(world: TestCentre, via: str) -> None:
    """Nobody reports by way of another."""
    world.write([pay("P", VICTIM, MULE, 100)])
    with pytest.raises(Forbidden) as refused:
        take_report(world.centre, told("P", via=via), actor_of(bank_of(VICTIM)))
    assert refused.value.code == "via_not_yours"


def test_a_bank_tells_of_its_own_customers_only(world: TestCentre) -> None:
    """Another bank's customer's payment is as if it were not there, now and when it appears."""
    stranger = actor_of(bank(9))
    world.write([pay("P", VICTIM, MULE, 100)])
    taken = take_report(world.centre, told("P", "Q", via="bank"), stranger)
    assert [claim.state for claim in taken.claims] == ["waiting", "waiting"]
    assert taken.orders == []
    assert all(claim.amount_minor is None for claim in taken.claims)
    world.follow(pay("Q", VICTIM, MULE, 100, 1))
    assert not Order.objects.exists()
    mine = world.report("P", "Q")
    assert mine.case != taken.case
    assert sorted(spots(mine.orders)) == [(MULE, 100), (MULE, 100)]


def test_a_bank_joins_no_case_of_others(world: TestCentre) -> None:
    """A report of a payment known before leads no stranger into its case."""
    world.write([pay("P", VICTIM, MULE, 100)])
    case = world.report("P").case
    taken = take_report(world.centre, told("P", via="bank"), actor_of(bank(9)))
    assert (taken.case != case, taken.known) == (True, [])


def test_vouching_for_a_caller_needs_its_scope(world: TestCentre) -> None:
    """Who may write reports may not for that confirm them."""
    world.write([pay("P", VICTIM, MULE, 100)])
    sender = actor_of(bank_of(VICTIM), Scope.REPORTS_WRITE)
    payments = [{"transfer_id": "P", "from_account": VICTIM}]
    with pytest.raises(Forbidden) as refused:
        take_report(
            world.centre, told(via="bank", caller_confirmed=True, payments=payments), sender
        )
    assert refused.value.code == "scope_missing"


def test_a_payment_told_twice_is_one_claim(world: TestCentre) -> None:
    """The second teller learns that it is known: same case, no second claim, no second order."""
    world.write([pay("P", VICTIM, MULE, 100)])
    first, second = world.report("P"), world.report("P")
    assert second.case == first.case
    assert (second.claims, second.known, second.orders) == ([], first.claims, [])
    assert (Case.objects.count(), Claim.objects.count(), Order.objects.count()) == (1, 1, 1)
    assert ClaimReport.objects.filter(claim=first.claims[0]).count() == 2


def test_one_report_may_name_a_payment_twice(world: TestCentre) -> None:
    """That is one claim as well, and nobody is told that somebody else had told of it."""
    world.write([pay("P", VICTIM, MULE, 100)])
    taken = world.report("P", "P")
    assert (len(taken.claims), taken.known) == (1, [])
    assert spots(taken.orders) == [(MULE, 100)]


def test_an_institution_finds_its_case_by_its_own_number(world: TestCentre) -> None:
    """The same number again is the same case; another's same number is not; one case has many."""
    payers = {"P": account(1, 1), "Q": account(1, 2), "R": account(2, 9), "S": account(1, 3)}
    world.write([pay(name, payer, MULE, 100) for name, payer in payers.items()])

    def case_of(name: str, value: str, number: int) -> Case:
        case: Case = as_bank(world, told(name, via="bank", institution_case_id=value), number).case
        return case

    first = case_of("P", "77", 1)
    assert case_of("Q", "77", 1) == first
    assert case_of("R", "77", 2) != first
    assert case_of("P", "78", 1) == first
    values = InstitutionCaseId.objects.filter(case=first).values_list("value", flat=True)
    assert sorted(values) == ["77", "78"]


def test_a_payment_to_oneself_is_no_loss(world: TestCentre) -> None:
    """The claim is refused, nothing is ordered, and the report is kept all the same."""
    world.write([pay("P", VICTIM, VICTIM, 100)])
    taken = world.report("P")
    assert (taken.claims[0].state, taken.orders) == ("refused", [])
    world.work()
    assert not Order.objects.exists()


def test_only_the_sending_bank_confirms(world: TestCentre) -> None:
    """A bank that the money did not leave, or that does not say so, can't vouch for the caller."""
    world.write([pay("P", VICTIM, MULE, 100)])
    for payment in ({"transfer_id": "P"}, {"transfer_id": "P", "from_account": account(3, 1)}):
        payments = [{"transfer_id": "Q", "from_account": VICTIM}, payment]
        with pytest.raises(Forbidden, match="only the bank"):
            as_bank(world, told(via="bank", caller_confirmed=True, payments=payments))
    assert not Report.objects.exists()


def test_a_bank_confirms_what_a_caller_told_before(world: TestCentre) -> None:
    """The victim called the centre, then the bank: the claim is confirmed by the second report."""
    world.write([pay("P", VICTIM, MULE, 100)])
    order = world.hold(world.report("P").orders[0])
    world.pass_time(hours=1)
    payments = [{"transfer_id": "P", "from_account": VICTIM}]
    taken = as_bank(world, told(via="bank", caller_confirmed=True, payments=payments))
    assert [claim.confirmed_us for claim in Claim.objects.all()] == [world.now_us]
    assert len(taken.known) == 1
    order = now(order)
    assert (order.state, order.basis) == ("extended", "victim_report")
    assert order.lapses_us == NOON_US + 72 * HOUR_US


def test_an_unknown_type_of_scam_is_refused(world: TestCentre) -> None:
    """The sentence says which types there are, and nothing is written."""
    with pytest.raises(Refused, match="call_centre"):
        world.report("P", scam_type="dragons")
    assert not Report.objects.exists()


def test_an_identity_number_is_kept_as_its_hash_only(world: TestCentre) -> None:
    """No table of the database has the number, and the same person gives the same hash."""
    world.write([pay("P", VICTIM, MULE, 100)])
    hashes = set()
    for written in (NUMBER, "1-1017-00203-45-0"):
        person = {"country": "TH", "kind": "NIDN", "number": written}
        taken = world.report("P", reporter={"person_id": person})
        hashes.add(taken.report.told["reporter"]["person_id"])
    assert len(hashes) == 1
    assert hashes.pop().startswith("TH.NIDN.")
    for model in apps.get_models():
        for values in model.objects.values():
            assert NUMBER not in json.dumps(values, default=str).replace("-", ""), model


def test_a_report_is_completed_later(world: TestCentre) -> None:
    """What was missing comes later; a payment added becomes a claim of the same case."""
    world.write([pay("P", VICTIM, MULE, 100), pay("Q", VICTIM, SECOND, 50)])
    first = world.report("P")
    assert "happened" in first.report.missing
    fuller = told("P", "Q", happened="They called.", channel="phone")
    taken = complete_report(world.centre, first.report.report_id, fuller, world.centre.itself)
    assert taken.case == first.case
    assert spots(taken.orders) == [(SECOND, 50)]
    assert "happened" not in taken.report.missing
    assert taken.report.completed_us is None


def test_nothing_told_is_unsaid(world: TestCentre) -> None:
    """A completion without a payment that was told before is refused and changes nothing."""
    world.write([pay("P", VICTIM, MULE, 100)])
    first = world.report("P")
    with pytest.raises(Conflict) as refused:
        complete_report(world.centre, first.report.report_id, told("Q"), world.centre.itself)
    assert refused.value.code == "report_shrunk"
    assert Report.objects.get().told == first.report.told


def test_a_stranger_cannot_complete_a_report(world: TestCentre) -> None:
    """Another institution's report looks like none at all."""
    world.write([pay("P", VICTIM, MULE, 100)])
    report_id = world.report("P").report.report_id
    for wanted in (report_id, "report-none"):
        with pytest.raises(NotFound, match="there is no report"):
            complete_report(world.centre, wanted, told("P", via="bank"), actor_of(bank(9)))


def test_a_sale_in_dispute_waits_for_a_person(world: TestCentre) -> None:
    """Nothing is held by rule; on a reviewer's word the first account, and never further."""
    world.write([pay("P", VICTIM, MULE, 100), pay("Q", MULE, SECOND, 40, 1)])
    taken = world.report("P", scam_type="goods")
    assert (taken.orders, open_reviews()) == ([], ["dispute"])
    world.decide("dispute", approve=True)
    world.work()
    assert spots(Order.objects.all()) == [(MULE, 60)]


def test_a_declined_dispute_is_never_held(world: TestCentre) -> None:
    """The person's no stands, however often the trail is settled."""
    world.write([pay("P", VICTIM, MULE, 100)])
    world.report("P", scam_type="goods")
    world.decide("dispute", approve=False)
    world.follow(pay("Q", SECOND, MULE, 40, 1))
    world.work()
    assert not Order.objects.exists()
    assert open_reviews() == []


def test_a_type_told_later_sets_how_far_orders_reach(world: TestCentre) -> None:
    """A report that turns out to be a quarrel over a sale is held no further by rule."""
    world.write([pay("P", VICTIM, MULE, 100)])
    first = world.report("P")
    told_later = told("P", scam_type="goods")
    complete_report(world.centre, first.report.report_id, told_later, world.centre.itself)
    world.follow(pay("Q", MULE, SECOND, 100, 1))
    world.work()
    assert spots(Order.objects.all()) == [(MULE, 100)]
    assert Claim.objects.get().disputed


def test_a_report_is_taken_while_the_ledger_is_away(world: TestCentre) -> None:
    """Its teller learns why nothing was ordered; once the ledger is back, it is followed."""
    world.write([pay("P", VICTIM, MULE, 100)])
    world.take_away_ledger()
    taken = world.report("P")
    assert (taken.orders, taken.not_followed) == ([], "ledger_unreadable")
    assert taken.claims[0].state == "waiting"
    world.give_back_ledger()
    world.work()
    assert spots(Order.objects.all()) == [(MULE, 100)]
    assert Claim.objects.get().state == "accepted"
    assert_settled(world)


def test_every_report_is_in_the_audit(world: TestCentre) -> None:
    """Who told, what became of it, under the case's number; no personal data."""
    world.write([pay("P", VICTIM, MULE, 100)])
    world.report("P", reporter={"name": "Somchai"})
    entries = AuditEntry.objects.filter(subject="case:TH-2026-000001")
    assert [entry.verb for entry in entries.order_by("id")] == ["order_hold", "take_report"]
    assert all("Somchai" not in entry.detail_json for entry in entries)
