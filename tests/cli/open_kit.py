"""Run `holdfast open`, or a load, as a process of its own, and see what of it is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

START_S_MAX = 90.0
END_S_MAX = 20.0
INTERRUPTED = (130, -signal.SIGINT)
"""Exit codes that a shell calls 130. Where Ctrl-C comes within an `exec`, as when a dataclass is
made, Python ends by the signal itself, though it was caught and told of."""
SMALL = ("--banks", "2", "--customers", "300", "--transfers", "3000")


@contextmanager
def holdfast(*words: str, cwd: Path, **settings: str) -> Iterator[subprocess.Popen[str]]:
    """Run a command as the leader of a group of its own; whatever is left of it is killed."""
    environment = {key: text for key, text in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    running = subprocess.Popen(
        [sys.executable, "-m", "holdfast.cli.main", *words],
        cwd=cwd,
        env=environment | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield running
    finally:
        for pid in left_in(cwd):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        running.communicate()


def until(running: subprocess.Popen[str], words: str) -> list[str]:
    """Return the lines that a process prints until one has these words in it."""
    assert running.stdout is not None
    lines: list[str] = []
    ends_s = time.monotonic() + START_S_MAX
    while time.monotonic() < ends_s:
        line = running.stdout.readline()
        lines.append(line.rstrip("\n"))
        if words in line:
            return lines
        assert line, f"it ended without {words!r}: {lines}"
    raise AssertionError(lines)


def left_in(folder: Path) -> list[int]:
    """Return the processes that work in a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "cwd").readlink() == folder:
                found.append(int(process.name))
    return found


def until_none_is_left(folder: Path) -> None:
    """Wait until no process works in a folder any more."""
    ends_s = time.monotonic() + END_S_MAX
    while left_in(folder) and time.monotonic() < ends_s:
        time.sleep(0.05)
    assert left_in(folder) == []
