"""Asking that a claim be withdrawn: who may, and what the case and its tellers see of it."""

from __future__ import annotations

from tests.api.conftest import VICTIM, Caller, World
from tests.workflows.centre_kit import account, pay

from holdfast.cases.models import Claim
from holdfast.people.role import Scope

REASON = {"reason": "reported_in_error"}


def test_a_bank_asks_a_person_decides_and_the_bank_sees_it(world: World, sender: Caller) -> None:
    """The claim is withdrawn, its orders are let go, its trail is gone, its teller has a notice."""
    reviewer = world.caller("TH.AOC", Scope.REVIEWS_DECIDE, Scope.CASES_READ)
    taken = sender.report("P1").json()
    address = f"/v1/claims/{taken['claims'][0]['claim_id']}/withdrawal"
    asked = sender.post(address, REASON)
    assert (asked.status_code, asked.json()["kind"]) == (202, "withdrawal")
    assert sender.post(address, REASON).json()["code"] == "review_waits"
    decided = reviewer.post(
        f"/v1/reviews/{asked.json()['review_id']}/decision", {"approve": True, "reason": "yes"}
    )
    assert decided.status_code == 200
    case = sender.get(f"/v1/cases/{taken['case']}").json()
    (claim,) = case["claims"]
    assert (claim["state"], claim["withdrawn_why"]) == ("withdrawn", "reported_in_error")
    assert claim["withdrawn_at"] == "2026-11-20T05:00:00Z"
    whole = reviewer.get(f"/v1/cases/{taken['case']}").json()
    assert {(row["state"], row["reason"]) for row in whole["orders"]} == {
        ("released", "claim_withdrawn")
    }
    assert sender.get(f"/v1/cases/{taken['case']}/trail").json()["trails"] == []
    (notice,) = sender.get("/v1/notices").json()["items"]
    assert (notice["case"], notice["says"]["type"]) == (taken["case"], "claim_withdrawn")
    assert sender.post(f"/v1/notices/{notice['notice_id']}/brought", {}).status_code == 200
    assert sender.post(address, REASON).json()["code"] == "claim_not_followed"


def test_whom_it_does_not_concern(world: World, sender: Caller) -> None:
    """The payee's bank may not ask; to it there is no such claim."""
    claim_id = sender.report("P1").json()["claims"][0]["claim_id"]
    payee = world.caller("TH.THCBC.004")
    assert payee.post(f"/v1/claims/{claim_id}/withdrawal", REASON).status_code == 404
    assert payee.post("/v1/claims/none/withdrawal", REASON).status_code == 404
    reader = world.caller("TH.THCBC.002", Scope.CASES_READ)
    assert reader.post(f"/v1/claims/{claim_id}/withdrawal", REASON).status_code == 403
    wrong = sender.post(f"/v1/claims/{claim_id}/withdrawal", {"reason": "Because!"})
    assert wrong.status_code == 422
    assert Claim.objects.get().state == "accepted"


def test_a_report_with_its_time_and_what_is_held(world: World, sender: Caller) -> None:
    """The bank's own hold is told with the report, and the order is held from the start."""
    world.pay(pay("OWN", VICTIM, account(2, 9), 300_00, -10))
    held = {
        "reference": "H-1",
        "account": account(2, 9),
        "amount": "300.00",
        "currency": "THB",
        "since": "2026-11-20T04:59:00Z",
    }
    more = {"caller_confirmed": True, "reported_at": "2026-11-20T04:58:00Z"}
    payments = [{"transfer_id": "OWN", "from_account": VICTIM}]
    body = {"via": "bank", "payments": payments, "held_already": [held]} | more
    taken = sender.post("/v1/reports", body, idempotency_key=world.fresh())
    assert taken.status_code == 201, taken.json()
    (order,) = taken.json()["orders"]
    assert (order["state"], order["expires_at"]) == ("held", "2026-11-23T04:58:00Z")
    own = sender.get("/v1/own-holds").json()["items"][0]
    assert (own["state"], own["orders"]) == ("ordered", [order["order_id"]])
    nothing = body | {"held_already": [held | {"amount": "0"}]}
    wrong = sender.post("/v1/reports", nothing, idempotency_key=world.fresh())
    assert wrong.status_code == 422
