"""`holdfast demo` with real banks and a real centre: what it tells, writes, repeats and refuses."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from tests.cli.demo_kit import demo
from tests.cli.open_kit import INTERRUPTED, holdfast, left_in, until_none_is_left

from holdfast.cli.main import main

STORY = ["--scenario", "two-victims-of-one-mule"]
COUNTRY = ["--transfers", "4000", "--customers", "400", "--scams", "5", "--days", "4"]


def test_a_scenario_is_told_beside_today_and_the_same_seed_tells_the_same(tmp_path: Path) -> None:
    """The table says what was held of what could be; only what was measured differs."""
    first, second = (demo(tmp_path / name, "--seed", "3", *STORY) for name in "ab")
    assert first.returncode == 0, first.stderr
    for words in ("Holdfast", "as today", "Held ÷ holdable", "gone before", "Innocents", "p50"):
        assert words in first.stdout
    told = [run.stdout.partition("Money over time")[0] for run in (first, second)]
    assert told[0] == told[1]


def test_days_of_a_country_are_data_too(tmp_path: Path) -> None:
    """JSON says what follows from the seed, and apart what was measured; the picture is there."""
    done = demo(tmp_path / "out", "--format", "json", "--silent", "20%", *COUNTRY)
    assert done.returncode == 0, done.stderr + done.stdout[-2000:]
    data = json.loads(done.stdout)
    assert set(data) == {"seed", "score", "today", "measured"}
    assert data["score"]["broken"] == []
    assert data["score"]["reports"] > 0
    assert "measured" not in data["score"]
    kept = json.loads((tmp_path / "out" / "score.json").read_text(encoding="utf-8"))
    assert kept["score"] == data["score"]
    picture = ET.parse(tmp_path / "out" / "money.svg").getroot()  # noqa: S314  (our own output)
    assert picture.tag.endswith("svg")


@pytest.mark.slow
@pytest.mark.parametrize(
    "faults",
    ["crash-centre,clock-back,twice-bank,hand-bank", "dead-centre,greedy-bank,crash-bank,replay"],
)
def test_what_must_be_true_is_true_after_days_of_faults(faults: str, tmp_path: Path) -> None:
    """Reports came in, something failed each day, and none of what must hold was broken."""
    done = demo(tmp_path / "out", "--format", "json", "--faults", faults, *COUNTRY)
    assert done.returncode == 0, done.stderr + done.stdout[-2000:]
    score = json.loads(done.stdout)["score"]
    assert score["broken"] == []
    assert score["reports"] > 0
    assert score["held_minor"] > 0


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("taskset") is None,
    reason="taskset (of util-linux), which binds to one processor, is not installed",
)
def test_on_one_processor_the_table_is_the_same(tmp_path: Path) -> None:
    """Faults that need waiting included: an outcome is never a matter of how busy a machine is."""
    words = ("--seed", "3", "--faults", "silent-bank,slow-bank,cut-bank", *COUNTRY)
    both = demo(tmp_path / "out", *words)
    one = demo(tmp_path / "out", *words, before=("taskset", "-c", "0"))
    assert both.returncode == one.returncode == 0, both.stderr + one.stderr
    tables = [run.stdout.partition("Measured here")[0] for run in (both, one)]
    assert tables[0] == tables[1]
    assert "Held ÷ holdable" in tables[0]


MOMENTS: dict[str, Callable[[Path], bool]] = {
    "the country is being made": lambda _: True,
    "the folder is there": lambda folder: (folder / "out").exists(),
    "the centre is being made": lambda folder: (folder / "out" / "centre").exists(),
    "the books are being made": lambda folder: (folder / "out" / "banks").exists(),
    "the banks start": lambda folder: len(left_in(folder)) > 1,
    "the banks run": lambda folder: len(left_in(folder)) > LONG_BANKS,
    "money is held": lambda folder: _is_anything_held(folder / "out" / "banks"),
}
LONG_BANKS = 4
LONG = ["--transfers", "60000", "--customers", "2000", "--scams", "60", "--days", "30"]


def _is_anything_held(banks: Path) -> bool:
    for book in banks.glob("*/book.sqlite3"):
        with closing(sqlite3.connect(book)) as found, suppress(sqlite3.Error):
            if found.execute("SELECT 1 FROM orders WHERE held_minor > 0").fetchone():
                return True
    return False


@pytest.mark.slow
@pytest.mark.parametrize("moment", MOMENTS)
def test_nothing_is_left_when_a_play_is_ended_at_any_moment(moment: str, tmp_path: Path) -> None:
    """By Ctrl-C, which only the command itself is told: it says so, and all of it is gone."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    words = ("demo", "--into", "out", "--banks", str(LONG_BANKS), *LONG)
    with holdfast(*words, cwd=tmp_path, TMPDIR=str(temporary)) as running:
        time.sleep(1)  # until then an interpreter starts, and nothing of ours is asked
        while running.poll() is None and not MOMENTS[moment](tmp_path):
            time.sleep(0.02)
        os.kill(running.pid, signal.SIGINT)
        printed, _ = running.communicate(timeout=60)
        assert "Traceback" not in printed
        assert running.returncode in INTERRUPTED, printed
        until_none_is_left(tmp_path)
    assert list(temporary.iterdir()) == []


def test_several_seeds_are_summed_up(tmp_path: Path) -> None:
    """Each is played apart; medians and quarters are told, and nothing of each is left."""
    done = demo(tmp_path / "out", "--seeds", "2", *STORY)
    assert done.returncode == 0, done.stderr
    assert "2 seeds" in done.stdout
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "made-by-holdfast",
        "score.json",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_nothing_plays_on_when_several_seeds_are_ended(how: signal.Signals, tmp_path: Path) -> None:
    """Who plays a seed ends with the command that asked for it, also where only that is told to."""
    with holdfast("demo", "--into", "out", "--seeds", "2", cwd=tmp_path) as running:
        while running.poll() is None and len(left_in(tmp_path)) < 3:
            time.sleep(0.05)
        os.kill(running.pid, how)
        printed, _ = running.communicate(timeout=30)
        assert "Traceback" not in printed
        until_none_is_left(tmp_path)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--scenario", "no-such-story"], "scenario_missing"),
        (["--faults", "no-such-fault"], "fault_unknown"),
        (["--customers", "0"], "country_size_impossible"),
        (["--seeds", "0"], "seeds_impossible"),
    ],
)
def test_the_impossible_is_refused_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: str
) -> None:
    """One line says what is wrong; no folder is made."""
    assert main(["demo", "--into", str(tmp_path / "out"), *words]) == 1
    assert f"[{code}]" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_other_folders_are_spared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder with other things in it is refused and left as it is."""
    (tmp_path / "thesis.txt").touch()
    assert main(["demo", "--into", str(tmp_path), *STORY]) == 1
    assert "[folder_in_use]" in capsys.readouterr().err
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]
