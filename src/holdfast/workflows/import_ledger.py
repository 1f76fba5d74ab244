"""Import a ledger: read files, keep what is new, and report what is wrong as data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TypeVar

from holdfast.core.errors import Refused
from holdfast.core.money import format_minor
from holdfast.core.problem import Problem
from holdfast.core.words import N_
from holdfast.ledger.readers import ReadNotes, read_transfers
from holdfast.ledger.readers.lists import Opening, read_openings
from holdfast.ledger.store import LedgerWriter
from holdfast.ledger.transfer import Transfer
from holdfast.workflows.contradiction import transfer_contradicts

Row = TypeVar("Row", Transfer, Opening)

BATCH_ROWS = 50_000
"""Rows kept in one durable step; more cost memory, fewer cost speed."""


@dataclass(slots=True)
class ImportReport:
    """What became of the rows of some files."""

    rows: int = 0
    """Rows of transfers that could be read; the others are among the problems."""
    added: int = 0
    known: int = 0
    """Rows that were in the ledger already, by id and content."""
    problems: int = 0
    openings: int = 0
    ignored_columns: dict[str, list[str]] = field(default_factory=dict)
    """By file, the columns that were left out."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Told about an import while it runs."""

    problem: Callable[[Problem], None] = lambda _: None
    progress: Callable[[Path, ReadNotes], None] = lambda _path, _notes: None
    """Called after each batch is safely kept."""


def import_ledger(
    ledger: LedgerWriter,
    files: Sequence[Path],
    openings: Iterable[Path],
    now_us: int,
    listener: Listener,
) -> ImportReport:
    """Read opening balances, then transfers, into a ledger; good rows are kept, bad ones told.

    Each batch is on the disk before the next is read, so an import that was cut off is
    finished by running it again.

    A file of many that cannot be read at all is a problem of row 0; the others are read.

    Raises:
        Refused: the only file, or one of opening balances, cannot be read at all.
        LedgerError: the ledger cannot be written.
    """
    report = ImportReport()
    for path in openings:
        _import_openings(ledger, path, report, listener)
    for path in files:
        try:
            _import_transfers(ledger, path, now_us, report, listener)
        except Refused as refused:
            if len(files) == 1:
                raise
            _tell(Problem.of(refused, str(path), 0), report, listener)
    return report


def _import_openings(
    ledger: LedgerWriter, path: Path, report: ImportReport, listener: Listener
) -> None:
    notes = ReadNotes()
    for rows, batch in _batches(read_openings(path, notes), notes, report, listener):
        report.openings += len(batch)
        keys = [(opening.account, opening.currency, opening.balance_minor) for opening in batch]
        for position in ledger.open_accounts(keys):
            opening = batch[position]
            kept_minor = ledger.opening(opening.account, opening.currency) or 0
            _tell(_opening_contradicts(path, rows[position], opening, kept_minor), report, listener)
        listener.progress(path, notes)


def _import_transfers(
    ledger: LedgerWriter, path: Path, now_us: int, report: ImportReport, listener: Listener
) -> None:
    notes = ReadNotes()
    for rows, batch in _batches(read_transfers(path, now_us, notes), notes, report, listener):
        appended = ledger.append(batch)
        report.rows += len(batch)
        report.added += appended.added
        report.known += appended.known
        for position in appended.conflicts:
            _tell(
                transfer_contradicts(str(path), rows[position], batch[position]), report, listener
            )
        listener.progress(path, notes)
    if notes.ignored_columns:
        report.ignored_columns[str(path)] = notes.ignored_columns


def _batches(
    items: Iterator[Row | Problem], notes: ReadNotes, report: ImportReport, listener: Listener
) -> Iterator[tuple[list[int], list[Row]]]:
    """Yield the good rows in batches, each with where it stands; tell the bad ones."""
    numbered = ((notes.row, item) for item in items)
    while chunk := list(islice(numbered, BATCH_ROWS)):
        rows: list[int] = []
        batch: list[Row] = []
        for row, item in chunk:
            if isinstance(item, Problem):
                _tell(item, report, listener)
            else:
                rows.append(row)
                batch.append(item)
        yield rows, batch


def _opening_contradicts(path: Path, row: int, opening: Opening, kept_minor: int) -> Problem:
    return Problem(
        str(path),
        row,
        "opening_contradicts",
        N_("the opening balance of {account} is {kept} already; {found} is not taken"),
        {
            "account": opening.account,
            "kept": format_minor(kept_minor, opening.currency),
            "found": format_minor(opening.balance_minor, opening.currency),
        },
    )


def _tell(problem: Problem, report: ImportReport, listener: Listener) -> None:
    report.problems += 1
    listener.problem(problem)
