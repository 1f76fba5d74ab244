"""`holdfast registry questions verify`: a record that was changed is found, a crash is no finding."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from holdfast.cli.registry_questions import questions, questions_arguments
from holdfast.registry.question_keeping import question_folder
from holdfast.registry.questions import Question, QuestionFiles, files_of


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The log of a home, with one file that is whole."""
    (tmp_path / "centre.toml").write_text('country = "TH"\nname = "TH.AOC"\n', encoding="ascii")
    monkeypatch.setenv("HOLDFAST_HOME", str(tmp_path))
    files = QuestionFiles(question_folder(tmp_path), "a", 1)
    files.write([Question("q", 1, "a", "", "", "", "phone", 1, b"", b"").encoded()])
    files.close()
    return question_folder(tmp_path)


def _verify() -> int:
    parser = argparse.ArgumentParser()
    questions_arguments(parser)
    return questions(parser.parse_args(["verify"]))


def test_a_log_as_it_was_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """How many files were read."""
    assert _verify() == 0
    assert "1 files" in capsys.readouterr().out


def test_a_record_that_was_changed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By file and place, with the exit code for findings."""
    [file] = files_of(folder)
    content = bytearray(file.read_bytes())
    content[-60] ^= 1
    file.write_bytes(content)
    assert _verify() == 3
    assert "a-000001.questions: was changed" in capsys.readouterr().out


def test_what_a_crash_leaves_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And is no finding: none of it was ever answered for."""
    files = QuestionFiles(folder, "b", 1)
    files.write([Question("q", 1, "a", "", "", "", "phone", 1, b"", b"").encoded()])
    assert _verify() == 0
    assert "b-000001.questions: has no end" in capsys.readouterr().out
    files.close()


def test_a_home_where_nobody_has_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is nothing to be found."""
    (tmp_path / "centre.toml").write_text('country = "TH"\nname = "TH.AOC"\n', encoding="ascii")
    monkeypatch.setenv("HOLDFAST_HOME", str(tmp_path))
    assert _verify() == 0
    assert "0 files" in capsys.readouterr().out
