"""Run `holdfast demo` as a process of its own, because a process plays one country."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def demo(
    folder: Path, *words: str, before: tuple[str, ...] = (), **settings: str
) -> subprocess.CompletedProcess[str]:
    """Play in a folder; `before` are words that start the program, such as `taskset -c 0`."""
    command = [*before, sys.executable, "-m", "holdfast.cli.main", "demo", "--into", str(folder)]
    environment = {**os.environ, **settings} if settings else None
    return subprocess.run(
        [*command, *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
