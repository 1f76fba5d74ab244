"""The registry by its commands: a template, a file read in, approved by somebody else."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from tests.cli.test_centre_commands import Desk

from holdfast.registry.index.kernels import HEADER_WORDS
from holdfast.registry.portal import COLUMNS, EXAMPLES

SUSPECTED = [
    "--event",
    "bank_suspicion",
    "--evidence",
    "suspected",
    "--reference",
    "F-2",
    "--person",
    "anan",
]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Return a desk with a centre."""
    there = Desk(tmp_path_factory.mktemp("registry"))
    made = there.run("init", "--country", "TH", "--name", "TH.AOC")
    assert made.returncode == 0, made.stderr
    return there


def test_a_template_is_written_once(desk: Desk) -> None:
    """Then another name is asked for."""
    assert desk.run("registry", "template", "t.xlsx").returncode == 0
    again = desk.run("registry", "template", "t.xlsx")
    assert (again.returncode, "[template_exists]" in again.stderr) == (1, True)


def test_a_file_is_read_in_and_approved_by_another(desk: Desk) -> None:
    """What is wrong is told and written down; who sent it cannot approve it."""
    path = Path(desk.folder) / "in.csv"
    rows = [
        dict(EXAMPLES[1])
        | {"record": "case", "bank_case_id": f"K{i}", "subject": f"+668123456{i:02d}"}
        for i in range(12)
    ]
    rows[3]["subject"] = "08A"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(rows)
    done = desk.run(
        "registry", "import", "in.csv", "--person", "malee", "--problems", "problems.csv"
    )
    assert done.returncode == 3, done.stderr
    assert "in.csv:5: phone_" in done.stdout
    batch = done.stdout.partition("registry approve ")[2].split()[0]
    words = ("registry", "approve", batch, "--reason", "seen")
    mine = desk.run(*words, "--person", "Malee")
    assert (mine.returncode, "[own_request]" in mine.stderr) == (1, True)
    other = desk.run(*words, "--person", "anan")
    assert (other.returncode, "11" in other.stdout) == (0, True), other.stderr


def test_one_subject_by_hand(desk: Desk) -> None:
    """A phone that the centre suspects; a word that is none is said so."""
    words = ("registry", "list", "phone", "081-999-8888", "--reference", "F-1", "--person", "anan")
    wrong = desk.run(*words, "--event", "rumour", "--evidence", "suspected")
    assert "[word_unknown]" in wrong.stderr
    done = desk.run(*words, "--event", "bank_suspicion", "--evidence", "suspected")
    assert (done.returncode, "standing" in done.stdout) == (0, True), done.stderr


def test_the_index_is_made_and_compared(desk: Desk) -> None:
    """Without one it is said so; made anew it is right; of what it lacks the count is told."""
    missing = desk.run("registry", "verify")
    assert (missing.returncode, "[index_key_missing]" in missing.stderr) == (1, True)
    made = desk.run("registry", "index")
    assert made.returncode == 0, made.stderr
    right = desk.run("registry", "verify")
    assert (right.returncode, "says what" in right.stdout) == (0, True), right.stderr
    index = desk.home / "registry" / "index"
    data = bytearray(index.read_bytes())
    number = desk.run("registry", "list", "phone", "081-999-7777", *SUSPECTED)
    assert number.returncode == 0, number.stderr
    assert desk.run("registry", "index").returncode == 0
    newer = index.read_bytes()
    # A slot lost though the number of the feed says that it was applied.
    data[: HEADER_WORDS * 8] = newer[: HEADER_WORDS * 8]
    index.write_bytes(data)
    wrong = desk.run("registry", "verify")
    assert (wrong.returncode, "not listed" in wrong.stdout) == (3, True), wrong.stderr
    assert "1 differ" in wrong.stdout
