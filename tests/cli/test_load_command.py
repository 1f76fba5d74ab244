"""Tests of `holdfast demo --reports-per-hour`: a whole centre under load, and nothing left of it."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.cli.open_kit import SMALL, holdfast, left_in, until_none_is_left

from holdfast.cli.load import Load, load_lines
from holdfast.cli.load_check import broken_load
from holdfast.cli.main import main
from holdfast.records.signing_key import create_key
from holdfast.server.home import this_home
from holdfast.simulation.load import AtBank, Sent
from holdfast.simulation.score import Percentiles

SENT = Sent("P1", 0, 1, 201, 1, "C-1", "R-1", ("O-1",))


def _load(*words: str) -> Sequence[str]:
    return ("demo", "--into", "out", *SMALL, "--days", "2", "--reports-per-hour", "7200", *words)


@pytest.mark.slow
@pytest.mark.enable_socket
def test_every_report_is_taken_and_nothing_is_lost(tmp_path: Path) -> None:
    """The figures are told as data, and all processes have ended before that."""
    words = _load("--load-seconds", "5", "--by-hand", "10%", "--format", "json")
    with holdfast(*words, cwd=tmp_path) as running:
        printed, _ = running.communicate(timeout=120)
        assert left_in(tmp_path) == []
    assert running.returncode == 0, printed
    found = json.loads(printed)["measured"]["load"]
    assert found["taken"] == found["sent"] >= 1
    assert found["refused"] == 0
    assert found["broken"] == []
    assert found["answered"]["count"] == found["taken"]
    assert found["first_order"]["count"] >= found["first_held"]["count"] >= 1
    assert set(found["cpu_s"]) == {"serve", "worker", "banks", "callers"}


@pytest.mark.slow
@pytest.mark.enable_socket
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_runs_on_when_a_load_is_ended(how: signal.Signals, tmp_path: Path) -> None:
    """However it is ended while reports come in."""
    with holdfast(*_load("--load-seconds", "60"), cwd=tmp_path) as running:
        log = tmp_path / "out" / "load" / "worker.log"
        while running.poll() is None and not (log.exists() and log.stat().st_size):
            time.sleep(0.05)
        assert len(left_in(tmp_path)) == 1 + 2 + 2, "itself, two banks, the server, the worker"
        os.kill(running.pid, how)
        printed, _ = running.communicate(timeout=60)
        assert "Traceback" not in printed
        until_none_is_left(tmp_path)


@pytest.mark.parametrize(
    "words", [("0", "30"), ("10000000", "1"), ("60", "0"), ("60", "5"), ("1000", "1e9")]
)
def test_a_load_that_cannot_be_is_refused(
    words: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With one line, and before anything is made."""
    rate, seconds = words
    into = ["--into", str(tmp_path / "out")]
    assert main(["demo", *into, "--reports-per-hour", rate, "--load-seconds", seconds]) == 1
    assert "[load_impossible]" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.django_db
def test_what_was_lost_or_doubled_is_told(tmp_path: Path) -> None:
    """A report that is no case, orders that the centre does not know, one in two books."""
    home = replace(this_home(), folder=tmp_path, heads=tmp_path / "heads.jsonl")
    create_key(home.keys, "TH.AOC-test", 0)
    order = AtBank("TH.THCBC.004", "TH.THCBC.004.0000000001", 100, 100, 1, 1)
    refused = Sent("P2", 0, 1, 503, 8)
    broken = list(broken_load(home, [SENT, refused], [{"O-2": order}, {"O-2": order}], 10**15))
    assert broken == [
        "the report R-1 was acknowledged and is no case",
        "the order O-1 was told of and is not kept",
        "the order O-2 is in 2 books of banks, and 0 at the centre",
    ]


def test_what_was_measured_is_printed_and_what_broke_too() -> None:
    """With counts, waits in milliseconds, and every sentence about what broke."""
    waits, none = Percentiles(3, 0.05, 0.4), Percentiles(0, None, None)
    found = Load(3600, 2.5, 4, 3, 1, 7, 5, waits, waits, none, 1.5, {"serve": 2.0}, ("it is lost",))
    printed = "\n".join(load_lines(found))
    for words in (
        "3,600 reports an hour for 2.5 s: 4 sent, 3 taken, 1 refused",
        "5 orders; callers were told 7 times",
        "p50 50 ms, p99 400 ms, of 3",
        "–",
        "processor time of serve",
        "  it is lost",
    ):
        assert words in printed
