"""The same request again: one effect, one answer, for the life of the case."""

from __future__ import annotations

from typing import Any

import pytest
from tests.api.conftest import Caller, World
from tests.workflows.centre_kit import answer

from holdfast.api import idempotent
from holdfast.cases.models import Case, Order, Report
from holdfast.records import idempotency
from holdfast.records.models import IdempotencyKey

pytestmark = pytest.mark.django_db


def test_a_report_sent_again_gets_the_same_answer(sender: Caller, world: World) -> None:
    """Byte for byte, months later too, and nothing is done a second time."""
    first = sender.report("P1", key="k1")
    world.test.pass_time(hours=24 * 90)
    again = sender.report("P1", key="k1")
    assert (again.status_code, again.content) == (201, first.content)
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert (Report.objects.count(), Case.objects.count()) == (1, 1)


def test_a_key_with_other_content_is_refused(sender: Caller) -> None:
    """A key is for one intent."""
    sender.report("P1", key="k1")
    other = sender.report("P2", key="k1")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    assert Report.objects.count() == 1


def test_a_key_at_another_address_is_refused(sender: Caller) -> None:
    """The same body sent elsewhere is another request."""
    body = {"via": "bank", "payments": [{"transfer_id": "P1"}]}
    taken = sender.post("/v1/reports", body, idempotency_key="k1").json()
    put = sender.send("PUT", f"/v1/reports/{taken['report_id']}", body, idempotency_key="k1")
    assert (put.status_code, put.json()["code"]) == (409, "idempotency_key_reused")


def test_two_institutions_may_choose_the_same_key(sender: Caller, mules_bank: Caller) -> None:
    """A key is the institution's own; nobody gets another's answer by it."""
    one = sender.report("P1", key="k1").json()
    two = mules_bank.report("P1", key="k1").json()
    assert one["report_id"] != two["report_id"]


def test_of_two_at_once_one_is_done(sender: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes second is told to ask again, and nothing of what it did remains."""
    sender.report("P1", key="k1")
    reports = Report.objects.count()
    # The second looked before the first was through.
    monkeypatch.setattr(idempotency, "recall", lambda **_: None)
    second = sender.report("P1", key="k1")
    assert (second.status_code, second.json()["code"]) == (409, "idempotency_key_in_use")
    assert second["Retry-After"] == "5"
    assert Report.objects.count() == reports


def test_a_refused_request_keeps_no_key(sender: Caller) -> None:
    """What was mended can be sent under the same key."""
    assert sender.report("P1", key="k1", scam_type="astrology").status_code == 422
    assert sender.report("P1", key="k1").status_code == 201


def test_a_new_report_needs_a_key(sender: Caller) -> None:
    """Without one a lost answer would make a second report."""
    body = {"via": "bank", "payments": [{"transfer_id": "P1"}]}
    missing = sender.post("/v1/reports", body)
    assert (missing.status_code, missing.json()["code"]) == (400, "idempotency_key_missing")


@pytest.mark.parametrize("key", ["", "two words", "x" * 201, "ก"])
def test_keys_have_a_form(sender: Caller, key: str) -> None:
    """Printable ASCII without blanks: keys with a blank are our own."""
    body = {"via": "bank", "payments": [{"transfer_id": "P1"}]}
    header = key.encode().decode("latin-1")
    response = sender.post("/v1/reports", body, idempotency_key=header)
    assert (response.status_code, response.json()["code"]) == (400, "idempotency_key_form")


def test_other_posts_take_a_key_too(sender: Caller, mules_bank: Caller) -> None:
    """An answer under a key is replayed as it was first given."""
    sender.report("P1")
    order = Order.objects.get(institution_id="TH.THCBC.004")
    path, body = f"/v1/hold-orders/{order.order_id}/answers", answer(order, "held", 300_00)
    first: Any = mules_bank.post(path, body, idempotency_key="a")
    again: Any = mules_bank.post(path, body, idempotency_key="a")
    assert again.json() == first.json()
    assert again.json()["repeated"] is False


def test_keys_live_as_long_as_the_case(sender: Caller) -> None:
    """They are kept under the case's name, by which they are forgotten with it."""
    number = sender.report("P1", key="k1").json()["case"]
    assert IdempotencyKey.objects.get(key="k1").subject == f"case:{number}"
    assert idempotency.forget(f"case:{number}") == 1


def test_our_bound_on_keys_fits_the_stored_one() -> None:
    """No key that the API takes is refused where it is kept."""
    assert idempotent.KEY_LENGTH_MAX <= idempotency.KEY_LENGTH_MAX
