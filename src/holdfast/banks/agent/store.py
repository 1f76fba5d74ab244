"""Where an agent keeps its book: one SQLite file, durable before anything is acknowledged."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
    account TEXT PRIMARY KEY, currency TEXT NOT NULL, balance_minor INTEGER NOT NULL,
    status TEXT NOT NULL, holder_kind TEXT NOT NULL, name_matches INTEGER
) STRICT;
CREATE TABLE IF NOT EXISTS orders (
    order_id TEXT PRIMARY KEY, body BLOB NOT NULL, account TEXT NOT NULL, test INTEGER NOT NULL,
    status TEXT NOT NULL, amount_minor INTEGER NOT NULL, held_minor INTEGER NOT NULL,
    held_us INTEGER, expires_us INTEGER NOT NULL, available_minor INTEGER, others_minor INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS orders_of_account ON orders (account) WHERE held_minor > 0;
CREATE INDEX IF NOT EXISTS orders_by_end ON orders (expires_us) WHERE held_minor > 0;
CREATE TABLE IF NOT EXISTS messages (
    kind TEXT NOT NULL, message_id TEXT NOT NULL, order_id TEXT NOT NULL, body BLOB NOT NULL,
    status INTEGER NOT NULL, answer BLOB NOT NULL, PRIMARY KEY (kind, message_id)
) STRICT;
CREATE TABLE IF NOT EXISTS answers (
    number INTEGER PRIMARY KEY AUTOINCREMENT, order_id TEXT NOT NULL, body BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS answers_of_order ON answers (order_id);
CREATE TABLE IF NOT EXISTS outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT, order_id TEXT NOT NULL, body BLOB NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0, next_us INTEGER NOT NULL, sent_us INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS outbox_open ON outbox (next_us) WHERE sent_us IS NULL;
CREATE TABLE IF NOT EXISTS transfers (
    transfer_id TEXT PRIMARY KEY, time_us INTEGER NOT NULL, debit_account TEXT NOT NULL,
    row TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS transfers_of_account ON transfers (debit_account, time_us);
CREATE TABLE IF NOT EXISTS faults (name TEXT PRIMARY KEY, value REAL NOT NULL) STRICT;
"""


def connect(path: Path) -> sqlite3.Connection:
    """Open the file, made if missing; a commit has reached the disk when it returns."""
    connection = sqlite3.connect(path, timeout=10.0, isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.executescript(SCHEMA)
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Do all of it or nothing, alone among the processes that write."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
