"""From a listing's approval until every replica answers with it, and how long a new copy takes.

A whole centre runs here: `holdfast init`, `holdfast serve` and `holdfast worker` on SQLite, and so
many `holdfast replica` beside it, each a process with a folder of its own, all on loopback. Each
listing needs a second person; the wait begins before that person's word is given to the centre and
ends when a replica's index, read by this process as a payment engine would read it, lists the
subject. Retractions are measured in the same way.

Then the feed is filled up to so many subjects, and a new institution's replica begins with nothing:
once the snapshot is made on the way, once it is given again to another copy.
"""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Stopwatch, machine, milliseconds, percentile, table
from benchmarks.orders_centre import free_port, wait_for

if TYPE_CHECKING:
    from holdfast.registry.index.file import Index

_HOLDFAST = Path(sys.executable).with_name("holdfast")
_WAIT_S_MAX = 60.0
_LOOK_S = 0.002
_ROWS_AT_ONCE = 50_000
_BAR_LISTING_S, _BAR_SNAPSHOT_S = 2, 60


@dataclass(frozen=True, slots=True)
class Copy:
    """A replica's folder and the index in it."""

    folder: Path
    institution_id: str
    key_file: Path


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="registry_replicas", description=__doc__)
    parser.add_argument("--replicas", type=int, default=20)
    parser.add_argument("--listings", type=int, default=50, help="approved, and as many removed")
    parser.add_argument("--subjects", type=int, default=10_000_000, help="in the snapshot")
    options = parser.parse_args(arguments)
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory(prefix="holdfast-replicas-") as text:
        folder = Path(text)
        home, port = folder / "centre", free_port()
        _run("init", str(home))
        os.environ["HOLDFAST_HOME"] = str(home)
        from holdfast.cli.shell import enter_centre

        enter_centre()
        with _centre(port, "serve", "worker"):
            copies = [_copy(folder, f"TH.BENCH.{n:03}") for n in range(options.replicas)]
            with _following(copies, home, port):
                _measure_listings(copies, options.listings)
        # Nobody but the replica asks now, and what a worker does with new entries is done before.
        with _centre(port, "serve"):
            _measure_snapshot(folder, home, port, options.subjects)


def _measure_listings(copies: Sequence[Copy], count: int) -> None:
    from holdfast.registry.index.file import Index
    from holdfast.registry.index.place import index_file, read_key

    indexes = [Index.open(index_file(copy.folder), read_key(copy.folder)) for copy in copies]
    listed: list[float] = []
    gone: list[float] = []
    for number in range(count):
        wire, approve, withdraw = _proposal(number)
        listed += _waits(indexes, wire, approve, is_listed=True)
        gone += _waits(indexes, wire, withdraw, is_listed=False)
    rows = [
        (name, len(waits), *(milliseconds(percentile(waits, share)) for share in (0.5, 0.99, 1)))
        for name, waits in (("listed", listed), ("removed", gone))
    ]
    print(f"\n{len(indexes)} replicas; the bar is p99 ≤ {_BAR_LISTING_S} s, times in ms\n")
    table(("until a replica answers", "waits", "p50", "p99", "most"), rows)


def _waits(
    indexes: Sequence[Index], wire: bytes, act: Callable[[], object], *, is_listed: bool
) -> list[float]:
    """Do something at the centre, and return after how many seconds each replica tells of it."""
    begin = time.perf_counter()
    act()
    waiting, waits = list(indexes), []
    while waiting:
        for index in list(waiting):
            if (index.find(wire) is not None) == is_listed:
                waits.append(time.perf_counter() - begin)
                waiting.remove(index)
        if time.perf_counter() - begin > _WAIT_S_MAX:
            msg = f"{len(waiting)} replicas have not heard of it after {_WAIT_S_MAX} s"
            raise RuntimeError(msg)
        time.sleep(_LOOK_S)
    return waits


def _proposal(number: int) -> tuple[bytes, Callable[[], object], Callable[[], object]]:
    """Propose a listing; return the subject's wire form, the approval and the withdrawal."""
    from holdfast.law.tier import Event, Grade
    from holdfast.people.actor import Actor
    from holdfast.people.role import Scope
    from holdfast.registry.ground import Ground
    from holdfast.registry.subject import parse_subject
    from holdfast.server.runtime import centre
    from holdfast.workflows.approve_listing import approve_listing
    from holdfast.workflows.list_subject import ToList, list_subject
    from holdfast.workflows.withdraw_listing import withdraw_listing

    here = centre()
    one, other = (
        Actor(f"staff:{n}", here.name, frozenset(Scope), is_centre=True, person=f"staff:{n}")
        for n in (1, 2)
    )
    subject = parse_subject("phone", f"+6681{number:07}", "TH")
    ground = Ground(Event.OFFICIAL_LIST, Grade.OFFICIAL, reference=f"list {number}")
    row = list_subject(here, ToList(subject, ground), one)
    listing_id = row.listing_id
    return (
        subject.wire,
        lambda: approve_listing(here, listing_id, other, approve=True, reason="measured"),
        lambda: withdraw_listing(here, listing_id, one, "measured"),
    )


def _measure_snapshot(folder: Path, home: Path, port: int, subjects: int) -> None:
    from holdfast.registry.index.file import Index
    from holdfast.registry.index.place import index_file, read_key
    from holdfast.server.runtime import centre
    from holdfast.workflows.read_feed import newest, place_at

    with Stopwatch() as filling:
        _fill(subjects)
    with Stopwatch() as chaining:
        place_at(centre(), newest())
    print(f"\n{subjects:,} subjects written in {filling.seconds:.0f} s, ", end="")
    print(f"the chain followed in {chaining.seconds:.0f} s (a worker does that as it grows)\n")
    rows = []
    for name in ("snapshot made on the way", "given again to another copy"):
        copy = _copy(folder, "TH.BENCH.NEW", name[:5])
        with Stopwatch() as watch:
            _run(*_replica_words(copy, home, port), "--once")
        index = Index.open(index_file(copy.folder), read_key(copy.folder))
        right = [
            index.find(_wire(n)) is not None for n in range(0, subjects, subjects // 1000 or 1)
        ]
        if not all(right) or index.find(_wire(subjects)) is not None:
            raise RuntimeError("the replica does not answer as the centre would")
        rows.append((name, f"{watch.seconds:.1f}", _BAR_SNAPSHOT_S))
    table((f"{subjects:,} subjects to a new replica", "s", "bar"), rows)


def _fill(subjects: int) -> None:
    """Write entries of the feed as the registry does, in SQL for its speed."""
    from django.db import connection, transaction

    from holdfast.core.instant import DAY_US
    from holdfast.server.runtime import CLOCK
    from holdfast.workflows.read_feed import newest

    now_us, start = CLOCK(), newest()
    sql = (
        "INSERT INTO registry_feedentry (number, at_us, op, subject_kind, subject_key, tier, "
        "disputed, until_us, listing_id) VALUES (%s, %s, 'set', 'account', %s, 50, %s, %s, 'x')"
    )
    for begin in range(0, subjects, _ROWS_AT_ONCE):
        some = range(begin, min(subjects, begin + _ROWS_AT_ONCE))
        until_us = now_us + 90 * DAY_US
        rows = [(start + n + 1, now_us, _account(n), False, until_us) for n in some]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(sql, rows)


def _account(number: int) -> str:
    return f"TH.THCBC.004.{number:010}"


def _wire(number: int) -> bytes:
    return f"account:{_account(number)}".encode()


def _copy(folder: Path, institution_id: str, name: str = "main") -> Copy:
    """Connect an institution, and write its program's key where its replica finds it."""
    from holdfast.people.role import Scope
    from holdfast.server.runtime import centre
    from holdfast.workflows.connect_institution import (
        Connection,
        connect_institution,
        issue_program_key,
    )

    here = centre()
    told = Connection(institution_id, institution_id, "bank")
    connect_institution(here, told, here.itself)
    scopes = (Scope.REGISTRY_REPLICATE,)
    key = issue_program_key(here, institution_id, scopes, "", here.itself, secrets.token_bytes)
    key_file = folder / f"{institution_id}-{name}.key"
    key_file.write_text(key, encoding="ascii")
    return Copy(folder / f"{institution_id}-{name}", institution_id, key_file)


def _replica_words(copy: Copy, home: Path, port: int) -> list[str]:
    keys = home.parent / "centre-keys.csv"
    if not keys.exists():
        from holdfast.banks.keys import write_public_keys
        from holdfast.server.runtime import order_keys

        write_public_keys(keys, order_keys())
    words = ["replica", "--from", f"http://127.0.0.1:{port}", "--into", str(copy.folder)]
    name = copy.folder.name.rpartition("-")[2]
    return [*words, "--centre-keys", str(keys), "--bearer-file", str(copy.key_file), "--name", name]


@contextmanager
def _centre(port: int, *parts: str) -> Iterator[None]:
    words = {"serve": ["serve", "--port", str(port)], "worker": ["worker"]}
    children = {part: _begin(*words[part]) for part in parts}
    try:
        wait_for(port, children)
        yield
    finally:
        _end(children.values())


@contextmanager
def _following(copies: Sequence[Copy], home: Path, port: int) -> Iterator[None]:
    """Let the replicas follow, each with its own port, once each has caught up."""
    from holdfast.registry.index.place import index_file

    children = [
        _begin(*_replica_words(copy, home, port), "--port", str(free_port())) for copy in copies
    ]
    try:
        deadline = time.monotonic() + 10 * _WAIT_S_MAX
        while not all((copy.folder / "contact.json").exists() for copy in copies):
            if time.monotonic() > deadline:
                raise RuntimeError("the replicas did not start")
            time.sleep(0.2)
        assert all(index_file(copy.folder).exists() for copy in copies)
        yield
    finally:
        _end(children)


def _begin(*words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([str(_HOLDFAST), *words], stdout=subprocess.DEVNULL)


def _end(children: Any) -> None:
    for child in children:
        child.terminate()
    for child in children:
        child.wait(_WAIT_S_MAX)


def _run(*words: str) -> None:
    subprocess.run([str(_HOLDFAST), *words], check=True, stdout=subprocess.DEVNULL)
