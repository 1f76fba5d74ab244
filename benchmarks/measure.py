"""What every benchmark needs: percentiles, tables, the machine, a child whose memory is known."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from math import ceil
from pathlib import Path
from time import perf_counter, process_time
from typing import Self

MIB = 2**20


class Stopwatch:
    """Measures the time between entering and leaving it."""

    seconds = 0.0
    cpu_seconds = 0.0
    """Work of this process, all its threads together: what others do on the machine counts less."""

    def __enter__(self) -> Self:
        self._begin, self._begin_cpu = perf_counter(), process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = perf_counter() - self._begin
        self.cpu_seconds = process_time() - self._begin_cpu


def percentile(values: Iterable[float], share: float) -> float:
    """Return the smallest value that `share` of all values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(ceil(share * len(ordered)), 1) - 1]


def machine() -> str:
    """Return one line that says where this was measured."""
    cores = os.cpu_count() or 1
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return (
        f"{cores} cores ({_processor()}), {memory:.0f} GiB, {platform.system()} "
        f"{platform.release()}, Python {platform.python_version()}, "
        f"load {os.getloadavg()[0]:.1f} at the start"
    )


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a Markdown table, so that it can stand in a page as it is."""
    print("| " + " | ".join(header) + " |")
    print("|" + "|".join("---" if column == 0 else "--:" for column in range(len(header))) + "|")
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |", flush=True)


def milliseconds(seconds: float) -> str:
    """Write a duration in milliseconds."""
    return f"{seconds * 1000:.2f}"


def bytes_of(path: Path) -> int:
    """Return how many bytes of disk a file or a folder takes; holes take none."""
    files = [path] if path.is_file() else path.rglob("*")
    total = 0
    for file in files:
        with suppress(FileNotFoundError):
            total += file.stat().st_blocks * 512
    return total


def forget_pages(path: Path) -> None:
    """Drop what the system keeps in memory of the files under `path`, for a cold first read."""
    os.sync()
    for file in [path] if path.is_file() else path.rglob("*"):
        if file.is_file():
            handle = os.open(file, os.O_RDONLY)
            try:
                os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(handle)


def peak_bytes(process: int | str = "self") -> int:
    """Return the most memory that a process has had so far, shared pages included."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


def in_child(module: str, arguments: Sequence[str]) -> dict[str, float]:
    """Run a module in a process of its own and return the JSON of its last line."""
    command = [sys.executable, "-m", module, *arguments]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    result: dict[str, float] = json.loads(output.splitlines()[-1])
    return result


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()
