"""`holdfast replica`: catches up, verifies, and goes on whatever the centre answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.workflows.feed_kit import BLACK, Bank, Feeding, bank_with_replica, phone, serving

from holdfast.api import replicas as api
from holdfast.banks.keys import write_public_keys
from holdfast.cli import replica_link
from holdfast.cli import replica_serving as serving_room
from holdfast.cli.main import main
from holdfast.core.errors import HoldfastError, Refused
from holdfast.registry.feed.signed import KEYS_RENEWED
from holdfast.registry.index.place import index_file, key_file
from holdfast.registry.replica.following import Step, Unreached
from holdfast.registry.replica.freshness import Freshness
from holdfast.registry.screening import Registry
from holdfast.workflows.make_snapshots import SnapshotMaker

URL = "https://centre.example"


@pytest.fixture
def bank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, db: None) -> Iterator[Bank]:
    """A bank whose commands reach a centre."""
    with serving(Feeding(tmp_path / "snapshots")) as feeding:
        made = bank_with_replica(feeding, tmp_path / "replica")
        monkeypatch.setattr(replica_link, "HttpLink", lambda *_: made.link)
        write_public_keys(tmp_path / "centre.csv", [feeding.key.public()])
        (tmp_path / "key").write_text(made.link.key, encoding="ascii")
        yield made


def _run(bank: Bank, *words: str) -> int:
    here = bank.folder.parent
    told = ["--centre-keys", str(here / "centre.csv"), "--bearer-file", str(here / "key")]
    named = ["--from", URL, "--into", str(bank.folder), "--name", "payments-1"]
    return main(["replica", *named, *told, *words])


def test_it_catches_up_and_verifies(bank: Bank, capsys: pytest.CaptureFixture[str]) -> None:
    """Once, then again from where it was; what is held is proved against what was given."""
    bank.feeding.list(phone(1))
    assert _run(bank, "--once") == 0
    bank.feeding.list(phone(2))
    assert _run(bank, "--once") == 0
    assert bank.tiers() == {phone(1): BLACK, phone(2): BLACK}
    found = Registry.open(bank.folder, "TH").screen_one(phone(2), "phone", "bank", bank.now_us)
    assert (found.tier, found.data_version) == ("black", 2)
    assert sum("replicas" in asked for asked in bank.link.asked) == 1
    assert _run(bank, "--verify") == 0
    assert "every record is as it was given" in capsys.readouterr().out
    index_file(bank.folder).unlink()
    assert _run(bank, "--verify") == 3
    assert "fetched anew" in capsys.readouterr().out


def test_a_key_that_the_centre_does_not_know_is_told(
    bank: Bank, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the centre's own code, and nothing is made of it."""
    bank.link.key = "hf_" + "0" * 16 + "_" + "0" * 64
    assert _run(bank, "--once") == 1
    assert "api_key_wrong" in capsys.readouterr().err


def test_a_missing_key_file_is_told(bank: Bank, capsys: pytest.CaptureFixture[str]) -> None:
    """By its name."""
    (bank.folder.parent / "key").unlink()
    assert _run(bank, "--once") == 1
    assert "bearer_unreadable" in capsys.readouterr().err


def test_keys_are_renewed_and_all_is_fetched_anew(
    bank: Bank, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By one call, which connects again under the new keys by itself; `--verify` finds all right."""
    monkeypatch.setattr(api, "makers", SnapshotMaker(lambda work: work()))
    bank.feeding.list(phone(1))
    assert _run(bank, "--once") == 0
    key = key_file(bank.folder).read_text(encoding="ascii")
    assert _run(bank, "--once", "--renew-keys") == 0
    assert "were renewed" in capsys.readouterr().out
    assert key_file(bank.folder).read_text(encoding="ascii") != key
    assert _run(bank, "--verify") == 0
    found = Registry.open(bank.folder, "TH").screen_one(phone(1), "phone", "bank", bank.now_us)
    assert found.tier == "black"


def test_one_that_joins_waits_for_the_centre(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ever longer, told each time; what the centre refuses is not asked again."""
    away = Unreached("unreachable", "the centre is away")
    refused = Refused("centre_refuses", "no")
    faults: Iterator[HoldfastError] = iter([away, away, away, refused])
    said: list[str] = []
    waited: list[float] = []

    def join() -> Any:
        raise next(faults)

    with pytest.raises(Refused):
        serving_room.joined_in_time(join, said.append, waited.append, lambda: 0.5)
    assert waited == [0.75, 1.5, 3.0]
    assert len(said) == 3
    assert "the centre is away" in said[0]


def test_pauses_grow_to_a_bound_and_differ() -> None:
    """Copies that failed together do not come back together, nor ever later than that."""
    assert [serving_room.pause_s(n, 0.0) for n in (1, 2, 3, 6, 10**6)] == [1, 2, 4, 30, 30]
    assert serving_room.pause_s(10, 1.0) == 15


def test_once_does_not_wait_for_a_centre_that_is_away(
    bank: Bank, capsys: pytest.CaptureFixture[str]
) -> None:
    """A script is told with the code for "not now"."""
    bank.link.lost = 1
    assert _run(bank, "--once") == 4
    assert "unreachable" in capsys.readouterr().err


class Steps:
    """A follower whose steps a test chose; the last one ends the following."""

    def __init__(self, stop: threading.Event, *steps: Step | HoldfastError) -> None:
        self._stop = stop
        self._steps = list(steps)

    def step(self) -> Step:
        """Take the next."""
        step = self._steps.pop(0)
        if not self._steps:
            self._stop.set()
        if isinstance(step, HoldfastError):
            raise step
        return step


def _follow(
    monkeypatch: pytest.MonkeyPatch, freshness: Freshness, *steps: Step | HoldfastError
) -> list[str]:
    monkeypatch.setattr(serving_room, "PAUSE_S", 0.0)
    said: list[str] = []
    stop = threading.Event()
    follower: Any = Steps(stop, *steps)
    announce: Callable[[str], None] = said.append
    serving_room.keep_following(follower, freshness, stop, announce)
    return said


def test_a_fault_is_told_once_until_it_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on asking, and a log is not filled while a centre is away for a night."""
    away = Unreached("unreachable", "the centre is away")
    forked = Refused("feed_fork", "another feed")
    freshness = Freshness(lambda: 0)
    said = _follow(
        monkeypatch, freshness, away, away, Step.APPLIED, Step.WAITING, away, forked, forked
    )
    assert [line.partition("[")[2] for line in said] == [
        "unreachable]",
        "unreachable]",
        "feed_fork]",
    ]


def test_following_ends_when_the_keys_were_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is held has to be let go of, which only the program as a whole can do."""
    renewed = Refused(KEYS_RENEWED, "the keys were renewed")
    stop = threading.Event()
    follower: Any = Steps(stop, Step.APPLIED, renewed, Step.APPLIED)
    found = serving_room.keep_following(follower, Freshness(lambda: 0), stop, lambda _: None)
    assert found is renewed
    assert not stop.is_set()


def test_a_wrong_clock_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as it is wrong."""
    freshness = Freshness(lambda: 3600 * 1_000_000)
    freshness.met(3600 * 1_000_000, 0)
    said = _follow(monkeypatch, freshness, Step.NOTHING, Step.NOTHING)
    assert len(said) == 1
    assert "3600 s" in said[0]


class Pauses(threading.Event):
    """Remembers how long somebody would have waited, and does not."""

    def __init__(self) -> None:
        super().__init__()
        self.lengths: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        """Return at once."""
        self.lengths.append(timeout)
        return self.is_set()


def test_a_centre_that_holds_no_question_is_not_asked_without_pause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Held for a while, the next question follows at once; answered at once, after a pause."""
    clock = iter([0.0, 20.0, 20.0, 20.0, 21.0, 21.0])
    monkeypatch.setattr("holdfast.cli.replica_serving.time.monotonic", lambda: next(clock))
    stop = Pauses()
    follower: Any = Steps(stop, Step.NOTHING, Step.NOTHING, Step.APPLIED)
    serving_room.keep_following(follower, Freshness(lambda: 0), stop, lambda _: None)
    assert stop.lengths == [1.0]
