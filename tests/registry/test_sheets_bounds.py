"""Tables from files: what an Excel file may hide is bounded before it costs anything."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook

from holdfast.core.errors import Refused
from holdfast.ledger.readers.notes import ReadNotes
from holdfast.registry import sheets

_SHEET = "xl/worksheets/sheet1.xml"


def _workbook(path: Path, rows: str) -> Path:
    """Write a workbook whose sheet has a header of one column, and these rows as they are."""
    Workbook().save(path.with_suffix(".empty"))
    header = '<row r="1"><c r="A1" t="inlineStr"><is><t>subject</t></is></c></row>'
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheet = f'<worksheet xmlns="{space}"><sheetData>{header}{rows}</sheetData></worksheet>'
    with ZipFile(path.with_suffix(".empty")) as made, ZipFile(path, "w", ZIP_DEFLATED) as file:
        for name in made.namelist():
            file.writestr(name, sheet if name == _SHEET else made.read(name))
    return path


def _rows(path: Path) -> list[tuple[int, sheets.Cells | Refused]]:
    with sheets.open_table(path, ("subject",), (), ReadNotes()) as rows:
        return list(rows)


def test_a_row_far_below_is_not_waited_for(tmp_path: Path) -> None:
    """A sheet may say that its second row is the thousand-millionth."""
    row = '<row r="1000000000000"><c r="A1000000000000"><v>1</v></c></row>'
    [(_, refused)] = _rows(_workbook(tmp_path / "far.xlsx", row))
    assert isinstance(refused, Refused)
    assert refused.code == "sheet_rows_too_many"


def test_a_cell_far_to_the_right_makes_no_row_wider(tmp_path: Path) -> None:
    """What stands beyond the columns that are read is as if it were not there."""
    rows = '<row r="2"><c r="A2"><v>7</v></c><c r="XFD2"><v>1</v></c></row>'
    rows += '<row r="3"><c r="XFD3"><v>1</v></c></row>'
    assert _rows(_workbook(tmp_path / "wide.xlsx", rows)) == [(2, {"subject": "7"})]


def test_what_unpacks_to_many_times_its_size_is_refused(tmp_path: Path) -> None:
    """Blanks cost nothing in a file, and their whole length in memory."""
    with pytest.raises(Refused) as refused:
        _rows(_workbook(tmp_path / "bomb.xlsx", " " * 20_000_000))
    assert refused.value.code == "sheet_too_large"
