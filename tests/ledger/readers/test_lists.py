"""Claims, stops and opening balances: an operator's own small files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.readers.written import CREDIT, DEBIT, codes, said, written

from holdfast.core.errors import Refused
from holdfast.core.problem import Problem
from holdfast.ledger.readers import ReadNotes
from holdfast.ledger.readers.lists import Opening, read_claims, read_openings, read_stops


def refused(read: Callable[[Path], Any], path: Path) -> Refused:
    """Return why a list is refused."""
    with pytest.raises(Refused) as caught:
        read(path)
    said(caught.value)
    return caught.value


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("T2\nT1\n", id="plain"),
        pytest.param("\ufeffT2\r\n\r\n  T1  \r\nT2", id="plain with repeats"),
        pytest.param("transfer_id\nT2\nT1\n", id="one column"),
        pytest.param('amount,"transfer_id"\n5,T2\n"1,000",T1\n7,T2\n', id="a column among others"),
    ],
)
def test_claims_keep_their_order_each_once(tmp_path: Path, content: str) -> None:
    """A plain list and a CSV column say the same: the first mention gives the place."""
    assert read_claims(written(tmp_path, content)) == ("T2", "T1")


def test_an_id_with_a_comma_is_listed_in_csv(tmp_path: Path) -> None:
    """What a plain list cannot say, CSV can."""
    assert read_claims(written(tmp_path, 'transfer_id\n"T,1"\n')) == ("T,1",)


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        ("T1,605.72\n", "list_has_columns", 1),
        ("T1\nT2;T3\n", "list_has_columns", 2),
        ("id,amount\nT1,5\n", "list_has_columns", 1),
        ("T1\n" + "x" * 141, "text_too_long", 2),
        ("T1\nT\x07\n", "text_unprintable", 2),
        ("T1\n\n" + "x" * 70_000, "line_too_long", 3),
        (b"T1\n\xff\n", "text_not_utf8", 2),
        ("transfer_id,amount\nT1\n", "cells_missing", 2),
        ("transfer_id,amount\n,5\n", "cell_empty", 2),
        ('transfer_id\n"T1\n', "quote_unclosed", 2),
    ],
)
def test_one_bad_claim_refuses_the_list(
    tmp_path: Path, content: str | bytes, code: str, line: int
) -> None:
    """A list must be right as a whole; the sentence names the file and the line."""
    wrong = refused(read_claims, written(tmp_path, content, name="claims.csv"))
    assert wrong.code == code
    assert f"claims.csv, line {line}: " in str(wrong)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "file_empty"),
        ("transfer_id\n", "list_empty"),
        ("transfer_id,transfer_id\nT1,T2\n", "column_twice"),
        ("<xml/>", "file_not_csv"),
        (b"PAR1", "file_not_csv"),
        (b"PK\x03\x04", "file_kind_unknown"),
    ],
)
def test_a_file_that_is_no_list_is_refused(tmp_path: Path, content: str | bytes, code: str) -> None:
    """An empty list of claims, or another kind of file, is a mistake that is said."""
    assert refused(read_claims, written(tmp_path, content)).code == code


def test_a_missing_list_is_refused(tmp_path: Path) -> None:
    """A name that leads nowhere is said."""
    assert refused(read_claims, tmp_path / "nowhere").code == "file_missing"


@pytest.mark.parametrize(
    "content",
    [
        f"{DEBIT}\n{CREDIT}\n{DEBIT}\n",
        f"account\n{DEBIT}\n{CREDIT}\n",
        f"kind,account\nmerchant,{DEBIT}\ncash,{CREDIT}\n",
    ],
)
def test_stops_are_accounts(tmp_path: Path, content: str) -> None:
    """A plain list of accounts, or the column of a table of account facts, gives the stops."""
    assert read_stops(written(tmp_path, content)) == {DEBIT, CREDIT}


def test_a_list_without_stops_is_a_list(tmp_path: Path) -> None:
    """That there is no stop can be said."""
    assert read_stops(written(tmp_path, "account,kind\n")) == frozenset()


def test_one_bad_stop_refuses_the_list(tmp_path: Path) -> None:
    """A stop that is no account would let the trail run on, so the list is refused."""
    wrong = refused(read_stops, written(tmp_path, f"account\n{DEBIT}\n0123456789\n"))
    assert wrong.code == "account_form"
    assert "line 3" in str(wrong)


def test_openings_are_read_and_bad_rows_told(tmp_path: Path) -> None:
    """Good rows are kept as reported, below zero too; bad ones are problems with their line."""
    path = written(
        tmp_path,
        "balance,currency,account,branch\n"
        f"1000.00,THB,{DEBIT},x\n"
        f"-0.01,THB,{CREDIT},x\n"
        f"5,BAHT,{CREDIT},x\n"
        f"5.005,THB,{CREDIT},x\n"
        "5,THB,123,x\n"
        f"5,THB,{CREDIT}\n"
        f"7,VND,{CREDIT},x\n",
    )
    notes = ReadNotes()
    found = list(read_openings(path, notes))
    assert [item for item in found if not isinstance(item, Problem)] == [
        Opening(DEBIT, "THB", 100_000),
        Opening(CREDIT, "THB", -1),
        Opening(CREDIT, "VND", 7),
    ]
    problems = [item for item in found if isinstance(item, Problem)]
    assert codes(problems) == [
        "currency_unknown",
        "amount_too_fine",
        "account_form",
        "cells_missing",
    ]
    assert [problem.row for problem in problems] == [4, 5, 6, 7]
    assert notes.ignored_columns == ["branch"]
    assert notes.bytes_read == notes.bytes_total


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "file_empty"),
        ("account,balance\n", "column_missing"),
        ("account;currency;balance\n", "delimiter_wrong"),
        ("<xml/>", "file_not_csv"),
    ],
)
def test_openings_need_their_columns(tmp_path: Path, content: str, code: str) -> None:
    """A file of another form is refused as a whole."""
    path = written(tmp_path, content)
    assert refused(lambda path: list(read_openings(path)), path).code == code
