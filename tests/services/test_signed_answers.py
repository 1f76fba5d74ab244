"""Answers posted by a bank: signed with a retired key, replayed, altered, sent by another."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

import httpx
import pytest
from tests.services.processes import until
from tests.services.reporting import Reporter
from tests.services.town import MULES_BANKS, Running

from holdfast.banks.messages import AnswerStatus, HoldAnswer
from holdfast.banks.signing import sign_request
from holdfast.cases.hold import HoldState
from holdfast.cases.models import BankAnswer, Order
from holdfast.core.keys import SigningKey
from holdfast.people.models import InstitutionKey

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket]
BANK, _, OTHER = MULES_BANKS


@dataclass(frozen=True)
class Posted:
    """A request with an answer, as anybody on the way could have kept it."""

    url: str
    headers: dict[str, str]
    body: bytes

    def send(self) -> httpx.Response:
        """Send these very bytes."""
        return httpx.post(self.url, headers=self.headers, content=self.body, timeout=30.0)

    def is_refused(self, code: str) -> bool:
        """Send them, and say whether the sender was not recognised, and why."""
        response = self.send()
        return (response.status_code, response.json()["code"]) == (401, code)


@pytest.fixture
def order(running: Running) -> Order:
    """An order to hold that its bank has not answered; only the server runs."""
    running.add_server()
    running.start()
    Reporter(running.url, running.town.bearer).report("key", ["P3"])
    until(Order.objects.exists, "an order")
    found: Order = Order.objects.get(institution_id=BANK)
    return found


def post(running: Running, order: Order, key: str = "-2", **changes: object) -> Posted:
    """Return the bank's signed answer that all is held."""
    now_us = time.time_ns() // 1000
    values: dict[str, object] = {
        "answer_id": secrets.token_hex(8),
        "order_id": order.order_id,
        "institution": BANK,
        "status": AnswerStatus.HELD,
        "amount_held_minor": order.amount_minor,
        "currency": "THB",
        "answered_at_us": now_us,
        "held_at_us": now_us,
    }
    return sign(running, order, HoldAnswer(**(values | changes)).to_bytes(), key)  # type: ignore[arg-type]


def sign(running: Running, order: Order, body: bytes, key: str = "-2") -> Posted:
    """Return a body as the bank posts it, signed just now."""
    town, now_us = running.town, time.time_ns() // 1000
    pem = next((town.folder / BANK / "keys").rglob(f"{BANK}{key}.pem"))
    url = f"{running.url}/v1/hold-orders/{order.order_id}/answers"
    nonce = secrets.token_hex(8)
    headers = sign_request("POST", url, body, SigningKey.read(pem), now_us, nonce)
    secret = (town.folder / f"{BANK}.secret").read_text(encoding="ascii")
    return Posted(url, headers | {"authorization": f"Bearer {secret}"}, body)


def state(order: Order) -> HoldState:
    """Return where the order stands now."""
    return HoldState(Order.objects.get(id=order.id).state)


def test_an_answer_signed_with_a_retired_key(running: Running, order: Order) -> None:
    """It is not believed, and nothing of it is kept."""
    assert post(running, order, key="-1").is_refused("key_retired")
    assert state(order) is HoldState.REQUESTED
    assert BankAnswer.objects.count() == 0


def test_an_answer_is_taken_once(running: Running, order: Order) -> None:
    """Replayed, it is refused; signed anew, as a bank does that got no reply, it changes nothing."""
    posted = post(running, order)
    assert posted.send().json()["state"] == "held"
    assert posted.is_refused("nonce_replayed")
    assert sign(running, order, posted.body).send().json()["repeated"] is True
    assert BankAnswer.objects.count() == 1
    assert state(order) is HoldState.HELD
    assert order.steps.count() == 2


def test_a_replay_after_the_key_was_retired(running: Running, order: Order) -> None:
    """What was kept on the way is of no use to anybody later."""
    sent, kept = (
        post(running, order),
        post(running, order, status=AnswerStatus.RELEASED, amount_held_minor=0, held_at_us=None),
    )
    assert sent.send().status_code == 200
    InstitutionKey.objects.filter(key_id=f"{BANK}-2").update(retired_us=time.time_ns() // 1000)
    assert sent.is_refused("key_retired")
    assert kept.is_refused("key_retired")
    assert state(order) is HoldState.HELD


def test_an_altered_answer(running: Running, order: Order) -> None:
    """Neither the body nor the order that it is about can be changed behind the signature."""
    posted = post(running, order)
    altered = posted.body.replace(b'"held"', b'"seized"')
    assert altered != posted.body
    assert Posted(posted.url, posted.headers, altered).is_refused("digest_wrong")
    others = posted.url.replace(order.order_id, Order.objects.last().order_id)
    assert Posted(others, posted.headers, posted.body).is_refused("signature_wrong")
    assert BankAnswer.objects.count() == 0


def test_an_answer_without_a_signature(running: Running, order: Order) -> None:
    """An institution that has a key is believed by it alone."""
    posted = post(running, order)
    bare = {name: value for name, value in posted.headers.items() if "signature" not in name}
    assert Posted(posted.url, bare, posted.body).is_refused("signature_missing")


def test_an_answer_by_another_bank(running: Running, order: Order) -> None:
    """Another bank's secret opens nothing, and its order looks as if it weren't there."""
    posted = post(running, order)
    secret = (running.town.folder / f"{OTHER}.secret").read_text(encoding="ascii")
    stolen = posted.headers | {"authorization": f"Bearer {secret}"}
    assert Posted(posted.url, stolen, posted.body).is_refused("key_unknown")
    assert state(order) is HoldState.REQUESTED
