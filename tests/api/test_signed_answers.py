"""Answers by callback are signed where a key is registered, and each signature counts once."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.api.conftest import MULE, Caller, World
from tests.workflows.centre_kit import answer

from holdfast.banks.signing import sign_request, verify_request
from holdfast.cases.models import BankAnswer, Order
from holdfast.core.keys import PublicKey, SigningKey
from holdfast.people.models import InstitutionKey
from holdfast.workflows import running

pytestmark = pytest.mark.django_db

KEY = SigningKey("bank004-1", Ed25519PrivateKey.from_private_bytes(b"1" * 32))
OTHER = SigningKey("bank004-1", Ed25519PrivateKey.from_private_bytes(b"2" * 32))
UNKNOWN = SigningKey("bank004-9", Ed25519PrivateKey.from_private_bytes(b"1" * 32))


@pytest.fixture
def order(sender: Caller, mules_bank: Caller, world: World) -> Order:
    """An order to a bank that has registered a public key."""
    sender.report("P1")
    InstitutionKey.objects.create(
        key_id=KEY.key_id,
        institution=world.institution("TH.THCBC.004"),
        public_key=KEY.public().text,
        valid_from_us=0,
    )
    found: Order = Order.objects.get(account=MULE)
    return found


def _send(
    caller: Caller,
    order: Order,
    *,
    key: SigningKey | None = KEY,
    late_minutes: int = 0,
    nonce: str = "n1",
    body: bytes | None = None,
    sent: bytes | None = None,
) -> Any:
    path = f"/v1/hold-orders/{order.order_id}/answers"
    content = body or answer(order, "held", 300_00)
    headers = {}
    if key is not None:
        now_us = caller.world.test.now_us - late_minutes * 60_000_000
        headers = sign_request("POST", path, content, key, now_us, nonce)
        headers.pop("content-type")
    named = {name.replace("-", "_"): value for name, value in headers.items()}
    return caller.post(path, sent or content, **named)


def test_a_signed_answer_is_taken_and_can_be_proved_later(order: Order, mules_bank: Caller) -> None:
    """What is kept verifies again from nothing but the row and the public key."""
    assert _send(mules_bank, order).status_code == 200
    kept = BankAnswer.objects.get()
    proof = json.loads(kept.signature)
    keys = {KEY.key_id: PublicKey.parse(KEY.key_id, KEY.public().text)}
    verified = verify_request(
        proof["method"],
        proof["path"],
        proof["headers"],
        kept.body.encode(),
        keys.get,
        kept.received_us,
    )
    assert verified.key_id == KEY.key_id


@pytest.mark.parametrize(
    ("sending", "code"),
    [
        ({"key": None}, "signature_missing"),
        ({"key": OTHER}, "signature_wrong"),
        ({"key": UNKNOWN}, "key_unknown"),
        ({"late_minutes": 6}, "signature_too_old"),
        ({"late_minutes": -6}, "signature_from_future"),
    ],
)
def test_what_is_not_signed_well_is_not_taken(
    order: Order, mules_bank: Caller, sending: dict[str, Any], code: str
) -> None:
    """Each way to fail has its code; the order stands as it stood."""
    response = _send(mules_bank, order, **sending)
    assert (response.status_code, response.json()["code"]) == (401, code)
    assert BankAnswer.objects.count() == 0


def test_a_body_that_was_changed_on_the_way_is_not_taken(order: Order, mules_bank: Caller) -> None:
    """The digest is signed."""
    response = _send(mules_bank, order, sent=answer(order, "refused", reason="no_funds"))
    assert (response.status_code, response.json()["code"]) == (401, "digest_wrong")


def test_a_retired_key_signs_no_more(order: Order, mules_bank: Caller, world: World) -> None:
    """From its retirement on; and a house with only retired keys is not unsigned again."""
    InstitutionKey.objects.update(retired_us=world.test.now_us - 1)
    assert _send(mules_bank, order).json()["code"] == "key_retired"
    assert _send(mules_bank, order, key=None).json()["code"] == "signature_missing"


def test_a_replayed_signature_is_refused(order: Order, mules_bank: Caller) -> None:
    """The same sending twice is an attack or a mistake; sent anew it is signed anew."""
    assert _send(mules_bank, order, nonce="n1").status_code == 200
    replayed = _send(mules_bank, order, nonce="n1")
    assert (replayed.status_code, replayed.json()["code"]) == (401, "nonce_replayed")
    assert _send(mules_bank, order, nonce="n2").json()["repeated"] is True


def test_a_refused_answer_does_not_use_up_its_nonce(order: Order, mules_bank: Caller) -> None:
    """Nothing is kept of what was refused."""
    wrong = answer(order, "held", 300_00).replace(b'"THB"', b'"USD"')
    assert _send(mules_bank, order, body=wrong).json()["code"] == "answer_currency"
    assert _send(mules_bank, order).status_code == 200


def test_another_banks_key_signs_nothing_here(
    order: Order, mules_bank: Caller, world: World
) -> None:
    """Only the keys of the institution that the API key belongs to count."""
    InstitutionKey.objects.create(
        key_id=UNKNOWN.key_id,
        institution=world.institution("TH.THCBC.006"),
        public_key=UNKNOWN.public().text,
        valid_from_us=0,
    )
    assert _send(mules_bank, order, key=UNKNOWN).json()["code"] == "key_unknown"


def test_the_centres_public_keys_are_served(world: World) -> None:
    """With their times, as base64 of 32 bytes."""
    running.set_public_keys(lambda: [KEY.public(valid_from_us=0, retired_us=1_000_000)])
    try:
        (item,) = Caller("", world).get("/v1/keys").json()["items"]
    finally:
        running.set_public_keys(running._no_keys)
    assert len(base64.b64decode(item["public_key"])) == 32
    assert (item["key_id"], item["algorithm"]) == ("bank004-1", "ed25519")
    assert item["retired_at"] == "1970-01-01T00:00:01Z"
