"""LMDB and DuckDB in the place of the store's engine: the same keys, values and batches.

Each has the methods of `holdfast.ledger.store.engine.Engine`, so that the store's own code
plans the writes and reads the blocks, whichever of them is below.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, cast

import duckdb
import lmdb
import pyarrow as pa

from holdfast.ledger.store import LedgerWriter
from holdfast.ledger.store.engine import Engine

Entry = tuple[bytes, bytes]

_MAP_BYTES = 2**38
"""The most that an LMDB file may grow to; it must be named beforehand."""
_NUL = b"\0"


class TailTornError(Exception):
    """Less is there than was acknowledged."""


class EngineLedger(LedgerWriter):
    """The store's own code over any engine; `ACKNOWLEDGED` is written and flushed as ever."""

    def __init__(self, folder: Path, engine: Engine | LmdbEngine | DuckDBEngine) -> None:
        self.folder = folder
        self.engine = cast("Engine", engine)
        self.figures = self._read_figures()
        acknowledged = folder / "ACKNOWLEDGED"
        if acknowledged.exists() and int(acknowledged.read_text("ascii")) > self.figures.change:
            raise TailTornError


class LmdbEngine:
    """One LMDB environment; every write is a transaction that is flushed to the disk."""

    def __init__(self, folder: Path, *, writes: bool) -> None:
        self._env = lmdb.open(str(folder), map_size=_MAP_BYTES, readonly=not writes)
        self._reading = self._env.begin()

    def close(self) -> None:
        """Let go of the database."""
        self._reading.abort()
        self._env.close()

    def catch_up(self) -> None:
        """See what was committed by now."""
        self._reading.abort()
        self._reading = self._env.begin()

    def get(self, key: bytes) -> bytes | None:
        """Answer as `Engine.get`."""
        value: bytes | None = self._reading.get(key)
        return value

    def get_many(self, keys: list[bytes]) -> list[bytes | None]:
        """Answer as `Engine.get_many`."""
        return [self._reading.get(key) for key in keys]

    def write(self, puts: dict[bytes, bytes], deletes: list[bytes]) -> None:
        """Write as `Engine.write`: one transaction, on the disk when this returns."""
        with self._env.begin(write=True) as transaction:
            for key in deletes:
                transaction.delete(key)
            for key in sorted(puts):
                transaction.put(key, puts[key])
        self.catch_up()

    def scan_from(self, key: bytes, prefix: bytes) -> Iterator[Entry]:
        """Answer as `Engine.scan_from`."""
        cursor: Any = self._reading.cursor()
        return self._walk(cursor, prefix) if cursor.set_range(key) else iter(())

    def scan_around(self, key: bytes, prefix: bytes) -> Iterator[Entry]:
        """Answer as `Engine.scan_around`."""
        cursor: Any = self._reading.cursor()
        there = cursor.set_range(key)
        if not there or cursor.key() != key:
            there = cursor.prev() if there else cursor.last()
            if not there or not cursor.key().startswith(prefix):
                return self.scan_from(prefix, prefix)
        return self._walk(cursor, prefix)

    def told(self) -> AbstractContextManager[None]:
        """Leave errors as they are."""
        return nullcontext()

    def _walk(self, cursor: Iterable[Entry], prefix: bytes) -> Iterator[Entry]:
        for key, value in cursor:
            if not key.startswith(prefix):
                return
            yield key, value


class DuckDBEngine:
    """A table of keys and values, indexed by what the keys of one account share.

    DuckDB uses an index for one condition of equality and not for an order, so that a scan
    reads all blocks of its account and sorts them here.
    """

    def __init__(self, folder: Path, *, writes: bool) -> None:
        folder.mkdir(exist_ok=True)
        self._db = duckdb.connect(folder / "entries.duckdb", read_only=not writes)
        if writes:
            self._db.execute(
                "create table if not exists entries (part varchar, rest blob, value blob)"
            )
            self._db.execute("create index if not exists by_part on entries (part)")

    def close(self) -> None:
        """Let go of the database."""
        self._db.close()

    def catch_up(self) -> None:
        """A connection always sees what is committed."""

    def get(self, key: bytes) -> bytes | None:
        """Answer as `Engine.get`."""
        return next((value for _, value in self._of(_part(key))), None)

    def get_many(self, keys: list[bytes]) -> list[bytes | None]:
        """Answer as `Engine.get_many`."""
        if len(keys) == 1:
            return [self.get(keys[0])]
        asked = pa.table({"part": [_text(key) for key in keys]})
        self._db.register("asked", asked)
        found: list[tuple[str, bytes]] = self._db.execute(
            "select part, value from entries where part in (select part from asked)"
        ).fetchall()
        by_part = dict(found)
        return [by_part.get(_text(key)) for key in keys]

    def write(self, puts: dict[bytes, bytes], deletes: list[bytes]) -> None:
        """Write as `Engine.write`: one transaction, on the disk when this returns."""
        gone = {*deletes, *(key for key in puts if not key.startswith(b"T"))}
        self._db.register("gone", _entries(dict.fromkeys(gone, b"")))
        self._db.register("fresh", _entries(puts))
        self._db.execute("begin")
        self._db.execute(
            "delete from entries using gone "
            "where entries.part = gone.part and entries.rest = gone.rest"
        )
        self._db.execute("insert into entries select part, rest, value from fresh")
        self._db.execute("commit")

    def scan_from(self, key: bytes, prefix: bytes) -> Iterator[Entry]:
        """Answer as `Engine.scan_from`."""
        return (entry for entry in self._entries(prefix) if entry[0] >= key)

    def scan_around(self, key: bytes, prefix: bytes) -> Iterator[Entry]:
        """Answer as `Engine.scan_around`."""
        entries = self._entries(prefix)
        before = sum(entry[0] <= key for entry in entries)
        return iter(entries[max(before - 1, 0) :])

    def told(self) -> AbstractContextManager[None]:
        """Leave errors as they are."""
        return nullcontext()

    def _entries(self, prefix: bytes) -> list[Entry]:
        return sorted((prefix + rest, value) for rest, value in self._of(_part(prefix)))

    def _of(self, part: str) -> list[Entry]:
        literal = part.replace("'", "''")
        found: list[Entry] = self._db.execute(
            f"select rest, value from entries where part = '{literal}'"
        ).fetchall()
        return found


def _part(key: bytes) -> str:
    return _text(_split(key)[0])


def _split(key: bytes) -> tuple[bytes, bytes]:
    """Part a block's key behind its account and currency, a change's behind its letter."""
    if key.startswith(b"C"):
        return key[:1], key[1:]
    if not key.startswith(b"E"):
        return key, b""
    end = key.index(_NUL, key.index(_NUL) + 1) + 1
    return key[:end], key[end:]


def _text(part: bytes) -> str:
    return part.decode().replace("\0", "|")


def _entries(puts: dict[bytes, bytes]) -> pa.Table:
    split = [_split(key) for key in puts]
    return pa.table(
        {
            "part": [_text(part) for part, _ in split],
            "rest": pa.array([rest for _, rest in split], pa.binary()),
            "value": pa.array(puts.values(), pa.binary()),
        }
    )
