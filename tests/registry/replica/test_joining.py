"""Joining a centre: asked once, kept with its keys where only their owner reads them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from holdfast.core.errors import CentreError, HoldfastError, Refused
from holdfast.registry.index.place import key_file
from holdfast.registry.replica.following import Reply
from holdfast.registry.replica.joining import join, joined

URL = "https://centre.example"
ANSWER = {
    "replica_id": "TH.THCBC.004:main",
    "institution_id": "TH.THCBC.004",
    "kind": "bank",
    "centre": "TH.AOC",
    "country": "TH",
    "hash_key": base64.b64encode(bytes(16)).decode(),
    "digest_key": base64.b64encode(bytes(32)).decode(),
}


@dataclass
class Answering:
    """A centre that answers one thing."""

    status: int
    body: bytes

    def get(self, *_: object, **__: object) -> Reply:
        """Nothing is asked."""
        raise AssertionError

    def post(self, path: str, body: Mapping[str, object]) -> Reply:
        """Answer."""
        assert (path, body) == ("/v1/registry/replicas", {"name": "main"})
        return Reply(self.status, self.body)


def test_what_the_centre_says_is_kept(tmp_path: Path) -> None:
    """A later start needs no centre; keys are their owner's alone."""
    assert joined(tmp_path, URL) is None
    made = join(tmp_path, Answering(200, json.dumps(ANSWER).encode()), URL, "main")
    assert joined(tmp_path, URL) == made
    assert made.who.replica_id == "TH.THCBC.004:main"
    for path in key_file(tmp_path).parent.iterdir():
        assert path.stat().st_mode & 0o077 == 0
    assert "00" * 16 not in (tmp_path / "replica.json").read_text(encoding="utf-8")
    assert "keys" not in repr(made)


def test_a_folder_belongs_to_one_centre(tmp_path: Path) -> None:
    """What another centre lists is kept apart."""
    join(tmp_path, Answering(200, json.dumps(ANSWER).encode()), URL, "main")
    with pytest.raises(Refused, match="another folder"):
        joined(tmp_path, "https://other.example")


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (403, b'{"code": "scope_missing"}', "centre_refuses"),
        (503, b"", "centre_not_now"),
        (200, b"{}", "connect_unreadable"),
        (200, b"[" * 100_000, "connect_unreadable"),
        (200, json.dumps(ANSWER | {"hash_key": "AAAA"}).encode(), "connect_unreadable"),
        (200, json.dumps(ANSWER | {"hash_key": "?"}).encode(), "connect_unreadable"),
    ],
)
def test_what_is_no_connection_is_told(tmp_path: Path, status: int, body: bytes, code: str) -> None:
    """Nothing is kept of an answer that is none."""
    with pytest.raises(HoldfastError) as refused:
        join(tmp_path, Answering(status, body), URL, "main")
    assert refused.value.code == code
    assert joined(tmp_path, URL) is None


def test_a_folder_that_lost_its_keys_is_told(tmp_path: Path) -> None:
    """Without its keys nothing in the folder can be read."""
    join(tmp_path, Answering(200, json.dumps(ANSWER).encode()), URL, "main")
    key_file(tmp_path).unlink()
    with pytest.raises(CentreError) as refused:
        joined(tmp_path, URL)
    assert refused.value.code == "replica_folder_unreadable"
