"""Peers of the index: other stores that are asked for the same standings by the same hashes."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from typing import Any, Protocol

import numpy as np

from holdfast.registry.index.compiled import Words

ROWS_AT_ONCE = 1 << 16
_START_TRIES = 200


class Peer(Protocol):
    """A store of standings by hashes of 16 bytes."""

    def fill(self, batches: Iterator[tuple[Words, Words]]) -> None:
        """Put all standings in, hashes and values a batch."""

    def one(self, digest: bytes) -> int:
        """Return one standing, 0 where there is none."""

    def many(self, digests: Sequence[bytes]) -> list[int]:
        """Return several standings."""

    def close(self) -> None:
        """Let go of the store."""


def digests_of(hashes: Words) -> list[bytes]:
    """Return the bytes of each hash."""
    data = hashes.tobytes()
    return [data[begin : begin + 16] for begin in range(0, len(data), 16)]


class LmdbPeer:
    """LMDB: a B+ tree in a memory-mapped file."""

    def __init__(self, folder: Path) -> None:
        import lmdb

        self._env = lmdb.open(str(folder), map_size=1 << 36, sync=False, lock=False)
        self._read: Any = None

    def fill(self, batches: Iterator[tuple[Words, Words]]) -> None:
        """Put all standings in, in order of their keys, which LMDB likes best."""
        rows = [pair for batch in batches for pair in _pairs(*batch)]
        rows.sort()
        with self._env.begin(write=True) as writing:
            writing.cursor().putmulti(rows, append=True)
        self._read = self._env.begin()

    def one(self, digest: bytes) -> int:
        """Return one standing."""
        found = self._read.get(digest)
        return int.from_bytes(found, "little") if found else 0

    def many(self, digests: Sequence[bytes]) -> list[int]:
        """Return several standings."""
        found = dict(self._read.cursor().getmulti(digests))
        return [int.from_bytes(found.get(digest, b""), "little") for digest in digests]

    def close(self) -> None:
        """Let go of the store."""
        self._read.abort()
        self._env.close()


class SqlitePeer:
    """SQLite: a table without row ids."""

    def __init__(self, folder: Path) -> None:
        self._sql = sqlite3.connect(folder / "peer.sqlite3")
        self._sql.execute("CREATE TABLE listed (k BLOB PRIMARY KEY, v INTEGER) WITHOUT ROWID")

    def fill(self, batches: Iterator[tuple[Words, Words]]) -> None:
        """Put all standings in."""
        for hashes, values in batches:
            rows = zip(digests_of(hashes), values.astype(np.int64).tolist(), strict=True)
            self._sql.executemany("INSERT INTO listed VALUES (?, ?)", sorted(rows))
        self._sql.commit()

    def one(self, digest: bytes) -> int:
        """Return one standing."""
        row = self._sql.execute("SELECT v FROM listed WHERE k = ?", (digest,)).fetchone()
        return row[0] if row else 0

    def many(self, digests: Sequence[bytes]) -> list[int]:
        """Return several standings, one after the other: SQLite has no trips to save."""
        return [self.one(digest) for digest in digests]

    def close(self) -> None:
        """Let go of the store."""
        self._sql.close()


class PostgresPeer:
    """PostgreSQL over a Unix socket, by prepared statements."""

    def __init__(self, place: str) -> None:
        import psycopg

        self._sql = psycopg.connect(place, autocommit=True, prepare_threshold=0)

    def fill(self, batches: Iterator[tuple[Words, Words]]) -> None:
        """Put all standings in by COPY, then make the key."""
        self._sql.execute("CREATE TABLE listed (k bytea NOT NULL, v bigint NOT NULL)")
        with self._sql.cursor().copy("COPY listed FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["bytea", "bigint"])
            for hashes, values in batches:
                for row in zip(digests_of(hashes), values.astype(np.int64).tolist(), strict=True):
                    copy.write_row(row)
        self._sql.execute("ALTER TABLE listed ADD PRIMARY KEY (k)")
        self._sql.execute("VACUUM ANALYZE listed")

    def one(self, digest: bytes) -> int:
        """Return one standing."""
        row = self._sql.execute(
            "SELECT v FROM listed WHERE k = %b", (digest,), binary=True
        ).fetchone()
        return row[0] if row else 0

    def many(self, digests: Sequence[bytes]) -> list[int]:
        """Return several standings in one statement."""
        rows = self._sql.execute(
            "SELECT k, v FROM listed WHERE k = ANY(%b)", (list(digests),), binary=True
        )
        found: dict[bytes, int] = dict(rows.fetchall())
        return [found.get(digest, 0) for digest in digests]

    def close(self) -> None:
        """Let go of the store."""
        self._sql.close()


class RedisPeer:
    """Redis over a Unix socket, spoken to as plainly as can be."""

    def __init__(self, place: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(place)
        self._file = self._socket.makefile("rb")

    def fill(self, batches: Iterator[tuple[Words, Words]]) -> None:
        """Put all standings in, many a message."""
        for hashes, values in batches:
            pairs = list(_pairs(hashes, values))
            for begin in range(0, len(pairs), 10_000):
                some = pairs[begin : begin + 10_000]
                self._send(b"MSET", *(part for pair in some for part in pair))
                self._file.readline()

    def one(self, digest: bytes) -> int:
        """Return one standing."""
        self._socket.sendall(b"*2\r\n$3\r\nGET\r\n$16\r\n" + digest + b"\r\n")
        return self._value()

    def many(self, digests: Sequence[bytes]) -> list[int]:
        """Return several standings in one message."""
        self._send(b"MGET", *digests)
        self._file.readline()
        return [self._value() for _ in digests]

    def close(self) -> None:
        """Let go of the store."""
        self._file.close()
        self._socket.close()

    def _send(self, *words: bytes) -> None:
        parts = [b"*%d\r\n" % len(words)]
        parts += [b"$%d\r\n%b\r\n" % (len(word), word) for word in words]
        self._socket.sendall(b"".join(parts))

    def _value(self) -> int:
        length = int(self._file.readline()[1:])
        return int.from_bytes(self._file.read(length + 2)[:length], "little") if length > 0 else 0


@contextmanager
def redis_server() -> Iterator[str]:
    """Run a Redis that keeps nothing on disk; yield its socket."""
    program = shutil.which("redis-server")
    if program is None:
        msg = "Redis is not installed; on Debian: apt install redis-server"
        raise FileNotFoundError(msg)
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as folder:
        place = f"{folder}/redis"
        command = [program, "--port", "0", "--unixsocket", place, "--save", "", "--dir", folder]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            for _ in range(_START_TRIES):
                if Path(place).exists():
                    break
                sleep(0.05)
            yield place
        finally:
            process.terminate()
            process.wait()


def _pairs(hashes: Words, values: Words) -> Iterator[tuple[bytes, bytes]]:
    data = values.tobytes()
    for row, digest in enumerate(digests_of(hashes)):
        yield digest, data[8 * row : 8 * row + 8]
