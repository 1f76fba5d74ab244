"""No space in the middle of an import: said as such, and what was acknowledged is there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ledger.store.samples import batches, codes, quick_folder, transfer

from holdfast.ledger.store import LedgerStore, LedgerWriter

ROOT = Path(__file__).resolve().parents[3]
SIZE = 50
LOG_ONLY, MANY_TABLES = 64 * 2**20, 64 * 2**10


def _fill(folder: Path, write_buffer_bytes: int, file_bytes_max: int | None = None) -> list[str]:
    program = Path(__file__).with_name("filling.py")
    limit = [] if file_bytes_max is None else [str(file_bytes_max)]
    done = subprocess.run(
        [sys.executable, program, folder, str(SIZE), str(write_buffer_bytes), *limit],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.split()


def _check_all_there(folder: Path, acknowledged: int) -> None:
    """Every acknowledged batch is there, nothing of another, and the import can go on."""
    count = acknowledged * SIZE
    ids = [transfer(number).transfer_id for number in range(count + 2 * SIZE)]
    with LedgerWriter.open(folder) as ledger:
        assert ledger.figures.change == acknowledged
        assert set(ledger.find(ids)) == set(ids[:count])
        assert codes(ledger) == []
        for batch in batches(1, count + 100):
            assert ledger.append(batch).added == 100
        assert codes(ledger) == []


@pytest.mark.parametrize(
    ("file_bytes_max", "write_buffer_bytes"),
    [(30_000, LOG_ONLY), (100_000, LOG_ONLY), (301_007, LOG_ONLY), (60_000, MANY_TABLES)],
)
def test_a_file_that_may_not_grow_is_no_space(file_bytes_max: int, write_buffer_bytes: int) -> None:
    """In the middle of a log or of a table: the import stops, and can go on once there is space."""
    with quick_folder() as folder:
        *acknowledged, first, second = _fill(folder / "l", write_buffer_bytes, file_bytes_max)
        assert acknowledged == [str(number + 1) for number in range(len(acknowledged))]
        assert acknowledged
        assert [first, second] == ["full", "full"]
        _check_all_there(folder / "l", len(acknowledged))


@pytest.mark.parametrize("file_bytes_max", [10, 30, 300, 3000, 7600])
def test_no_space_for_a_new_ledger(file_bytes_max: int) -> None:
    """Where there is no space even to make a ledger, that is said, and later it can be made."""
    with quick_folder() as folder:
        assert set(_fill(folder / "l", LOG_ONLY, file_bytes_max)) == {"full"}
        LedgerWriter.open(folder / "l").close()
        _check_all_there(folder / "l", 0)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a few megabytes, made of memory."""
    place = tmp_path / "disk"
    place.mkdir()
    options = ["-t", "tmpfs", "-o", "size=6m", "tmpfs", str(place)]
    try:
        done = subprocess.run(["mount", *options], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("this system has no mount command")
    if done.returncode:
        pytest.skip(f"a disk can't be mounted here: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("write_buffer_bytes", [LOG_ONLY, MANY_TABLES])
def test_a_full_disk(small_disk: Path, write_buffer_bytes: int) -> None:
    """On a disk that really fills up nothing acknowledged is lost, and space made is used."""
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(3 * 2**20))
    *acknowledged, first, second = _fill(small_disk / "l", write_buffer_bytes)
    assert [first, second] == ["full", "full"]
    assert acknowledged
    with LedgerStore.open(small_disk / "l") as reader:
        assert reader.figures.change == len(acknowledged)
    ballast.unlink()
    with LedgerStore.open(small_disk / "l") as reader:
        assert reader.figures.change == len(acknowledged)
        assert codes(reader) == []
    _check_all_there(small_disk / "l", len(acknowledged))
