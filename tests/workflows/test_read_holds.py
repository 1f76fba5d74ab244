"""Holds that banks confirmed, read from a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.core.errors import Refused
from holdfast.core.instant import parse_instant
from holdfast.trail.question import HoldEvent, HoldKind
from holdfast.workflows.read_holds import read_holds

ACCOUNT = "TH.THCBC.004.0123456789"
HEADER = "time,kind,hold_id,account,claim,amount"
HOLD = f"2026-03-01T00:02:42Z,hold,H1,{ACCOUNT},T1,605.72"
TIME_US = parse_instant("2026-03-01T00:02:42Z")


def holds_file(folder: Path, *lines: str) -> Path:
    """Write a file of holds."""
    path = folder / "holds.csv"
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return path


def test_holds_and_releases_are_read_in_order(tmp_path: Path) -> None:
    """A release needs its time, kind and hold alone, with or without the commas after it."""
    path = holds_file(
        tmp_path,
        HEADER,
        HOLD,
        "2026-03-01T00:02:42Z,release,H1,,,",
        "2026-03-01T00:02:42Z,release,H1",
        "2026-03-01T00:02:42Z,release,H1,whatever,it,says",
    )
    release = HoldEvent(TIME_US, HoldKind.RELEASE, "H1")
    assert read_holds(path, "THB") == (
        HoldEvent(TIME_US, HoldKind.HOLD, "H1", ACCOUNT, "T1", 60572),
        release,
        release,
        release,
    )


def test_amounts_are_in_the_currency_asked_for(tmp_path: Path) -> None:
    """The same text is another amount in a currency of other decimals."""
    path = holds_file(tmp_path, HEADER, HOLD.replace("605.72", "605"))
    assert [event.amount_minor for event in read_holds(path, "VND")] == [605]
    assert [event.amount_minor for event in read_holds(path, "BHD")] == [605_000]


def test_a_file_without_holds_is_one(tmp_path: Path) -> None:
    """That nothing is held can be said by a header alone."""
    assert read_holds(holds_file(tmp_path, HEADER), "THB") == ()


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (HOLD.replace("hold,", "freeze,"), "hold_kind_unknown"),
        (HOLD.replace("Z,", ","), "time_without_zone"),
        (HOLD.replace("H1", ""), "cell_empty"),
        (HOLD.replace("T1", ""), "cell_empty"),
        (HOLD.replace(ACCOUNT, ""), "account_form"),
        (HOLD.replace("605.72", ""), "amount_not_decimal"),
        (HOLD.replace("605.72", "0"), "amount_not_positive"),
        (HOLD.replace("605.72", "605.725"), "amount_too_fine"),
        (HOLD.replace("605.72", "1,000.00"), "cells_extra"),
        ("2026-03-01T00:02:42Z,hold,H1", "account_form"),
        ('"' + HOLD, "quote_unclosed"),
    ],
)
def test_one_bad_line_refuses_the_file(tmp_path: Path, bad: str, code: str) -> None:
    """A hold left out would let the trail run past held money, so nothing is read."""
    with pytest.raises(Refused) as caught:
        read_holds(holds_file(tmp_path, HEADER, HOLD, bad), "THB")
    assert caught.value.code == code
    assert "holds.csv, line 3: " in str(caught.value)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("time,kind,hold_id", "column_missing"),
        (HEADER.replace(",", ";"), "delimiter_wrong"),
        ("<xml/>", "file_not_csv"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path: Path, header: str, code: str) -> None:
    """All six columns are named in the header."""
    with pytest.raises(Refused) as caught:
        read_holds(holds_file(tmp_path, header, HOLD), "THB")
    assert caught.value.code == code
