"""`holdfast check-number` against a centre of one answer: what it sends, and what it says."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest

from holdfast.cli import replica_link
from holdfast.cli.main import main
from holdfast.registry.asking import kind_of
from holdfast.registry.blind import blind_evaluate, derive_key, output, prove, public_key
from holdfast.registry.buckets import Tag, filled_up
from holdfast.registry.replica.following import Reply

KEY = derive_key(bytes(32), b"test")
LISTED, DISPUTED, FREE = "+66812345678", "+66812345679", "+66812345670"
URL = "https://centre.example"


class Centre:
    """Answers checks as a centre does, and remembers what it was sent."""

    sent: list[Mapping[str, Any]]

    def __init__(self, url: str, bearer: str, *_: object) -> None:
        assert (url, bearer) == (URL, "")

    def get(self, *_: object) -> Reply:
        """Tell the key."""
        told = {"public_key": base64.b64encode(public_key(KEY)).decode(), "country": "TH"}
        return Reply(200, json.dumps(told).encode())

    def post(self, _path: str, body: Mapping[str, Any], *_: object) -> Reply:
        """Answer."""
        type(self).sent.append(body)
        asked = base64.b64decode(body["blinded"])
        evaluated = blind_evaluate(KEY, asked)
        rows = [
            Tag.of(output(KEY, f"phone:{key}".encode())).row(disputed=key == DISPUTED)
            for key in (LISTED, DISPUTED)
        ]
        parts = {
            "rows": filled_up(rows, b"p", body["kind"], body["prefix"]),
            "evaluated": evaluated,
            "proof": prove(KEY, [asked], [evaluated], lambda size: b"\x03" * size),
        }
        given = {name: base64.b64encode(part).decode() for name, part in parts.items()}
        return Reply(200, json.dumps(given).encode())


@pytest.fixture(autouse=True)
def _centre(monkeypatch: pytest.MonkeyPatch) -> None:
    Centre.sent = []
    monkeypatch.setattr(replica_link, "HttpLink", Centre)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("081-234-5678", "Reported, not proven: somebody"),
        (DISPUTED, "says that the report is wrong"),
        (FREE, "does not make it safe"),
    ],
)
def test_it_says_what_is_reported(text: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In a sentence; and what was sent holds a bucket and an element, never the number."""
    assert main(["check-number", text, "--at", URL]) == 0
    assert says in capsys.readouterr().out
    [body] = Centre.sent
    assert body.keys() == {"kind", "prefix", "blinded", "public_key"}
    assert 0 <= body["prefix"] < 1 << 16


def test_a_key_that_differs_from_the_one_known_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Before anything is asked: a centre with a key for each asker could tell them apart."""
    known = base64.b64encode(public_key(derive_key(bytes(32), b"other"))).decode()
    assert main(["check-number", LISTED, "--at", URL, "--key", known]) == 1
    assert "check_key_other" in capsys.readouterr().err
    right = base64.b64encode(public_key(KEY)).decode()
    assert main(["check-number", LISTED, "--at", URL, "--key", right]) == 0


def test_an_error_of_the_centre_can_be_tried_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its code is told, and the exit code says: not now."""
    refused = Reply(429, b'{"code": "asked_too_often"}')
    monkeypatch.setattr(Centre, "post", lambda *_: refused)
    assert main(["check-number", LISTED, "--at", URL]) == 4
    assert "asked_too_often" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("081 234 5678", "phone"),
        ("+66812345678", "phone"),
        ("TH.THCBC.004.0123456789", "account"),
        ("https://example.com", "link"),
        ("example.com/login", "link"),
        ("example.com", "link"),
        ("line:@example", "handle"),
        ("TH.NIDN.1101700203450", "person"),
        ("ETH:0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "wallet"),
        ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "wallet"),
        ("TH.LINE.ME", "link"),
    ],
)
def test_the_kind_is_found_by_the_form(text: str, kind: str) -> None:
    """What people paste is one of few forms."""
    assert kind_of(text) == kind


def test_a_persons_number_is_not_taken_for_a_link(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody is told that nothing is reported where nothing could be asked."""
    assert main(["check-number", "TH.NIDN.1101700203450", "--at", URL]) == 1
    assert "subject_person_clear" in capsys.readouterr().err
    assert not Centre.sent
