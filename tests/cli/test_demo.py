"""`holdfast demo` with real banks and a real centre: what it tells, writes, repeats and refuses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from tests.cli.open_kit import holdfast, left_in, until_none_is_left

from holdfast.cli.main import main

STORY = ["--scenario", "two-victims-of-one-mule"]
COUNTRY = ["--transfers", "4000", "--customers", "400", "--scams", "5", "--days", "4"]


def _demo(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Play in a process of its own, because a process plays one country."""
    command = [sys.executable, "-m", "holdfast.cli.main", "demo", "--into", str(folder), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def test_a_scenario_is_told_beside_today_and_the_same_seed_tells_the_same(tmp_path: Path) -> None:
    """The table says what was held of what could be; only what was measured differs."""
    first, second = (_demo(tmp_path / name, "--seed", "3", *STORY) for name in "ab")
    assert first.returncode == 0, first.stderr
    for words in ("Holdfast", "as today", "Held ÷ holdable", "gone before", "Innocents", "p50"):
        assert words in first.stdout
    told = [run.stdout.partition("Money over time")[0] for run in (first, second)]
    assert told[0] == told[1]


def test_days_of_a_country_are_data_too(tmp_path: Path) -> None:
    """JSON says what follows from the seed, and apart what was measured; the picture is there."""
    done = _demo(tmp_path / "out", "--format", "json", "--silent", "20%", *COUNTRY)
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
    done = _demo(tmp_path / "out", "--format", "json", "--faults", faults, *COUNTRY)
    assert done.returncode == 0, done.stderr + done.stdout[-2000:]
    score = json.loads(done.stdout)["score"]
    assert score["broken"] == []
    assert score["reports"] > 0
    assert score["held_minor"] > 0


def test_several_seeds_are_summed_up(tmp_path: Path) -> None:
    """Each is played apart; medians and quarters are told, and nothing of each is left."""
    done = _demo(tmp_path / "out", "--seeds", "2", *STORY)
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


def test_a_share_is_a_part_of_the_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """More than all banks can't be silent."""
    with pytest.raises(SystemExit, match="2"):
        main(["demo", "--silent", "120%"])
    assert "no share" in capsys.readouterr().err


def test_other_folders_are_spared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder with other things in it is refused and left as it is."""
    (tmp_path / "thesis.txt").touch()
    assert main(["demo", "--into", str(tmp_path), *STORY]) == 1
    assert "[folder_in_use]" in capsys.readouterr().err
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]
