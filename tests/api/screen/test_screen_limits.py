"""The screening endpoint: quotas, keys, and everything a stranger may send."""

from __future__ import annotations

import gc
import sys
from typing import Any

import pytest
from django.db import OperationalError
from tests.api.screen.conftest import CLEAN, MULE, NOW_US, PAYMENT, QUERY, World

from holdfast.api.screen_app import WithScreening, screen_endpoint
from holdfast.core.instant import SECOND_US
from holdfast.people.keys import retire_key
from holdfast.people.role import Scope
from holdfast.registry.index.place import index_file
from holdfast.registry.questions import read_questions, verify_questions
from holdfast.registry.quota_store import DatabaseLots


def test_a_customer_who_reads_off_numbers_is_stopped(world: World, bank: str) -> None:
    """After fifty misses there is a 429 that says when; other customers and hits go on."""
    for number in range(50):
        key = f"TH.THCBC.004.1{number:09}"
        assert world.post(bank, kind="account", key=key, **PAYMENT).status == 200
    answer = world.post(bank, kind="account", key=CLEAN, **PAYMENT)
    assert (answer.status, answer.json["code"]) == (429, "quota_customer_spent")
    assert int(answer.headers["retry-after"]) == 60
    # A hit would be cheaper, and its answer would tell it from a miss.
    assert world.post(bank, kind="account", key=MULE, **PAYMENT).status == 429
    other = PAYMENT | {"customer": "c-78"}
    assert world.post(bank, kind="account", key=CLEAN, **other).status == 200
    world.now_us += 61 * SECOND_US
    world.reread()
    assert world.post(bank, kind="account", key=CLEAN, **PAYMENT).status == 200


def test_a_payment_sent_gives_a_token_back_once(world: World, bank: str) -> None:
    """To the one who asked, for the customer asked for, and not for another's question."""
    question = world.post(bank, kind="account", key=CLEAN, **PAYMENT).json["id"]
    path, body = f"/v1/screen/{question}/sent", b'{"customer": "c-77"}'
    stranger = world.key("TH.THCBC.002", "bank")
    world.reread()
    before = world.ask(bank, "GET", "/v1/screen/bucket?customer=c-77").json["person"]["tokens"]
    assert world.ask(stranger, "POST", path, body).status == 404
    assert world.ask(bank, "POST", path).status == 404
    assert world.ask(bank, "POST", path, body).json == {"given_back": True}
    assert world.ask(bank, "POST", path, body).json["code"] == "question_sent_already"
    world.reread()
    after = world.ask(bank, "GET", "/v1/screen/bucket?customer=c-77").json["person"]["tokens"]
    assert after == before + 1 == 981
    for wrong in ("q-", "q-zz", f"q-{'0' * 48}", f"{question[:-1]}0x"):
        assert world.ask(bank, "POST", f"/v1/screen/{wrong}/sent", body).status == 404


def test_a_payment_sent_is_told_once_to_all_workers(world: World, bank: str) -> None:
    """Told to two of them, or to one that has begun anew, it gives one token back in all."""
    for _ in range(3):
        question = world.post(bank, kind="account", key=CLEAN, **PAYMENT).json["id"]
    path, body = f"/v1/screen/{question}/sent", b'{"customer": "c-77"}'
    world.reread()
    first, second = world.endpoint, screen_endpoint(world.home)
    for endpoint in (first, second):
        world.endpoint, world.app = endpoint, WithScreening(endpoint)
        assert world.ask(bank, "POST", path, body).json == {"given_back": True}
    for endpoint in (second, first):
        world.endpoint = endpoint
        world.reread()
    second.close()
    world.endpoint, world.app = first, WithScreening(first)
    after = world.ask(bank, "GET", "/v1/screen/bucket?customer=c-77").json
    assert after["person"]["tokens"] == 941


def test_the_bucket_can_be_read(world: World, bank: str) -> None:
    """What is left, how fast more comes, and what a question costs."""
    world.post(bank, kind="account", key=CLEAN, **PAYMENT)
    world.reread()
    found = world.ask(bank, "GET", "/v1/screen/bucket?customer=c-77").json
    assert found["person"]["tokens"] == 980
    assert found["bank"]["costs"] == {"miss": 3, "hit": 1}
    assert found["bank"]["tokens"] <= found["bank"]["size"]


def test_only_keys_that_may_ask_are_answered(world: World, bank: str) -> None:
    """Unknown, wrong, of another scope, expired, ended: all 401, and an ended one within a second."""
    assert world.post(bank, kind="account", key=MULE, **PAYMENT).status == 200
    other = world.key("TH.THCBC.004", "bank", Scope.CASES_READ)
    world.reread()
    wrong = bank[:-1] + ("0" if bank[-1] != "0" else "1")
    for key in ("", "hf_", "nonsense", other, wrong, bank.removeprefix("hf_")):
        answer = world.post(key, kind="account", key=MULE)
        assert answer.status == 401, key
        assert "www-authenticate" in answer.headers
    retire_key(bank.split("_")[1], NOW_US)
    world.now_us += SECOND_US
    world.reread()
    assert world.post(bank, kind="account", key=MULE, **PAYMENT).status == 401


def test_keys_read_too_long_ago_are_not_believed(world: World, bank: str) -> None:
    """With the database gone for long, nobody is answered: a key may have been ended."""
    assert world.post(bank, kind="account", key=MULE, **PAYMENT).status == 200
    world.now_us += 11 * SECOND_US
    answer = world.post(bank, kind="account", key=MULE, **PAYMENT)
    assert (answer.status, answer.json["code"]) == (503, "keys_not_read")


def test_without_the_database_nobody_asks_for_more_than_is_at_hand(
    world: World, bank: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was leased is spent; beyond it there is a 503, and afterwards it goes on."""
    assert world.post(bank, kind="account", key=CLEAN, **PAYMENT).status == 200

    def gone(*_: object) -> None:
        raise OperationalError

    with monkeypatch.context() as patched:
        patched.setattr(DatabaseLots, "settle", gone)
        assert world.post(bank, kind="account", key=CLEAN, **PAYMENT).status == 200
        answer = world.post(bank, kind="account", key=CLEAN, **PAYMENT)
        assert (answer.status, answer.json["code"]) == (503, "database_busy")
    assert world.post(bank, kind="account", key=CLEAN, **PAYMENT).status == 200
    world.reread()
    bucket = world.ask(bank, "GET", "/v1/screen/bucket?customer=c-77").json
    assert bucket["person"]["tokens"] == 940


@pytest.mark.parametrize(
    ("values", "status", "code"),
    [
        ({"kind": "account", "key": MULE}, 400, "question_unreadable"),
        ({"kind": "account", "key": MULE, "purpose": "curiosity"}, 400, "question_unreadable"),
        (PAYMENT | {"kind": "account", "key": ""}, 400, "question_unreadable"),
        (PAYMENT | {"kind": "account", "key": 5}, 400, "question_unreadable"),
        (PAYMENT | {"kind": "account", "key": MULE, "more": 1}, 400, "question_unreadable"),
        (PAYMENT | {"kind": "account", "key": "x" * 3000}, 400, "question_unreadable"),
        (PAYMENT | {"reference": "", "kind": "account", "key": MULE}, 400, "question_unreadable"),
        (PAYMENT | {"subjects": []}, 400, "question_unreadable"),
        (PAYMENT | {"subjects": [{"kind": "ship", "key": "x"}]}, 422, "subject_kind_unknown"),
        (PAYMENT | {"kind": "ship", "key": "x"}, 422, "subject_kind_unknown"),
        (PAYMENT | {"kind": "account", "key": "12345"}, 422, "account_form"),
        (
            {"purpose": "payment", "reference": "r", "kind": "account", "key": MULE},
            422,
            "question_customer_missing",
        ),
    ],
)
def test_what_is_no_question_is_refused(
    world: World, bank: str, values: dict[str, Any], status: int, code: str
) -> None:
    """A problem document with a stable code, nothing on record, nothing paid."""
    answer = world.post(bank, **values)
    assert (answer.status, answer.json["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert not world.home.questions.exists()
    world.reread()
    bucket = world.ask(bank, "GET", "/v1/screen/bucket?customer=c-77").json
    assert bucket["person"]["tokens"] == bucket["person"]["size"]


@pytest.mark.parametrize(
    ("method", "path", "body", "kind", "status"),
    [
        ("POST", "/v1/screen", b"{", "application/json", 400),
        ("POST", "/v1/screen", b"\xff", "application/json", 400),
        ("POST", "/v1/screen", b"{}", "text/plain", 415),
        ("POST", f"/v1/screen?{QUERY}", b"{}\n", "application/x-ndjson", 400),
        ("POST", f"/v1/screen?{QUERY}", b"\n", "application/x-ndjson", 400),
        ("POST", f"/v1/screen?{QUERY}", b"no arrow", "application/vnd.apache.arrow.stream", 400),
        ("POST", "/v1/screen", b"x" * 8_000_001, "application/json", 413),
        ("PUT", "/v1/screen", b"", "application/json", 405),
        ("POST", f"/v1/screen/account/{MULE}?{QUERY}", b"", "application/json", 405),
        ("GET", f"/v1/screen/account/{MULE}", b"", "application/json", 400),
        ("GET", "/v1/screen/nothing", b"", "application/json", 404),
        ("GET", "/elsewhere", b"", "application/json", 404),
    ],
)
def test_whatever_is_sent_a_problem_is_told(
    world: World, bank: str, method: str, path: str, body: bytes, kind: str, status: int
) -> None:
    """Wrong bodies, types, methods and addresses each have their status."""
    assert world.ask(bank, method, path, body, kind).status == status


def test_a_batch_too_long_is_told_the_bound_that_counts_here(world: World, bank: str) -> None:
    """Eight megabytes, and not what other addresses take."""
    answer = world.ask(bank, "POST", "/v1/screen", b"x" * 8_000_001)
    assert "8000000 bytes" in answer.json["detail"]


def test_without_an_index_nobody_is_told_anything(world: World, bank: str) -> None:
    """No index is no answer, and as soon as there is one it is asked."""
    file = index_file(world.folder)
    file.rename(file.with_name("away"))
    answer = world.post(bank, kind="account", key=MULE, **PAYMENT)
    assert (answer.status, answer.json["code"]) == (503, "index_missing")
    file.with_name("away").rename(file)
    world.now_us += 2 * SECOND_US
    world.reread()
    assert world.post(bank, kind="account", key=MULE, **PAYMENT).status == 200


def test_it_stands_before_another_application(world: World, bank: str) -> None:
    """Its own paths are answered here, others go on; it begins and ends with the server."""
    went_on: list[str] = []

    async def other(scope: Any, receive: Any, send: Any) -> None:
        went_on.append(scope["path"])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    world.app = WithScreening(world.endpoint, other)
    sent: list[str] = []
    steps = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

    async def receive() -> Any:
        if len(steps) == 1:
            question = f"/v1/screen/account/{MULE}?{QUERY}"
            answers.append((await world._ask(bank, "GET", question, b"", "")).status)
            answers.append((await world._ask(bank, "GET", "/v1/screening", b"", "")).status)
        return steps.pop(0)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    answers: list[int] = []
    switch_s = sys.getswitchinterval()
    try:
        world.loop.run_until_complete(world.app({"type": "lifespan"}, receive, send))
    finally:
        sys.setswitchinterval(switch_s)
        gc.unfreeze()
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert (answers, went_on) == ([200, 204], ["/v1/screening"])
    assert not list(verify_questions(world.home.questions))
    assert len(list(read_questions(world.home.questions))) == 1
