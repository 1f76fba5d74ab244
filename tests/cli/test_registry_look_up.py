"""`holdfast registry look-up`: what is found by which words, what is on record, what is refused."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from tests.cli.test_centre_commands import Desk

WHO = ("--purpose", "enquiry", "--person", "malee")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Return a desk with a centre that has listed a phone and a handle."""
    there = Desk(tmp_path_factory.mktemp("look-up"))
    there.done("init", "--country", "TH", "--name", "TH.AOC")
    ground = ("--event", "bank_suspicion", "--evidence", "suspected", "--person", "anan")
    for kind, subject in (("phone", "081-234-5678"), ("handle", "line:@rich_now")):
        there.done("registry", "list", kind, subject, *ground, "--reference", "F-1")
    return there


def test_a_part_is_found_with_why(desk: Desk) -> None:
    """And who looked is on record, without what was looked for."""
    found = desk.done("registry", "look-up", "081-234", *WHO)
    assert "What was asked for is in it" in found
    assert "+66812345678" in found
    assert "rich_now" not in found
    with closing(sqlite3.connect(desk.home / "centre.sqlite3")) as database:
        rows = database.execute(
            "SELECT actor, detail_json FROM records_auditentry WHERE verb = 'look_up'"
        ).fetchall()
    assert [actor for actor, _ in rows] == ["person:malee"]
    assert "081" not in rows[0][1]


def test_what_is_looked_for_can_be_sent(desk: Desk) -> None:
    """By standard input, so that no list of commands keeps it."""
    assert "rich_now" in desk.done("registry", "look-up", "-", *WHO, told="@rich_now\nmore\n")
    empty = desk.run("registry", "look-up", "-", *WHO)
    assert (empty.returncode, "[text_empty]" in empty.stderr) == (1, True)


def test_a_name_comes_with_the_warning(desk: Desk) -> None:
    """Also where nothing is found by it."""
    found = desk.done("registry", "look-up", "สมชาย ใจดี", "--by", "name", *WHO)
    assert "a hint and no proof" in found
    assert "Nothing was found" in found


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("%%%", *WHO), "look_up_part_short"),
        (("x" * 2000, *WHO), "text_too_long"),
        (
            ("081-234", "--purpose", "case", "--about", "TH-0", "--person", "malee"),
            "case_unknown",
        ),
    ],
)
def test_what_is_no_question_is_refused(desk: Desk, words: tuple[str, ...], code: str) -> None:
    """With a stable code."""
    wrong = desk.run("registry", "look-up", *words)
    assert (wrong.returncode, f"[{code}]" in wrong.stderr) == (1, True), wrong.stderr


def test_a_purpose_is_needed(desk: Desk) -> None:
    """Without one nothing is looked up."""
    assert desk.run("registry", "look-up", "081-234", "--person", "malee").returncode == 2
