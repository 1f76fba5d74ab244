"""What the payment engine is told on its own machine."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.registry.replica.machine import FREE, LISTED, Machine

from holdfast.core.instant import DAY_US, SECOND_US
from holdfast.registry.replica.answering import SUBJECTS_MAX


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


@pytest.mark.parametrize(
    ("kind", "key"),
    [("person", "TH.NIDN.1101700230708"), ("proxy", "TH.PROMPTPAY.NIDN.1100000000008")],
)
def test_of_people_only_the_centre_can_tell(machine: Machine, kind: str, key: str) -> None:
    """Their ids are sealed by a key that no bank has; the answer says what to do."""
    status, body = machine.ask("GET", f"/screen/{kind}/{key}")
    assert (status, json.loads(body)["code"]) == (422, "replica_person")
    assert "POST /v1/screen" in json.loads(body)["detail"]


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
