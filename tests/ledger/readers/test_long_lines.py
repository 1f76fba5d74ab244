"""A line without end is passed over in bounded memory."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from tests.ledger.readers.written import HEADER, ROW, codes, line, read, written

from holdfast.ledger.readers.lines import LINE_BYTES_MAX

MEMORY_BYTES_MAX = 16 * LINE_BYTES_MAX


def _with_long_line(folder: Path, length_bytes: int) -> Path:
    """Write a good row, a line of zeros that takes no room on the disk, and a good row."""
    path = written(folder, f"{HEADER}\n{line(ROW)}\n")
    with path.open("r+b") as file:
        file.seek(length_bytes, 2)
        file.write(f"\n{line(ROW)}\n".encode())
    return path


@pytest.mark.parametrize(
    "length_bytes",
    [
        pytest.param(64 * 2**20, id="64 MiB"),
        pytest.param(2**30, id="1 GiB", marks=pytest.mark.slow),
    ],
)
def test_a_huge_line_is_one_problem_in_bounded_memory(tmp_path: Path, length_bytes: int) -> None:
    """The rows before and after it are read, and it is never held."""
    path = _with_long_line(tmp_path, length_bytes)
    read(written(tmp_path, f"{HEADER}\n{line(ROW)}\n", name="warm.csv"))
    tracemalloc.start()
    try:
        found = codes(read(path))
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found == ["", "line_too_long", ""]
    assert peak_bytes < MEMORY_BYTES_MAX


def test_a_line_of_the_largest_size_is_read(tmp_path: Path) -> None:
    """The bound counts the whole line: one byte below it with its newline is still a row."""
    fits = line(ROW) + "x" * (LINE_BYTES_MAX - len(line(ROW)) - 1)
    path = written(tmp_path, f"{HEADER}\n{fits}\n{fits}x\n{line(ROW)}\n")
    assert codes(read(path)) == ["currency_unknown", "line_too_long", ""]
