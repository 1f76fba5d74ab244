"""What was written before bears witness to the clock by which a process begins."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection, transaction

from holdfast.core.errors import CentreError
from holdfast.core.instant import DAY_US, HOUR_US, SECOND_US, parse_instant
from holdfast.ledger.store import LedgerWriter
from holdfast.records import audit
from holdfast.records.models import AuditEntry
from holdfast.records.seal import seal
from holdfast.records.signing_key import create_key
from holdfast.server import witnesses
from holdfast.server.clock import Heartbeat, write_heartbeat
from holdfast.server.home import Home
from holdfast.server.witnesses import check_clock, database_us, written

NOW_US = parse_instant("2026-11-20T05:00:00Z")
FILES = ("heads.jsonl", "ledger/ACKNOWLEDGED", "centre.sqlite3", "centre.sqlite3-wal")

pytestmark = pytest.mark.django_db


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Return a home where all was written an hour ago, and no worker ever was at work."""
    # The database's clock is the real one; these stories have their own day.
    monkeypatch.setattr(witnesses, "database_us", lambda: None)
    LedgerWriter.open(tmp_path / "ledger").close()
    for name in FILES:
        (tmp_path / name).touch()
        _write(tmp_path / name, NOW_US - HOUR_US)
    return Home(
        folder=tmp_path,
        country="TH",
        name="TH.AOC",
        database=f"sqlite:///{tmp_path / 'centre.sqlite3'}",
        ledger=tmp_path / "ledger",
        heads=tmp_path / "heads.jsonl",
        hosts=(),
    )


def _write(path: Path, at_us: int) -> None:
    os.utime(path, ns=(at_us * 1000, at_us * 1000))


def _record(at_us: int) -> None:
    with transaction.atomic():
        audit.record(at_us=at_us, actor="centre", verb="test", subject="case:1")


def _code(home: Home, *, is_right: bool = False) -> str:
    try:
        check_clock(home, NOW_US, is_right=is_right)
    except CentreError as error:
        return error.code
    return ""


def test_all_is_well(home: Home) -> None:
    """Each kind of witness is heard, and nothing is recorded where nothing is against the clock."""
    _record(NOW_US - 1)
    write_heartbeat(home.folder, Heartbeat(NOW_US - 1, 1, 0))
    assert {witness.name for witness in written(home)} == {
        "heartbeat.json",
        "audit",
        *(Path(name).name for name in FILES),
    }
    assert _code(home, is_right=True) == ""
    assert AuditEntry.objects.count() == 1


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_was_written_later(home: Home, name: str) -> None:
    """The heads, the ledger and the embedded database are written all the time."""
    _write(home.folder / name, NOW_US + HOUR_US)
    assert _code(home) == "clock_went_back"


def test_an_audit_entry_that_was_written_later(home: Home) -> None:
    """The last one counts: one that a wrong clock dated ahead is no witness for ever."""
    _record(NOW_US + DAY_US)
    assert _code(home) == "clock_went_back"
    _record(NOW_US)
    assert _code(home) == ""


def test_a_sign_of_life_that_was_given_later(home: Home) -> None:
    """A worker was at work by another clock."""
    write_heartbeat(home.folder, Heartbeat(NOW_US + HOUR_US, 1, 0))
    assert _code(home) == "clock_went_back"


def test_a_day_without_a_worker(home: Home) -> None:
    """Neither an entry nor a file that others wrote meanwhile says that the clock is right."""
    write_heartbeat(home.folder, Heartbeat(NOW_US - DAY_US, 1, 0))
    _record(NOW_US)
    assert _code(home) == "clock_far_ahead"


def test_a_day_without_a_seal(home: Home) -> None:
    """Where the home of a server has no worker, the heads in the database tell of one."""
    key = create_key(home.keys, "th-1")
    _record(NOW_US - DAY_US)
    seal(now_us=NOW_US - DAY_US, key=key, heads=home.heads)
    _write(home.heads, NOW_US - DAY_US)
    assert _code(home) == "clock_far_ahead"
    _record(NOW_US - HOUR_US)
    seal(now_us=NOW_US - HOUR_US, key=key, heads=home.heads)
    _write(home.heads, NOW_US - HOUR_US)
    assert _code(home) == ""


def test_a_worker_for_which_the_clock_has_jumped(home: Home) -> None:
    """As long as it is at work; once it has ended, its clock has ended with it."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        write_heartbeat(home.folder, Heartbeat(NOW_US - HOUR_US, process.pid, HOUR_US))
        assert _code(home) == "clock_jumped"
        process.communicate(b"\n")
    assert _code(home) == ""
    write_heartbeat(home.folder, Heartbeat(NOW_US, os.getpid(), 0))
    assert _code(home) == ""


@pytest.mark.parametrize("apart_us", [-HOUR_US, HOUR_US])
def test_a_database_that_says_another_time(
    home: Home, monkeypatch: pytest.MonkeyPatch, apart_us: int
) -> None:
    """Its machine is a witness too."""
    monkeypatch.setattr(witnesses, "database_us", lambda: NOW_US + apart_us)
    assert _code(home) == "clock_apart"


def test_a_person_who_has_looked_is_believed(home: Home) -> None:
    """It is recorded against what, and with that the next start needs nobody."""
    _record(NOW_US + DAY_US)
    assert _code(home, is_right=True) == ""
    entry = AuditEntry.objects.order_by("-id")[0]
    assert (entry.verb, entry.detail) == ("say_clock_is_right", {"against": "clock_went_back"})
    assert _code(home) == ""


def test_the_databases_own_clock() -> None:
    """It is this machine's where the database is embedded; else it is asked."""
    found = database_us()
    if connection.vendor == "sqlite":
        assert found is None
    else:
        assert found is not None
        assert abs(found - database_us()) < 60 * SECOND_US  # type: ignore[operator]
