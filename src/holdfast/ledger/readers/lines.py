"""CSV as it comes from outside: bounded lines, cells, a header that is checked once.

Each line is a row of its own: no cell of a ledger needs a line break, and a quote that never
closes must not swallow the rows after it. (RFC 4180 otherwise.)
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import BinaryIO

from holdfast.core.errors import Refused
from holdfast.core.words import N_
from holdfast.ledger.readers.notes import ReadNotes

LINE_BYTES_MAX = 64 * 1024
"""A longer line is one problem and is passed over without ever being held."""
COLUMNS_MAX = 1000

Line = tuple[int, str | Refused]
"""A line's number, the first being 1, and its text without its end, or what is wrong with it."""
Row = tuple[int, list[str] | Refused]


def text_lines(file: BinaryIO, notes: ReadNotes) -> Iterator[Line]:
    """Yield every line, in memory bounded by `LINE_BYTES_MAX`; a byte order mark is left out.

    A line can be refused as `line_too_long` or `text_not_utf8`.
    """
    number = 0
    for raw in iter(partial(file.readline, LINE_BYTES_MAX), b""):
        number += 1
        notes.bytes_read += len(raw)
        if len(raw) == LINE_BYTES_MAX and not raw.endswith(b"\n"):
            _pass_over_line(file, notes)
            yield number, _line_too_long()
            continue
        try:
            text = raw.decode().rstrip("\r\n")
        except UnicodeDecodeError:
            yield number, _not_utf_8(raw)
            continue
        yield number, text.removeprefix("\ufeff") if number == 1 else text


def cells_of(text: str) -> list[str]:
    """Split one line at its commas, minding double quotes.

    Raises:
        Refused: `quote_unclosed` or `quote_misplaced`.
    """
    if '"' not in text:
        return text.split(",")
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error:
        raise _bad_quote(text) from None


def table(
    lines: Iterator[Line],
    required: Sequence[str],
    optional: Sequence[str],
    notes: ReadNotes,
    *,
    fill_short_rows: bool = False,
) -> tuple[list[str], Iterator[Row]]:
    """Read the header line; return its columns, and the rows below it to be read lazily.

    Each row has exactly as many cells as the header, or is refused as `cells_missing` (with
    `fill_short_rows` it is filled with empty cells instead), `cells_extra`, or by what
    `text_lines` and `cells_of` refuse. Blank lines are skipped.

    Raises:
        Refused: `header_missing`, `line_ending_unknown`, `columns_too_many`,
            `delimiter_wrong`, `column_missing` or `column_twice`, and those of the header line.
    """
    header = next(lines, (1, ""))[1]
    if isinstance(header, Refused):
        raise header
    columns = _columns_of(header)
    missing = [name for name in required if name not in columns]
    if missing:
        raise _columns_missing(header, missing)
    known = (*required, *optional)
    for name in known:
        if columns.count(name) > 1:
            raise Refused(
                "column_twice",
                N_("the header names the column {column} more than once; keep one of them"),
                column=name,
            )
    notes.ignored_columns += dict.fromkeys(name[:40] for name in columns if name not in known)
    return columns, _rows(lines, len(columns), fill_short_rows)


def _rows(lines: Iterable[Line], width: int, fill: bool) -> Iterator[Row]:
    for number, text in lines:
        if isinstance(text, Refused):
            yield number, text
            continue
        if '"' not in text:  # as `cells_of` has it, without the call
            cells = text.split(",")
        else:
            try:
                cells = cells_of(text)
            except Refused as refused:
                yield number, refused
                continue
        if len(cells) == width > 1:  # the common row, which cannot be blank
            yield number, cells
        elif not text or text.isspace():
            continue
        elif len(cells) == width:
            yield number, cells
        elif fill and len(cells) < width:
            yield number, cells + [""] * (width - len(cells))
        else:
            yield number, _cells_miscounted(len(cells), width)


def _columns_of(header: str) -> list[str]:
    if not header.strip():
        raise Refused(
            "header_missing",
            N_("the first line is blank; it must name the columns, separated by commas"),
        )
    if "\r" in header:
        raise Refused(
            "line_ending_unknown",
            N_("the lines end with a carriage return alone; save the file with LF or CRLF"),
        )
    columns = [name.strip() for name in cells_of(header)]
    if len(columns) > COLUMNS_MAX:
        raise Refused(
            "columns_too_many",
            N_("the header has {found} columns; at most {limit} are read"),
            found=len(columns),
            limit=COLUMNS_MAX,
        )
    return columns


def _columns_missing(header: str, missing: Sequence[str]) -> Refused:
    for delimiter in ";\t|":
        if delimiter in header and "," not in header:
            return Refused(
                "delimiter_wrong",
                N_("the header is separated by {delimiter!r}; separate the columns by commas"),
                delimiter=delimiter,
            )
    return Refused(
        "column_missing",
        N_("the header lacks {columns}; the first line must name every column that is needed"),
        columns=", ".join(missing),
    )


def _cells_miscounted(found: int, expected: int) -> Refused:
    if found < expected:
        return Refused(
            "cells_missing",
            N_("the row has {found} cells, the header {expected}; keep the commas of empty cells"),
            found=found,
            expected=expected,
        )
    return Refused(
        "cells_extra",
        N_("the row has {found} cells, the header {expected}; quote a cell that has a comma"),
        found=found,
        expected=expected,
    )


def _bad_quote(text: str) -> Refused:
    if text.count('"') % 2:
        return Refused(
            "quote_unclosed",
            N_("a double quote is opened and never closed in this line: {value!r}"),
            value=text[:40],
        )
    return Refused(
        "quote_misplaced",
        N_("a quoted cell must end where its quote does: {value!r}; write a quote inside as two"),
        value=text[:40],
    )


def _pass_over_line(file: BinaryIO, notes: ReadNotes) -> None:
    for raw in iter(partial(file.readline, LINE_BYTES_MAX), b""):
        notes.bytes_read += len(raw)
        if raw.endswith(b"\n"):
            return


def _line_too_long() -> Refused:
    return Refused(
        "line_too_long",
        N_("the line is longer than {limit} bytes and was passed over; a row is far shorter"),
        limit=LINE_BYTES_MAX,
    )


def _not_utf_8(raw: bytes) -> Refused:
    return Refused(
        "text_not_utf8",
        N_("the line is not UTF-8 text: {value!r}; save the file in UTF-8"),
        value=raw.decode("utf-8", "backslashreplace")[:40],
    )
