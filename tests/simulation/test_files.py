"""Tests of writing a country down."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from holdfast.core.instant import parse_instant
from holdfast.core.money import parse_minor
from holdfast.simulation.country import Country, CountrySize, make_country
from holdfast.simulation.files import CountryFiles, write_country

SIZE = CountrySize(customers=50, merchants=10, transfers=500, scams=4)


@pytest.fixture
def country() -> Country:
    """Return a very small country."""
    return make_country(5, SIZE)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _bytes(files: CountryFiles) -> list[bytes]:
    return [path.read_bytes() for path in (files.ledger, files.openings, files.stops, files.claims)]


def test_the_ledger_file_has_the_countrys_transfers(country: Country, tmp_path: Path) -> None:
    """Row for row and column for column."""
    files = write_country(country, tmp_path / "new" / "folder")
    rows = pq.read_table(files.ledger).to_pylist()
    assert files.transfers == len(rows) == SIZE.transfers
    for row, transfer in zip(rows, country.transfers(), strict=True):
        assert row == {
            "transfer_id": transfer.transfer_id,
            "time": transfer.time_us,
            "debit_account": transfer.debit_account,
            "credit_account": transfer.credit_account,
            "amount_minor": transfer.amount_minor,
            "currency": "THB",
            "debit_balance_before_minor": transfer.debit_balance_before_minor,
            "credit_balance_before_minor": transfer.credit_balance_before_minor,
            "channel": transfer.channel,
        }


def test_openings_stops_and_claims_are_written_as_they_are(
    country: Country, tmp_path: Path
) -> None:
    """Amounts in major units, times with a zone."""
    files = write_country(country, tmp_path)
    openings = {row["account"]: row for row in _rows(files.openings)}
    assert {row["currency"] for row in openings.values()} == {"THB"}
    assert {key: parse_minor(row["balance"], "THB") for key, row in openings.items()} == dict(
        country.openings
    )
    assert {row["account"]: row["kind"] for row in _rows(files.stops)} == dict(country.stops)
    assert [
        (
            row["transfer_id"],
            row["scam"],
            row["shape"],
            parse_instant(row["time"]),
            parse_minor(row["amount"], "THB"),
        )
        for row in _rows(files.claims)
    ] == [
        (claim.transfer_id, claim.scam, claim.shape, claim.time_us, claim.amount_minor)
        for claim in country.claims
    ]


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    """Of every file."""
    first = _bytes(write_country(make_country(5, SIZE), tmp_path / "first"))
    assert _bytes(write_country(make_country(5, SIZE), tmp_path / "second")) == first
    other = _bytes(write_country(make_country(6, SIZE), tmp_path / "other"))
    assert all(a != b for a, b in zip(first, other, strict=True))


def test_progress_is_told_after_each_day(country: Country, tmp_path: Path) -> None:
    """As the number of transfers written so far, up to all of them."""
    told: list[int] = []
    write_country(country, tmp_path, told.append)
    assert len(told) == SIZE.days
    assert told == sorted(told)
    assert told[-1] == SIZE.transfers
