"""Tests of the banks' processes: they start, come and go, and none is ever left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.simulation.play_kit import MEE, NOK, row, town_of, world_with

from holdfast.core.errors import CentreError
from holdfast.core.keys import SigningKey
from holdfast.simulation.clock_file import SharedClock
from holdfast.simulation.town import Town
from holdfast.simulation.world import World

pytestmark = pytest.mark.enable_socket
WAIT_S_MAX = 10.0


@pytest.fixture
def world() -> World:
    """Return a world with two banks."""
    return world_with([row(0, NOK, MEE, 1000, claim=True)])


@pytest.fixture
def town(world: World, tmp_path: Path) -> Iterator[Town]:
    """Run its banks."""
    with town_of(world, tmp_path, 2) as (town, _, _):
        yield town


def _status(town: Town, bank: str) -> int:
    url = town.sites[bank].endpoint + "/hold-orders"
    return httpx.post(url, content=b"{}", trust_env=False).status_code


def _left(mark: Path) -> list[str]:
    """Return the processes that were told of a file."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if os.fsencode(mark) in words and b"bank_process" in words:
            found.append(folder.name)
    return found


def _until_none_is_left(mark: Path) -> None:
    ends_s = time.monotonic() + WAIT_S_MAX
    while _left(mark) and time.monotonic() < ends_s:
        time.sleep(0.02)
    assert _left(mark) == []


def test_every_bank_listens_and_has_its_own_accounts(world: World, town: Town) -> None:
    """Each book holds the accounts of its bank with what they have; no bank keeps cash."""
    assert list(town.sites) == ["TH.THCBC.004", "TH.THCBC.006"] == list(world.banks)
    for bank, desk in town.desks.items():
        assert _status(town, bank) == 415
        balances = desk.balances_minor()
        assert all(account.startswith(f"{bank}.") for account in balances)
    assert town.desks["TH.THCBC.004"].balances_minor()[world.names[NOK]] == 50_000_00


def test_a_closed_bank_refuses_and_listens_again_at_the_same_place(town: Town) -> None:
    """Also after its process was killed, which starts again by itself."""
    bank = town.banks[0]
    endpoint = town.sites[bank].endpoint
    town.close(bank)
    assert not town.is_open(bank)
    with pytest.raises(httpx.ConnectError):
        _status(town, bank)
    town.open(bank)
    assert _status(town, bank) == 415
    town.crash(bank)
    assert _status(town, bank) == 415
    assert town.sites[bank].endpoint == endpoint


def test_a_bank_that_was_closed_stays_closed_through_a_crash(town: Town) -> None:
    """What a bank was told before holds for the process that takes its place."""
    bank = town.banks[0]
    town.close(bank)
    town.crash(bank)
    with pytest.raises(httpx.ConnectError):
        _status(town, bank)


def test_the_banks_end_with_the_town(world: World, tmp_path: Path) -> None:
    """Also where what is done with it fails."""
    with pytest.raises(AssertionError), town_of(world, tmp_path, 2):
        assert len(_left(tmp_path / "banks.clock")) == 0, "two run"
    assert _left(tmp_path / "banks.clock") == []


def test_a_port_that_is_taken_is_told_and_nothing_runs_on(world: World, tmp_path: Path) -> None:
    """The error names bank and port."""
    with socket.create_server(("127.0.0.1", 0)) as taken, SharedClock(tmp_path / "clock"):
        port = taken.getsockname()[1]
        town = Town(
            world,
            tmp_path / "banks",
            tmp_path / "clock",
            [SigningKey.new("TH.AOC-1").public()],
            {"TH.THCBC.006": port},
        )
        with pytest.raises(CentreError, match=rf"TH\.THCBC\.006.*{port}") as caught, town:
            pass
    assert caught.value.code == "bank_not_open"
    assert _left(tmp_path / "clock") == []


def test_a_process_that_dies_at_its_start_is_told_and_nothing_runs_on(
    world: World, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Here the banks' clock is a folder."""
    (tmp_path / "clock").mkdir()
    keys = [SigningKey.new("TH.AOC-1").public()]
    town = Town(world, tmp_path / "banks", tmp_path / "clock", keys)
    with pytest.raises(CentreError) as caught, town:
        pass
    assert caught.value.code == "bank_process_ended"
    assert _left(tmp_path / "clock") == []
    assert "IsADirectoryError" in capfd.readouterr().err


def test_a_bank_whose_keys_are_gone_is_told_as_ended(
    world: World, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whatever a process can't do ends it, and nobody waits for its answer."""
    with SharedClock(tmp_path / "clock"):
        keys = [SigningKey.new("TH.AOC-1").public()]
        town = Town(world, tmp_path / "banks", tmp_path / "clock", keys)
        next((tmp_path / "banks" / "TH.THCBC.004" / "keys").glob("*.pem")).unlink()
        with pytest.raises(CentreError) as caught, town:
            pass
    assert caught.value.code == "bank_process_ended"
    assert _left(tmp_path / "clock") == []
    assert "ValueError" in capfd.readouterr().err


RUNS_UNTIL_ENDED = """
import sys, time
from pathlib import Path
from tests.simulation.play_kit import MEE, NOK, row, town_of, world_with
with town_of(world_with([row(0, NOK, MEE, 1000, claim=True)]), Path(sys.argv[1]), 2):
    print("runs", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_the_banks_end_with_whoever_started_them(how: signal.Signals, tmp_path: Path) -> None:
    """Killed, or ended by Ctrl-C, which reaches the banks' processes too."""
    program = [sys.executable, "-c", RUNS_UNTIL_ENDED, str(tmp_path)]
    with subprocess.Popen(
        program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == "runs\n"
        assert len(_left(tmp_path / "banks.clock")) == 2
        if how is signal.SIGINT:
            os.killpg(starter.pid, how)
        else:
            starter.kill()
        starter.communicate(timeout=WAIT_S_MAX)
        assert starter.returncode != 0
    _until_none_is_left(tmp_path / "banks.clock")
