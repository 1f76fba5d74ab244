"""A flipped bit, a torn tail, a lost file: each is told, and nothing is ever read wrong."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ledger.store.flipping import outcome, whole
from tests.ledger.store.samples import batches, codes, make_ledger, quick_folder

from holdfast.core.errors import LedgerDamaged
from holdfast.ledger.store import LedgerStore, LedgerWriter

ROOT = Path(__file__).resolve().parents[3]
TIMEOUT_SECONDS = 300
KINDS = (LedgerStore, LedgerWriter)


@pytest.fixture(scope="module")
def tables() -> Iterator[Path]:
    """A closed ledger whose content stands in several tables, merged ones and new ones."""
    with quick_folder() as folder:
        with LedgerWriter.open(folder / "ledger") as ledger:
            for number, batch in enumerate(batches(20, 100)):
                ledger.append(batch)
                if number in (7, 15):
                    ledger.engine._db.flush()
            # With many new tables each writer would try to merge them, and rest a second where
            # one is damaged.
            ledger.engine._db.compact_range(None, None)
            for batch in batches(5, 100, first=2000):
                ledger.append(batch)
        assert len(list(folder.rglob("*.sst"))) > 1
        yield folder / "ledger"


@pytest.fixture(scope="module")
def logs() -> Iterator[Path]:
    """A ledger as a killed writer leaves it: its content stands in the log alone."""
    with quick_folder() as folder:
        with LedgerWriter.open(folder / "open") as ledger:
            for batch in batches(5, 300):
                ledger.append(batch)
            shutil.copytree(folder / "open", folder / "ledger")
        assert not list((folder / "ledger").rglob("*.sst"))
        yield folder / "ledger"


def _flip(ledger: Path, pattern: str, count: int | str, seed: int = 1) -> dict[str, int]:
    """Run the program that flips bits; one that never comes back fails the test."""
    program = Path(__file__).with_name("flipping.py")
    done = subprocess.run(
        [sys.executable, program, ledger, pattern, str(seed), str(count)],
        env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(ledger.parent)},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{pattern}, seed {seed}: {done.stderr[-2000:]}"
    outcomes: dict[str, int] = json.loads(done.stdout)
    return outcomes


def test_a_flipped_bit_in_a_table_is_told(tables: Path) -> None:
    """Content is told to be damaged or read as it was, never wrong; nearly all flips are told."""
    outcomes = _flip(tables, "*.sst", 60)
    assert set(outcomes) <= {"told", "silent"}
    assert outcomes["told"] >= 0.9 * sum(outcomes.values())


def test_a_flipped_bit_in_a_log_is_told(logs: Path) -> None:
    """A log that a killed writer left behind shows each flip."""
    assert set(_flip(logs, "*.log", 30)) == {"told"}


@pytest.mark.parametrize("pattern", ["*.log", "MANIFEST-*"])
def test_a_record_of_an_unexpected_kind_is_told_at_once(logs: Path, pattern: str) -> None:
    """A bit that makes the database look for a log it never wrote doesn't make it look for ever."""
    outcomes = _flip(logs, pattern, "kinds")
    assert set(outcomes) == {"told"}


@pytest.mark.parametrize(
    ("pattern", "also"),
    [
        ("MANIFEST-*", set()),
        ("CURRENT", set()),
        ("ACKNOWLEDGED", set()),
        ("FORMAT", {"ledger_format_unknown"}),
        ("OPTIONS-*", set()),
        ("IDENTITY", set()),
        ("rocksdict-config.json", set()),
    ],
)
def test_a_flipped_bit_in_any_other_file_does_no_harm(
    tables: Path, pattern: str, also: set[str]
) -> None:
    """Whatever file it is in: the ledger is refused with a reason, or is what it was."""
    outcomes = _flip(tables, pattern, 10)
    assert set(outcomes) <= {"told", "silent", *also}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_many_flipped_bits_do_no_harm(tables: Path, logs: Path, seed: int) -> None:
    """The same for hundreds of flips in every kind of file."""
    for folder, pattern in [
        (tables, "*.sst"),
        (tables, "MANIFEST-*"),
        (logs, "MANIFEST-*"),
        (logs, "*.log"),
        (tables, "OPTIONS-*"),
        (tables, "ACKNOWLEDGED"),
    ]:
        outcomes = _flip(folder, pattern, 200, seed)
        assert set(outcomes) <= {"told", "silent"}, f"{pattern}, seed {seed}"


def _copy(ledger: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(ledger, tmp_path / "copy"))


def _log(ledger: Path) -> Path:
    (log,) = ledger.rglob("*.log")
    return log


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lost_bytes", [1, 7, 8, 5000, 40_000, None])
def test_a_torn_tail_is_told(
    logs: Path, tmp_path: Path, kind: type[LedgerStore], lost_bytes: int | None
) -> None:
    """A log that lost its end, even whole changes, is refused: something acknowledged is gone."""
    ledger = _copy(logs, tmp_path)
    size = _log(ledger).stat().st_size
    os.truncate(_log(ledger), 0 if lost_bytes is None else size - lost_bytes)
    with pytest.raises(LedgerDamaged) as caught:
        kind.open(ledger)
    assert caught.value.code == "ledger_tail_torn"
    assert caught.value.fields["acknowledged"] == 5


def test_a_lost_log_is_told(logs: Path, tmp_path: Path) -> None:
    """Where the whole log is gone, the number beside the database shows it."""
    ledger = _copy(logs, tmp_path)
    _log(ledger).unlink()
    for kind in KINDS:
        with pytest.raises(LedgerDamaged):
            kind.open(ledger)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lost_bytes", [1, 100, 4000, 30_000, 31_000])
def test_a_change_that_was_never_acknowledged_leaves_nothing(
    logs: Path, tmp_path: Path, kind: type[LedgerStore], lost_bytes: int
) -> None:
    """A writer killed while it wrote a change leaves the changes before it, whole and sound."""
    ledger = _copy(logs, tmp_path)
    (ledger / "ACKNOWLEDGED").write_text(f"{4:020}\n")
    os.truncate(_log(ledger), _log(ledger).stat().st_size - lost_bytes)
    expected = make_ledger(tmp_path / "expected", batches(4, 300))
    with kind.open(ledger) as torn, LedgerStore.open(expected) as right:
        assert whole(torn) == whole(right)
        assert codes(torn) == []


def test_a_change_written_but_not_acknowledged_is_there_whole(logs: Path, tmp_path: Path) -> None:
    """A writer killed between writing a change and acknowledging it leaves it whole."""
    ledger = _copy(logs, tmp_path)
    (ledger / "ACKNOWLEDGED").write_text(f"{4:020}\n")
    with LedgerStore.open(logs) as reader:
        right = whole(reader)
    for kind in KINDS:
        assert outcome(kind, ledger, right) == "silent"
    assert int((ledger / "ACKNOWLEDGED").read_text()) == 5  # a writer counts it from now on


def test_a_lost_table_is_told(tables: Path, tmp_path: Path) -> None:
    """A table that is gone is told, whichever it is."""
    for number, table in enumerate(sorted(tables.rglob("*.sst"))):
        ledger = _copy(tables, tmp_path / str(number))
        (ledger / table.relative_to(tables)).unlink()
        assert {outcome(kind, ledger, None) for kind in KINDS} == {"told"}


@pytest.mark.parametrize("name", ["CURRENT", "MANIFEST-*", "ACKNOWLEDGED"])
@pytest.mark.parametrize("spoil", ["removed", "emptied", "garbage"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_spoilt_file_is_told_and_the_rest_is_left_alone(
    tables: Path, tmp_path: Path, name: str, spoil: str, kind: type[LedgerStore]
) -> None:
    """Without one of its files a ledger is refused, and none of its tables is removed."""
    ledger = _copy(tables, tmp_path)
    (file,) = ledger.rglob(name)
    if spoil == "removed":
        file.unlink()
    else:
        file.write_bytes(b"" if spoil == "emptied" else b"\x93garbage\n" * 40)
    content = {table.name for table in ledger.rglob("*.sst")}
    with pytest.raises(LedgerDamaged):
        kind.open(ledger)
    assert {table.name for table in ledger.rglob("*.sst")} == content


def test_a_lost_database_is_told_and_not_made_anew(tables: Path, tmp_path: Path) -> None:
    """A ledger whose database is gone isn't opened as an empty one."""
    ledger = _copy(tables, tmp_path)
    shutil.rmtree(ledger / "rocks")
    (ledger / "ACKNOWLEDGED").write_text(f"{0:020}\n")
    for kind in KINDS:
        with pytest.raises(LedgerDamaged):
            kind.open(ledger)
