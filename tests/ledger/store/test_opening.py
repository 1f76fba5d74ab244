"""Opening a ledger: what is one, what is none, who may write, and what a crash leaves behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ledger.store.samples import batches, codes, make_ledger, quick_folder, transfer

from holdfast.core.errors import (
    LedgerBusy,
    LedgerDamaged,
    LedgerError,
    LedgerFormatUnknown,
    LedgerFull,
    LedgerMissing,
)
from holdfast.ledger.store import LedgerStore, LedgerWriter, engine, store
from holdfast.ledger.store import folder as in_the_folder
from holdfast.ledger.store.records import FORMAT

KINDS = (LedgerStore, LedgerWriter)

HOLDS_IT_OPEN = """
import sys
from pathlib import Path
from holdfast.ledger.store import LedgerWriter
with LedgerWriter.open(Path(sys.argv[1])):
    print("open", flush=True)
    sys.stdin.read()
"""
OPENS_AT_A_SIGN = """
import sys
from pathlib import Path
from holdfast.core.errors import LedgerError
from holdfast.ledger.store import LedgerWriter
print("ready", flush=True)
sys.stdin.readline()
try:
    with LedgerWriter.open(Path(sys.argv[1])):
        print("opened", flush=True)
        sys.stdin.read()
except LedgerError as error:
    print(error.code, flush=True)
    sys.stdin.read()
"""


def _names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.fixture
def ledger() -> Iterator[Path]:
    """A closed ledger of twenty transfers."""
    with quick_folder() as folder:
        yield make_ledger(folder / "ledger", batches(2, 10))


def _start(program: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_another_process_is_told_that_the_ledger_is_busy(ledger: Path) -> None:
    """While one process writes, another one's writer is refused, its reader is not."""
    with _start(HOLDS_IT_OPEN, ledger) as process:
        assert _line(process) == "open"
        with pytest.raises(LedgerBusy) as caught:
            LedgerWriter.open(ledger)
        with LedgerStore.open(ledger) as reader:
            assert reader.figures.transfers == 20
        process.communicate()
    assert caught.value.code == "ledger_busy"
    assert caught.value.transient
    with LedgerWriter.open(ledger) as writer:
        assert writer.append([transfer(99)]).added == 1


def test_a_second_writer_in_the_same_process_is_refused(ledger: Path) -> None:
    """Two writers are refused also where both are one process; the first goes on."""
    with LedgerWriter.open(ledger) as writer:
        with pytest.raises(LedgerBusy):
            LedgerWriter.open(ledger)
        assert writer.append([transfer(99)]).added == 1
        assert codes(writer) == []


def test_of_two_that_make_one_ledger_at_once_one_is_told_it_is_busy(tmp_path: Path) -> None:
    """Whoever comes second to a new folder is told to wait, not that the folder is no ledger."""
    for number in range(3):
        folder = tmp_path / str(number)
        processes = [_start(OPENS_AT_A_SIGN, folder) for _ in range(3)]
        assert {_line(process) for process in processes} == {"ready"}
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("now\n")
            process.stdin.flush()
        assert sorted(map(_line, processes)) == ["ledger_busy", "ledger_busy", "opened"]
        for process in processes:
            process.communicate()


@pytest.mark.parametrize("found", [f"{FORMAT + 1}\n", "0\n", "", "one\n", "\xff"])
@pytest.mark.parametrize("kind", KINDS)
def test_another_format_is_refused_and_left_alone(
    ledger: Path, kind: type[LedgerStore], found: str
) -> None:
    """A ledger of a newer or older version isn't touched, and the reason is said."""
    (ledger / "FORMAT").write_text(found, encoding="latin-1")
    before = {path: path.read_bytes() for path in ledger.rglob("*") if path.is_file()}
    with pytest.raises(LedgerFormatUnknown) as caught:
        kind.open(ledger)
    assert caught.value.code == "ledger_format_unknown"
    assert str(FORMAT) in str(caught.value)
    assert {path: path.read_bytes() for path in ledger.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    "others",
    [["holiday.jpg"], ["rocks/notes.txt"], ["ACKNOWLEDGED", "thesis.doc"], ["FORMAT/deep"]],
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_with_other_things_is_left_alone(
    tmp_path: Path, kind: type[LedgerStore], others: list[str]
) -> None:
    """A folder that is not ours never becomes a ledger, whatever its files are called."""
    for name in others:
        (tmp_path / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / name).write_text("mine")
    before = _names(tmp_path)
    with pytest.raises(LedgerMissing) as caught:
        kind.open(tmp_path / "folder")
    assert caught.value.code == "ledger_missing"
    assert _names(tmp_path) == before


@pytest.mark.parametrize("place", ["file", "file/below"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_in_the_place_of_a_ledger_is_left_alone(
    tmp_path: Path, kind: type[LedgerStore], place: str
) -> None:
    """A file where a folder should be is no ledger and stays as it is."""
    (tmp_path / "file").write_text("mine")
    with pytest.raises(LedgerMissing):
        kind.open(tmp_path / place)
    assert (tmp_path / "file").read_text() == "mine"


def test_reading_makes_no_ledger(tmp_path: Path) -> None:
    """A reader of a missing or empty folder is told so, and nothing is made."""
    for folder in (tmp_path / "missing", tmp_path):
        with pytest.raises(LedgerMissing):
            LedgerStore.open(folder)
    assert _names(tmp_path) == set()


def test_writing_makes_a_ledger_of_a_missing_or_empty_folder(tmp_path: Path) -> None:
    """Folders above it are made too; a ledger without transfers can be read and verified."""
    for folder in (tmp_path / "new", tmp_path / "deep" / "er" / "new"):
        LedgerWriter.open(folder).close()
        with LedgerStore.open(folder) as reader:
            assert reader.figures.change == 0
            assert dict(reader.find(["T0000001"])) == {}
            assert codes(reader) == []


@pytest.mark.parametrize("left", ["folder", "empty number", "number", "database", "draft"])
def test_what_a_crash_left_of_a_new_ledger_becomes_one(
    ledger: Path, tmp_path: Path, left: str
) -> None:
    """A process killed while it made a ledger leaves no ledger, but a folder that can become one."""
    folder = tmp_path / "left"
    folder.mkdir()
    if left != "folder":
        (folder / "ACKNOWLEDGED").write_text("" if left == "empty number" else f"{0:020}\n")
    if left in ("database", "draft"):
        LedgerWriter.open(tmp_path / "other").close()
        shutil.copytree(tmp_path / "other" / "rocks", folder / "rocks")
    if left == "draft":
        (folder / "FORMAT.new").write_text("")
    with pytest.raises(LedgerMissing):
        LedgerStore.open(folder)
    with LedgerWriter.open(folder) as writer:
        assert writer.append([transfer(1)]).added == 1
    with LedgerStore.open(folder) as reader:
        assert reader.figures.transfers == 1
        assert codes(reader) == []


def test_a_ledger_that_lost_its_format_keeps_the_number_it_acknowledged(ledger: Path) -> None:
    """Opened for writing it is a ledger again, and a torn tail would still be told."""
    (ledger / "FORMAT").unlink()
    LedgerWriter.open(ledger).close()
    assert int((ledger / "ACKNOWLEDGED").read_text()) == 2
    with LedgerStore.open(ledger) as reader:
        assert reader.figures.transfers == 20


def test_the_format_is_on_the_disk_before_the_folder_is_a_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut leaves a whole ledger or none: the format is synced, and so are the names."""
    synced: list[tuple[str, bool]] = []
    fsync = os.fsync

    def watched(handle: int) -> None:
        path = Path(f"/proc/self/fd/{handle}").readlink()
        synced.append((path.name, (tmp_path / "ledger" / "FORMAT").exists()))
        fsync(handle)

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("this system doesn't show which file a handle is of")
    monkeypatch.setattr(os, "fsync", watched)
    LedgerWriter.open(tmp_path / "ledger").close()
    assert ("ACKNOWLEDGED", False) in synced
    assert ("FORMAT.new", False) in synced
    assert ("ledger", True) in synced
    assert (tmp_path.name, True) in synced


def test_what_the_system_says_is_said_as_an_error_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No space for the first files of a ledger is said like no space later, and leaves no lock."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for owner, name in ((in_the_folder, "write_acknowledged"), (store, "write_format")):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, full)
            with pytest.raises(LedgerFull) as caught:
                LedgerWriter.open(tmp_path / "ledger")
            assert caught.value.code == "ledger_full"
        LedgerWriter.open(tmp_path / "ledger").close()
        shutil.rmtree(tmp_path / "ledger")


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where readers keep what they need while they are open."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_a_reader_leaves_nothing_behind(ledger: Path, scratch: Path) -> None:
    """A reader's scratch folder is gone once it is closed, a second close does nothing."""
    reader = LedgerStore.open(ledger)
    with LedgerWriter.open(ledger) as writer:
        writer.append([transfer(99)])
    assert reader.catch_up() == 3
    assert list(scratch.iterdir()) != []
    reader.close()
    assert list(scratch.iterdir()) == []
    reader.close()


def test_a_reader_that_is_refused_leaves_nothing_behind(ledger: Path, scratch: Path) -> None:
    """Neither a damaged database nor a torn tail leaves a folder."""
    (ledger / "ACKNOWLEDGED").write_text(f"{9:020}\n")
    with pytest.raises(LedgerDamaged):
        LedgerStore.open(ledger)
    next(ledger.rglob("MANIFEST-*")).write_bytes(b"garbage")
    with pytest.raises(LedgerDamaged):
        LedgerStore.open(ledger)
    assert list(scratch.iterdir()) == []


def test_a_writer_closes_twice_and_after_an_error(ledger: Path) -> None:
    """A second close does nothing, and whatever happened inside, the ledger is free again."""
    writer = LedgerWriter.open(ledger)
    writer.close()
    writer.close()
    with pytest.raises(ZeroDivisionError), LedgerWriter.open(ledger):
        _ = 1 // 0
    with LedgerWriter.open(ledger) as again:
        assert again.append([transfer(99)]).added == 1


def test_a_writer_has_nothing_to_catch_up_with(ledger: Path) -> None:
    """Code that was given a ledger may ask it to catch up, whether it writes or reads."""
    with LedgerWriter.open(ledger) as writer:
        writer.append([transfer(99)])
        assert writer.catch_up() == 3


def test_the_cache_is_in_force_on_every_opening(
    ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What bounds memory holds for a ledger that exists as for a new one, for readers too."""
    monkeypatch.setattr(engine, "CACHE_BYTES", 11 * engine.MIB)
    for kind in KINDS:
        with kind.open(ledger) as opened:
            capacity = opened.engine._db.property_int_value("rocksdb.block-cache-capacity")
            assert capacity == 11 * engine.MIB


def test_errors_name_the_ledger_and_are_errors_of_ours(tmp_path: Path) -> None:
    """Whoever handles the errors of a ledger handles all of these, and reads where it is."""
    with pytest.raises(LedgerError, match="nowhere"):
        LedgerStore.open(tmp_path / "nowhere")
