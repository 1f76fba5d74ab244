"""Tables from files, CSV or Excel, a row at a time: cells by the names of their columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from holdfast.core.errors import Refused
from holdfast.core.words import N_
from holdfast.ledger.readers.lines import Line, Row, table, text_lines
from holdfast.ledger.readers.notes import ReadNotes

XLSX_BYTES_MAX = 2 << 30
"""Of an Excel file unpacked; a smaller file can hide more than that."""
XLSX_RATIO_MAX = 100
"""How many times its own size an Excel file unpacks to; those that people make reach some thirty."""
XLSX_ROWS_MAX = 1 << 20
"""Rows of an Excel sheet, also those that it skips: a single one can say that it is any."""
XLSX_COLUMNS_READ = 64
"""Of an Excel sheet: a single cell far to the right would make each row as wide."""
SHARED_BYTES_MAX = 256 << 20
"""Of the part that must be held as a whole: the texts that cells share."""
ROWS_MAX = 2_000_000
CELL_LENGTH_MAX = 4096
_SHARED = "xl/sharedStrings.xml"

Cells = Mapping[str, str]


@contextmanager
def open_table(
    path: Path,
    required: Sequence[str],
    optional: Sequence[str],
    notes: ReadNotes,
    rows_max: int | None = None,
) -> Iterator[Iterator[tuple[int, Cells | Refused]]]:
    """Lend the rows of a file below its header, each with its number, read as they are asked for.

    A column that the file lacks has empty cells. Rows can be refused, see `table`; at the place
    of those beyond `rows_max` (else `ROWS_MAX`) stands one `sheet_rows_too_many`.

    Raises:
        Refused: `sheet_unreadable`, `sheet_too_large`, or for the header as `table`.
    """
    limit = ROWS_MAX if rows_max is None else rows_max
    if path.suffix.casefold() == ".xlsx":
        with _excel(path) as cells:
            columns, found = _table_of_cells(cells, required, optional, notes)
            yield _named(columns, _first_rows(found, limit), required, optional)
        return
    try:
        file = path.open("rb")
    except OSError as error:
        raise _unreadable(path, error.strerror or "") from None
    with file:
        notes.bytes_total = path.stat().st_size
        lines = text_lines(file, notes)
        columns, found = table(lines, required, optional, notes, fill_short_rows=True)
        yield _named(columns, _first_rows(found, limit), required, optional)


def _first_rows(rows: Iterator[Row], rows_max: int) -> Iterator[Row]:
    for count, (number, cells) in enumerate(rows):
        if count >= rows_max:
            yield number, _too_many(rows_max)
            return
        yield number, cells


def _named(
    columns: Sequence[str], rows: Iterator[Row], required: Sequence[str], optional: Sequence[str]
) -> Iterator[tuple[int, Cells | Refused]]:
    wanted = (*required, *optional)
    places = {name: columns.index(name) for name in wanted if name in columns}
    lacking = dict.fromkeys((name for name in wanted if name not in places), "")
    for number, cells in rows:
        if isinstance(cells, Refused):
            yield number, cells
        else:
            yield number, {name: cells[place] for name, place in places.items()} | lacking


def _table_of_cells(
    rows: Iterator[list[str]], required: Sequence[str], optional: Sequence[str], notes: ReadNotes
) -> tuple[list[str], Iterator[Row]]:
    """Check the header of an Excel sheet as that of a CSV file, and number the rows below it."""
    header = next(rows, [])
    while header and not header[-1]:
        header.pop()
    line = ",".join(f'"{name}"' if "," in name or '"' in name else name for name in header)
    lines: Iterator[Line] = iter([(1, line)])
    columns, _ = table(lines, required, optional, notes)
    return columns, _numbered(rows, len(columns), notes)


def _numbered(rows: Iterator[list[str]], width: int, notes: ReadNotes) -> Iterator[Row]:
    for number, cells in enumerate(rows, start=2):
        if number > XLSX_ROWS_MAX:
            yield number, _too_many(XLSX_ROWS_MAX)
            return
        notes.row = number
        if any(cells):
            yield number, (cells + [""] * width)[:width]


@contextmanager
def _excel(path: Path) -> Iterator[Iterator[list[str]]]:
    """Lend the rows of the first sheet; none of them is kept."""
    from openpyxl import load_workbook

    _check_size(path)
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except _broken() as error:
        raise _unreadable(path, type(error).__name__) from None
    with closing(book):
        yield _rows_of(book, path)


def _rows_of(book: Any, path: Path) -> Iterator[list[str]]:
    try:
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what a file says of its own size is not believed
        for row in sheet.iter_rows(values_only=True, max_col=XLSX_COLUMNS_READ):
            yield [] if row.count(None) == len(row) else [_text(cell) for cell in row]
    except _broken() as error:
        raise _unreadable(path, type(error).__name__) from None


def _broken() -> tuple[type[Exception], ...]:
    """Return what the reader of Excel files raises where one is not what it should be."""
    from xml.etree.ElementTree import ParseError
    from zlib import error as BadStream  # noqa: N812

    from openpyxl.utils.exceptions import InvalidFileException

    of_python = (KeyError, IndexError, ValueError, TypeError, AttributeError, EOFError)
    return (InvalidFileException, BadZipFile, BadStream, ParseError, *of_python)


def _check_size(path: Path) -> None:
    try:
        with ZipFile(path) as archive:
            parts = {part.filename: part.file_size for part in archive.infolist()}
    except (BadZipFile, OSError) as error:
        raise _unreadable(path, type(error).__name__) from None
    bytes_max = min(XLSX_BYTES_MAX, XLSX_RATIO_MAX * path.stat().st_size)
    if sum(parts.values()) > bytes_max or parts.get(_SHARED, 0) > SHARED_BYTES_MAX:
        raise Refused(
            "sheet_too_large",
            N_("{file} holds more than {limit} MiB when unpacked; send it as CSV, or in parts"),
            file=path.name,
            limit=bytes_max >> 20,
        )


def _text(cell: Any) -> str:
    """Return a cell as its text: whole numbers without a point, days as RFC 3339 has them."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell)[:CELL_LENGTH_MAX]


def _unreadable(path: Path, why: str) -> Refused:
    return Refused(
        "sheet_unreadable",
        N_("{file} cannot be read as a table ({why}); CSV in UTF-8 and Excel (.xlsx) can"),
        file=path.name,
        why=why,
    )


def _too_many(rows_max: int) -> Refused:
    return Refused(
        "sheet_rows_too_many",
        N_("only the first {limit} rows of a file are read; send the rest in another"),
        limit=rows_max,
    )
