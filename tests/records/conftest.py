"""Databases for these tests, on both engines, also for many threads at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from django.db.backends.base.operations import BaseDatabaseOperations
from tests.records.guards_off import guards_off
from tests.records.sealing import Sealing

from holdfast.core.keys import SigningKey
from holdfast.records.signing_key import create_key


@pytest.fixture(scope="session", autouse=True)
def _empty_past_the_guards() -> Iterator[None]:
    """Let Django empty the tables after a test that commits, guarded ones too."""
    flush = BaseDatabaseOperations.execute_sql_flush

    def unguarded(self: Any, sql_list: list[str]) -> None:
        with guards_off(self.connection):
            flush(self, sql_list)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseOperations, "execute_sql_flush", unguarded)
        yield


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    """Return a signing key."""
    return create_key(tmp_path_factory.mktemp("keys"), "th-1")


@pytest.fixture
def heads(tmp_path: Path) -> Path:
    """Return where the heads are kept outside the database."""
    return tmp_path / "heads.jsonl"


@pytest.fixture
def many(transactional_db: None, tmp_path: Path) -> Iterator[None]:
    """Let many threads work on one database; the embedded one is a file then, as in a centre."""
    if connection.vendor != "sqlite":
        yield
        return
    memory, settings = connections["default"], connections.settings["default"]
    memory.settings_dict, name = dict(settings), settings["NAME"]
    file = tmp_path / "many.sqlite3"
    memory.ensure_connection()
    with closing(sqlite3.connect(file)) as copy:
        memory.connection.backup(copy)
        copy.execute("PRAGMA journal_mode=WAL")  # what `init` has done before many come
    settings["NAME"] = str(file)
    del connections["default"]
    yield
    connections["default"].close()
    settings["NAME"] = name
    connections["default"] = memory


@pytest.fixture
def sealing(heads: Path, key: SigningKey) -> Sealing:
    """Return an audit that can be sealed and verified."""
    return Sealing.of(heads, key)
