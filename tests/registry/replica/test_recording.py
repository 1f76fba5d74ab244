"""What a replica is asked is on record beside it, and a full disk does not silence it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.registry.replica.holding_kit import KEYS
from tests.registry.replica.machine import FREE, LISTED, NOW_US, Machine

from holdfast.core.errors import CentreError
from holdfast.core.instant import DAY_US, SECOND_US
from holdfast.registry.questions import (
    MIXED,
    Question,
    QuestionFiles,
    read_questions,
    verify_questions,
)
from holdfast.registry.replica.answering import REFERENCE_LENGTH_MAX
from holdfast.registry.replica.joining import Joined
from holdfast.registry.replica.recording import STALE, Recording
from holdfast.registry.standing import Standing

JOINED = Joined("https://c", "TH.AOC", "TH", "TH.THCBC.004", "bank", "TH.THCBC.004:main", KEYS)


def _machine(folder: Path) -> tuple[Machine, Recording]:
    machine = Machine(folder)
    recording = Recording(folder / "questions", "w", JOINED, 90 * DAY_US, lambda: machine.now_us)
    machine.record(recording)
    return machine, recording


def _kept(folder: Path) -> list[Question]:
    return list(read_questions(folder / "questions"))


def test_every_answer_is_on_record(tmp_path: Path) -> None:
    """Who asked, what for, by which data, and what was said; never the subject itself."""
    machine, recording = _machine(tmp_path)
    subjects = [
        {"kind": "phone", "key": LISTED},
        {"kind": "handle", "key": "line:@a"},
        {"kind": "phone", "key": "x"},
    ]
    body = json.dumps({"subjects": subjects, "reference": "E2E-1"}).encode()
    machine.run([("GET", f"/screen/phone/%2B{FREE[1:]}", b""), ("POST", "/screen", body)])
    recording.close()
    one, many = _kept(tmp_path)
    assert (one.asker, one.kind, one.data_version) == ("TH.THCBC.004:main", "phone", 7)
    assert (one.reference, one.values) == ("", bytes(8))
    listed = Standing(50, disputed=True, until_us=NOW_US + DAY_US).packed()
    assert (many.reference, many.kind) == ("E2E-1", MIXED)
    assert many.values == listed.to_bytes(8, "little") + bytes(8)
    assert len(many.hashes) == 32
    assert one.id != many.id
    assert not list(verify_questions(tmp_path / "questions"))
    raw = b"".join(file.read_bytes() for file in (tmp_path / "questions").iterdir())
    assert LISTED.encode() not in raw


def test_that_nobody_could_say_is_on_record_as_such(tmp_path: Path) -> None:
    """ "stale" is not put down as if "not listed" had been said."""
    machine, recording = _machine(tmp_path)
    machine.now_us += 3600 * SECOND_US
    machine.run([("GET", f"/screen/phone/%2B{FREE[1:]}", b"")])
    recording.close()
    assert [int.from_bytes(question.values, "little") for question in _kept(tmp_path)] == [STALE]


def test_a_full_disk_does_not_silence_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A payment to a listed account is stopped all the same, and figures tell what is missing."""
    machine, recording = _machine(tmp_path)

    def full(*_: object) -> None:
        raise CentreError("question_log_unwritable", "no space")

    monkeypatch.setattr(QuestionFiles, "write", full)
    path = f"/screen/phone/%2B{LISTED[1:]}"
    answers = machine.run([("GET", path, b""), ("GET", path, b""), ("GET", "/health", b"")])
    recording.close()
    assert [status for status, _ in answers] == [200, 200, 200]
    assert json.loads(answers[0][1])["answer"] == "listed"
    assert json.loads(answers[2][1])["unrecorded"] == 2


@pytest.mark.parametrize(
    "reference", [1, [], "x" * (REFERENCE_LENGTH_MAX + 1), None, "\ud800", "a\n"]
)
def test_a_reference_that_is_none_is_refused(tmp_path: Path, reference: object) -> None:
    """It has a bound, as all that is kept has."""
    body = {"subjects": [{"kind": "phone", "key": FREE}], "reference": reference}
    status, _ = Machine(tmp_path).ask("POST", "/screen", json.dumps(body).encode())
    assert status == 422
