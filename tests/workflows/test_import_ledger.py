"""Importing: batches that are kept one by one, and problems that name their row."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.core.errors import Refused
from holdfast.core.instant import parse_instant
from holdfast.core.problem import Problem
from holdfast.ledger.readers import ReadNotes
from holdfast.ledger.store import LedgerWriter
from holdfast.workflows import import_ledger as workflow
from holdfast.workflows.import_ledger import ImportReport, Listener, import_ledger

NOW_US = parse_instant("2026-04-01T00:00:00Z")
HEADER = "transfer_id,time,debit_account,credit_account,amount,currency,label,mood"


def row(number: int, amount: str = "1.00") -> str:
    """A line of the file, one second after the line before."""
    time = f"2026-03-01T00:{number // 60:02}:{number % 60:02}Z"
    return f"T{number},{time},TH.THCBC.004.{number % 3},TH.THCBC.014.9,{amount},THB,x,y"


def run(
    folder: Path, rows: list[str], name: str = "a.csv", openings: str = ""
) -> tuple[ImportReport, list[Problem], list[int]]:
    """Import rows in batches of two; return the report, the problems, and the changes seen."""
    file, opening = folder / name, folder / f"{name}.openings"
    file.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    opening.write_text("account,currency,balance\n" + openings, encoding="utf-8")
    problems: list[Problem] = []
    changes: list[int] = []
    with LedgerWriter.open(folder / "ledger") as ledger:

        def progress(_path: Path, _notes: ReadNotes) -> None:
            changes.append(ledger.figures.change)

        listener = Listener(problems.append, progress)
        given_openings = [opening] if openings else []
        report = import_ledger(ledger, [file], given_openings, NOW_US, listener)
    return report, problems, changes


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflow, "BATCH_ROWS", 2)


def test_each_batch_is_kept_before_the_next(tmp_path: Path) -> None:
    """Progress is told once a batch, after the ledger has acknowledged it."""
    report, problems, changes = run(tmp_path, [row(number) for number in range(5)])
    assert (report.rows, report.added, report.known, problems) == (5, 5, 0, [])
    assert changes == [1, 2, 3]


def test_a_longer_file_adds_only_what_is_new(tmp_path: Path) -> None:
    """A file that grew since its last import adds its new rows."""
    run(tmp_path, [row(number) for number in range(3)])
    report, _, _ = run(tmp_path, [row(number) for number in range(5)])
    assert (report.rows, report.added, report.known) == (5, 2, 3)


def test_problems_name_their_row_in_every_batch(tmp_path: Path) -> None:
    """Row numbers count lines of the file, whatever the batches and the bad rows between."""
    rows = [row(0), row(1, "0"), row(2), row(0, "7.00"), row(3), row(2, "8.00"), row(2)]
    report, problems, _ = run(tmp_path, rows)
    assert [(problem.row, problem.code) for problem in problems] == [
        (3, "amount_not_positive"),
        (5, "transfer_contradicts"),
        (7, "transfer_contradicts"),
    ]
    assert (report.added, report.known, report.problems) == (3, 1, 3)


def test_ignored_columns_are_named_once(tmp_path: Path) -> None:
    """Columns that are not read are named in the report, in the file's order."""
    report, _, _ = run(tmp_path, [row(number) for number in range(5)])
    assert list(report.ignored_columns.values()) == [["label", "mood"]]


def test_contradicting_openings_name_their_row(tmp_path: Path) -> None:
    """The first opening balance of an account stays, a contradicting one is told with its row."""
    openings = "TH.THCBC.004.0,THB,5.00\nTH.THCBC.004.1,THB,x\nTH.THCBC.004.0,THB,6.00\n"
    report, problems, _ = run(tmp_path, [row(0)], openings=openings)
    assert [(problem.row, problem.code) for problem in problems] == [
        (3, "amount_not_decimal"),
        (4, "opening_contradicts"),
    ]
    assert "5.00" in str(problems[1])
    assert report.openings == 2
    with LedgerWriter.open(tmp_path / "ledger") as ledger:
        assert ledger.opening("TH.THCBC.004.0", "THB") == 500


def test_the_only_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """A single unreadable file is an error of the call, and the ledger is as it was."""
    with (
        LedgerWriter.open(tmp_path / "ledger") as ledger,
        pytest.raises(Refused) as refused,
    ):
        import_ledger(ledger, [tmp_path / "missing.csv"], [], NOW_US, Listener())
    assert refused.value.code == "file_missing"
