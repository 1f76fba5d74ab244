"""Promises of the readers for any content: no other error, no row lost, the same back."""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.readers.messages import document, envelope, payment
from tests.ledger.readers.written import CREDIT, DEBIT, HEADER, NOW_US, ROW, csv_text, line, said

from holdfast.core.errors import Refused
from holdfast.core.instant import EPOCH, MICROSECOND, format_instant, parse_instant
from holdfast.core.money import format_minor
from holdfast.core.problem import Problem
from holdfast.ledger.readers import read_transfers
from holdfast.ledger.readers.lists import read_claims, read_openings, read_stops
from holdfast.ledger.readers.rows import COLUMNS
from holdfast.ledger.transfer import Transfer


def all_of(content: bytes) -> list[Transfer | Problem] | Refused:
    """Read a content; every refusal and problem must be sayable in one line."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        try:
            found = list(read_transfers(Path(file.name), NOW_US))
        except Refused as refused:
            said(refused)
            return refused
    for item in found:
        if isinstance(item, Problem):
            said(item)
        else:
            assert type(item) is Transfer
    return found


pieces = st.sampled_from(
    [
        *ROW,
        *ROW.values(),
        ",",
        ",",
        "\n",
        "\r\n",
        '"',
        ";",
        "\t",
        "\0",
        "\ufeff",
        "-1",
        "1e9",
        "\x85",
    ]
)
near_csv = st.lists(pieces | st.text(max_size=8), max_size=60).map("".join)


@given(near_csv | near_csv.map(lambda text: f"{HEADER}\n{text}"))
@settings(deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text makes the reader raise anything but a refusal."""
    all_of(text.encode("utf-8", "surrogatepass"))


@given(st.binary(max_size=300), st.sampled_from([b"", HEADER.encode() + b"\n", b"PAR1", b"<"]))
@settings(deadline=None)
def test_any_bytes_are_read_or_refused(content: bytes, before: bytes) -> None:
    """No bytes do either."""
    all_of(before + content)


MESSAGE = envelope([document(payment(), payment()), document(payment(kind="<PmtTpInf/>"))]).encode()


@given(st.integers(0, len(MESSAGE)), st.binary(max_size=12), st.integers(0, 40))
@settings(deadline=None)
def test_any_damage_to_a_message_is_said(place: int, put: bytes, cut: int) -> None:
    """XML with bytes put in or taken out is read or refused."""
    all_of(MESSAGE[:place] + put + MESSAGE[place + cut :])


@given(st.lists(st.sampled_from([line(ROW), "T2", '"', "x,y", "\x00", "é"]), max_size=20))
@settings(deadline=None)
def test_every_line_is_accounted_for(lines: list[str]) -> None:
    """Each line under the header is a transfer or a problem: none is lost, none twice."""
    found = all_of("\n".join([HEADER, *lines, ""]).encode())
    assert isinstance(found, list)
    assert len(found) == len(lines)
    problems = [item.row for item in found if isinstance(item, Problem)]
    assert problems == [row for row, text in enumerate(lines, start=2) if text != line(ROW)]


printable = st.characters(
    codec="utf-8", exclude_categories=["Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"]
)
names = st.text(printable, min_size=1, max_size=140)
optional_names = st.none() | names
amounts = st.integers(1, 10**18)
balances = st.none() | st.integers(-(10**18), 10**18)
transfers = st.builds(
    Transfer,
    time_us=st.integers(0, NOW_US),
    seq=st.integers(-(2**63), 2**63 - 1),
    transfer_id=names,
    debit_account=st.sampled_from([DEBIT, CREDIT]),
    credit_account=st.sampled_from([DEBIT, CREDIT]),
    amount_minor=amounts,
    currency=st.sampled_from(["THB", "VND", "BHD", "USD"]),
    debit_balance_before_minor=balances,
    credit_balance_before_minor=balances,
    executes_hold=optional_names,
    channel=optional_names,
    end_to_end_id=optional_names,
    uetr=optional_names,
)


def _cells(transfer: Transfer) -> dict[str, str]:
    """Write a transfer as the cells of the CSV form."""
    cells = {name: str(getattr(transfer, name, None) or "") for name in COLUMNS}
    cells["time"] = format_instant(transfer.time_us)
    for name in ("amount", "debit_balance_before", "credit_balance_before"):
        minor = getattr(transfer, f"{name}_minor")
        cells[name] = "" if minor is None else format_minor(minor, transfer.currency)
    return cells


@given(st.lists(transfers, min_size=1, max_size=5))
@settings(deadline=None)
def test_what_is_written_is_read_again(written: list[Transfer]) -> None:
    """A ledger written as CSV comes back as it was, field by field."""
    assert all_of(csv_text(*map(_cells, written)).encode()) == written


moments = st.builds(
    "{}{}{}".format,
    st.integers(-86_400, 13_569_465_599).map(
        lambda seconds: (EPOCH + timedelta(seconds=seconds)).isoformat()[:19]
    ),
    st.sampled_from(["", "", ".5", ".123456", ".1234567"]),
    st.sampled_from(["Z", "z", "+07:00", "-12:00", "+00:00", "+23:59"]),
)


@given(st.lists(moments, min_size=2, max_size=6))
@settings(deadline=None)
def test_a_time_means_the_same_whatever_was_read_before(texts: list[str]) -> None:
    """What is remembered of earlier times never changes a later one, nor lets a bad one pass."""
    for first in texts:
        for second in texts:
            text = first[:17] + second[17:]
            meant_us = (datetime.fromisoformat(text.upper()) - EPOCH) // MICROSECOND
            if meant_us >= 0:
                assert parse_instant(text) == meant_us
            else:
                with pytest.raises(Refused, match="before 1970"):
                    parse_instant(text)


@given(near_csv)
@settings(deadline=None, max_examples=50)
def test_any_list_is_read_or_refused(text: str) -> None:
    """Lists raise nothing but refusals either, and openings yield problems."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(text.encode("utf-8", "surrogatepass"))
        file.flush()
        for read in read_claims, read_stops, lambda path: list(read_openings(path)):
            try:
                read(Path(file.name))
            except Refused as refused:
                said(refused)


@pytest.mark.parametrize("content", [csv_text(ROW), MESSAGE.decode()])
def test_reading_twice_gives_the_same(content: str) -> None:
    """Nothing of a file is remembered from one reading to the next."""
    assert all_of(content.encode()) == all_of(content.encode())
