"""PostgreSQL as a peer: rows stored in the order they are asked for, B-trees, prepared queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import psycopg
import pyarrow.parquet as pq

from benchmarks.events import EVENT_COLUMNS, TRANSFER_COLUMNS, Events
from benchmarks.peers import PeerLedger, Row
from benchmarks.postgresql_server import server
from benchmarks.world import BENCH, World, kept, mark_of
from holdfast.ledger.transfer import Place

_TYPES = {
    "account": "int4",
    "time_us": "int8",
    "seq": "int8",
    "amount_minor": "int8",
    "debit_balance_before_minor": "int8",
    "credit_balance_before_minor": "int8",
    "reported_minor": "int8",
    "bare_minor": "int8",
}
_ROW = ", ".join(EVENT_COLUMNS[1:])
_ORDER = "time_us, seq, transfer_id"
_FIND = f"select {', '.join(TRANSFER_COLUMNS)} from events where transfer_id = any(%s)"
_PAGE = (
    f"select {_ROW} from events where account = %s and ({_ORDER}) >= (%s, %s, %s) "
    f"and time_us <= %s and currency = %s order by {_ORDER} limit %s"
)
_ROUND = (
    f"select asked.account, found.* from unnest(%s::int4[], %s::int8[], %s::int8[], %s::text[]) "
    f"as asked (account, since_us, since_seq, since_id) cross join lateral ("
    f"select {_ROW} from events where account = asked.account "
    f"and ({_ORDER}) >= (since_us, since_seq, since_id) "
    f"and time_us <= %s and currency = %s order by {_ORDER}) as found"
)


def postgresql_of(world: World, events: Events) -> Path:
    """Return the data folder of a server that holds the world, making it where needed."""
    folder = BENCH / f"postgresql-{world.transfers}"
    mark = mark_of([Path(__file__)], events.mark)

    def make(draft: Path) -> None:
        with server(draft / "data") as address, psycopg.connect(address) as connection:
            load(connection, events.rows)
        with (
            server(draft / "data") as address,
            psycopg.connect(address, autocommit=True) as connection,
        ):
            connection.execute("vacuum (freeze, analyze) events")

    kept(folder, mark, make)
    return folder / "data"


def load(connection: psycopg.Connection[Row], rows: Path) -> None:
    """Copy a Parquet of event rows into a new table, in its order, and index it."""
    columns = ", ".join(
        f"{name} {_TYPES.get(name, 'text')}" + (' collate "C"' if name == "transfer_id" else "")
        for name in EVENT_COLUMNS
    )
    connection.execute(f"create table events ({columns})")
    copy_in = f"copy events ({', '.join(EVENT_COLUMNS)}) from stdin (format binary)"
    with connection.cursor().copy(copy_in) as copy:
        copy.set_types([_TYPES.get(name, "text") for name in EVENT_COLUMNS])
        for batch in pq.ParquetFile(rows).iter_batches(columns=list(EVENT_COLUMNS)):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                copy.write_row(row)
    connection.execute(f"create index by_account on events (account, {_ORDER})")
    connection.execute("create index by_id on events (transfer_id)")


class PostgreSQLLedger(PeerLedger):
    """The two questions asked of PostgreSQL."""

    def __init__(self, address: str, numbers: Mapping[str, int]) -> None:
        super().__init__(numbers)
        self._connection = psycopg.connect(address, autocommit=True, prepare_threshold=0)
        self._cursor = self._connection.cursor(binary=True)

    def close(self) -> None:
        """Let go of the connection; the server goes on."""
        self._connection.close()

    def _rows_of(self, transfer_ids: list[str]) -> Iterable[Row]:
        found: list[Row] = self._cursor.execute(_FIND, (transfer_ids,)).fetchall()
        return found

    def _page(
        self, account: int, currency: str, place: Place, until_us: int, rows: int
    ) -> Sequence[Row]:
        values = (account, *place, until_us, currency, rows)
        found: list[Row] = self._cursor.execute(_PAGE, values).fetchall()
        return found

    def _round(self, places: Mapping[int, Place], currency: str, until_us: int) -> Iterable[Row]:
        times, seqs, ids = (list(column) for column in zip(*places.values(), strict=True))
        values = (list(places), times, seqs, ids, until_us, currency)
        found: list[Row] = self._cursor.execute(_ROUND, values).fetchall()
        return found
