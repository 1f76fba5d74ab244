"""What the payment engine is told on its own machine."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pytest
from tests.registry.replica.holding_kit import KEYS

from holdfast.core.instant import DAY_US, SECOND_US
from holdfast.law.law import Law
from holdfast.registry.index.file import Index
from holdfast.registry.index.place import index_file
from holdfast.registry.index.writer import IndexWriter
from holdfast.registry.replica.answering import SUBJECTS_MAX, AnswerApp, Answers
from holdfast.registry.replica.freshness import Freshness
from holdfast.registry.replica.holding import Holding
from holdfast.registry.screening import Registry
from holdfast.registry.standing import Standing

NOW_US = 1_795_000_000 * SECOND_US
LISTED, FREE = "+66812345678", "+66812345679"


class Machine:
    """A replica that lists one number, and a clock."""

    def __init__(self, folder: Path) -> None:
        Holding.open(folder, KEYS).close()
        with IndexWriter.open(index_file(folder), KEYS.hash_key) as writer:
            packed = Standing(50, disputed=True, until_us=NOW_US + DAY_US).packed()
            wires = pa.array([f"phone:{LISTED}".encode()], pa.binary())
            writer.put_many(wires, pa.array([packed], pa.uint64()).to_numpy())
            writer.set_number(7)
        self.now_us = NOW_US
        self.freshness = Freshness(lambda: self.now_us, 60 * SECOND_US)
        self.freshness.met(NOW_US, NOW_US)
        index = Index.open(index_file(folder), KEYS.hash_key)
        registry = Registry(index, Law.load(), "TH")
        self.app = AnswerApp(Answers(registry, self.freshness, "bank", lambda: self.now_us))

    def ask(self, method: str, path: str, *parts: bytes) -> tuple[int, bytes]:
        """Ask over ASGI, the body in some parts."""
        coming = iter([*parts, b""])
        sent: list[Mapping[str, Any]] = []

        async def receive() -> Mapping[str, Any]:
            body = next(coming)
            return {"type": "http.request", "body": body, "more_body": bool(body)}

        async def send(message: Mapping[str, Any]) -> None:
            sent.append(message)

        scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode()}
        asyncio.run(self.app(scope, receive, send))
        return sent[0]["status"], sent[1]["body"]

    def told(self, method: str, path: str, *parts: bytes) -> Any:
        """Return the JSON of a good answer."""
        status, body = self.ask(method, path, *parts)
        assert status == 200, body
        return json.loads(body)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with a replica that has just met the centre."""
    return Machine(tmp_path)


def test_listed_and_not_listed(machine: Machine) -> None:
    """An answer says what a tier means for a bank, and on which data it rests."""
    listed = machine.told("GET", f"/screen/phone/{quote(LISTED)}")
    assert listed["answer"] == "listed"
    assert listed["tier"] == "black"
    assert listed["effects"]["incoming"] == "block"
    assert listed["disputed"] is True
    assert listed["data_version"] == 7
    free = machine.told("GET", f"/screen/phone/{quote(FREE)}")
    assert free == {"answer": "not_listed", "stale": False, "data_version": 7, "valid_for_s": 60}


def test_too_old_it_never_says_not_listed(machine: Machine) -> None:
    """Beyond the limit a miss is "stale", a hit is still told, and health is bad."""
    assert machine.ask("GET", "/health")[0] == 200
    machine.now_us += 61 * SECOND_US
    free = machine.told("GET", f"/screen/phone/{quote(FREE)}")
    assert (free["answer"], free["valid_for_s"]) == ("stale", 0)
    listed = machine.told("GET", f"/screen/phone/{quote(LISTED)}")
    assert (listed["answer"], listed["stale"]) == ("listed", True)
    status, body = machine.ask("GET", "/health")
    assert status == 503
    assert json.loads(body)["age_seconds"] == 61
    metrics = machine.ask("GET", "/metrics")[1].decode().splitlines()
    assert "holdfast_replica_stale 1" in metrics
    assert "holdfast_replica_age_seconds 61" in metrics


def test_a_listing_that_has_run_out_is_none(machine: Machine) -> None:
    """Even before the centre has ended it."""
    machine.now_us += DAY_US
    machine.freshness.met(machine.now_us, machine.now_us)
    assert machine.told("GET", f"/screen/phone/{quote(LISTED)}")["answer"] == "not_listed"


def test_many_at_once(machine: Machine) -> None:
    """Each has its answer in its place; what is no subject hides no other."""
    keys = [LISTED, "no number", FREE]
    body = json.dumps({"subjects": [{"kind": "phone", "key": key} for key in keys]}).encode()
    answers = machine.told("POST", "/screen", body[:20], body[20:])["answers"]
    assert [answer["answer"] for answer in answers] == ["listed", "error", "not_listed"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"subjects": 5}',
        b'{"subjects": [1]}',
        b'{"subjects": [{"kind": 1, "key": "x"}]}',
        json.dumps({"subjects": [{"kind": "phone", "key": "1"}] * (SUBJECTS_MAX + 1)}).encode(),
        b" " * 1_000_001,
    ],
)
def test_what_is_no_question_is_refused(machine: Machine, body: bytes) -> None:
    """Told with a code, without an error of this program."""
    status, answer = machine.ask("POST", "/screen", body)
    assert status == 422
    assert json.loads(answer)["code"] in ("screen_body", "body_too_long")


@pytest.mark.parametrize("path", ["/", "/screen", "/screen/phone", "/screen/phone/1/2", "/x"])
def test_other_addresses_are_unknown(machine: Machine, path: str) -> None:
    """There is nothing else here."""
    assert machine.ask("GET", path)[0] == 404
