"""Orders and answers by file, for a bank that works through a list: CSV out, CSV back.

The bank fills in the columns of the answer beside the order and sends the file back.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, TextIO

from holdfast.banks.messages import HoldAnswer, HoldOrder, answer_of
from holdfast.core.errors import Refused
from holdfast.core.instant import format_instant
from holdfast.core.problem import Problem
from holdfast.core.words import N_
from holdfast.ledger.readers.lines import table, text_lines
from holdfast.ledger.readers.notes import ReadNotes

ORDER_COLUMNS = (
    "order_id",
    "case",
    "issuer",
    "institution",
    "account",
    "amount_minor",
    "currency",
    "basis",
    "basis_source",
    "ordered_at",
    "expires_at",
    "payment_id",
    "payment_time",
    "test",
)
ANSWER_REQUIRED = (
    "order_id",
    "institution",
    "status",
    "amount_held_minor",
    "currency",
    "answered_at",
)
ANSWER_OPTIONAL = (
    "answer_id",
    "held_at",
    "balance_available_minor",
    "other_holds_minor",
    "account_status",
    "holder_kind",
    "name_matches",
    "reason",
    "reason_text",
)
ROWS_MAX = 100_000
_INTEGERS = {"amount_held_minor", "balance_available_minor", "other_holds_minor"}
_FLAGS = {"true": True, "false": False}
_TO_FILL = tuple(name for name in (*ANSWER_REQUIRED, *ANSWER_OPTIONAL) if name not in ORDER_COLUMNS)


def write_orders(orders: Iterable[HoldOrder], file: TextIO) -> int:
    """Write orders with empty columns for their answers; return how many.

    `file` is opened with `newline=""`.
    """
    writer = csv.writer(file)
    writer.writerow(ORDER_COLUMNS + _TO_FILL)
    count = 0
    for order in orders:
        payment = order.payment
        cells = (
            order.order_id,
            order.case,
            order.issuer,
            order.institution,
            order.account,
            str(order.amount_minor),
            order.currency,
            order.basis,
            order.basis_source,
            format_instant(order.ordered_at_us),
            format_instant(order.expires_at_us),
            payment.transfer_id if payment else "",
            format_instant(payment.time_us) if payment else "",
            "true" if order.test else "false",
        )
        writer.writerow([_no_formula(cell) for cell in cells] + [""] * len(_TO_FILL))
        count += 1
    return count


def read_answers(file: BinaryIO, name: str) -> Iterator[HoldAnswer | Problem]:
    """Yield the answers of a CSV file and what is wrong with its other rows, in their order.

    Rows whose `status` is empty are not answered yet and are passed over. An answer without an
    id gets one that follows from its content, so that the same file again changes nothing.

    Raises:
        Refused: what is wrong with the header, before anything is yielded.
    """
    notes = ReadNotes()
    columns, rows = table(
        text_lines(file, notes), ANSWER_REQUIRED, ANSWER_OPTIONAL, notes, fill_short_rows=True
    )
    for count, (number, cells) in enumerate(rows):
        if count >= ROWS_MAX:
            limit: dict[str, object] = {"limit": ROWS_MAX}
            yield Problem(
                name, number, "rows_too_many", N_("a file has at most {limit} rows"), limit
            )
            return
        try:
            if isinstance(cells, Refused):
                raise cells
            row = {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}
            if row["status"]:
                yield answer_of(_values(row))
        except Refused as refused:
            yield Problem.of(refused, name, number)


def _values(row: dict[str, str]) -> dict[str, Any]:
    """Return the row as the message it stands for."""
    values: dict[str, Any] = {"type": "hold-answer", "version": 1}
    for column in (*ANSWER_REQUIRED, *ANSWER_OPTIONAL):
        cell = row.get(column, "")
        if not cell:
            continue
        if column in _INTEGERS and cell.isascii() and cell.isdigit() and len(cell) <= 19:
            values[column] = int(cell)
        elif column == "name_matches":
            values[column] = _FLAGS.get(cell.lower(), cell)
        else:
            values[column] = cell
    if "answer_id" not in values:
        content = "\n".join(row.get(name, "") for name in (*ANSWER_REQUIRED, *ANSWER_OPTIONAL))
        values["answer_id"] = f"F{hashlib.sha256(content.encode()).hexdigest()[:24]}"
    return values


def _no_formula(cell: str) -> str:
    """Keep a spreadsheet from reading text as a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t")) else cell
