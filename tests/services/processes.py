"""Programs of Holdfast as processes of their own, that a test can kill and start again."""

from __future__ import annotations

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]
PYTHONPATH = os.environ.get("PYTHONPATH", "")
PATIENCE_S = 60.0
"""How long something may take that must happen; only a failing test waits as long."""
PORTS = range(12_000, 32_000)
"""Below those that the system gives to clients, so that none takes the port of a killed server."""


def until(happened: Callable[[], object], what: str, patience_s: float = PATIENCE_S) -> None:
    """Wait until something is true; fail where it never gets so."""
    ends = time.monotonic() + patience_s
    while not happened():
        if time.monotonic() > ends:
            msg = f"never happened: {what}"
            raise AssertionError(msg)
        time.sleep(0.02)


@dataclass
class Program:
    """One program, whether it runs or not."""

    processes: Processes
    module: str
    words: tuple[str, ...]
    log: Path
    environment: dict[str, str] = field(default_factory=dict)
    pid: int | None = None

    def start(self) -> None:
        """Start it; it must not be running."""
        assert self.pid is None
        self.pid = self.processes.start(self.module, self.words, self.log, self.environment)

    def kill(self) -> None:
        """Kill it as `kill -9` does, with all that it started."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        self._end(signal.SIGTERM)

    @property
    def runs(self) -> bool:
        """Whether its process is there."""
        return self.pid is not None and _is_there(self.pid)

    @property
    def said(self) -> str:
        """What it wrote."""
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""

    def _end(self, number: int) -> None:
        if self.pid is None:
            return
        pid, self.pid = self.pid, None
        # Just started, it may not lead its own group yet.
        for end in os.killpg, os.kill:
            with suppress(ProcessLookupError):
                end(pid, number)
        until(lambda: not _is_there(pid), f"the end of {self.words}")


class Processes:
    """Starts programs through one process that has everything imported."""

    def __init__(self, forker: subprocess.Popen[str]) -> None:
        self._forker = forker

    def start(
        self, module: str, words: Sequence[str], log: Path, environment: dict[str, str]
    ) -> int:
        """Start a program and return its process id."""
        asked = {
            "module": module,
            "words": list(words),
            "log": str(log),
            "environment": environment,
        }
        assert self._forker.stdin is not None
        assert self._forker.stdout is not None
        self._forker.stdin.write(json.dumps(asked) + "\n")
        self._forker.stdin.flush()
        return int(self._forker.stdout.readline())


@contextmanager
def some_processes() -> Iterator[Processes]:
    """Let processes be started; all have ended afterwards."""
    with subprocess.Popen(
        [sys.executable, Path(__file__).with_name("forking.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), PYTHONPATH)))},
        start_new_session=True,
    ) as forker:
        try:
            yield Processes(forker)
        finally:
            assert forker.stdin is not None
            forker.stdin.close()
            forker.wait(PATIENCE_S)


_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_first = PORTS.start + _worker % 20 * 1000
_ports = itertools.cycle(range(_first, _first + 1000))


def a_port() -> int:
    """Return a port of this machine that nobody listens on; each worker of the tests has its own."""
    for port in _ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    raise AssertionError


def answers(url: str) -> bool:
    """Whether something answers HTTP there, whatever it says."""
    try:
        httpx.get(url, timeout=5.0)
    except httpx.HTTPError:
        return False
    return True


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
