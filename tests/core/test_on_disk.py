"""What is on the disk: files and folders alike are synced, and what is not there is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from holdfast.core.on_disk import sync


def test_files_and_folders_are_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each through a handle of its own, which is closed again."""
    synced: list[tuple[int, int]] = []
    monkeypatch.setattr(
        os, "fsync", lambda handle: synced.append((handle, os.fstat(handle).st_ino))
    )
    file = tmp_path / "file"
    file.write_bytes(b"content")
    for path in (file, tmp_path):
        sync(path)
        assert synced[-1][1] == path.stat().st_ino
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(synced[-1][0])


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    """Nothing that is missing counts as safely kept."""
    with pytest.raises(FileNotFoundError):
        sync(tmp_path / "missing")
