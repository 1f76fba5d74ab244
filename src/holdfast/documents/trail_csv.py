"""A trail as one table for spreadsheets and programs: everything the answer says, a line each.

The form is RFC 4180 with a header. Amounts stand in major units as plain decimals and beside them
in minor units as integers; times are RFC 3339 in UTC. A text that a spreadsheet could take for
a formula gets an apostrophe before it (OWASP, "CSV Injection"), and so does one that begins with
an apostrophe, so that taking one away always gives the text back.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO

from holdfast.core.instant import format_instant
from holdfast.core.money import format_minor
from holdfast.trail.answer import Answer, Hop
from holdfast.trail.question import Rule

COLUMNS = (
    "record",  # claim, waiting, resting, exit, overheld, hop, exposed or without_history
    "claim",
    "account",  # of a hop: the debit account
    "to_account",  # of a hop: the credit account
    "transfer_id",  # of an exposed account: the transfer by which it was first reached
    "time",
    "kind",  # of an exit
    "hold",
    "hop",
    "amount",  # of the claimed money
    "amount_minor",
    "held",
    "held_minor",
    "transfer_amount",  # of a claim or hop: the whole transfer that the claimed money is part of
    "transfer_amount_minor",
    "currency",
    "rule",
    "as_of",
    "truncated",
    "ledger_change",
)

_FORMULA_STARTS = frozenset("=+-@\t\r\n'＝＋－＠")

Cell = str | int | None


def write_csv(answer: Answer) -> str:
    """Return an answer as CSV text; a hop has one line for each claim that it carried."""
    shared = {
        "currency": answer.currency,
        "rule": answer.rule.value,
        "as_of": None if answer.as_of_us is None else format_instant(answer.as_of_us),
        "truncated": answer.truncated_why or "",
        "ledger_change": answer.ledger_change,
    }
    page = StringIO(newline="")
    writer = csv.writer(page, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in _rows(answer):
        cells = shared | row
        writer.writerow([_safe(cells.get(column)) for column in COLUMNS])
    return page.getvalue()


def _rows(answer: Answer) -> Iterator[dict[str, Cell]]:
    yield from _claim_rows(answer)
    yield from _place_rows(answer)
    for hop in answer.hops:
        yield from _hop_rows(answer, hop)
    for reached in answer.exposed:
        yield {
            "record": "exposed",
            "account": reached.account,
            "transfer_id": reached.via,
            "time": format_instant(reached.first_time_us),
            "hop": reached.hop,
        }
    for account in answer.without_history:
        yield {"record": "without_history", "account": account}


def _claim_rows(answer: Answer) -> Iterator[dict[str, Cell]]:
    for claim in answer.claims:
        row: dict[str, Cell] = {"record": "claim", "claim": claim.transfer_id}
        if answer.rule is not Rule.POISON:
            row |= _money(answer, "amount", claim.amount_minor)
        yield row | _money(answer, "transfer_amount", claim.reported_minor)
    for transfer_id in answer.waiting:
        yield {"record": "waiting", "claim": transfer_id}


def _place_rows(answer: Answer) -> Iterator[dict[str, Cell]]:
    for place in answer.resting:
        yield {
            "record": "resting",
            "claim": place.claim,
            "account": place.account,
            "hop": place.hop,
            **_money(answer, "amount", place.amount_minor),
            **_money(answer, "held", place.held_minor),
        }
    for way_out in answer.exits:
        yield {
            "record": "exit",
            "claim": way_out.claim,
            "account": way_out.account,
            "kind": way_out.kind,
            **_money(answer, "amount", way_out.amount_minor),
        }
    for too_much in answer.overheld:
        yield {
            "record": "overheld",
            "claim": too_much.claim,
            "account": too_much.account,
            "hold": too_much.hold_id,
            **_money(answer, "amount", too_much.amount_minor),
        }


def _hop_rows(answer: Answer, hop: Hop) -> Iterator[dict[str, Cell]]:
    for claim, amount_minor in hop.tainted.items():
        yield {
            "record": "hop",
            "claim": claim,
            "account": hop.debit_account,
            "to_account": hop.credit_account,
            "transfer_id": hop.transfer_id,
            "time": format_instant(hop.time_us),
            **_money(answer, "amount", amount_minor),
            **_money(answer, "transfer_amount", hop.amount_minor),
        }


def _money(answer: Answer, column: str, amount_minor: int) -> dict[str, Cell]:
    if not answer.currency:
        return {f"{column}_minor": amount_minor}
    return {
        column: format_minor(amount_minor, answer.currency),
        f"{column}_minor": amount_minor,
    }


def _safe(cell: Cell) -> Cell:
    """Return a cell that no spreadsheet takes for a formula; amounts are never below zero."""
    if isinstance(cell, str) and {cell[:1], cell.lstrip()[:1]} & _FORMULA_STARTS:
        return f"'{cell}"
    return cell
