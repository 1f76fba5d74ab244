"""What a replica holds: right after every step, and after every way in which one can break off."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.registry.feed.feed_kit import place_after
from tests.registry.replica.holding_kit import (
    KEYS,
    deltas,
    feed,
    held,
    snapshot,
    standing_after,
)

from holdfast.core.errors import CentreError, Refused
from holdfast.registry.index.place import index_file
from holdfast.registry.replica import holding as room
from holdfast.registry.replica.holding import Holding, HoldingKeys

RUNS = int(os.environ.get("HOLDFAST_CRASH_RUNS", "60"))


class Killed(BaseException):
    """Stands for the end of the process at some place."""


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.integers(1, 30), st.integers(1, 12))
def test_after_every_delta_it_holds_what_stands(
    tmp_path_factory: pytest.TempPathFactory, seed: int, length: int, size: int
) -> None:
    """However the feed is cut into deltas, index, place and digest are those of the whole."""
    folder = tmp_path_factory.mktemp("replica")
    entries = feed(seed, length)
    holding = Holding.open(folder, KEYS)
    for delta in deltas(entries, size):
        holding.apply(delta)
        assert holding.prove()
        assert held(folder) == standing_after(entries[: holding.place.number])
    holding.close()
    again = Holding.open(folder, KEYS)
    assert again.place == place_after(entries)
    assert again.prove()
    again.close()


def test_a_snapshot_takes_the_place_of_all_that_was_held(tmp_path: Path) -> None:
    """What the snapshot lacks is gone, and deltas lead on from it."""
    entries = feed(1, 60)
    manifest, contents = snapshot(entries[:40], 3)
    holding = Holding.open(tmp_path, KEYS)
    holding.apply(deltas(entries, 10)[0])
    assert holding.missing_parts(manifest) == [0, 1, 2]
    holding.put_part(manifest, 1, contents[1])
    assert holding.missing_parts(manifest) == [0, 2]
    holding.put_part(manifest, 0, contents[0])
    holding.put_part(manifest, 2, contents[2])
    holding.apply_snapshot(manifest)
    assert held(tmp_path) == standing_after(entries[:40])
    for delta in deltas(entries, 10)[4:]:
        holding.apply(delta)
    assert held(tmp_path) == standing_after(entries)
    assert holding.prove()
    holding.close()


def test_parts_of_another_snapshot_are_removed(tmp_path: Path) -> None:
    """What was fetched of a snapshot that is not given any more takes no space for ever."""
    entries = feed(2, 20)
    old, contents = snapshot(entries[:10], 2)
    holding = Holding.open(tmp_path, KEYS)
    holding.missing_parts(old)
    holding.put_part(old, 0, contents[0])
    new, _ = snapshot(entries, 2)
    assert holding.missing_parts(new) == [0, 1]
    assert [path.name for path in (tmp_path / "incoming").iterdir()] == [new.snapshot_id]
    holding.close()


def test_a_part_that_rotted_on_the_disk_is_not_applied(tmp_path: Path) -> None:
    """Between fetching and applying a part may change; then it is fetched again."""
    manifest, contents = snapshot(feed(3, 30), 2)
    holding = Holding.open(tmp_path, KEYS)
    holding.missing_parts(manifest)
    for number, content in enumerate(contents):
        holding.put_part(manifest, number, content)
    part = tmp_path / "incoming" / manifest.snapshot_id / "0001"
    part.write_bytes(part.read_bytes()[::-1])
    with pytest.raises(Refused) as refused:
        holding.apply_snapshot(manifest)
    assert refused.value.code == "snapshot_tampered"
    assert holding.missing_parts(manifest) == [1]
    assert held(tmp_path) == {}
    holding.close()


def test_a_manifest_with_another_digest_is_not_applied(tmp_path: Path) -> None:
    """Parts that are all right but not what the centre counted are refused together."""
    from dataclasses import replace

    manifest, contents = snapshot(feed(3, 30), 1)
    wrong = replace(manifest, digest=bytes(32))
    holding = Holding.open(tmp_path, KEYS)
    holding.missing_parts(wrong)
    holding.put_part(wrong, 0, contents[0])
    with pytest.raises(Refused) as refused:
        holding.apply_snapshot(wrong)
    assert refused.value.code == "snapshot_digest"
    holding.close()


def test_one_process_keeps_a_replica(tmp_path: Path) -> None:
    """A second one that would change it is told, and can try again later."""
    holding = Holding.open(tmp_path, KEYS)
    with pytest.raises(CentreError) as refused:
        Holding.open(tmp_path, KEYS)
    assert refused.value.transient
    holding.close()


def test_under_another_key_nothing_is_opened(tmp_path: Path) -> None:
    """Whoever was given other keys would look in vain and call everybody not listed."""
    Holding.open(tmp_path, KEYS).close()
    with pytest.raises(CentreError) as refused:
        Holding.open(tmp_path, HoldingKeys(bytes(16), KEYS.digest_key))
    assert refused.value.code == "index_key_wrong"


def test_an_index_that_does_not_fit_the_state_is_fetched_anew(tmp_path: Path) -> None:
    """An index that was lost or brought back from a copy is not gone on from."""
    entries = feed(4, 20)
    holding = Holding.open(tmp_path, KEYS)
    for delta in deltas(entries, 5):
        holding.apply(delta)
    holding.close()
    index_file(tmp_path).unlink()
    again = Holding.open(tmp_path, KEYS)
    assert again.needs_snapshot
    again.close()
    index_file(tmp_path).write_bytes(b"no index")
    again = Holding.open(tmp_path, KEYS)
    assert again.needs_snapshot
    again.close()


def test_a_full_disk_leaves_what_was_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No space is told by its code, nothing is half applied, and with space it goes on."""
    entries = feed(7, 30)
    first, second, third = deltas(entries, 10)
    manifest, [content] = snapshot(entries, 1)
    holding = Holding.open(tmp_path, KEYS)
    holding.apply(first)
    holding.missing_parts(manifest)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(os, "fsync", full)
        acts: list[Callable[[], None]] = [
            lambda: holding.apply(second),
            lambda: holding.put_part(manifest, 0, content),
        ]
        for act in acts:
            with pytest.raises(CentreError) as refused:
                act()
            assert refused.value.code == "index_unwritable"
    assert held(tmp_path) == standing_after(entries[:10])
    assert holding.place.number == 10
    holding.apply(second)
    holding.apply(third)
    assert held(tmp_path) == standing_after(entries)
    assert holding.prove()
    holding.close()


def test_a_full_disk_leaves_what_was_held_instead_of_a_snapshot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no room for the new index: the old one stays in its place, and is gone on from."""
    entries = feed(8, 30)
    manifest, [content] = snapshot(entries, 1)
    holding = Holding.open(tmp_path, KEYS)
    holding.apply(deltas(entries, 10)[0])
    holding.missing_parts(manifest)
    holding.put_part(manifest, 0, content)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(os, "posix_fallocate", full)
        with pytest.raises(CentreError) as refused:
            holding.apply_snapshot(manifest)
        assert refused.value.code == "index_unwritable"
    assert held(tmp_path) == standing_after(entries[:10])
    assert holding.prove()
    holding.close()
    again = Holding.open(tmp_path, KEYS)
    assert again.place.number == 10
    assert again.missing_parts(manifest) == []
    again.apply_snapshot(manifest)
    assert held(tmp_path) == standing_after(entries)
    again.close()


STOPS = ("put_hashes", "set_number")


@pytest.mark.parametrize("stop", STOPS)
def test_a_delta_that_broke_off_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: str
) -> None:
    """Killed before or after the index was touched: the next start ends what was begun."""
    entries = feed(5, 30)
    first, second, third = deltas(entries, 10)
    holding = Holding.open(tmp_path, KEYS)
    holding.apply(first)

    def killed(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(type(holding._index), stop, killed)
    with pytest.raises(Killed):
        holding.apply(second)
    holding.close()
    monkeypatch.undo()
    again = Holding.open(tmp_path, KEYS)
    assert not again.needs_snapshot
    assert held(tmp_path) == standing_after(entries[:20])
    again.apply(third)
    assert again.prove()
    again.close()


@pytest.mark.parametrize("stop", ["_make_index", "_adopt_next"])
def test_a_snapshot_that_broke_off_is_held_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: str
) -> None:
    """Killed before the index has its place all is as it was; killed after, all is new."""
    entries = feed(6, 30)
    manifest, [content] = snapshot(entries, 1)
    holding = Holding.open(tmp_path, KEYS)
    holding.apply(deltas(entries, 10)[0])
    holding.missing_parts(manifest)
    holding.put_part(manifest, 0, content)

    def killed(*_: object, **__: object) -> None:
        raise Killed

    at = Holding if stop == "_adopt_next" else room
    monkeypatch.setattr(at, stop, killed)
    with pytest.raises(Killed):
        holding.apply_snapshot(manifest)
    holding.close()
    monkeypatch.undo()
    again = Holding.open(tmp_path, KEYS)
    length = 30 if stop == "_adopt_next" else 10
    assert not again.needs_snapshot
    assert again.place == place_after(entries[:length])
    assert held(tmp_path) == standing_after(entries[:length])
    assert again.prove()
    again.close()


def _kill_once(folder: Path, seed: int, length: int, chance: Random) -> None:
    """Let a process follow a feed of chance into a folder, and kill it at a moment of chance."""
    command = [sys.executable, "-m", "tests.registry.replica.applying", str(folder)]
    with subprocess.Popen(
        [*command, str(seed), str(length)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        time.sleep(chance.uniform(0, 0.15))
        process.send_signal(signal.SIGKILL)


def _survives(folder: Path, seed: int) -> None:
    length = 400
    entries, chance = feed(seed, length), Random(seed)  # noqa: S311
    for _ in range(2):
        _kill_once(folder, seed, length, chance)
        holding = Holding.open(folder, KEYS)
        number = holding.place.number
        assert not holding.needs_snapshot
        assert held(folder) == standing_after(entries[:number])
        assert holding.place == place_after(entries[:number])
        assert holding.prove()
        holding.close()


@pytest.mark.parametrize("seed", range(3))
def test_it_survives_being_killed(tmp_path: Path, seed: int) -> None:
    """Whenever the process is killed, the next one finds a whole state of the feed."""
    _survives(tmp_path, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 100 + RUNS))
def test_it_survives_being_killed_often(tmp_path: Path, seed: int) -> None:
    """The same at many more moments."""
    _survives(tmp_path, seed)
