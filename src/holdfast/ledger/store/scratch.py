"""Folders in which readers keep what the database wants to write while they are open.

A reader that is killed leaves its folder behind. Each holds a lock on its own for as long as it
lives, which the system lets go of with the process, whatever ends it: so the next reader can tell
those of the dead, without asking for process ids that are given out again, or are others in a
container.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

PREFIX = "holdfast-reader-"
_YOUNG_S = 60
"""A folder so new may be of a reader that has not come to lock it."""


class Scratch:
    """A folder of one reader, until it is closed."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix=PREFIX)
        self._lock = os.open(self._folder.name, os.O_RDONLY)
        fcntl.flock(self._lock, fcntl.LOCK_SH)
        _remove_those_of_the_dead(Path(self._folder.name))

    @property
    def name(self) -> str:
        """The folder's path."""
        return self._folder.name

    def close(self) -> None:
        """Remove the folder."""
        self._folder.cleanup()
        os.close(self._lock)


def _remove_those_of_the_dead(own: Path) -> None:
    """Look at the folders beside an own, new one."""
    old_s = own.stat().st_mtime - _YOUNG_S
    for folder in own.parent.glob(f"{PREFIX}*"):
        # It may be another user's, or be removed by its own reader or another just now.
        with suppress(OSError):
            if folder.stat().st_mtime < old_s:
                _remove_if_dead(folder)


def _remove_if_dead(folder: Path) -> None:
    lock = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
    finally:
        os.close(lock)
