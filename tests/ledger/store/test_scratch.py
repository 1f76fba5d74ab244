"""What readers leave behind when they are killed is removed by the next one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from tests.ledger.store.samples import batches, make_ledger

from holdfast.ledger.store import LedgerStore
from holdfast.ledger.store.scratch import PREFIX, Scratch

READS = """
import sys
from pathlib import Path
from holdfast.ledger.store import LedgerStore
with LedgerStore.open(Path(sys.argv[1])):
    print("open", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where readers keep what they need while they are open, of this process and its children."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def _grow_old(scratch: Path) -> None:
    for folder in scratch.iterdir():
        os.utime(folder, (1, 1))


def test_a_killed_readers_folder_is_removed(tmp_path: Path, scratch: Path) -> None:
    """Once its process is gone, and not while that is there, however old the folder is."""
    ledger = make_ledger(tmp_path / "ledger", batches(2, 10))
    reader = subprocess.Popen(
        [sys.executable, "-c", READS, ledger], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with reader:
        assert reader.stdout
        assert reader.stdout.readline() == b"open\n"
        _grow_old(scratch)
        LedgerStore.open(ledger).close()
        assert len(list(scratch.iterdir())) == 1
        reader.send_signal(signal.SIGKILL)
    _grow_old(scratch)
    with LedgerStore.open(ledger) as again:
        assert len(list(scratch.iterdir())) == 1
        assert again.figures.transfers == 20
    assert list(scratch.iterdir()) == []


def test_what_may_not_be_locked_yet_is_left_alone(scratch: Path) -> None:
    """A folder is there a moment before its lock."""
    young = scratch / f"{PREFIX}young"
    young.mkdir()
    Scratch().close()
    assert list(scratch.iterdir()) == [young]


def test_what_is_not_a_readers_is_left_alone(scratch: Path) -> None:
    """Files, links and folders of others stay, whatever they are called."""
    (scratch / "other").mkdir()
    (scratch / f"{PREFIX}file").write_text("x")
    (scratch / f"{PREFIX}link").symlink_to(scratch / "other")
    _grow_old(scratch)
    Scratch().close()
    assert len(list(scratch.iterdir())) == 3
