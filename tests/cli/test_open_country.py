"""Tests of `holdfast open`: what it prints works, and nothing of it is ever left running."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import httpx
import pytest
from tests.cli.open_kit import INTERRUPTED, SMALL, holdfast, left_in, until, until_none_is_left

from holdfast.cli.main import main

pytestmark = pytest.mark.enable_socket


def _port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _open(folder: Path, *more: str) -> tuple[str, ...]:
    return ("open", "--into", str(folder / "out"), "--port", str(_port()), *SMALL, *more)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="the lines are for curl")
def test_what_it_prints_works_and_victims_report_by_themselves(tmp_path: Path) -> None:
    """The link opens, the three lines work as they stand, and cases and holds come by themselves."""
    with holdfast(*_open(tmp_path, "--reports-per-hour", "600"), cwd=tmp_path) as running:
        lines = until(running, "hold-orders?state=open")
        link = next(line.strip() for line in lines if "/enter/" in line)
        assert httpx.get(link, trust_env=False).status_code == 200
        taken, case, orders = (
            json.loads(_shell(line, tmp_path)) for line in lines if line.startswith("curl")
        )
        assert [claim["state"] for claim in taken["claims"]] == ["accepted"]
        assert taken["orders"]
        assert case["case"] == taken["case"]
        assert "items" in orders
        until(running, "holds 45,000.00 THB of 45,000.00 THB")
        reported = until(running, "reported: ")[-1]
        assert re.search(r"case TH-\d+-\d+$", reported)
        os.kill(running.pid, signal.SIGTERM)
        rest, _ = running.communicate(timeout=60)
        assert "Ending" in rest
        assert running.returncode == 0
        assert left_in(tmp_path) == []
    assert (tmp_path / "out" / "centre" / "centre.toml").exists()


def _shell(line: str, folder: Path) -> str:
    done = subprocess.run(  # noqa: S602  (a line that is printed for a shell)
        line, shell=True, cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_nothing_runs_on_when_it_has_ended(how: signal.Signals, tmp_path: Path) -> None:
    """Ctrl-C goes to the whole group, kill to one process only; a second start begins anew."""
    with holdfast(*_open(tmp_path), cwd=tmp_path) as running:
        until(running, "Ctrl-C ends it")
        assert len(left_in(tmp_path)) == 1 + 2 + 1, "itself, two banks, the server"
        if how is signal.SIGINT:
            os.killpg(running.pid, how)
            running.communicate(timeout=60)
            assert running.returncode == 0
        else:
            running.kill()
            running.wait()
        until_none_is_left(tmp_path)
    if how is signal.SIGKILL:
        with holdfast(*_open(tmp_path), cwd=tmp_path) as again:
            until(again, "a victim paid")


@pytest.mark.slow
@pytest.mark.parametrize("words", ["Making a centre", "Starting 2 banks"])
def test_it_can_be_ended_before_it_is_up(words: str, tmp_path: Path) -> None:
    """Interrupted while it makes its centre or starts its banks, it leaves nothing running."""
    with holdfast(*_open(tmp_path), cwd=tmp_path) as running:
        until(running, words)
        os.killpg(running.pid, signal.SIGINT)
        printed, _ = running.communicate(timeout=60)
        assert "Traceback" not in printed
        assert running.returncode in INTERRUPTED
        until_none_is_left(tmp_path)


def test_a_port_that_is_taken_is_told_in_one_line_and_nothing_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line names the port."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        words = ["open", "--into", str(tmp_path / "out"), "--port", str(port)]
        assert main(words) == 1
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    assert f"port {port}" in printed
    assert "[port_taken]" in printed
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("rate", ["0", "100000"])
def test_a_rate_that_nobody_can_play_is_refused(
    rate: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Before anything is written."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    words = ["open", "--into", str(tmp_path / "out"), "--port", "0", "--reports-per-hour", rate]
    assert main(words) == 1
    assert "[reports_per_hour_impossible]" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
