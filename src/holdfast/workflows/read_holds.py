"""Read the holds that banks have confirmed, and their releases, from an operator's file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from holdfast.core.account import parse_account
from holdfast.core.errors import Refused
from holdfast.core.instant import parse_instant
from holdfast.core.money import parse_amount
from holdfast.core.words import N_
from holdfast.ledger.readers.lines import table, text_lines
from holdfast.ledger.readers.lists import csv_only, on_line
from holdfast.ledger.readers.notes import ReadNotes
from holdfast.ledger.readers.rows import check_id
from holdfast.ledger.readers.source import kind_of, opened
from holdfast.trail.question import HoldEvent, HoldKind

COLUMNS = ("time", "kind", "hold_id", "account", "claim", "amount")


def read_holds(path: Path, currency: str) -> tuple[HoldEvent, ...]:
    """Return the hold events of a CSV file with `COLUMNS` (trail.md §1), in its order.

    Amounts are decimal text in major units of `currency`. A release needs time, kind and
    hold_id only; its other cells may be left out. One bad line refuses the whole file, because
    a hold that is missing lets the trail run past the money it stopped.

    Raises:
        Refused: as `opened`, `kind_of` and `table`; or what is wrong with a line, which the
            sentence names.
    """
    with opened(path) as file:
        csv_only(kind_of(file, path), path)
        notes = ReadNotes()
        columns, rows = table(text_lines(file, notes), COLUMNS, (), notes, fill_short_rows=True)
        return tuple(_event(path, number, columns, cells, currency) for number, cells in rows)


def _event(
    path: Path, number: int, columns: list[str], cells: list[str] | Refused, currency: str
) -> HoldEvent:
    try:
        if isinstance(cells, Refused):
            raise cells
        return _hold_event(dict(zip(columns, cells, strict=True)), currency)
    except Refused as refused:
        raise on_line(refused, path, number) from None


def _hold_event(row: Mapping[str, str], currency: str) -> HoldEvent:
    try:
        kind = HoldKind(row["kind"])
    except ValueError:
        raise Refused(
            "hold_kind_unknown",
            N_("{value!r} is not a kind of hold event; hold or release is"),
            value=row["kind"][:40],
        ) from None
    time_us, hold_id = parse_instant(row["time"]), check_id(row["hold_id"])
    if kind is HoldKind.RELEASE:
        return HoldEvent(time_us, kind, hold_id)
    return HoldEvent(
        time_us,
        kind,
        hold_id,
        parse_account(row["account"]),
        check_id(row["claim"]),
        parse_amount(row["amount"], currency),
    )
