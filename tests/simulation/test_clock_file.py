"""Tests of the time that several processes share."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from holdfast.simulation.clock_file import SharedClock

READ_UNTIL_SET = """
import sys
from pathlib import Path
from holdfast.simulation.clock_file import SharedClock
with SharedClock(Path(sys.argv[1])) as clock:
    print(clock(), flush=True)
    sys.stdin.readline()
    print(clock())
"""


def test_a_time_that_is_set_is_read_by_another_process(tmp_path: Path) -> None:
    """Each process sees what the last one set, also after it had the file open already."""
    path = tmp_path / "clock"
    with SharedClock(path) as clock:
        assert clock() == 0
        clock.set(1_772_300_000_000_001)
        program = [sys.executable, "-c", READ_UNTIL_SET, str(path)]
        with subprocess.Popen(
            program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as other:
            assert other.stdin is not None
            assert other.stdout is not None
            assert int(other.stdout.readline()) == 1_772_300_000_000_001
            clock.set(1_772_300_000_000_002)
            other.stdin.write("\n")
            other.stdin.flush()
            assert int(other.stdout.readline()) == 1_772_300_000_000_002


def test_a_clock_that_is_opened_again_keeps_its_time(tmp_path: Path) -> None:
    """The file is not made anew."""
    with SharedClock(tmp_path / "clock") as clock:
        clock.set(5)
    with SharedClock(tmp_path / "clock") as clock:
        assert clock() == 5
