"""Transfers from CSV (trail.md §1): a header line, amounts as decimal text, times with a zone."""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter
from typing import BinaryIO

from holdfast.core.errors import Refused
from holdfast.core.problem import Problem
from holdfast.ledger.readers.lines import table, text_lines
from holdfast.ledger.readers.notes import ReadNotes
from holdfast.ledger.readers.rows import COLUMNS, OPTIONAL, REQUIRED, TransferRows
from holdfast.ledger.transfer import Transfer


def read_csv(
    file: BinaryIO, name: str, now_us: int, notes: ReadNotes
) -> Iterator[Transfer | Problem]:
    """Yield the transfers and problems of a CSV file in the order of its lines.

    Raises:
        Refused: as `table`, before anything is yielded.
    """
    columns, rows = table(text_lines(file, notes), REQUIRED, OPTIONAL, notes)
    # A cell "" is put behind each row, and every column that the file lacks points to it.
    pick = itemgetter(*(columns.index(name) if name in columns else -1 for name in COLUMNS))
    read = TransferRows(now_us).transfer
    for number, cells in rows:
        notes.row = number
        if isinstance(cells, Refused):
            yield Problem.of(cells, name, number)
            continue
        cells.append("")
        try:
            transfer = read(pick(cells))
        except Refused as refused:
            yield Problem.of(refused, name, number)
        else:
            yield transfer
