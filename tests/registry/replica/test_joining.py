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
from holdfast.registry.replica.joining import join, joined, leave

URL = "https://centre.example"
ANSWER = {
    "replica_id": "TH.THCBC.004:main",
    "institution_id": "TH.THCBC.004",
    "kind": "bank",
    "centre": "TH.AOC",
    "country": "TH",
    "hash_key": base64.b64encode(bytes(16)).decode(),
    "digest_key": base64.b64encode(bytes(32)).decode(),
    "renewal": 2,
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
    assert (made.who.replica_id, made.who.renewal) == ("TH.THCBC.004:main", 2)
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


def test_what_was_left_can_be_joined_anew(tmp_path: Path) -> None:
    """Nothing stays of what was held but how far; who dies while leaving leaves again, and loses
    no record."""
    kept = ("questions/a.questions", "centre-keys.json", "state")
    gone = ("incoming/0/0000", "registry/index", "state.next", "contact.json")
    for _ in range(2):
        join(tmp_path, Answering(200, json.dumps(ANSWER).encode()), URL, "main")
        for name in (*kept, *gone):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
        leave(tmp_path)
        leave(tmp_path)
        assert joined(tmp_path, URL) is None
        assert not [name for name in gone if (tmp_path / name).exists()]
        assert all((tmp_path / name).exists() for name in kept)


def test_it_is_left_last_that_it_was_joined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before, the next start is still told that the keys were renewed, and leaves again."""
    join(tmp_path, Answering(200, json.dumps(ANSWER).encode()), URL, "main")
    (tmp_path / "contact.json").touch()
    unlink = Path.unlink

    def killed(path: Path, *, missing_ok: bool = False) -> None:
        if path.name == "replica.json":
            raise KeyboardInterrupt
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", killed)
    with pytest.raises(KeyboardInterrupt):
        leave(tmp_path)
    monkeypatch.undo()
    assert joined(tmp_path, URL) is not None
    assert not (tmp_path / "contact.json").exists()


def test_a_folder_that_lost_its_keys_is_told(tmp_path: Path) -> None:
    """Without its keys nothing in the folder can be read."""
    join(tmp_path, Answering(200, json.dumps(ANSWER).encode()), URL, "main")
    key_file(tmp_path).unlink()
    with pytest.raises(CentreError) as refused:
        joined(tmp_path, URL)
    assert refused.value.code == "replica_folder_unreadable"
