"""Orders out and answers back by CSV: what a clerk fills in becomes answers."""

from __future__ import annotations

import csv
import io

import pytest
from tests.banks.samples import NOW_US, order

from holdfast.banks.files import ORDER_COLUMNS, read_answers, write_orders
from holdfast.banks.messages import AnswerStatus, HoldAnswer, Payment, RefusalReason
from holdfast.core.errors import Refused
from holdfast.core.problem import Problem


def _filled(*rows: dict[str, str]) -> bytes:
    """Write orders and fill in the columns of their answers."""
    out = io.StringIO(newline="")
    write_orders([order(f"O{n}") for n, _ in enumerate(rows, start=1)], out)
    written = list(csv.DictReader(io.StringIO(out.getvalue())))
    back = io.StringIO(newline="")
    writer = csv.DictWriter(back, written[0].keys())
    writer.writeheader()
    for row, cells in zip(written, rows, strict=True):
        writer.writerow(row | cells)
    return back.getvalue().encode()


def _read(body: bytes) -> list[HoldAnswer | Problem]:
    return list(read_answers(io.BytesIO(body), "answers.csv"))


HELD = {
    "status": "held",
    "amount_held_minor": "30000",
    "answered_at": "2026-03-01T00:00:00Z",
    "held_at": "2026-03-01T00:00:00Z",
}


def test_what_was_written_is_filled_in_and_read_back() -> None:
    """The file of orders, its columns filled in, is the file of answers."""
    refused = HELD | {
        "status": "refused",
        "amount_held_minor": "0",
        "held_at": "",
        "reason": "no_funds",
        "name_matches": "TRUE",
    }
    held, other = _read(_filled(HELD, refused))
    assert isinstance(held, HoldAnswer)
    assert isinstance(other, HoldAnswer)
    assert (held.order_id, held.status, held.amount_held_minor) == ("O1", AnswerStatus.HELD, 30_000)
    assert (other.order_id, other.reason, other.name_matches) == (
        "O2",
        RefusalReason.NO_FUNDS,
        True,
    )


def test_rows_without_a_status_are_not_answered_yet() -> None:
    """A clerk may send the file back half filled in."""
    assert [item.order_id for item in _read(_filled({}, HELD)) if isinstance(item, HoldAnswer)] == [
        "O2"
    ]


def test_the_same_file_again_gives_the_same_ids() -> None:
    """An answer's id follows from its content, so that a file sent twice changes nothing."""
    first, again = _read(_filled(HELD)), _read(_filled(HELD))
    assert first == again
    [changed] = _read(_filled(HELD | {"amount_held_minor": "29999", "status": "partly_held"}))
    assert isinstance(first[0], HoldAnswer)
    assert isinstance(changed, HoldAnswer)
    assert changed.answer_id != first[0].answer_id


def test_a_bad_row_is_a_problem_and_hides_no_other() -> None:
    """Each wrong row is named with its line; the good ones are read."""
    found = _read(
        _filled(
            HELD | {"amount_held_minor": "300.00"},
            HELD | {"status": "ok"},
            HELD | {"held_at": ""},
            HELD,
        )
    )
    problems = [(p.row, p.code, p.fields.get("field")) for p in found if isinstance(p, Problem)]
    assert problems == [
        (2, "answer_field", "amount_held_minor"),
        (3, "answer_field", "status"),
        (4, "answer_contradiction", None),
    ]
    assert isinstance(found[-1], HoldAnswer)


def test_a_file_without_its_columns_is_refused() -> None:
    """The header says which columns are missing."""
    with pytest.raises(Refused) as caught:
        _read(b"order_id,status\nO1,held\n")
    assert caught.value.code == "column_missing"


def test_no_cell_is_a_formula() -> None:
    """What a spreadsheet would run is written as text; the rest stands as it is."""
    out = io.StringIO(newline="")
    payment = Payment("=1+1", NOW_US, 5)
    assert write_orders([order(basis_source="@SUM(A1)", payment=payment)], out) == 1
    [row] = csv.DictReader(io.StringIO(out.getvalue()))
    assert (row["basis_source"], row["payment_id"]) == ("'@SUM(A1)", "'=1+1")
    assert tuple(row)[: len(ORDER_COLUMNS)] == ORDER_COLUMNS
    assert row["amount_minor"] == "30000"
