"""The index: found is what was put, whatever the order; swapped, cut off, damaged, or full."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from threading import Thread

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.core.errors import CentreError
from holdfast.registry.index import writer as writer_module
from holdfast.registry.index.build import Batch, Table, build_index, differences
from holdfast.registry.index.file import Index, create
from holdfast.registry.index.hashing import KEY_BYTES, HashKey
from holdfast.registry.index.header import NUMBER_WORD, Header
from holdfast.registry.index.kernels import REMOVED, RETIRED_WORD
from holdfast.registry.index.writer import IndexBusy, IndexWriter
from holdfast.registry.standing import Standing

KEY = bytes(range(KEY_BYTES))
BLACK = Standing(200, disputed=False, until_us=1_800_000_000_000_000)
GREY = Standing(100, disputed=True, until_us=1_700_000_000_000_000)


def batch(values: dict[bytes, int]) -> Batch:
    """Return wire forms and standings as an index is built from."""
    return pa.array(list(values), pa.binary()), np.array(list(values.values()), np.uint64)


def numbered(count: int, begin: int = 0) -> dict[bytes, int]:
    """Return some subjects, each standing otherwise."""
    return {
        f"account:TH.THCBC.004.{number:010}".encode(): Standing(
            number % 255 + 1, disputed=bool(number % 2), until_us=(number + 1) * 1_000_000
        ).packed()
        for number in range(begin, begin + count)
    }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where an index of nobody stands."""
    build_index(tmp_path / "index", KEY, [], number=0)
    return tmp_path / "index"


def test_found_is_what_was_put(path: Path) -> None:
    """A subject stands as it was put last, one that was removed or never put is not listed."""
    with IndexWriter.open(path, KEY) as writer:
        writer.put(b"phone:+66812345678", GREY)
        writer.put(b"phone:+66812345678", BLACK)
        writer.put(b"phone:+66812345679", GREY)
        writer.remove(b"phone:+66812345679")
        writer.set_number(4)
    index = Index.open(path, KEY)
    assert index.find(b"phone:+66812345678") == BLACK
    assert index.find(b"phone:+66812345679") is None
    assert index.find(b"phone:+66812345670") is None
    assert index.number == 4


Puts = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 255), st.booleans()), max_size=60)


@settings(max_examples=50)
@given(Puts, Puts)
def test_it_answers_as_a_mapping_would(
    tmp_path_factory: pytest.TempPathFactory,
    built: list[tuple[int, int, bool]],
    put: list[tuple[int, int, bool]],
) -> None:
    """Whatever is built and then put or removed, every subject is answered as a mapping answers."""
    path = tmp_path_factory.mktemp("index") / "index"
    right = {}
    rows = [(f"handle:line:{who}".encode(), tier, disputed) for who, tier, disputed in built + put]
    for wire, tier, disputed in rows:
        right[wire] = Standing(tier, disputed, 9_000_000) if tier else None
    values = [
        Standing(tier, disp, 9_000_000).packed() if tier else REMOVED for _, tier, disp in rows
    ]
    wires = pa.array([wire for wire, _, _ in rows], pa.binary())
    cut = len(built)
    first = (wires[:cut], np.array(values[:cut], np.uint64))
    build_index(path, KEY, [first], number=cut)
    with IndexWriter.open(path, KEY) as writer:
        writer.put_many(wires[cut:], np.array(values[cut:], np.uint64))
    index = Index.open(path, KEY)
    asked = [f"handle:line:{who}".encode() for who in range(41)]
    assert [index.find(wire) for wire in asked] == [right.get(wire) for wire in asked]
    packed = [standing.packed() if (standing := right.get(wire)) else 0 for wire in asked]
    found = index.find_many(pa.array(asked, pa.binary()))
    assert [0 if value == REMOVED else value for value in found] == packed


def test_it_grows_while_it_is_asked(path: Path) -> None:
    """Far more subjects than the file had room for are all found, by a reader opened before."""
    reader = Index.open(path, KEY)
    values = numbered(20_000)
    with IndexWriter.open(path, KEY) as writer:
        wires, standings = batch(values)
        for begin in range(0, len(wires), 500):
            writer.put_many(wires[begin : begin + 500], standings[begin : begin + 500])
            writer.set_number(begin + 500)
            assert (
                reader.find_many(wires[: begin + 500]).tolist() == standings[: begin + 500].tolist()
            )
        assert writer.used == len(wires)
    assert reader.generation > 1
    assert reader.number == len(wires)
    assert not list(path.parent.glob("*.new"))


def test_what_was_removed_takes_no_room_in_a_larger_file(path: Path) -> None:
    """Growing leaves out who is listed no more."""
    wires, standings = batch(numbered(2000))
    with IndexWriter.open(path, KEY) as writer:
        writer.put_many(wires, np.full(2000, REMOVED, np.uint64))
        more, standings = batch(numbered(2000, begin=5000))
        writer.put_many(more, standings)
        writer.set_number(1)
        while writer.generation == 1:
            writer.set_number(1)
        assert writer.used == 2000
        assert writer.find_many(more).tolist() == standings.tolist()
        assert not writer.find_many(wires).any()


def test_a_copy_that_failed_takes_nobodys_place(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the larger file can't be made whole the old one stays, and everything is still found."""
    wires, standings = batch(numbered(3200))

    class Unstarted(Thread):
        """A thread that dies before it has copied anything."""

        def run(self) -> None:
            """Do nothing."""

    monkeypatch.setattr(writer_module, "Thread", Unstarted)
    with IndexWriter.open(path, KEY) as writer:
        writer.put_many(wires, standings)
        with pytest.raises(CentreError) as caught:
            writer.set_number(1)
        assert caught.value.code == "index_unwritable"
        assert writer.generation == 1
        assert writer.find_many(wires).tolist() == standings.tolist()
    assert not list(path.parent.glob("*.new"))


def test_what_a_dead_process_left_is_removed(path: Path) -> None:
    """A file in the making goes with the next writer, unless its process lives."""
    dead, alive = path.with_name("index.99999999.new"), path.with_name(f"index.{os.getpid()}.new")
    dead.touch()
    alive.touch()
    IndexWriter.open(path, KEY).close()
    assert (dead.exists(), alive.exists()) == (False, True)


def test_readers_go_over_to_an_index_made_anew(path: Path) -> None:
    """A rebuilt index is asked by readers and written by a writer that had the old one open."""
    reader = Index.open(path, KEY)
    with IndexWriter.open(path, KEY) as writer:
        writer.put(b"phone:+66811111111", GREY)
        build_index(path, KEY, [batch({b"phone:+66822222222": BLACK.packed()})], number=7)
        assert reader.find(b"phone:+66822222222") == BLACK
        assert reader.find(b"phone:+66811111111") is None
        assert (reader.number, writer.number) == (7, 7)
        writer.put(b"phone:+66833333333", GREY)
        writer.set_number(8)
    assert reader.find(b"phone:+66833333333") == GREY
    assert (reader.number, reader.generation) == (8, 2)


def test_a_swap_cut_off_in_the_middle_loses_no_answer(path: Path) -> None:
    """A file marked retired whose successor never came is still asked, and written again."""
    with IndexWriter.open(path, KEY) as writer:
        writer.put(b"phone:+66811111111", GREY)
    reader = Index.open(path, KEY)
    with path.open("r+b") as file:
        file.seek(8 * RETIRED_WORD)
        file.write((1).to_bytes(8, "little"))
    assert reader.find(b"phone:+66811111111") == GREY
    with IndexWriter.open(path, KEY) as writer:
        writer.put(b"phone:+66811111111", BLACK)
    assert reader.find(b"phone:+66811111111") == BLACK
    assert Index.open(path, KEY).generation == 1


def test_a_half_written_slot_is_no_subject(path: Path) -> None:
    """A hash without its standing, as a writer killed between the two leaves it, is not listed."""
    key = HashKey(KEY)
    with IndexWriter.open(path, KEY) as writer:
        writer.put(b"phone:+66811111111", GREY)
        at = int(
            np.flatnonzero(
                writer.mapped.words
                == np.frombuffer(key.hashed(b"phone:+66811111111"), np.uint64)[0]
            )[0]
        )
        writer.mapped.words[at + 2] = 0
        assert writer.find(b"phone:+66811111111") is None
        writer.put(b"phone:+66811111111", BLACK)
        assert writer.find(b"phone:+66811111111") == BLACK


WRITE_FOR_EVER = """
import sys
from itertools import count
from pathlib import Path
import numpy as np, pyarrow as pa
from holdfast.registry.index.writer import IndexWriter
from holdfast.registry.standing import Standing
with IndexWriter.open(Path(sys.argv[1]), bytes(range(16))) as writer:
    for number in count(writer.number):
        standing = Standing(number % 255 + 1, False, (number + 1) * 1_000_000)
        writer.put(f"account:TH.THCBC.004.{number:010}".encode(), standing)
        if number % 20 == 19:
            writer.set_number(number + 1)
            print(number + 1, flush=True)
"""


def test_a_killed_writer_leaves_what_its_number_says(path: Path) -> None:
    """Killed at any point, all that the number counts is found right, and the next one goes on."""
    reader = Index.open(path, KEY)
    for _ in range(2):
        command = [sys.executable, "-c", WRITE_FOR_EVER, str(path)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        said = 0
        for _ in range(120):
            said = int(process.stdout.readline())
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        assert reader.number >= said
        right = {wire: value & ~(1 << 8) for wire, value in numbered(reader.number).items()}
        wires, values = batch(right)
        assert reader.find_many(wires).tolist() == values.tolist()


def test_one_writer_at_a_time(path: Path) -> None:
    """A second writer is told to come again; readers are not held up."""
    with IndexWriter.open(path, KEY), pytest.raises(IndexBusy) as caught:
        IndexWriter.open(path, KEY)
    assert caught.value.transient
    IndexWriter.open(path, KEY).close()


def test_every_difference_is_told(path: Path) -> None:
    """Missing, too many and otherwise: each is told once, and what agrees is not."""
    right = numbered(3000)
    said = dict(list(right.items())[10:]) | numbered(5, begin=9000)
    wire = list(right)[500]
    said[wire] = BLACK.packed()
    build_index(path, KEY, [batch(said)], number=1)
    table = Table(HashKey(KEY), 100)
    table.put_many(*batch(right))
    found = list(differences(Index.open(path, KEY), table))
    assert len(found) == 10 + 5 + 1
    assert sum(one.said is None for one in found) == 10
    assert sum(one.right is None for one in found) == 5
    [other] = [one for one in found if one.said == BLACK]
    assert other.hash == HashKey(KEY).hashed(wire).hex()
    build_index(path, KEY, [batch(right)], number=1)
    assert not list(differences(Index.open(path, KEY), table))


def _spoiled(path: Path) -> Iterable[tuple[str, bytes]]:
    whole = path.read_bytes()
    yield "index_damaged", b""
    yield "index_damaged", whole[:100]
    yield "index_damaged", whole[:-24]
    yield "index_damaged", b"?" + whole[1:]
    yield "index_damaged", whole[:16] + b"\1" + whole[17:]
    yield "index_version", whole[:8] + b"\2" + whole[9:]


def test_what_is_no_index_is_refused(path: Path) -> None:
    """An index that is cut short, spoiled, of another version or under another key is not asked."""
    for code, data in _spoiled(path):
        spoiled = path.with_name("spoiled")
        spoiled.write_bytes(data)
        with pytest.raises(CentreError) as caught:
            Index.open(spoiled, KEY)
        assert caught.value.code == code
    with pytest.raises(CentreError) as caught:
        Index.open(path, bytes(16))
    assert caught.value.code == "index_key_wrong"
    with pytest.raises(CentreError) as caught:
        Index.open(path.with_name("nowhere"), KEY)
    assert caught.value.code == "index_missing"


def test_a_full_disk_leaves_the_index_as_it_is(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no space is left an index is neither made anew nor grown; the old one answers on."""
    with IndexWriter.open(path, KEY) as writer:
        writer.put(b"phone:+66811111111", GREY)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(CentreError) as caught:
        build_index(path, KEY, [], number=9)
    assert caught.value.code == "index_unwritable"
    assert Index.open(path, KEY).find(b"phone:+66811111111") == GREY
    assert not list(path.parent.glob("*.new"))


def test_the_number_is_one_word(tmp_path: Path) -> None:
    """The header holds the feed's number as one whole word of 64 bits."""
    mapped = create(tmp_path / "index", Header(10, HashKey(KEY).name, 3))
    mapped.words[NUMBER_WORD] = 2**63
    assert Index.open(tmp_path / "index", KEY).number == 2**63
