"""Files as these tests write them, and what the readers say of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from holdfast.core.errors import Refused
from holdfast.core.instant import parse_instant
from holdfast.core.problem import Problem
from holdfast.ledger.readers import ReadNotes, read_transfers
from holdfast.ledger.transfer import Transfer

NOW_US = parse_instant("2026-03-02T00:00:00Z")
DEBIT = "TH.THCBC.004.0123456789"
CREDIT = "TH.THCBC.014.9876543210"
ROW = {
    "transfer_id": "T1",
    "time": "2026-03-01T00:02:42Z",
    "debit_account": DEBIT,
    "credit_account": CREDIT,
    "amount": "605.72",
    "currency": "THB",
}
TRANSFER = Transfer(
    time_us=parse_instant(ROW["time"]),
    seq=0,
    transfer_id="T1",
    debit_account=DEBIT,
    credit_account=CREDIT,
    amount_minor=60572,
    currency="THB",
)
HEADER = ",".join(ROW)


def row(**changes: str) -> dict[str, str]:
    """Return the good row with some cells changed or added."""
    return ROW | changes


def line(cells: dict[str, str]) -> str:
    """Write one row, its cells quoted where CSV needs it."""
    return ",".join(_quoted(cell) for cell in cells.values())


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if "," in cell or '"' in cell else cell


def csv_text(*rows: dict[str, str]) -> str:
    """Write rows that all have the columns of the first."""
    return "\n".join([",".join(rows[0]), *(line(cells) for cells in rows), ""])


def written(folder: Path, content: str | bytes, name: str = "ledger.csv") -> Path:
    """Write a file byte for byte as given, and return where."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(path: Path, notes: ReadNotes | None = None) -> list[Transfer | Problem]:
    """Read a whole file at `NOW_US`."""
    return list(read_transfers(path, NOW_US, notes))


def refusal(path: Path) -> Refused:
    """Return why a file is refused as a whole, which must be before anything is yielded."""
    with pytest.raises(Refused) as caught:
        next(read_transfers(path, NOW_US))
    said(caught.value)
    return caught.value


def codes(found: Iterable[Transfer | Problem | Any]) -> list[str]:
    """Return the codes of problems, "" for each good row; every sentence must be sayable."""
    return [said(item) if isinstance(item, Problem) else "" for item in found]


def said(wrong: Problem | Refused) -> str:
    """Say what is wrong, to be sure that it can be said in one line; return its code."""
    sentence = str(wrong)
    assert sentence
    assert "\n" not in sentence
    return wrong.code
