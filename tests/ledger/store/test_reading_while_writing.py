"""A ledger is read while it is written: a reader sees whole acknowledged batches, never a part."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.ledger.store.samples import batches, codes, content, quick_folder, transfer

from holdfast.ledger.memory import MemoryLedger
from holdfast.ledger.store import LedgerStore, LedgerWriter

ROOT = Path(__file__).resolve().parents[3]
SIZE = 10


class Writer:
    """Another process that writes, and what it has acknowledged so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.acknowledged = 0
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        self._listener = threading.Thread(target=self._listen, args=(process.stdout,))
        self._listener.start()

    def _listen(self, lines: Iterator[str]) -> None:
        for line in lines:
            self.acknowledged = int(line)

    @property
    def writes(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def end(self) -> None:
        """Wait for its end, or bring it about."""
        self._listener.join()
        assert self._process.wait() == 0


@contextmanager
def _writer(folder: Path, count: int) -> Iterator[Writer]:
    program = Path(__file__).with_name("writing.py")
    process = subprocess.Popen(
        [sys.executable, program, folder, str(count), str(SIZE), str(32 * 1024)],
        env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(folder.parent)},
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        writer = Writer(process)
        try:
            yield writer
        finally:
            if sys.exc_info()[0] is not None:
                process.kill()
            writer.end()


def _check_whole(reader: LedgerStore, acknowledged: int) -> None:
    """A state holds everything of each change up to its number, and nothing of the next."""
    change = reader.figures.change
    assert change >= acknowledged
    assert reader.figures.transfers == change * SIZE
    ids = [transfer(number).transfer_id for number in range((change + 5) * SIZE)]
    assert set(reader.find(ids)) == set(ids[: change * SIZE])


def _check_catching_up(folder: Path, count: int) -> None:
    states = set()
    with _writer(folder, count) as writer, LedgerStore.open(folder) as reader:
        while writer.writes:
            acknowledged = writer.acknowledged
            states.add(reader.catch_up())
            _check_whole(reader, acknowledged)
            if len(states) % 20 == 1:
                assert codes(reader) == []
        writer.end()
        assert reader.catch_up() == count
    assert len(states) > 2


def _check_opening(folder: Path, count: int) -> None:
    states = set()
    with _writer(folder, count) as writer:
        while writer.writes:
            acknowledged = writer.acknowledged
            with LedgerStore.open(folder) as reader:
                states.add(reader.figures.change)
                _check_whole(reader, acknowledged)
    assert len(states) > 2


def test_a_reader_that_catches_up_sees_whole_batches() -> None:
    """Each state it sees holds all that was acknowledged before it asked, and is sound."""
    with quick_folder() as folder:
        _check_catching_up(folder / "ledger", 1000)


def test_a_reader_opened_at_any_moment_sees_whole_batches() -> None:
    """Also while the writer turns its logs into tables and removes them."""
    with quick_folder() as folder:
        _check_opening(folder / "ledger", 1000)


@pytest.mark.slow
@pytest.mark.parametrize("check", [_check_catching_up, _check_opening])
def test_readers_see_whole_batches_for_long(check: object) -> None:
    """The same for ten thousand batches."""
    with quick_folder() as folder:
        assert callable(check)
        check(folder / "ledger", 10_000)


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
