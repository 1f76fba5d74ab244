"""The demo's table on a narrow terminal, on a wide one, and in a file."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO

import pytest
from rich.cells import cell_len
from rich.console import Console

from holdfast.cli.demo_table import summary_lines
from holdfast.cli.table_page import Row, laid_out, noted, width_of
from holdfast.simulation.summary import FIGURES, Spread, Summary

TABLE: Sequence[str | Row] = (
    Row("", ("Holdfast", "as today")),
    Row("Stolen", ("1,234,567.00", "9,876.00")),
    "Where it is",
    Row("  อายัดไว้ที่ธนาคาร", ("12.0 %", "–")),
)


def test_on_a_narrow_terminal_every_cell_stands_beside_its_name() -> None:
    """In a line of its own: a row that wraps would put a figure under another column's head."""
    lines = list(laid_out(TABLE, 40))
    assert all(cell_len(line) <= 40 for line in lines)
    assert lines == [
        "Stolen",
        "    Holdfast        1,234,567.00",
        "    as today            9,876.00",
        "Where it is",
        "  อายัดไว้ที่ธนาคาร",
        "    Holdfast              12.0 %",
        "    as today                   –",
    ]


def test_where_there_is_room_rows_stand_in_columns() -> None:
    """Columns end at the same place in each row, also under Thai vowels that take none."""
    for width in (80, None):
        rows = [line for line in laid_out(TABLE, width) if line != "Where it is"]
        assert {cell_len(row) for row in rows} == {80}
        assert rows[1].split() == ["Stolen", "1,234,567.00", "9,876.00"]


def test_a_column_is_as_wide_as_its_widest_cell() -> None:
    """Millions with their quarters are wider than any heading; then all rows are."""
    spread = Spread(20, 1e9, 1e8, 1e10, 1.0, 1e11)
    figures = dict.fromkeys(FIGURES, spread)
    lines = list(laid_out(summary_lines(*[Summary(20, figures, ())] * 2), None))
    assert len({cell_len(line) for line in lines[2:]}) == 1
    assert len(lines) == 2 + 1 + len(FIGURES) - 3, "three figures are only data"
    stacked = list(laid_out(summary_lines(*[Summary(20, figures, ())] * 2), 40))
    assert len(stacked) == 2 + 3 * (len(lines) - 3)


def test_a_note_goes_under_its_label_where_there_is_no_room() -> None:
    """Indented, so that it is seen to belong to it."""
    assert list(noted("report to first order", "p50 9 ms", None)) == [
        "  report to first order                  p50 9 ms"
    ]
    assert list(noted("report to first order", "p50 9 ms", 40)) == [
        "  report to first order",
        "    p50 9 ms",
    ]


def test_a_file_is_as_wide_as_it_has_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless somebody says by COLUMNS how wide it is to be."""
    monkeypatch.delenv("COLUMNS", raising=False)
    assert width_of(Console(file=StringIO())) is None
    assert width_of(Console(file=StringIO(), force_terminal=True, width=77)) == 77
    monkeypatch.setenv("COLUMNS", "40")
    assert width_of(Console(file=StringIO())) == 40
