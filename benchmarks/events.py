"""What the peers are given: every transfer twice, under each of its accounts, with balances.

The peers are helped where it is fair to: accounts are small numbers, rows are whole and lie in
the order in which they are asked for, and the running balance stands beside each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.world import BENCH, SOURCE, World, kept, mark_of
from holdfast.core.problem import Problem
from holdfast.ledger.balance import Balance, balance_after
from holdfast.ledger.readers.lists import Opening, read_openings
from holdfast.ledger.readers.notes import ReadNotes
from holdfast.ledger.transfer import Transfer

TRANSFER_COLUMNS = Transfer._fields
"""In the order of `Transfer`, so that a row becomes one as it is."""
EVENT_COLUMNS = ("account", *TRANSFER_COLUMNS, "reported_minor", "bare_minor")

_ROWS_AT_ONCE = 100_000
_SCHEMA = pa.schema(
    [
        ("time_us", pa.int64()),
        ("seq", pa.int64()),
        ("transfer_id", pa.string()),
        ("debit_account", pa.string()),
        ("credit_account", pa.string()),
        ("amount_minor", pa.int64()),
        ("currency", pa.string()),
        ("debit_balance_before_minor", pa.int64()),
        ("credit_balance_before_minor", pa.int64()),
        ("executes_hold", pa.string()),
        ("channel", pa.string()),
        ("end_to_end_id", pa.string()),
        ("uetr", pa.string()),
        ("debit_number", pa.int32()),
        ("credit_number", pa.int32()),
        ("debit_reported_minor", pa.int64()),
        ("debit_bare_minor", pa.int64()),
        ("credit_reported_minor", pa.int64()),
        ("credit_bare_minor", pa.int64()),
    ]
)


@dataclass(frozen=True, slots=True)
class Events:
    """Where the peers' input stands."""

    folder: Path
    mark: str
    rows: Path
    """Parquet of `EVENT_COLUMNS`, sorted by account, then in the ledger's order."""
    accounts: Path
    """Parquet: account, and its name."""

    def numbers(self) -> dict[str, int]:
        """Return the number of each account."""
        table = pq.read_table(self.accounts)
        names, numbers = table["name"].to_pylist(), table["account"].to_pylist()
        return dict(zip(names, numbers, strict=True))


def events_of(world: World) -> Events:
    """Return the peers' input for a world, making it first where that is needed."""
    folder = BENCH / f"events-{world.transfers}"
    mark = mark_of([Path(__file__), SOURCE / "ledger" / "balance.py"], world.mark)

    def make(draft: Path) -> None:
        _write_sides(world, draft / "sides.parquet", draft / "accounts.parquet")
        _sort(draft)

    kept(folder, mark, make)
    return Events(folder, mark, folder / "events.parquet", folder / "accounts.parquet")


def _write_sides(world: World, path: Path, accounts: Path) -> None:
    balances = _openings(world)
    numbers: dict[str, int] = {}
    rows = (
        (
            *transfer,
            numbers.setdefault(transfer.debit_account, len(numbers)),
            numbers.setdefault(transfer.credit_account, len(numbers)),
            *_posted(balances, transfer.debit_account, transfer),
            *_posted(balances, transfer.credit_account, transfer),
        )
        for transfer in world.read()
        if not transfer.to_itself
    )
    with pq.ParquetWriter(path, _SCHEMA) as writer:
        while batch := list(islice(rows, _ROWS_AT_ONCE)):
            columns = [
                pa.array(column, field.type)
                for column, field in zip(zip(*batch, strict=True), _SCHEMA, strict=True)
            ]
            writer.write_table(pa.table(columns, schema=_SCHEMA))
    pq.write_table(
        pa.table({"account": pa.array(numbers.values(), pa.int32()), "name": list(numbers)}),
        accounts,
    )


def _posted(balances: dict[str, Balance], account: str, transfer: Transfer) -> Balance:
    """Return the account's balance before a transfer, and keep the one after it."""
    before = balances.get(account) or Balance.opening(None)
    balances[account] = balance_after(before, (transfer,), account)
    return before


def _openings(world: World) -> dict[str, Balance]:
    return {opening.account: Balance.opening(opening.balance_minor) for opening in _good(world)}


def _good(world: World) -> Iterator[Opening]:
    for opening in read_openings(world.openings, ReadNotes()):
        assert not isinstance(opening, Problem), opening
        yield opening


def _sort(folder: Path) -> None:
    columns = ", ".join(TRANSFER_COLUMNS)
    sides = " union all ".join(
        f"select {side}_number as account, {columns}, {side}_reported_minor as reported_minor, "
        f"{side}_bare_minor as bare_minor from '{folder / 'sides.parquet'}'"
        for side in ("debit", "credit")
    )
    with duckdb.connect() as connection:
        connection.execute("set memory_limit = '4GB'")
        connection.execute(f"set temp_directory = '{folder / 'sorting'}'")
        connection.execute(
            f"copy (select * from ({sides}) order by account, time_us, seq, transfer_id) "
            f"to '{folder / 'events.parquet'}' (format parquet)"
        )
    (folder / "sides.parquet").unlink()
