"""Reports by HTTP: filed, completed, read, confirmed; and what may go wrong."""

from __future__ import annotations

from typing import Any

import pytest
from tests.api.conftest import MULE, SECOND, VICTIM, Caller, World, codes
from tests.workflows.centre_kit import pay

from holdfast.cases.models import Case, Order, Report
from holdfast.people.role import Scope
from holdfast.records.models import AuditEntry

pytestmark = pytest.mark.django_db


def test_a_report_makes_a_case_and_orders_at_once(sender: Caller) -> None:
    """One request gives case, claims and orders, and says what is still to be asked."""
    response = sender.report("P1")
    assert response.status_code == 201, response.content
    taken = response.json()
    assert taken["case"] == "TH-2026-000001"
    assert "reporter.name" in taken["missing"]
    assert [(row["transfer_id"], row["state"]) for row in taken["claims"]] == [("P1", "accepted")]
    assert [
        (row["institution"], row["amount_minor"], row["currency"]) for row in taken["orders"]
    ] == [
        ("TH.THCBC.004", 300_00, "THB"),
        ("TH.THCBC.006", 200_00, "THB"),
    ]
    assert all(row["state"] == "requested" and row["expires_at"] for row in taken["orders"])
    assert taken["not_followed"] is None


def test_the_sender_is_not_told_of_other_banks_customers(sender: Caller, staff: Caller) -> None:
    """Beyond the first payee the account is for the centre and its bank only."""
    taken = sender.report("P1").json()
    assert [row["account"] for row in taken["orders"]] == [MULE, None]
    whole = staff.get(f"/v1/cases/{taken['case']}").json()
    assert [row["account"] for row in whole["orders"]] == [MULE, SECOND]


def test_a_payment_told_before_joins_its_case(sender: Caller) -> None:
    """The second teller is told that the payment is known, and no second case is opened."""
    first = sender.report("P1").json()
    second = sender.report("P1").json()
    assert second["case"] == first["case"]
    assert second["claims"][0]["reported_before"] is True
    assert second["orders"] == []
    assert Case.objects.count() == 1


def test_a_report_is_completed_and_never_shrinks(sender: Caller, world: World) -> None:
    """PUT replaces the content; payments may be added, not unsaid."""
    world.pay(pay("P9", VICTIM, MULE, 100_00, -10))
    taken = sender.report("P1").json()
    path = f"/v1/reports/{taken['report_id']}"
    fuller = {
        "via": "bank",
        "payments": [{"transfer_id": "P1"}, {"transfer_id": "P9"}],
        "happened": "they called",
    }
    done = sender.send("PUT", path, fuller)
    assert done.status_code == 200, done.content
    assert [row["transfer_id"] for row in done.json()["claims"]] == ["P9"]
    assert "happened" not in done.json()["missing"]
    shrunk = sender.send("PUT", path, {"via": "bank", "payments": [{"transfer_id": "P9"}]})
    assert (shrunk.status_code, shrunk.json()["code"]) == (409, "report_shrunk")


def test_only_its_sender_and_the_centre_read_a_report(
    sender: Caller, staff: Caller, mules_bank: Caller
) -> None:
    """A report is personal data: others find nothing, and each reading leaves an entry."""
    taken = sender.report("P1", reporter={"name": "Somchai"}).json()
    path = f"/v1/reports/{taken['report_id']}"
    for caller in (sender, staff):
        read = caller.get(path)
        assert read.status_code == 200
        assert read.json()["told"]["reporter"]["name"] == "Somchai"
    mules_bank.report("P1")
    assert mules_bank.get(path).status_code == 404
    assert AuditEntry.objects.filter(verb="read_report").count() == 2


def test_another_banks_report_looks_as_if_it_were_not(sender: Caller, stranger: Caller) -> None:
    """Reading and completing answer as for an id that nobody has."""
    report_id = sender.report("P1").json()["report_id"]
    body = {"via": "bank", "payments": [{"transfer_id": "P1"}]}
    for there, not_there in (
        (stranger.get(f"/v1/reports/{report_id}"), stranger.get("/v1/reports/none")),
        (
            stranger.send("PUT", f"/v1/reports/{report_id}", body),
            stranger.send("PUT", "/v1/reports/none", body),
        ),
    ):
        assert there.status_code == not_there.status_code == 404
        assert _without_id(there.json(), report_id) == _without_id(not_there.json(), "none")


def test_the_sending_bank_confirms_a_claim(sender: Caller, stranger: Caller) -> None:
    """Its holds rest on a stronger basis from then on; another bank finds no such claim."""
    claim_id = sender.report("P1").json()["claims"][0]["claim_id"]
    path = f"/v1/claims/{claim_id}/confirmation"
    assert stranger.post(path, {"name_matches": True}).json()["code"] == "claim_unknown"
    done = sender.post(path, {"name_matches": True})
    assert done.status_code == 200
    assert done.json()["confirmed_at"] == "2026-11-20T05:00:00Z"
    assert not Order.objects.filter(provisional=True).exists()


def test_a_bank_confirms_its_own_customers_only(sender: Caller) -> None:
    """Who says that the caller is confirmed must be the bank that the payment left."""
    payment = {"transfer_id": "P1", "from_account": MULE}
    response = sender.post(
        "/v1/reports",
        {"via": "bank", "payments": [payment], "caller_confirmed": True},
        idempotency_key="k",
    )
    assert (response.status_code, response.json()["code"]) == (403, "not_the_sending_bank")


def test_wrong_fields_are_named_by_pointers(sender: Caller) -> None:
    """Every wrong field comes with its place, a code, and a sentence without its value."""
    response = sender.report(
        key="k",
        payments=[{"from_account": "0123"}, {"transfer_id": "P1", "colour": "red"}],
        happened=7,
        scam_typ="x",
    )
    problem = response.json()
    assert (response.status_code, problem["code"]) == (422, "fields_wrong")
    assert response["Content-Type"] == "application/problem+json"
    assert codes(problem["errors"]) == {
        "#/payments/0/from_account": "account_form",
        "#/payments/1/colour": "field_unknown",
        "#/happened": "field_type",
        "#/scam_typ": "field_unknown",
    }
    assert Report.objects.count() == 0


def test_a_scam_type_the_law_does_not_know_is_refused(sender: Caller) -> None:
    """What the rules refuse is a problem with their code, and nothing is kept."""
    response = sender.report("P1", scam_type="astrology")
    assert (response.status_code, response.json()["code"]) == (422, "scam_type_unknown")
    assert Case.objects.count() == 0


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/reports"),
        ("PUT", "/v1/reports/r"),
        ("GET", "/v1/reports/r"),
        ("POST", "/v1/claims/c/confirmation"),
        ("GET", "/v1/cases"),
        ("GET", "/v1/cases/c"),
        ("GET", "/v1/cases/c/history"),
        ("GET", "/v1/cases/c/trail"),
        ("POST", "/v1/cases/c/complaints"),
        ("POST", "/v1/cases/c/merge"),
        ("POST", "/v1/cases/c/institution-case-ids"),
        ("GET", "/v1/hold-orders"),
        ("GET", "/v1/hold-orders/o"),
        ("POST", "/v1/hold-orders/o/answers"),
        ("POST", "/v1/hold-orders/o/release"),
        ("GET", "/v1/reviews"),
        ("POST", "/v1/reviews/r/decision"),
        ("GET", "/v1/institutions/i/times"),
        ("GET", "/v1/audit"),
        ("GET", "/v1/notices"),
        ("POST", "/v1/notices/n/brought"),
    ],
)
def test_every_resource_asks_for_a_key_and_its_scope(world: World, method: str, path: str) -> None:
    """Without a key 401, with a key that lacks the scope 403, before anything is looked at."""
    nobody = Caller("", world).send(method, path, {})
    assert (nobody.status_code, nobody.json()["code"]) == (401, "api_key_missing")
    assert nobody["WWW-Authenticate"].startswith("Bearer")
    scope = Scope.AUDIT_READ if "audit" not in path else Scope.CASES_READ
    weak = world.caller("TH.AOC", scope).send(method, path, {})
    assert (weak.status_code, weak.json()["code"]) == (403, "scope_missing")


def _without_id(problem: dict[str, Any], report_id: str) -> str:
    return str(problem).replace(report_id, "…")
