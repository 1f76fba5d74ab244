"""How long a question log is kept: files that nobody writes any more go after their time.

A file goes as a whole, when the last question in it is older than the time. So a question stays at
most as much longer as the file went on being written.
"""

from __future__ import annotations

import fcntl
from collections.abc import Sequence
from pathlib import Path

from holdfast.core.errors import CentreError
from holdfast.core.words import N_
from holdfast.registry.questions import files_of

AT_ONCE = 500
_US_IN_NS = 1000


def question_folder(home: Path) -> Path:
    """Return where a centre's home keeps the question log."""
    return home / "registry" / "questions"


def older_files(folder: Path, before_us: int) -> Sequence[Path]:
    """Return the first files of a log, 500 at most, last written before an instant and in no use."""
    found: list[Path] = []
    for file in files_of(folder):
        if len(found) < AT_ONCE and _is_older(file, before_us) and not _is_in_use(file):
            found.append(file)
    return found


def remove_files(files: Sequence[Path]) -> None:
    """Remove files of a log; one that is gone already is none the less removed.

    Raises:
        CentreError: `question_log_unremovable`.
    """
    for file in files:
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            raise CentreError(
                "question_log_unremovable",
                N_("{file} is to be kept no longer, but can't be removed: {why}"),
                file=file,
                why=error.strerror or type(error).__name__,
            ) from None


def _is_older(file: Path, before_us: int) -> bool:
    try:
        return file.stat().st_mtime_ns // _US_IN_NS < before_us
    except FileNotFoundError:
        return False


def _is_in_use(file: Path) -> bool:
    """Whether the process that writes it is there: it holds a lock as long as it does."""
    try:
        with file.open("rb") as opened:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
