"""Cases by HTTP: who sees which, what of it, the trail's own part, history, merging."""

from __future__ import annotations

import pytest
from tests.api.conftest import MULE, SECOND, VICTIM, Caller, World
from tests.workflows.centre_kit import account, pay

from holdfast.cases.models import PoliceComplaint
from holdfast.people.role import Scope
from holdfast.records.models import AuditEntry

pytestmark = pytest.mark.django_db

POLICE_SCOPES = (Scope.COMPLAINTS_WRITE, Scope.CASES_READ)


@pytest.fixture
def number(sender: Caller) -> str:
    """The case of a report by the victim's bank."""
    found: str = sender.report("P1", institution_case_id="BC-1").json()["case"]
    return found


def test_a_case_is_read_by_those_it_concerns(
    number: str, sender: Caller, mules_bank: Caller, world: World, stranger: Caller, staff: Caller
) -> None:
    """The sender, the payee's bank, a bank with an order and the centre see it; others do not."""
    further = world.caller("TH.THCBC.006")
    for caller in (sender, mules_bank, further, staff):
        assert caller.get(f"/v1/cases/{number}").status_code == 200
        assert [row["case"] for row in caller.get("/v1/cases").json()["items"]] == [number]
    there = stranger.get(f"/v1/cases/{number}")
    not_there = stranger.get("/v1/cases/TH-2026-999999")
    assert there.status_code == not_there.status_code == 404
    assert there.json()["code"] == not_there.json()["code"] == "case_unknown"
    assert stranger.get("/v1/cases").json()["items"] == []


def test_the_centre_sees_who_owes_an_answer_and_since_when(number: str, staff: Caller) -> None:
    """Each unanswered order is owed by its institution from when it was made."""
    case = staff.get(f"/v1/cases/{number}").json()
    assert [(row["institution"], row["since"], row["acknowledged"]) for row in case["owed"]] == [
        ("TH.THCBC.004", "2026-11-20T05:00:00Z", False),
        ("TH.THCBC.006", "2026-11-20T05:00:00Z", False),
    ]
    assert case["institution_case_ids"] == [{"institution": "TH.THCBC.002", "value": "BC-1"}]
    assert [row["via"] for row in case["reports"]] == ["bank"]


def test_a_bank_sees_its_own_part_of_a_case(number: str, mules_bank: Caller) -> None:
    """Other banks' orders, numbers and reports are not shown to it."""
    case = mules_bank.get(f"/v1/cases/{number}").json()
    assert [row["institution"] for row in case["orders"]] == ["TH.THCBC.004"]
    assert [row["institution"] for row in case["owed"]] == ["TH.THCBC.004"]
    assert case["institution_case_ids"] == []
    assert case["reports"] == []
    assert [row["transfer_id"] for row in case["claims"]] == ["P1"]


def test_who_paid_whom_is_known_to_their_banks(
    number: str, world: World, sender: Caller, mules_bank: Caller
) -> None:
    """A bank to which the money went on learns of neither the victim's account nor the mule's."""
    further = world.caller("TH.THCBC.006")
    for caller, shown in ((sender, True), (mules_bank, True), (further, False)):
        claim = caller.get(f"/v1/cases/{number}").json()["claims"][0]
        ends = (VICTIM, MULE) if shown else (None, None)
        assert (claim["debit_account"], claim["credit_account"]) == ends


def test_reading_a_case_leaves_an_entry(number: str, mules_bank: Caller) -> None:
    """Who read personal data can be found later."""
    mules_bank.get(f"/v1/cases/{number}")
    entry = AuditEntry.objects.get(verb="read_case")
    assert entry.subject == f"case:{number}"
    assert entry.actor.startswith("key:TH.THCBC.004/")


def test_the_centre_reads_the_whole_trail(number: str, staff: Caller) -> None:
    """Where the money rests adds up to the claim."""
    trail = staff.get(f"/v1/cases/{number}/trail").json()["trails"][0]
    assert (trail["rule"], trail["whole"], trail["ledger_change"]) == ("fifo", True, 1)
    assert [(row["account"], row["amount"]) for row in trail["answer"]["resting"]] == [
        (MULE, 300_00),
        (SECOND, 200_00),
    ]
    assert [hop["transfer_id"] for hop in trail["answer"]["hops"]] == ["P1", "P2"]


def test_a_bank_reads_no_other_banks_rows_of_a_trail(world: World, sender: Caller) -> None:
    """A hop further on, between two other banks, is shown to neither the first nor the second."""
    third = account(8, 1)
    world.pay(pay("P3", SECOND, third, 50_00, -10))
    number = sender.report("P1").json()["case"]
    parts = {}
    for bank in ("TH.THCBC.002", "TH.THCBC.004", "TH.THCBC.008"):
        trail = world.caller(bank).get(f"/v1/cases/{number}/trail").json()["trails"][0]
        answer = trail["answer"]
        assert trail["whole"] is False
        parts[bank] = (
            [hop["transfer_id"] for hop in answer["hops"]],
            [row["account"] for row in answer["resting"]],
        )
    assert parts == {
        "TH.THCBC.002": (["P1"], []),
        "TH.THCBC.004": (["P1", "P2"], [MULE]),
        "TH.THCBC.008": (["P3"], [third]),
    }


def test_the_trail_of_a_strangers_case_is_not_there(number: str, stranger: Caller) -> None:
    """Trail and history are behind the same right as the case."""
    for path in ("trail", "history"):
        response = stranger.get(f"/v1/cases/{number}/{path}")
        assert (response.status_code, response.json()["code"]) == (404, "case_unknown")


def test_a_cases_history_for_the_centre_is_whole(number: str, staff: Caller) -> None:
    """Every act of the case is there, in order, in pages."""
    path = f"/v1/cases/{number}/history"
    whole = [row["verb"] for row in staff.get(path).json()["items"]]
    assert whole == ["order_hold", "order_hold", "take_report"]
    first = staff.get(f"{path}?limit=2").json()
    rest = staff.get(f"{path}?limit=2&after={first['next']}").json()
    assert [row["verb"] for row in first["items"] + rest["items"]] == whole
    assert rest["next"] is None


def test_a_banks_history_is_its_own_acts_and_orders(
    number: str, sender: Caller, mules_bank: Caller
) -> None:
    """Nobody reads what another bank was ordered."""
    path = f"/v1/cases/{number}/history"
    theirs = mules_bank.get(path).json()["items"]
    assert [(row["verb"], row["detail"]["institution"]) for row in theirs] == [
        ("order_hold", "TH.THCBC.004")
    ]
    assert [row["verb"] for row in sender.get(path).json()["items"]][-1] == "take_report"


def test_a_banks_history_comes_in_pages(number: str, mules_bank: Caller) -> None:
    """Pages of what may be read have no holes and an end."""
    path = f"/v1/cases/{number}/history?limit=1"
    for _ in range(3):
        mules_bank.get(f"/v1/cases/{number}")
    seen, after = [], ""
    for _ in range(9):
        page = mules_bank.get(f"{path}&after={after}").json()
        seen += [row["id"] for row in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert after is None
    assert len(seen) == len(set(seen)) == 4


def test_the_police_file_on_any_case_and_read_those_they_confirmed(
    number: str, world: World, sender: Caller
) -> None:
    """The victim brings the number; from the acceptance on the police see the whole case."""
    police = world.caller("TH.POLICE", *POLICE_SCOPES)
    path = f"/v1/cases/{number}/complaints"
    told = {
        "number": "12/2569",
        "station": "Lat Phrao",
        "officer": "Pol. Lt. Somsri",
        "filed_at": "2026-11-20T11:00:00+07:00",
    }
    filed = police.post(path, told)
    assert (filed.status_code, filed.json()["accepted_at"]) == (201, None)
    assert police.get(f"/v1/cases/{number}").status_code == 404
    accepted = police.post(path, told | {"accepted_at": "2026-11-20T11:30:00+07:00"})
    assert accepted.json()["complaint_id"] == filed.json()["complaint_id"]
    assert PoliceComplaint.objects.count() == 1
    case = police.get(f"/v1/cases/{number}").json()
    assert [row["account"] for row in case["orders"]] == [MULE, SECOND]
    assert case["complaints"][0]["officer"] == "Pol. Lt. Somsri"
    assert case["reports"] == []
    assert sender.get(f"/v1/cases/{number}").json()["complaints"][0]["officer"] is None


def test_a_complaint_of_tomorrow_is_refused(number: str, world: World) -> None:
    """Times must be possible, and the case must be there."""
    police = world.caller("TH.POLICE", *POLICE_SCOPES)
    told = {"number": "1", "station": "s", "officer": "o", "filed_at": "2026-11-21T05:00:00Z"}
    late = police.post(f"/v1/cases/{number}/complaints", told)
    assert (late.status_code, late.json()["code"]) == (422, "complaint_time")
    told["filed_at"] = "yesterday"
    wrong = police.post(f"/v1/cases/{number}/complaints", told).json()
    assert wrong["errors"][0]["code"] == "time_unreadable"
    assert police.post("/v1/cases/TH-2026-000099/complaints", told).status_code in (404, 422)


def test_only_the_centre_merges_and_old_numbers_lead_on(
    number: str, sender: Caller, staff: Caller, world: World
) -> None:
    """After a merge the old number shows the case that it became."""
    world.pay(pay("P9", VICTIM, account(4, 9), 70_00, -5))
    second = sender.report("P9").json()["case"]
    bank = world.caller("MY.NSRC", Scope.REVIEWS_DECIDE)
    refused = bank.post(f"/v1/cases/{second}/merge", {"into": number})
    assert (refused.status_code, refused.json()["code"]) == (403, "centre_only")
    merged = staff.post(f"/v1/cases/{second}/merge", {"into": number})
    assert merged.status_code == 200, merged.content
    assert merged.json()["merged"] == [second]
    assert {row["transfer_id"] for row in merged.json()["claims"]} == {"P1", "P9"}
    assert sender.get(f"/v1/cases/{second}").json()["case"] == number
    itself = staff.post(f"/v1/cases/{number}/merge", {"into": number})
    assert (itself.status_code, itself.json()["code"]) == (409, "case_into_itself")


def test_an_institution_adds_its_own_number(
    number: str, mules_bank: Caller, sender: Caller, world: World, stranger: Caller
) -> None:
    """The same again changes nothing; a number stands for one case only."""
    path = f"/v1/cases/{number}/institution-case-ids"
    for _ in range(2):
        added = mules_bank.post(path, {"value": "B-77"})
        assert (added.status_code, added.json()) == (
            201,
            {"institution": "TH.THCBC.004", "value": "B-77"},
        )
    shown = mules_bank.get(f"/v1/cases/{number}").json()["institution_case_ids"]
    assert [row["value"] for row in shown] == ["B-77"]
    world.pay(pay("P9", VICTIM, account(4, 9), 70_00, -5))
    other = sender.report("P9").json()["case"]
    taken = mules_bank.post(f"/v1/cases/{other}/institution-case-ids", {"value": "B-77"})
    assert (taken.status_code, taken.json()["code"]) == (409, "institution_case_id_elsewhere")
    assert stranger.post(path, {"value": "X"}).status_code == 404


def test_pages_of_cases_are_stable_when_cases_are_added(
    world: World, sender: Caller, staff: Caller
) -> None:
    """What comes in between two pages is neither seen twice nor hides anything."""
    world.pay(*(pay(f"Q{i}", VICTIM, account(4, 20 + i), 10_00, -5) for i in range(7)))
    made = [sender.report(f"Q{i}").json()["case"] for i in range(5)]
    first = staff.get("/v1/cases?limit=2").json()
    assert [row["case"] for row in first["items"]] == made[:-3:-1]
    sender.report("Q5")
    second = staff.get(f"/v1/cases?limit=2&after={first['next']}").json()
    sender.report("Q6")
    third = staff.get(f"/v1/cases?limit=2&after={second['next']}").json()
    seen = [row["case"] for part in (first, second, third) for row in part["items"]]
    assert seen == made[::-1]
    assert third["next"] is None


@pytest.mark.parametrize(
    ("query", "where"),
    [("limit=0", "limit"), ("limit=201", "limit"), ("limit=x", "limit"), ("after=!!", None)],
)
def test_pages_have_bounds(staff: Caller, query: str, where: str | None) -> None:
    """A limit out of bounds and a cursor that no page gave are refused."""
    response = staff.get(f"/v1/cases?{query}")
    assert response.status_code == 422
    problem = response.json()
    if where is None:
        assert problem["code"] == "cursor_wrong"
    else:
        assert problem["errors"][0]["parameter"] == where
