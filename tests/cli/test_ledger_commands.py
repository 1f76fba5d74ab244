"""`holdfast ledger`: import, stats and verify on files as people have them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from holdfast.cli.main import main
from holdfast.ledger.store import LedgerWriter

HEADER = "transfer_id,time,debit_account,credit_account,amount,currency"
GOOD = [
    "T1,2026-03-01T09:00:00Z,TH.THCBC.004.1,TH.THCBC.014.2,100.00,THB",
    "T2,2026-03-01T09:05:00Z,TH.THCBC.014.2,TH.THCBC.006.3,40.00,THB",
]
BAD = [
    "T3,2569-03-01T09:00:00Z,TH.THCBC.004.1,TH.THCBC.014.2,100.00,THB",
    "T4,2026-03-01T09:00:00Z,TH.THCBC.004.1,TH.THCBC.014.2,1.005,THB",
    "T5,2026-03-01T09:00:00,TH.THCBC.004.1,TH.THCBC.014.2,1.00,THB",
]


def write(path: Path, *rows: str) -> str:
    """Write a ledger's CSV file and return its name."""
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return str(path)


def test_import_reports_what_it_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An import without problems ends with 0 and says rows, accounts and time span."""
    file = write(tmp_path / "a.csv", *GOOD)
    assert main(["ledger", "import", file, "--into", str(tmp_path / "ledger")]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "transfers read 2 transfers added 2 known already 0 problems 0" in printed
    assert "accounts 3" in printed
    assert "2026-03-01T09:00:00Z – 2026-03-01T09:05:00Z" in printed


def test_a_second_import_adds_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same file again is known already, and the ledger stays as it is."""
    file, ledger = write(tmp_path / "a.csv", *GOOD), str(tmp_path / "ledger")
    assert main(["ledger", "import", file, "--into", ledger]) == 0
    assert main(["ledger", "import", file, "--into", ledger]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "transfers added 0 known already 2" in printed


def test_the_same_id_with_other_content_is_a_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first transfer of an id stays; another one is a problem with its line and code."""
    ledger = str(tmp_path / "ledger")
    main(["ledger", "import", write(tmp_path / "a.csv", *GOOD), "--into", ledger])
    other = GOOD[0].replace("100.00", "999.00")
    file = write(tmp_path / "b.csv", GOOD[1], other)
    assert main(["ledger", "import", file, "--into", ledger]) == 3
    assert f"{file}:3: transfer_contradicts: transfer T1" in capsys.readouterr().out
    with LedgerWriter.open(Path(ledger)) as kept:
        assert kept.find(["T1"])["T1"].amount_minor == 10000


def test_bad_rows_are_listed_and_good_rows_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each bad row is told with line and code, all of them in the problems file."""
    file = write(tmp_path / "a.csv", GOOD[0], *BAD, GOOD[1])
    problems = tmp_path / "problems.csv"
    call = ["ledger", "import", file, "--into", str(tmp_path / "ledger")]
    assert main([*call, "--problems", str(problems)]) == 3
    assert "transfers added              2" in capsys.readouterr().out
    rows = list(csv.DictReader(problems.read_text(encoding="utf-8").splitlines()))
    assert [(row["row"], row["code"]) for row in rows] == [
        ("3", "time_buddhist_year"),
        ("4", "amount_too_fine"),
        ("5", "time_without_zone"),
    ]


def test_many_problems_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Only the first problems are shown, and how many more there are is said."""
    file = write(tmp_path / "a.csv", *(BAD[1] for _ in range(50)))
    assert main(["ledger", "import", file, "--into", str(tmp_path / "ledger")]) == 3
    printed = capsys.readouterr().out
    assert printed.count("amount_too_fine") == 20
    assert "30 more" in printed


def test_a_file_that_cannot_be_read_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An empty file ends with 1 and one line that names it."""
    empty = tmp_path / "empty.csv"
    empty.touch()
    assert main(["ledger", "import", str(empty), "--into", str(tmp_path / "ledger")]) == 1
    assert "[file_empty]" in capsys.readouterr().err


def test_a_folder_with_other_things_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A ledger is not made among other people's files."""
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "cat.jpg").touch()
    file = write(tmp_path / "a.csv", *GOOD)
    assert main(["ledger", "import", file, "--into", str(folder)]) == 1
    assert "[ledger_missing]" in capsys.readouterr().err
    assert [entry.name for entry in folder.iterdir()] == ["cat.jpg"]


def test_opening_balances_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An opening balance is clean money that is there first; another one is a problem."""
    ledger, openings = str(tmp_path / "ledger"), tmp_path / "openings.csv"
    openings.write_text(
        "account,currency,balance\nTH.THCBC.014.2,THB,30.00\nTH.THCBC.014.2,THB,31.00\n",
        encoding="utf-8",
    )
    file = write(tmp_path / "a.csv", *GOOD)
    call = ["ledger", "import", file, "--into", ledger, "--opening", str(openings)]
    assert main(call) == 3
    assert f"{openings}:3: opening_contradicts" in capsys.readouterr().out
    assert main(["trail", "--ledger", ledger, "--claim", "T1", "--format", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [(row["account"], row["amount"]) for row in answer["resting"]] == [
        ("TH.THCBC.006.3", 1000),
        ("TH.THCBC.014.2", 9000),
    ]


def test_stats_and_verify(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`stats` says what is there, as text or JSON; `verify` of a sound ledger ends with 0."""
    ledger = str(tmp_path / "ledger")
    main(["ledger", "import", write(tmp_path / "a.csv", *GOOD), "--into", ledger])
    capsys.readouterr()
    assert main(["ledger", "stats", ledger]) == 0
    assert "140.00 THB" in capsys.readouterr().out
    assert main(["ledger", "stats", ledger, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["transfers"] == 2
    assert main(["ledger", "verify", ledger]) == 0
    assert "Sound: 2 transfers of 3 accounts" in capsys.readouterr().out


def test_one_bad_file_of_many_hides_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of several files the one that cannot be read is a problem, and the others are kept."""
    empty = tmp_path / "empty.csv"
    empty.touch()
    files = [write(tmp_path / "a.csv", GOOD[0]), str(empty), write(tmp_path / "b.csv", GOOD[1])]
    assert main(["ledger", "import", *files, "--into", str(tmp_path / "ledger")]) == 3
    printed = capsys.readouterr().out
    assert f"{empty}: file_empty: " in printed
    assert "transfers added              2" in printed


def test_a_file_cannot_command_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Control characters of a file's own words are shown, never sent to the terminal."""
    file = tmp_path / "a.csv"
    file.write_text(f"{HEADER},\x1b[2Jx\n{GOOD[0]},1\n", encoding="utf-8")
    main(["ledger", "import", str(file), "--into", str(tmp_path / "ledger")])
    main(["ledger", "import", str(tmp_path / "\x1b[2J"), "--into", str(tmp_path / "ledger")])
    printed = "".join(capsys.readouterr())
    assert "\x1b" not in printed
    assert "001B" in printed


def test_problems_are_not_written_over_the_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A problems file that is an input, or cannot be written, is refused before anything else."""
    file = write(tmp_path / "a.csv", *GOOD)
    call = ["ledger", "import", file, "--into", str(tmp_path / "ledger"), "--problems"]
    assert main([*call, file]) == 1
    assert "[problems_file_is_input]" in capsys.readouterr().err
    assert main([*call, str(tmp_path / "nowhere" / "p.csv")]) == 1
    assert "[problems_file_unwritable]" in capsys.readouterr().err
    assert Path(file).read_text(encoding="utf-8").count("\n") == 3
