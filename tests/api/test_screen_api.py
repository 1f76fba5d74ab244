"""The screening endpoint: answers, records, quotas, keys, and everything a stranger may send."""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from django.db import OperationalError

from holdfast.api.screen_app import ScreenHome, WithScreening, screen_endpoint
from holdfast.core.instant import SECOND_US
from holdfast.law.law import Law
from holdfast.people.keys import issue_key, retire_key
from holdfast.people.models import Institution
from holdfast.people.role import Scope
from holdfast.registry.index.build import build_index
from holdfast.registry.index.place import index_file, make_key
from holdfast.registry.questions import read_questions, verify_questions
from holdfast.registry.quota_store import DatabaseLots
from holdfast.registry.standing import Standing

NOW_US = 1_795_000_000_000_000
UNTIL_US = NOW_US + 30 * SECOND_US
MULE, CLEAN = "TH.THCBC.004.0000000001", "TH.THCBC.004.0000000002"
PHONE = "+66812345678"
PAYMENT = {"purpose": "payment", "reference": "E2E-1", "customer": "c-77"}
QUERY = "purpose=payment&reference=E2E-1&customer=c-77"


def _code(name: str) -> int:
    return Law.load().tier("TH", name, Law.load().local_day("TH", NOW_US)).code


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body's value."""
        return json.loads(self.body)


@dataclass
class World:
    """An endpoint, and keys that ask it."""

    folder: Path
    now_us: int = NOW_US
    chance: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def __post_init__(self) -> None:
        self.home = ScreenHome(
            self.folder, "TH", b"a key of people" * 2, lambda: self.now_us, self.random
        )
        self.endpoint = screen_endpoint(self.home)
        self.app = WithScreening(self.endpoint)

    def random(self, count: int) -> bytes:
        """Return bytes that differ each time."""
        return next(self.chance).to_bytes(count, "big")

    def key(self, name: str, kind: str, *scopes: Scope) -> str:
        """Return a new key of an institution."""
        institution, _ = Institution.objects.get_or_create(
            institution_id=name, defaults={"name": name, "kind": kind, "created_us": 1}
        )
        return issue_key(institution, scopes or (Scope.REGISTRY_ASK,), "k", 1, self.random)

    def ask(
        self, key: str, method: str, path: str, body: bytes = b"", kind: str = "application/json"
    ) -> Answer:
        """Send one request."""
        return self.loop.run_until_complete(self._ask(key, method, path, body, kind))

    def post(self, shown: str, /, **values: Any) -> Answer:
        """Ask in JSON, showing a key."""
        return self.ask(shown, "POST", "/v1/screen", json.dumps(values).encode())

    async def _ask(self, key: str, method: str, path: str, body: bytes, kind: str) -> Answer:
        sent: list[Any] = []
        where, _, query = path.partition("?")
        headers = [(b"content-type", kind.encode()), (b"authorization", f"Bearer {key}".encode())]
        scope = {
            "type": "http",
            "method": method,
            "path": where,
            "raw_path": where.encode(),
            "query_string": query.encode(),
            "headers": headers,
        }
        parts = [body[begin : begin + 100] for begin in range(0, len(body), 100)] or [b""]

        async def receive() -> dict[str, Any]:
            chunk = parts.pop(0)
            return {"type": "http.request", "body": chunk, "more_body": bool(parts)}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], told, sent[1]["body"])

    def reread(self) -> None:
        """Let the endpoint read its keys anew and settle, as it does twice a second."""
        self.loop.run_until_complete(self.endpoint._read_keys())
        self.loop.run_until_complete(self.endpoint._parts.charging.settle())


@pytest.fixture
def world(tmp_path: Path, transactional_db: None) -> Iterator[World]:
    """Return an endpoint that knows a mule account, a phone, and an account that ran out."""
    key = make_key(tmp_path, lambda count: bytes(range(count)))
    index_file(tmp_path).parent.mkdir()
    standings = {
        f"account:{MULE}": Standing(_code("dark_grey"), disputed=True, until_us=UNTIL_US),
        f"phone:{PHONE}": Standing(_code("black"), disputed=False, until_us=UNTIL_US * 2),
        "account:TH.THCBC.004.0000000003": Standing(_code("black"), False, NOW_US),
        "account:TH.THCBC.004.0000000004": Standing(_code("dark_brown"), False, UNTIL_US),
    }
    wires = pa.array([wire.encode() for wire in standings], pa.binary())
    values = np.array([standing.packed() for standing in standings.values()], np.uint64)
    build_index(index_file(tmp_path), key, [(wires, values)], number=9)
    made = World(tmp_path)
    yield made
    made.loop.run_until_complete(asyncio.sleep(0))
    made.endpoint.close()
    made.loop.run_until_complete(asyncio.sleep(0))
    made.loop.close()


@pytest.fixture
def bank(world: World) -> str:
    """Return a key of a bank."""
    return world.key("TH.THCBC.004", "bank")


def test_a_listed_account_is_told_with_its_effects(world: World, bank: str) -> None:
    """An answer says tier, effects, dispute, end, data version, how long it holds, and its id."""
    answer = world.post(bank, kind="account", key=MULE, **PAYMENT)
    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"
    found = answer.json
    assert found.pop("id").startswith("q-")
    assert found == {
        "listed": True,
        "tier": "dark_grey",
        "effects": {
            "incoming": "block",
            "outgoing": "verify",
            "e_channels": "block",
            "new_account": "block",
            "service": "none",
        },
        "spares": ["wages", "benefits", "living_minimum"],
        "disputed": True,
        "until": "2026-11-18T11:07:10Z",
        "data_version": 9,
        "valid_for_s": 30,
    }


def test_what_is_not_listed_is_told_with_a_time_to_live(world: World, bank: str) -> None:
    """Also a "not listed" holds for a while only; what ran out is not listed any more."""
    for key in (CLEAN, "TH.THCBC.004.0000000003"):
        found = world.ask(bank, "GET", f"/v1/screen/account/{key}?{QUERY}").json
        assert (found["listed"], found["tier"], found["valid_for_s"]) == (False, None, 60)


def test_one_subject_in_two_writings_is_one(world: World, bank: str) -> None:
    """A number as a person writes it is found as the canonical one is."""
    assert world.post(bank, kind="phone", key="081-234 5678", **PAYMENT).json["tier"] == "black"
    listed = world.ask(bank, "GET", f"/v1/screen/phone/%2B66812345678?{QUERY}").json
    assert listed["tier"] == "black"


def test_an_asker_sees_what_its_kind_may_see(world: World) -> None:
    """Effects are those for the asker's kind; a tier that is not for it is "not listed"."""
    exchange = world.key("TH.EXCHANGE", "exchange")
    telco = world.key("TH.TELCO", "telco")
    police = world.key("TH.POLICE", "police")
    brown = "TH.THCBC.004.0000000004"
    assert not world.post(exchange, kind="account", key=brown, **PAYMENT).json["listed"]
    assert world.post(police, kind="account", key=brown, **PAYMENT).json["tier"] == "dark_brown"
    effects = world.post(telco, kind="phone", key=PHONE, **PAYMENT).json["effects"]
    assert (effects["service"], effects["incoming"]) == ("block", "none")


def test_what_a_measure_spares_is_told_in_every_form(world: World, bank: str) -> None:
    """Alone, in lines and in Arrow; a tier that spares nothing says so, and whom it binds not."""
    spared = ["wages", "benefits", "living_minimum"]
    telco = world.key("TH.TELCO", "telco")
    assert world.post(telco, kind="account", key=MULE, **PAYMENT).json["spares"] == []
    assert world.post(bank, kind="phone", key=PHONE, **PAYMENT).json["spares"] == []
    lines = b"\n".join(
        json.dumps({"kind": "account", "key": key}).encode() for key in (MULE, CLEAN)
    )
    path = "/v1/screen?purpose=review&reference=R1"
    answer = world.ask(bank, "POST", path, lines, "application/x-ndjson")
    assert [json.loads(line)["spares"] for line in answer.body.splitlines()] == [spared, []]
    sink = pa.BufferOutputStream()
    table = pa.table({"key": [MULE, CLEAN]})
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    kind = "application/vnd.apache.arrow.stream"
    body = sink.getvalue().to_pybytes()
    answer = world.ask(bank, "POST", f"{path}&kind=account", body, kind)
    found = pa.ipc.open_stream(answer.body).read_all().column("spares").to_pylist()
    assert found == [" ".join(spared), None]


def test_a_batch_is_answered_in_its_order(world: World, bank: str) -> None:
    """Kinds may be mixed; what can't be read is told at its place, and the rest is answered."""
    subjects = [("account", CLEAN), ("phone", PHONE), ("account", "nonsense"), ("account", MULE)]
    rows = [{"kind": kind, "key": key} for kind, key in subjects]
    body = {"purpose": "review", "reference": "R1", "subjects": rows}
    found = world.post(bank, **body).json
    assert [row.get("tier") for row in found["answers"]] == [None, "black", None, "dark_grey"]
    assert found["answers"][2]["problem"]["code"] == "account_form"
    lines = b"\n".join(json.dumps(row).encode() for row in rows)
    path = "/v1/screen?purpose=review&reference=R1"
    answer = world.ask(bank, "POST", path, lines, "application/x-ndjson")
    told = [json.loads(line) for line in answer.body.splitlines()]
    assert [row.get("tier") for row in told] == [None, "black", None, "dark_grey"]
    assert len({row["id"] for row in told}) == 1


def test_a_batch_in_arrow_is_answered_in_arrow(world: World, bank: str) -> None:
    """With a column of kinds, or with one kind for all in the address."""
    kinds, keys = ["phone", "account", "account"], [PHONE, MULE, None]
    for words, table, right in (
        ("", pa.table({"kind": kinds, "key": keys}), ["black", "dark_grey", None]),
        ("&kind=account", pa.table({"key": keys[1:]}), ["dark_grey", None]),
    ):
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table)
        path = f"/v1/screen?purpose=review&reference=R1{words}"
        body = sink.getvalue().to_pybytes()
        answer = world.ask(bank, "POST", path, body, "application/vnd.apache.arrow.stream")
        found = pa.ipc.open_stream(answer.body).read_all()
        assert found.column("tier").to_pylist() == right
        assert found.column("problem").to_pylist()[-1] == "account_form"
        assert found.schema.metadata[b"id"].startswith(b"q-")


def test_every_answer_is_on_record(world: World, bank: str) -> None:
    """Who asked why about which hash at which data version, and what was answered; no subject."""
    one = world.post(bank, kind="account", key=MULE, **PAYMENT).json
    rows = [{"kind": "account", "key": CLEAN}, {"kind": "phone", "key": PHONE}]
    many = world.post(bank, purpose="review", reference="R1", subjects=rows).json
    folder = world.home.questions
    first, second = read_questions(folder)
    assert (first.id, first.purpose, first.reference) == (one["id"], "payment", "E2E-1")
    assert first.asker.startswith("key:TH.THCBC.004/")
    assert (first.data_version, first.kind, len(first.hashes)) == (9, "account", 16)
    assert int.from_bytes(first.values, "little") & 0xFF == _code("dark_grey")
    assert (second.id, second.kind, len(second.hashes)) == (many["id"], "mixed", 32)
    assert "c-77" not in first.customer
    data = b"".join(file.read_bytes() for file in folder.iterdir())
    assert MULE.encode() not in data
    assert [flaw.code for flaw in verify_questions(folder)] == ["open"]


def test_without_a_record_there_is_no_answer(
    world: World, bank: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a full disk a question is refused, for a while."""

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "posix_fallocate", full_disk)
        answer = world.post(bank, kind="account", key=MULE, **PAYMENT)
    assert (answer.status, answer.json["code"]) == (503, "question_log_unwritable")
    assert "retry-after" in answer.headers
    assert world.post(bank, kind="account", key=MULE, **PAYMENT).status == 200


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
