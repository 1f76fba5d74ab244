"""DuckDB as a peer, in two layouts: rows sorted by account, and the same with an index besides.

Sorted rows let a scan skip all row groups but the account's own (numbers, not names, because
DuckDB keeps only the first bytes of a text's bounds). The index is used by DuckDB only where the
account is the one condition and is written out, so that layout reads an account whole.
One thread: the queries are too small to be shared, and two threads measured slower.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb

from benchmarks.events import EVENT_COLUMNS, TRANSFER_COLUMNS, Events
from benchmarks.peers import PeerLedger, Row
from benchmarks.world import BENCH, World, kept, mark_of
from holdfast.ledger.transfer import Place

_ROW = ", ".join(EVENT_COLUMNS[1:])
_ORDER = "time_us, seq, transfer_id"
_PAGE = (
    f"prepare page as select {_ROW} from events where account = $1 and currency = $2 "
    f"and time_us >= $3 and time_us <= $6 and ({_ORDER}) >= ($3, $4, $5) order by {_ORDER} limit $7"
)


def duckdb_of(world: World, events: Events, *, indexed: bool) -> Path:
    """Return a DuckDB database of the world, making it first where that is needed."""
    folder = BENCH / f"duckdb-{'indexed' if indexed else 'sorted'}-{world.transfers}"
    mark = mark_of([Path(__file__)], events.mark)

    def make(draft: Path) -> None:
        with duckdb.connect(draft / "peer.duckdb") as connection:
            connection.execute("set memory_limit = '6GB'")
            connection.execute(f"create table events as select * from '{events.rows}'")
            connection.execute("create table transfers (id varchar primary key, account integer)")
            connection.execute(
                "insert into transfers select transfer_id, min(account) from events group by 1"
            )
            if indexed:
                connection.execute("create index by_account on events (account)")

    kept(folder, mark, make)
    return folder / "peer.duckdb"


class DuckDBLedger(PeerLedger):
    """The two questions asked of DuckDB."""

    def __init__(self, path: Path, numbers: Mapping[str, int], *, indexed: bool) -> None:
        super().__init__(numbers)
        self._indexed = indexed
        self._db = duckdb.connect(path, read_only=True)
        self._db.execute("set threads = 1")
        self._db.execute(_PAGE)
        self._db.execute("prepare find as select account from transfers where id = $1")

    def close(self) -> None:
        """Let go of the database."""
        self._db.close()

    def _rows_of(self, transfer_ids: list[str]) -> Iterable[Row]:
        columns = ", ".join(TRANSFER_COLUMNS)
        for transfer_id in transfer_ids:
            found = self._db.execute(f"execute find({_text(transfer_id)})").fetchone()
            if found is not None:
                yield from self._db.execute(
                    f"select {columns} from events where account = {found[0]} "
                    f"and transfer_id = {_text(transfer_id)}"
                ).fetchall()

    def _page(
        self, account: int, currency: str, place: Place, until_us: int, rows: int
    ) -> Sequence[Row]:
        if self._indexed:
            whole = self._db.execute(f"select {_ROW} from events where account = {account}")
            return _sorted_from(whole.fetchall(), currency, place, until_us)
        time_us, seq, transfer_id = place
        found: list[Row] = self._db.execute(
            f"execute page({account}, {_text(currency)}, {time_us}, {seq}, "
            f"{_text(transfer_id)}, {until_us}, {rows})"
        ).fetchall()
        return found

    def _round(self, places: Mapping[int, Place], currency: str, until_us: int) -> Iterable[Row]:
        accounts = ", ".join(map(str, places))
        earliest_us = min(place[0] for place in places.values())
        found = self._db.execute(
            f"select account, {_ROW} from events where account in ({accounts}) "
            f"and time_us >= {earliest_us} and time_us <= {until_us} order by account, {_ORDER}"
        )
        for row in found.fetchall():
            if row[1:4] >= places[row[0]] and row[7] == currency:
                yield row


def _sorted_from(rows: list[Row], currency: str, place: Place, until_us: int) -> list[Row]:
    return sorted(
        row for row in rows if row[:3] >= place and row[0] <= until_us and row[6] == currency
    )


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
