"""A ledger is read while it is written: a reader sees whole acknowledged batches, never a part."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.ledger.store.samples import batches, codes, content, quick_folder, transfer

from holdfast.ledger.memory import MemoryLedger
from holdfast.ledger.store import LedgerStore, LedgerWriter

ROOT = Path(__file__).resolve().parents[3]
SIZE = 20
WRITE_BUFFER_BYTES = 64 * 1024


class Writer:
    """Another process that writes without end, and what it has acknowledged so far."""

    def __init__(self, folder: Path) -> None:
        program = Path(__file__).with_name("writing.py")
        self._process = subprocess.Popen(
            [sys.executable, program, folder, str(10**6), str(SIZE), str(WRITE_BUFFER_BYTES)],
            env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(folder.parent)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "open\n"
        self.acknowledged = 0
        self._listener = threading.Thread(target=self._listen, args=(self._process.stdout,))
        self._listener.start()

    def _listen(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.acknowledged = int(line)

    def end(self) -> None:
        """Let it finish its batch and close the ledger."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._listener.join()
        with self._process:
            assert self._process.wait() == 0


@contextmanager
def _writer(folder: Path) -> Iterator[Writer]:
    writer = Writer(folder)
    try:
        yield writer
    finally:
        writer.end()


def _check_whole(reader: LedgerStore, acknowledged: int) -> None:
    """A state holds everything of each change up to its number, and nothing of the next."""
    change = reader.figures.change
    assert change >= acknowledged
    assert reader.figures.transfers == change * SIZE
    ids = [transfer(number).transfer_id for number in range((change + 5) * SIZE)]
    assert set(reader.find(ids)) == set(ids[: change * SIZE])
    logged = list(reader.changes_since(0))
    assert [entry.number for entry in logged] == list(range(1, change + 1))
    for start, entry in zip(range(0, change * SIZE, SIZE), logged, strict=True):
        assert set(entry.transfer_ids) == set(ids[start : start + SIZE])
    assert codes(reader) == []


def _check_catching_up(folder: Path, states: int) -> None:
    seen: set[int] = set()
    with _writer(folder) as writer, LedgerStore.open(folder) as reader:
        while len(seen) < states:
            acknowledged = writer.acknowledged
            seen.add(reader.catch_up())
            _check_whole(reader, acknowledged)
        writer.end()
        assert reader.catch_up() == writer.acknowledged
        _check_whole(reader, writer.acknowledged)


def _check_opening(folder: Path, states: int) -> None:
    seen: set[int] = set()
    with _writer(folder) as writer:
        while len(seen) < states:
            acknowledged = writer.acknowledged
            with LedgerStore.open(folder) as reader:
                seen.add(reader.figures.change)
                _check_whole(reader, acknowledged)


CHECKS = {"that catches up": _check_catching_up, "opened at any moment": _check_opening}


@pytest.mark.parametrize("what", CHECKS)
def test_a_reader_sees_whole_batches(what: str) -> None:
    """Each state holds all that was acknowledged before, and is sound.

    Meanwhile the writer turns its logs into tables, merges tables and removes both.
    """
    with quick_folder() as folder:
        CHECKS[what](folder / "ledger", 50)


@pytest.mark.slow
@pytest.mark.parametrize("run", range(4))
@pytest.mark.parametrize("what", CHECKS)
def test_a_reader_sees_whole_batches_for_long(what: str, run: int) -> None:
    """The same for many more states, and many ends of a writer."""
    with quick_folder() as folder:
        CHECKS[what](folder / "ledger", 100)


def test_a_reader_follows_a_writer_that_ended() -> None:
    """What a reader had seen of a log doesn't hide what the writer put into tables at its end."""
    with quick_folder() as folder, LedgerWriter.open(folder / "ledger") as writer:
        first, second = batches(2, 10)
        writer.append(first)
        with LedgerStore.open(folder / "ledger") as reader:
            writer.append(second)
            writer.close()
            assert reader.catch_up() == 2
            assert reader.figures.transfers == 20
            assert codes(reader) == []


def test_a_reader_stands_still_until_it_catches_up() -> None:
    """What it says rests on one change number, whatever is written meanwhile."""
    first, second = batches(2, 20)
    ids = [row.transfer_id for row in (*first, *second)]
    with quick_folder() as folder, LedgerWriter.open(folder / "ledger") as writer:
        writer.append(first)
        with LedgerStore.open(folder / "ledger") as reader:
            before = content(MemoryLedger(first), ids)
            assert content(reader, ids) == before
            writer.append(second)
            assert content(reader, ids) == before
            assert reader.figures.change == 1
            assert reader.catch_up() == 2
            assert content(reader, ids) == content(MemoryLedger([*first, *second]), ids)
            assert reader.catch_up() == 2


def test_a_reader_sees_opening_balances_and_late_arrivals() -> None:
    """Catching up brings mended blocks too, and those that were replaced are gone."""
    rows = next(batches(1, 100))
    openings = {(rows[0].credit_account, "THB"): 500}
    ids = [row.transfer_id for row in rows]
    with quick_folder() as folder, LedgerWriter.open(folder / "ledger") as writer:
        writer.append(rows[1::2])
        with LedgerStore.open(folder / "ledger") as reader:
            writer.append(rows[::2])
            writer.open_accounts([(*account, minor) for account, minor in openings.items()])
            assert reader.catch_up() == 3
            assert content(reader, ids) == content(MemoryLedger(rows, openings), ids)
            assert codes(reader) == []


def test_a_reader_outlives_the_writer() -> None:
    """A writer that ends and another that begins are one ledger to a reader."""
    with quick_folder() as folder:
        LedgerWriter.open(folder / "ledger").close()
        with LedgerStore.open(folder / "ledger") as reader:
            for number, batch in enumerate(batches(3, 10), 1):
                with LedgerWriter.open(folder / "ledger") as writer:
                    writer.append(batch)
                assert reader.catch_up() == number
                assert codes(reader) == []
