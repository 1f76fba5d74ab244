"""Files from outside become transfers and problems, row by row, in bounded memory.

A file is told by its content: Parquet by its magic, XML by its first `<`, anything else is CSV.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from holdfast.core.errors import Refused
from holdfast.core.problem import Problem
from holdfast.ledger.readers.csv_file import read_csv
from holdfast.ledger.readers.notes import ReadNotes
from holdfast.ledger.readers.pacs008 import read_pacs008
from holdfast.ledger.readers.parquet_file import read_parquet
from holdfast.ledger.readers.source import Kind, kind_of, opened, size_of
from holdfast.ledger.transfer import Transfer

__all__ = ["ReadNotes", "read_transfers"]

_READERS = {Kind.CSV: read_csv, Kind.PARQUET: read_parquet, Kind.XML: read_pacs008}


def read_transfers(
    path: Path, now_us: int, notes: ReadNotes | None = None
) -> Iterator[Transfer | Problem]:
    """Yield the transfers of a file and the problems of its bad rows, lazily, in file order.

    `now_us` is the present in microseconds: a time later than a day from it is a problem.
    `notes` is filled on the way. A problem's row is the line in CSV (the header is line 1), the
    record in Parquet and the transaction in XML (both counted from 1). Damage that is met after
    something was yielded is one last problem; what stood before it has been read.

    Raises:
        Refused: on the first step, where nothing of the file can be read (`file_…`,
            `header_…`, `column_…`, `parquet_unreadable`, `xml_…`, …).
    """
    notes = ReadNotes() if notes is None else notes
    try:
        with opened(path) as file:
            notes.bytes_total = size_of(file)
            yield from _READERS[kind_of(file, path)](file, str(path), now_us, notes)
    except Refused as refused:
        if not notes.row:
            raise
        yield Problem.of(refused, str(path), notes.row + 1)
