"""A question log is kept for its time: no longer, and nothing of it goes while it is written."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from holdfast.core.errors import CentreError
from holdfast.registry.question_keeping import AT_ONCE, older_files, remove_files
from holdfast.registry.questions import Question, QuestionFiles, read_questions

NOW_US = 1_795_000_000_000_000


def _written(folder: Path, name: str, at_us: int) -> Path:
    files = QuestionFiles(folder, name, 1)
    files.write([Question(name, at_us, "a", "", "", "", "phone", 1, b"", b"").encoded()])
    files.close()
    [file] = folder.glob(f"{name}*")
    os.utime(file, ns=(at_us * 1000, at_us * 1000))
    return file


def test_files_go_when_their_last_question_is_too_old(tmp_path: Path) -> None:
    """What is left still reads as it was written."""
    old = _written(tmp_path, "old", NOW_US - 1)
    _written(tmp_path, "young", NOW_US)
    assert older_files(tmp_path, NOW_US) == [old]
    remove_files([old, old])
    assert [question.id for question in read_questions(tmp_path)] == ["young"]
    assert older_files(tmp_path, NOW_US) == older_files(tmp_path / "missing", NOW_US) == []


def test_they_go_in_batches(tmp_path: Path) -> None:
    """So that nobody waits long for it."""
    for number in range(AT_ONCE + 1):
        file = tmp_path / f"{number:04}.questions"
        file.touch()
        os.utime(file, (0, 0))
    assert len(older_files(tmp_path, NOW_US)) == AT_ONCE


def test_a_file_that_a_process_holds_stays(tmp_path: Path) -> None:
    """Whoever was asked nothing for long may be asked again, into the same file."""
    file = _written(tmp_path, "held", NOW_US - 1)
    with file.open("rb") as holder:
        fcntl.flock(holder, fcntl.LOCK_SH)
        assert older_files(tmp_path, NOW_US) == []
    assert older_files(tmp_path, NOW_US) == [file]


def test_what_cannot_be_removed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its name, and with the reason."""
    file = _written(tmp_path, "old", NOW_US - 1)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(CentreError, match="not permitted"):
        remove_files([file])
