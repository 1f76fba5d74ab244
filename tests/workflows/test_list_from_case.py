"""From a case: what its reports tell of, and no more than their ground carries."""

from __future__ import annotations

import pytest
from tests.workflows.centre_kit import TestCentre, account, actor_of, bank, pay, told
from tests.workflows.registry_kit import APPROVER, LISTER

from holdfast.cases.models import Case
from holdfast.cases.stop import StopKind
from holdfast.core.errors import NotFound
from holdfast.registry.models import Listing
from holdfast.registry.subject import parse_subject
from holdfast.workflows.approve_listing import approve_listing
from holdfast.workflows.confirm_claim import confirm_claim
from holdfast.workflows.contest_listing import contest_subject
from holdfast.workflows.file_complaint import ComplaintTold, file_complaint
from holdfast.workflows.list_from_case import FromCase, list_from_case
from holdfast.workflows.plan_listing import plan_listing
from holdfast.workflows.stop_account import StopTold, stop_account
from holdfast.workflows.take_report import take_report

VICTIM, MULE, SECOND = account(1, 1), account(2, 2), account(3, 3)
OWN, SCAM = "+66811111111", "+66822222222"
IDENTIFIERS = {
    "phones": [OWN, SCAM, "TH.1441"],
    "links": ["https://pay.example/x"],
    "wallets": [],
    "handles": ["LINE @getrich", "nobody"],
}


def case_of(world: TestCentre, *, confirmed: bool = True) -> Case:
    """Return a case whose money went on from the account that the victim paid."""
    world.write([pay("P", VICTIM, MULE, 100), pay("Q", MULE, SECOND, 90, 1)])
    report = told("P", identifiers=IDENTIFIERS, reporter={"phone": OWN})
    taken = take_report(world.centre, report, world.centre.itself)
    if confirmed:
        claim_id = taken.claims[0].claim_id
        confirm_claim(world.centre, claim_id, actor_of(bank(1)), name_matches=True)
    return taken.case


def listed(world: TestCentre, case: Case) -> FromCase:
    """List what a case tells of."""
    return list_from_case(world.centre, case.number, LISTER)


def rows() -> list[tuple[str, str, str]]:
    """Return kind, tier and state of every listing."""
    found = Listing.objects.order_by("id")
    return list(found.values_list("subject_kind", "tier", "state"))


def test_a_case_lists_the_account_and_proposes_hearsay(world: TestCentre) -> None:
    """The further account is not listed, the victim's own phone and short codes neither."""
    found = listed(world, case_of(world))
    assert rows() == [
        ("account", "light_grey", "standing"),
        ("phone", "light_grey", "proposed"),
        ("link", "light_grey", "proposed"),
        ("handle", "light_grey", "proposed"),
    ]
    assert {left.code for left in found.left_out} == {
        "subject_of_victim",
        "phone_short_code",
        "subject_handle_form",
    }
    assert not Listing.objects.filter(subject_key=SECOND).exists()


def test_unconfirmed_no_account_is_listed(world: TestCentre) -> None:
    """The sending bank's word comes first; then the same call lists it, the rest is known."""
    case = case_of(world, confirmed=False)
    assert "ground_unconfirmed" in {left.code for left in listed(world, case).left_out}
    assert not Listing.objects.filter(subject_kind="account").exists()
    claim = case.claims.get()
    confirm_claim(world.centre, claim.claim_id, actor_of(bank(1)), name_matches=True)
    again = listed(world, case)
    assert ([row.subject_key for row in again.listed], again.known) == ([MULE], 3)


def test_a_complaint_moves_what_the_case_listed(world: TestCentre) -> None:
    """Light grey stands until a second person approves dark grey."""
    case = case_of(world)
    listed(world, case)
    complaint = ComplaintTold("1/2026", "Bang Rak", "Lt. A", world.now_us - 1, world.now_us)
    file_complaint(world.centre, case, complaint, actor_of("TH.POLICE.1"))
    listed(world, case)
    moved = Listing.objects.get(subject_key=MULE, tier="dark_grey")
    assert (moved.state, moved.replaces.tier) == ("proposed", "light_grey")
    approve_listing(world.centre, moved.listing_id, APPROVER, approve=True, reason="checked")
    assert Listing.objects.get(subject_key=MULE, state="standing").tier == "dark_grey"


@pytest.mark.parametrize("reason", ["account_is_stop", "account_of_victim", "claim_disputed"])
def test_the_innocent_are_left_out(world: TestCentre, reason: str) -> None:
    """A merchant, another victim, the seller in a quarrel."""
    case = case_of(world)
    if reason == "account_is_stop":
        known = StopTold(MULE, StopKind.MERCHANT, "register of firms", world.now_us)
        stop_account(world.centre, known, LISTER)
    elif reason == "account_of_victim":
        world.report("Q")
    else:
        case.claims.update(disputed=True)
    assert reason in {left.code for left in listed(world, case).left_out}
    assert not Listing.objects.filter(subject_key=MULE).exists()


def test_a_case_told_before_a_contest_is_no_new_ground(world: TestCentre) -> None:
    """One reported after it is: another victim since then, not the same word again."""
    first = case_of(world)
    listed(world, first)
    world.write([pay(name, account(1, 7), MULE, 10, 2) for name in ("R", "S")])
    before = world.report("R").case
    world.pass_time(hours=1)
    contest_subject(world.centre, parse_subject("account", MULE, "TH"), ["mine"], LISTER)
    world.pass_time(hours=1)
    after = world.report("S").case
    for case in (before, after):
        for claim in case.claims.all():
            confirm_claim(world.centre, claim.claim_id, actor_of(bank(1)), name_matches=True)
    assert len({first.number, before.number, after.number}) == 3
    assert "listing_in_doubt" in {left.code for left in listed(world, before).left_out}
    assert MULE in {row.subject_key for row in listed(world, after).listed}


def test_the_proxy_that_was_paid_is_listed_too(world: TestCentre) -> None:
    """Its personal value is sealed before anything is kept."""
    world.write([pay("P", VICTIM, MULE, 100)])
    payment = {"transfer_id": "P", "to_proxy": "TH.PROMPTPAY.NIDN.1100000000008"}
    taken = world.report_of(payment)
    confirm_claim(world.centre, taken.claims[0].claim_id, actor_of(bank(1)), name_matches=True)
    listed(world, taken.case)
    proxy = Listing.objects.get(subject_kind="proxy")
    assert proxy.subject_key.startswith("TH.PROMPTPAY.NIDN.")
    assert "1100000000008" not in proxy.subject_key


def test_it_is_done_as_due_work(world: TestCentre) -> None:
    """Planned once, done once, again without harm."""
    case = case_of(world)
    plan_listing(world.centre, case)
    world.work()
    count = Listing.objects.count()
    plan_listing(world.centre, case)
    world.work()
    assert (count, Listing.objects.count()) == (4, 4)


def test_an_unknown_case_is_said_so(world: TestCentre) -> None:
    """Nothing is listed from nowhere."""
    with pytest.raises(NotFound):
        list_from_case(world.centre, "TH-1-1", LISTER)
