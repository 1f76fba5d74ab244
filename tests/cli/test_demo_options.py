"""What `holdfast demo` and `holdfast open` refuse: options that do nothing, and what cannot be."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from holdfast.cli.main import main


def _refused(
    folder: Path, capsys: pytest.CaptureFixture[str], *words: str, command: str = "demo"
) -> str:
    assert main([command, "--into", str(folder / "out"), *words]) == 1
    assert not (folder / "out").exists()
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "option", "other"),
    [
        (["--reports-per-hour", "60", "--scenario", "x"], "--scenario", "--reports-per-hour"),
        (["--reports-per-hour", "60", "--faults", "replay"], "--faults", "--reports-per-hour"),
        (["--reports-per-hour", "60", "--seeds", "2"], "--seeds", "--reports-per-hour"),
        (["--reports-per-hour", "60", "--scams", "2"], "--scams", "--reports-per-hour"),
        (["--scenario", "false-claim", "--banks", "8"], "--banks", "--scenario"),
        (["--scenario", "false-claim", "--days", "1"], "--days", "--scenario"),
        (["--scenario", "false-claim", "--transfers", "1"], "--transfers", "--scenario"),
        (["--scenario", "false-claim", "--customers", "1"], "--customers", "--scenario"),
        (["--scenario", "false-claim", "--scams", "1"], "--scams", "--scenario"),
        (["--load-seconds", "30"], "--load-seconds", "--reports-per-hour"),
        (["--database", "postgresql://x/y"], "--database", "--reports-per-hour"),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(
    words: list[str], option: str, other: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where it says what is so anyway; the sentence names both, and what would be right."""
    said = _refused(tmp_path, capsys, *words)
    assert "[option_ignored]" in said
    assert f"{option} would do nothing" in said
    assert other in said
    assert "leave" in said


@pytest.mark.parametrize(
    ("words", "code", "named"),
    [
        (["--banks", "0"], "country_size_impossible", "banks 0"),
        (["--days", "0"], "country_size_impossible", "days 0"),
        (["--scams", "-1"], "country_size_impossible", "scams -1"),
        (["--transfers", "-5"], "country_size_impossible", "transfers -5"),
        (["--banks", "0", "--seeds", "2"], "country_size_impossible", "banks 0"),
        (["--banks", "0", "--reports-per-hour", "600"], "country_size_impossible", "banks 0"),
        (["--days", "0", "--reports-per-hour", "600"], "country_size_impossible", "days 0"),
        (["--seed", "-1"], "seed_out_of_range", "-1"),
        (["--seed", "-1", "--scenario", "false-claim"], "seed_out_of_range", "-1"),
        (["--seed", "4294967295", "--seeds", "2"], "seed_out_of_range", "4294967296"),
        (["--seeds", "2", "--scenario", "none-such"], "scenario_missing", "none-such"),
        (["--silent", "60%", "--by-hand", "60%"], "shares_impossible", "60% of all banks silent"),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    words: list[str], code: str, named: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is written, whichever way it is to be played."""
    said = _refused(tmp_path, capsys, *words)
    assert f"[{code}]" in said
    assert named in said


@pytest.mark.parametrize("words", [["--silent", "200%"], ["--by-hand", "1.5"], ["--silent=-5%"]])
def test_a_share_is_a_part_of_all(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The usage says which option it is about."""
    with pytest.raises(SystemExit, match="2"):
        main(["demo", *words])
    said = capsys.readouterr().err
    assert words[0].partition("=")[0] in said
    assert "is no share" in said


def test_an_open_country_has_no_more_banks_than_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Silent ones and those that answer by hand are parts of the same banks."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    words = ("--silent", "95%", "--by-hand", "10%")
    assert "[shares_impossible]" in _refused(tmp_path, capsys, *words, command="open")


def test_all_wrong_lines_of_a_scenario_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each in a line of its own, or as data with its line and column."""
    story = tmp_path / "wrong.txt"
    story.write_text("people Malee at 9\n25:00 Malee has 5\n10:00 bank 99 is down\n")
    said = _refused(tmp_path, capsys, "--scenario", str(story)).splitlines()
    assert [line.partition("[")[2] for line in said] == [
        "scenario_bank_unknown]",
        "scenario_time_unreadable]",
        "scenario_bank_unknown]",
    ]
    words = ["--scenario", str(story), "--format", "json"]
    assert main(["demo", "--into", str(tmp_path / "out"), *words]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [(row["line"], row["column"]) for row in found["problems"]] == [(1, 17), (2, 1), (3, 12)]
    assert found["may_be_more"] is False
