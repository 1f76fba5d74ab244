"""How fast transfers come in: ours, DuckDB and PostgreSQL, each in a process of its own.

Ours checks every field of every row, finds repeated ids, keeps the running balances, and has
each 50,000 rows on the disk before it reads on. The peers take the columns as they are, in one
transaction, and keep the least that a trail can be asked of: the id unique, and the transfers of
an account found in order (DuckDB: rows sorted by account; PostgreSQL: an index for each side).
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
import psycopg

from benchmarks.measure import MIB, Stopwatch, bytes_of, in_child, machine, peak_bytes, table
from benchmarks.postgresql_server import programs, server
from benchmarks.world import BENCH, CSV_COLUMNS, NOW_US, World, csv_of, make_world
from holdfast.ledger.store import LedgerStore, LedgerWriter
from holdfast.workflows.import_ledger import Listener, import_ledger


@dataclass(frozen=True, slots=True)
class Filled:
    """What filling a database took."""

    seconds: float
    transfers: int
    """How many are there, asked of the database itself."""
    bytes: int
    """On the disk."""
    peak_bytes: int


Part = Callable[[World, Path], Filled]
"""Fills an empty folder with a world."""

_SIDE_COLUMNS = "time, transfer_id, debit_account, credit_account, amount, currency"


def main(arguments: list[str]) -> None:
    """Measure and print; with --part, be the process in which one part is measured."""
    parser = argparse.ArgumentParser(prog="import_rate", description=__doc__)
    parser.add_argument("--transfers", type=int, default=1_000_000)
    parser.add_argument("--part", choices=PARTS)
    options = parser.parse_args(arguments)
    world = make_world(options.transfers)
    if options.part:
        print(json.dumps(_measure(PARTS[options.part], world)))
        return
    csv_of(world)
    print(f"{world.transfers:,} transfers\n{machine()}\n")
    print("peak memory is that of the one process that writes, shared pages included\n")
    header = "into what, from what|transfers a second|seconds|peak memory, MiB|bytes a transfer"
    rows = []
    for name in PARTS:
        if name.startswith("PostgreSQL") and programs() is None:
            continue
        found = in_child(
            "benchmarks.import_rate", ["--part", name, "--transfers", str(world.transfers)]
        )
        rate = world.transfers / found["seconds"]
        size = found["bytes"] / world.transfers
        seconds, peak = found["seconds"], found["peak_bytes"] / MIB
        rows.append((name, f"{rate:,.0f}", f"{seconds:.1f}", f"{peak:,.0f}", f"{size:.0f}"))
    table(header.split("|"), rows)


def _measure(part: Part, world: World) -> dict[str, float]:
    folder = BENCH / "import-rate"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        filled = part(world, folder)
        assert filled.transfers == world.transfers, filled
        return asdict(filled)
    finally:
        shutil.rmtree(folder)


def _ours(world: World, folder: Path, file: Path) -> Filled:
    with LedgerWriter.open(folder / "ledger") as ledger:
        import_ledger(ledger, [], [world.openings], NOW_US, Listener())
        with Stopwatch() as watch:
            report = import_ledger(ledger, [file], [], NOW_US, Listener())
        assert report.problems == 0, report
    with LedgerStore.open(folder / "ledger") as kept:
        transfers = kept.figures.transfers
    return Filled(watch.seconds, transfers, bytes_of(folder), peak_bytes())


def _ours_csv(world: World, folder: Path) -> Filled:
    return _ours(world, folder, csv_of(world))


def _ours_parquet(world: World, folder: Path) -> Filled:
    return _ours(world, folder, world.ledger)


def _duckdb(folder: Path, source: str) -> Filled:
    with duckdb.connect(folder / "peer.duckdb") as connection:
        with Stopwatch() as watch:
            connection.execute("begin")
            connection.execute(f"create table transfers as select * from {source}")
            connection.execute("alter table transfers add primary key (transfer_id)")
            connection.execute(
                f"create table sides as select debit_account as account, {_SIDE_COLUMNS} "
                f"from transfers union all select credit_account, {_SIDE_COLUMNS} "
                "from transfers order by account, time, transfer_id"
            )
            connection.execute("commit")
            connection.execute("checkpoint")
        [(transfers,)] = connection.execute("select count(*) from transfers").fetchall()
    return Filled(watch.seconds, transfers, bytes_of(folder), peak_bytes())


def _duckdb_csv(world: World, folder: Path) -> Filled:
    return _duckdb(folder, f"read_csv('{csv_of(world)}')")


def _duckdb_parquet(world: World, folder: Path) -> Filled:
    columns = "* exclude (amount_minor), amount_minor as amount"
    return _duckdb(folder, f"(select {columns} from read_parquet('{world.ledger}'))")


def _postgresql_csv(world: World, folder: Path) -> Filled:
    kinds = {"time": "timestamptz", "amount": "numeric"}
    kinds |= dict.fromkeys(("debit_balance_before", "credit_balance_before"), "numeric")
    columns = ", ".join(f"{name} {kinds.get(name, 'text')}" for name in CSV_COLUMNS)
    with server(folder / "data") as address, psycopg.connect(address) as connection:
        with Stopwatch() as watch:
            connection.execute(f"create table transfers ({columns})")
            with (
                csv_of(world).open("rb") as file,
                connection.cursor().copy("copy transfers from stdin (format csv, header)") as copy,
            ):
                while data := file.read(MIB):
                    copy.write(data)
            connection.execute("alter table transfers add primary key (transfer_id)")
            for side in ("debit_account", "credit_account"):
                connection.execute(f"create index on transfers ({side}, time, transfer_id)")
            connection.commit()
            connection.autocommit = True
            connection.execute("checkpoint")
        asked = "select count(*), pg_total_relation_size('transfers') from transfers"
        [(transfers, size)] = connection.execute(asked).fetchall()
        return Filled(watch.seconds, transfers, size, peak_bytes(connection.info.backend_pid))


PARTS: dict[str, Part] = {
    "Holdfast, CSV": _ours_csv,
    "Holdfast, Parquet": _ours_parquet,
    "DuckDB, CSV": _duckdb_csv,
    "DuckDB, Parquet": _duckdb_parquet,
    "PostgreSQL, CSV": _postgresql_csv,
}


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
