"""Transfers from CSV: what is read, and what is said of what cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.ledger.readers.written import (
    DEBIT,
    HEADER,
    NOW_US,
    ROW,
    TRANSFER,
    codes,
    csv_text,
    line,
    read,
    refusal,
    row,
    written,
)

from holdfast.core.instant import DAY_US, format_instant
from holdfast.core.problem import Problem
from holdfast.ledger.readers import ReadNotes
from holdfast.ledger.readers.lines import COLUMNS_MAX, LINE_BYTES_MAX
from holdfast.ledger.transfer import Transfer

OTHER = line(row(transfer_id="T2"))


def test_a_row_becomes_a_transfer(tmp_path: Path) -> None:
    """A row with the needed columns is one transfer; what it lacks is zero or none."""
    assert read(written(tmp_path, csv_text(ROW))) == [TRANSFER]


def test_optional_columns_are_read_by_name(tmp_path: Path) -> None:
    """Columns may stand in any order, and every optional one is read."""
    cells = row(
        seq="-3",
        debit_balance_before="1000.00",
        credit_balance_before="-0.01",
        executes_hold="H-1",
        channel="promptpay",
        end_to_end_id="E2E",
        uetr="8a562c67-ca16-48ba-b074-65581be6f011",
    )
    backwards = dict(reversed(cells.items()))
    assert read(written(tmp_path, csv_text(backwards))) == [
        TRANSFER._replace(
            seq=-3,
            debit_balance_before_minor=100_000,
            credit_balance_before_minor=-1,
            executes_hold="H-1",
            channel="promptpay",
            end_to_end_id="E2E",
            uetr="8a562c67-ca16-48ba-b074-65581be6f011",
        )
    ]


def test_empty_optional_cells_are_as_missing_columns(tmp_path: Path) -> None:
    """An empty cell of an optional column says nothing."""
    cells = row(seq="", debit_balance_before="", credit_balance_before="", channel="", uetr="")
    assert read(written(tmp_path, csv_text(cells))) == [TRANSFER]


def test_unknown_columns_are_left_out_and_named_once(tmp_path: Path) -> None:
    """Extra columns are not read, and the notes name each of them once."""
    notes = ReadNotes()
    content = f"{HEADER},memo,memo,branch\n{line(ROW)},a,b,c\n{OTHER},a,b,c\n"
    assert codes(read(written(tmp_path, content), notes)) == ["", ""]
    assert notes.ignored_columns == ["memo", "branch"]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(f"{HEADER}\r\n{line(ROW)}\r\n", id="CRLF"),
        pytest.param(f"\ufeff{HEADER}\n{line(ROW)}\n", id="BOM"),
        pytest.param(f"{HEADER}\n{line(ROW)}", id="no newline at the end"),
        pytest.param(f"{HEADER}\n\n{line(ROW)}\n  \n\r\n", id="blank lines"),
        pytest.param(f"{HEADER.replace(',', ', ')}\n{line(ROW)}\n", id="blanks in the header"),
        pytest.param(
            "".join(
                ",".join(f'"{cell}"' for cell in cells) + "\n" for cells in (ROW, ROW.values())
            ),
            id="everything quoted",
        ),
    ],
)
def test_customs_of_spreadsheets_do_no_harm(tmp_path: Path, content: str) -> None:
    """Line ends, a byte order mark, blank lines and quotes change nothing."""
    assert read(written(tmp_path, content)) == [TRANSFER]


def test_quoted_cells_keep_commas_and_quotes(tmp_path: Path) -> None:
    """An id with a comma and a doubled quote is read as it was meant."""
    path = written(tmp_path, csv_text(row(transfer_id='T,"1"')))
    assert read(path) == [TRANSFER._replace(transfer_id='T,"1"')]


@pytest.mark.parametrize(
    ("time", "meant"),
    [
        ("2026-03-01T07:02:42+07:00", "2026-03-01T00:02:42Z"),
        ("2026-03-01T00:02:42.123456789Z", "2026-03-01T00:02:42.123456Z"),
        ("1772323362000001", "2026-03-01T00:02:42.000001Z"),
    ],
)
def test_times_have_one_meaning(tmp_path: Path, time: str, meant: str) -> None:
    """Zones are reckoned to UTC, what is finer than a microsecond is cut, integers are read."""
    (transfer,) = read(written(tmp_path, csv_text(row(time=time))))
    assert isinstance(transfer, Transfer)
    assert format_instant(transfer.time_us) == meant


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        ("transfer_id", "", "cell_empty"),
        ("transfer_id", "x" * 141, "text_too_long"),
        ("transfer_id", "T\x071", "text_unprintable"),
        ("transfer_id", "T\x001", "text_unprintable"),
        ("transfer_id", "T\u200b1", "text_unprintable"),
        ("transfer_id", "T\r1", "text_unprintable"),
        ("transfer_id", " T1", "text_padded"),
        ("time", "", "cell_empty"),
        ("time", "yesterday", "time_unreadable"),
        ("time", "2026-03-01T00:02:42", "time_without_zone"),
        ("time", "2569-03-01T00:02:42Z", "time_buddhist_year"),
        ("time", "2026-03-03T00:00:01Z", "time_in_future"),
        ("time", "1969-12-31T23:59:59Z", "time_before_1970"),
        ("debit_account", "", "cell_empty"),
        ("debit_account", "0123456789", "account_form"),
        ("debit_account", "TH.XXXXX.004.0123456789", "account_scheme_unknown"),
        ("credit_account", "XX.THCBC.004.0123456789", "account_country_unknown"),
        ("credit_account", "TH.THCBC.004." + "0" * 100, "account_too_long"),
        ("amount", "", "cell_empty"),
        ("amount", "0", "amount_not_positive"),
        ("amount", "0.00", "amount_not_positive"),
        ("amount", "-605.72", "amount_not_positive"),
        ("amount", "1e9", "amount_not_decimal"),
        ("amount", "1,000.00", "amount_not_decimal"),
        ("amount", "NaN", "amount_not_decimal"),
        ("amount", "฿605", "amount_not_decimal"),
        ("amount", "605.725", "amount_too_fine"),
        ("amount", "9" * 19, "amount_too_large"),
        ("currency", "", "cell_empty"),
        ("currency", "BAHT", "currency_unknown"),
        ("currency", "thb", "currency_unknown"),
        ("seq", "1.5", "seq_not_integer"),
        ("seq", "first", "seq_not_integer"),
        ("seq", "\u0661", "seq_not_integer"),
        ("seq", str(2**63), "seq_too_large"),
        ("seq", "-9223372036854775809", "seq_too_large"),
        ("debit_balance_before", "much", "amount_not_decimal"),
        ("credit_balance_before", "0.001", "amount_too_fine"),
        ("executes_hold", "h" * 141, "text_too_long"),
        ("executes_hold", " H1", "text_padded"),
        ("channel", "c" * 141, "text_too_long"),
        ("end_to_end_id", "e\x02", "text_unprintable"),
        ("uetr", "u" * 141, "text_too_long"),
    ],
)
def test_a_bad_cell_is_one_problem_of_its_row(
    tmp_path: Path, column: str, cell: str, code: str
) -> None:
    """Whatever is wrong in a row is told with its line, its column and a stable code."""
    good, bad = row(**{column: ROW.get(column, "")}), row(**{column: cell})
    path = written(tmp_path, csv_text(good, bad, good))
    before, problem, after = read(path)
    assert isinstance(before, Transfer)
    assert isinstance(problem, Problem)
    assert isinstance(after, Transfer)
    assert (problem.file, problem.row) == (str(path), 3)
    assert codes([problem]) == [code]
    assert problem.fields["column"] == column


def test_what_would_be_right_is_said(tmp_path: Path) -> None:
    """An amount with thousands commas, or a Buddhist year, comes with its right form."""
    rows = row(amount="1,000.00"), row(time="2569-03-01T00:02:42Z")
    grouped, buddhist = map(str, read(written(tmp_path, csv_text(*rows))))
    assert "1000.00" in grouped
    assert "2026" in buddhist


def test_a_day_ahead_is_not_yet_the_future(tmp_path: Path) -> None:
    """Clocks and zones differ: up to a day ahead is taken, a microsecond more is not."""
    rows = [row(time=str(NOW_US + DAY_US)), row(time=str(NOW_US + DAY_US + 1))]
    assert codes(read(written(tmp_path, csv_text(*rows)))) == ["", "time_in_future"]


def test_currencies_have_their_own_decimals(tmp_path: Path) -> None:
    """The dong has no decimals, the Bahraini dinar three."""
    rows = [
        row(amount="1000", currency="VND"),
        row(amount="1000.5", currency="VND"),
        row(amount="1.005", currency="BHD"),
    ]
    first, second, third = read(written(tmp_path, csv_text(*rows)))
    assert codes([second]) == ["amount_too_fine"]
    assert [first[5], third[5]] == [1000, 1005]  # type: ignore[index]


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        pytest.param(OTHER.replace("605.72", "1,000.00"), "cells_extra", id="unquoted thousands"),
        pytest.param(OTHER + ",", "cells_extra", id="a comma too many"),
        pytest.param(OTHER.rpartition(",")[0], "cells_missing", id="a cell too few"),
        pytest.param("T2", "cells_missing", id="one cell"),
        pytest.param('"' + OTHER, "quote_unclosed", id="unclosed quote"),
        pytest.param(f'{OTHER},"', "quote_unclosed", id="unclosed quote at the end"),
        pytest.param(f'"T"2{OTHER}', "quote_misplaced", id="text after a quote"),
        pytest.param("\0" * 30, "cells_missing", id="NUL bytes"),
        pytest.param(",,,,,", "cell_empty", id="only commas"),
        pytest.param(OTHER.replace(",", ";"), "cells_missing", id="another delimiter"),
        pytest.param(b"\xff" + OTHER.encode(), "text_not_utf8", id="not UTF-8"),
        pytest.param(OTHER.encode("cp874", "replace") + b"\xe0", "text_not_utf8", id="cp874"),
        pytest.param(OTHER + "x" * LINE_BYTES_MAX, "line_too_long", id="too long"),
        pytest.param("x" * (LINE_BYTES_MAX + 1), "line_too_long", id="one byte too long"),
    ],
)
def test_a_bad_line_never_hides_the_next(tmp_path: Path, bad: str | bytes, code: str) -> None:
    """A line that is no row is one problem with its number, and reading goes on after it."""
    bad = bad.encode() if isinstance(bad, str) else bad
    content = f"{HEADER}\n{line(ROW)}\n".encode() + bad + f"\n{OTHER}\n".encode()
    found = read(written(tmp_path, content))
    assert codes(found) == ["", code, ""]
    assert isinstance(found[1], Problem)
    assert found[1].row == 3


def test_an_unfinished_last_line_is_a_problem(tmp_path: Path) -> None:
    """A file that was cut off within a row keeps its whole rows."""
    content = csv_text(ROW, row(transfer_id="T2"))
    assert codes(read(written(tmp_path, content[:-10]))) == ["", "cells_missing"]
    assert codes(read(written(tmp_path, content + "y" * LINE_BYTES_MAX))) == [
        "",
        "",
        "line_too_long",
    ]


def test_a_header_alone_is_an_empty_ledger(tmp_path: Path) -> None:
    """A file of a day without transfers yields nothing, and nothing is wrong with it."""
    assert read(written(tmp_path, HEADER + "\n")) == []


@pytest.mark.parametrize(
    ("header", "code", "named"),
    [
        ("transfer_id,time,amount", "column_missing", "debit_account, credit_account, currency"),
        (line(ROW), "column_missing", "transfer_id"),
        ("Transfer Id", "column_missing", "transfer_id"),
        (HEADER.replace(",", ";"), "delimiter_wrong", "';'"),
        (HEADER.replace(",", "\t"), "delimiter_wrong", r"'\t'"),
        (HEADER.replace(",", "|"), "delimiter_wrong", "'|'"),
        (HEADER + ",amount", "column_twice", "amount"),
        (HEADER + ",seq,seq", "column_twice", "seq"),
        (HEADER + ",x" * COLUMNS_MAX, "columns_too_many", str(COLUMNS_MAX)),
        ("\n" + HEADER, "header_missing", "columns"),
        (f"{HEADER}\r{line(ROW)}\r", "line_ending_unknown", "LF"),
        ('"' + HEADER, "quote_unclosed", "quote"),
        (b"\xff\xfb" + HEADER.encode(), "text_not_utf8", "UTF-8"),
        (HEADER + "," * LINE_BYTES_MAX, "line_too_long", str(LINE_BYTES_MAX)),
    ],
)
def test_a_bad_header_refuses_the_file(
    tmp_path: Path, header: str | bytes, code: str, named: str
) -> None:
    """Without a header that names what is needed nothing is read, and the sentence says why."""
    header = header.encode() if isinstance(header, str) else header
    refused = refusal(written(tmp_path, header + f"\n{line(ROW)}\n".encode()))
    assert refused.code == code
    assert named in str(refused)


def test_notes_follow_the_reading(tmp_path: Path) -> None:
    """Bytes read grow to the size of the file, long lines included, and the row is the line."""
    path = written(tmp_path, csv_text(ROW, ROW) + "z" * 200_000 + "\n")
    notes = ReadNotes()
    read(path, notes)
    assert notes.bytes_read == notes.bytes_total == path.stat().st_size
    assert notes.row == 4


def test_accounts_are_shared_by_rows(tmp_path: Path) -> None:
    """The same account of two rows is one object, so a large ledger stays small in memory."""
    first, second = read(written(tmp_path, csv_text(ROW, row(transfer_id="T2"))))
    assert isinstance(first, Transfer)
    assert isinstance(second, Transfer)
    assert first.debit_account is second.debit_account
    assert first.debit_account == DEBIT
