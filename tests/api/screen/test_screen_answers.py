"""The screening endpoint: what it answers, and that every answer is on record."""

from __future__ import annotations

import json
import os

import pyarrow as pa
import pytest
from tests.api.screen.conftest import CLEAN, MULE, PAYMENT, PHONE, QUERY, World, tier_code

from holdfast.registry.questions import read_questions, verify_questions


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
    assert int.from_bytes(first.values, "little") & 0xFF == tier_code("dark_grey")
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
