"""Small files of an operator: claims, stops, opening balances.

A list of claims or stops decides whose money is followed, so one bad line refuses the whole of
it; opening balances come from many banks, so their bad rows are listed beside the good ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from holdfast.core.errors import Refused
from holdfast.core.money import parse_minor
from holdfast.core.problem import Problem
from holdfast.core.words import N_
from holdfast.ledger.readers.lines import Line, table, text_lines
from holdfast.ledger.readers.notes import ReadNotes
from holdfast.ledger.readers.rows import Accounts, check_id
from holdfast.ledger.readers.source import Kind, kind_of, opened, size_of

_OPENING = ("account", "currency", "balance")
_SEPARATORS = frozenset(',;|\t"')


@dataclass(frozen=True, slots=True)
class Opening:
    """The balance of an account before the ledger's first transfer, as it was reported."""

    account: str
    currency: str
    balance_minor: int
    """May be below zero; it then counts as zero."""


def read_claims(path: Path) -> tuple[str, ...]:
    """Return the transfer ids of a list, in its order, each once.

    The file is CSV with a column `transfer_id`, or has one id a line.

    Raises:
        Refused: as `opened` and `kind_of`; `list_empty`; or what is wrong with a line, which
            the sentence names.
    """
    claims = tuple(dict.fromkeys(_entries(path, "transfer_id", check_id)))
    if not claims:
        raise Refused(
            "list_empty", N_("{file} names no claim; one transfer id is the least"), file=str(path)
        )
    return claims


def read_stops(path: Path) -> frozenset[str]:
    """Return the accounts of a list: CSV with a column `account`, or one account a line.

    Raises:
        Refused: as `opened` and `kind_of`, or what is wrong with a line.
    """
    return frozenset(_entries(path, "account", Accounts().__getitem__))


def read_openings(path: Path, notes: ReadNotes | None = None) -> Iterator[Opening | Problem]:
    """Yield opening balances and the problems of bad rows from CSV `account,currency,balance`.

    Raises:
        Refused: as `opened`, `kind_of` and `table`, before anything is yielded.
    """
    notes = ReadNotes() if notes is None else notes
    accounts = Accounts()
    with opened(path) as file:
        notes.bytes_total = size_of(file)
        csv_only(kind_of(file, path), path)
        columns, rows = table(text_lines(file, notes), _OPENING, (), notes)
        account, currency, balance = (columns.index(name) for name in _OPENING)
        for number, cells in rows:
            notes.row = number
            try:
                if isinstance(cells, Refused):
                    raise cells
                opening = Opening(
                    accounts[cells[account]],
                    cells[currency],
                    parse_minor(cells[balance], cells[currency]),
                )
            except Refused as refused:
                yield Problem.of(refused, str(path), number)
            else:
                yield opening


def csv_only(kind: Kind, path: Path) -> None:
    """Refuse a file that is no text of lines.

    Raises:
        Refused: `file_not_csv`.
    """
    if kind is not Kind.CSV:
        raise Refused(
            "file_not_csv", N_("{file} is not CSV; a list is given as CSV"), file=str(path)
        )


def on_line(refused: Refused, path: Path, number: int) -> Refused:
    """Return the same refusal, saying the file and the line too."""
    return Refused(
        refused.code,
        N_("{file}, line {row}: {why}"),
        file=str(path),
        row=number,
        why=refused,
    )


def _entries(path: Path, column: str, read: Callable[[str], str]) -> Iterator[str]:
    """Yield the entries of a list, read; the first line decides which of its two forms it has."""
    with opened(path) as file:
        csv_only(kind_of(file, path), path)
        lines = text_lines(file, ReadNotes())
        first = next(lines)
        lines = chain([first], lines)
        names = str(first[1]).replace('"', "").split(",")
        is_table = column in (name.strip() for name in names)
        rows = _column(lines, column) if is_table else _plain(lines)
        for number, entry in rows:
            try:
                if isinstance(entry, Refused):
                    raise entry
                yield read(entry)
            except Refused as refused:
                raise on_line(refused, path, number) from None


def _column(lines: Iterator[Line], column: str) -> Iterator[Line]:
    columns, rows = table(lines, (column,), (), ReadNotes())
    place = columns.index(column)
    for number, cells in rows:
        yield number, cells if isinstance(cells, Refused) else cells[place]


def _plain(lines: Iterator[Line]) -> Iterator[Line]:
    for number, text in lines:
        if isinstance(text, Refused):
            yield number, text
            continue
        entry = text.strip()
        if _SEPARATORS.isdisjoint(entry):
            if entry:
                yield number, entry
            continue
        yield (
            number,
            Refused(
                "list_has_columns",
                N_("{value!r} has more than one entry; name the columns in a header line"),
                value=entry[:40],
            ),
        )
