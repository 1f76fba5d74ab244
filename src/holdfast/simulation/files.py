"""Writing a country down: its ledger as Parquet, what else is known of it as CSV."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdfast.core.instant import format_instant
from holdfast.core.money import format_minor
from holdfast.simulation.country import Country, id_digits, id_head
from holdfast.simulation.month import Batch
from holdfast.simulation.payments import CHANNELS

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from holdfast.simulation.chance import Ints


@dataclass(frozen=True, slots=True)
class CountryFiles:
    """Where a country was written, and how many transfers its ledger has."""

    ledger: Path
    """Parquet: times in microseconds since 1970 UTC, amounts and balances in minor units."""
    openings: Path
    """CSV: account, currency, balance in major units."""
    stops: Path
    """CSV: account, kind."""
    claims: Path
    """CSV: transfer_id, scam, shape, time, amount in major units."""
    transfers: int


def write_country(
    country: Country, folder: Path, progress: Callable[[int], None] | None = None
) -> CountryFiles:
    """Write a country into `folder`, which is made if need be; files of before are replaced.

    `progress` is called after each day with the number of transfers written so far.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = CountryFiles(
        ledger=folder / "ledger.parquet",
        openings=folder / "openings.csv",
        stops=folder / "stops.csv",
        claims=folder / "claims.csv",
        transfers=country.size.transfers,
    )
    _write_ledger(country, files.ledger, progress)
    currency = country.currency
    _write_csv(
        files.openings,
        ("account", "currency", "balance"),
        (
            (account, currency, format_minor(balance_minor, currency))
            for account, balance_minor in country.openings.items()
        ),
    )
    _write_csv(files.stops, ("account", "kind"), country.stops.items())
    _write_csv(
        files.claims,
        ("transfer_id", "scam", "shape", "time", "amount"),
        (
            (
                claim.transfer_id,
                claim.scam,
                claim.shape,
                format_instant(claim.time_us),
                format_minor(claim.amount_minor, currency),
            )
            for claim in country.claims
        ),
    )
    return files


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _write_ledger(country: Country, path: Path, progress: Callable[[int], None] | None) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = pa.array(country.accounts, pa.string())
    channels = pa.array([channel.value for channel in CHANNELS], pa.string())
    writer = None
    try:
        for batch in country.batches():
            table = _table(country, batch, names, channels)
            writer = writer or pq.ParquetWriter(path, table.schema)
            writer.write_table(table)
            if progress is not None:
                progress(batch.first + len(batch))
    finally:
        if writer is not None:
            writer.close()


def _table(country: Country, batch: Batch, names: Any, channels: Any) -> Any:
    """Return a day as an Arrow table, in the columns that the ledger's readers know."""
    import pyarrow as pa

    return pa.table(
        {
            "transfer_id": _ids(country, batch),
            "time": pa.array(batch.times_us),
            "debit_account": names.take(pa.array(batch.debits)),
            "credit_account": names.take(pa.array(batch.credits)),
            "amount_minor": pa.array(batch.amounts_minor),
            "currency": pa.repeat(pa.scalar(country.currency), len(batch)),
            "debit_balance_before_minor": _reported(batch.debit_before_minor, batch.debit_reported),
            "credit_balance_before_minor": _reported(
                batch.credit_before_minor, batch.credit_reported
            ),
            "channel": channels.take(pa.array(batch.channels)),
        }
    )


def _ids(country: Country, batch: Batch) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers = pa.array(range(batch.first + 1, batch.first + len(batch) + 1), pa.int64())
    digits = pc.utf8_lpad(pc.cast(numbers, pa.string()), id_digits(country.size), padding="0")
    return pc.binary_join_element_wise(id_head(country.seed), digits, "")


def _reported(before_minor: Ints, reported: npt.NDArray[np.bool_]) -> Any:
    import pyarrow as pa

    return pa.array(before_minor, mask=~reported)
