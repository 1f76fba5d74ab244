"""The store's own layout in three embedded engines: RocksDB (as shipped), LMDB and DuckDB.

The store's code plans every batch and reads every block; only the engine below it differs.
Measured: transfers a second in synced batches, histories read at random, the same while another
process writes, size on disk, and what is there after the writer was killed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from select import select
from time import monotonic, perf_counter

from benchmarks.engine_peers import DuckDBEngine, EngineLedger, LmdbEngine
from benchmarks.measure import Stopwatch, bytes_of, machine, milliseconds, percentile, table
from benchmarks.world import BENCH, FOLLOWED_HOURS, SEED, World, make_world
from holdfast.core.instant import HOUR_US
from holdfast.ledger.store.engine import Engine
from holdfast.ledger.transfer import Transfer


def _rocksdb(folder: Path, *, writes: bool) -> EngineLedger:
    return EngineLedger(folder, Engine(folder / "db", writes=writes))


def _lmdb(folder: Path, *, writes: bool) -> EngineLedger:
    return EngineLedger(folder, LmdbEngine(folder / "db", writes=writes))


def _duckdb(folder: Path, *, writes: bool) -> EngineLedger:
    return EngineLedger(folder, DuckDBEngine(folder / "db", writes=writes))


ENGINES = {"RocksDB": _rocksdb, "LMDB": _lmdb, "DuckDB": _duckdb}
BATCH_ROWS = 50_000
CRASH_ROWS = 5_000
CRASH_BATCHES = 12
READS = 2_000

Read = tuple[int | None, list[Transfer]]


@dataclass(frozen=True, slots=True)
class Found:
    """What one engine did."""

    append_seconds: float
    bytes: int
    reads: list[Read]
    read_seconds: list[float]
    while_writing: str
    after_kill: str


def main(arguments: list[str]) -> None:
    """Measure and print; with --read or --write, be the other process of a measurement."""
    parser = argparse.ArgumentParser(prog="engines", description=__doc__)
    parser.add_argument("--transfers", type=int, default=1_000_000)
    parser.add_argument("--read", metavar="ENGINE", choices=ENGINES)
    parser.add_argument("--write", metavar="ENGINE", choices=ENGINES)
    options = parser.parse_args(arguments)
    world = make_world(options.transfers)
    if options.read:
        _read_until_told(world, options.read)
    elif options.write:
        _write_until_killed(world, options.write)
    else:
        print(f"{world.transfers:,} transfers in batches of {BATCH_ROWS:,}\n{machine()}\n")
        _print({name: _measure(world, name) for name in ENGINES}, world)


def _measure(world: World, name: str) -> Found:
    """Fill a new database, the second half of it while another process reads."""
    folder = _empty_folder(name)
    transfers = world.read()
    ledger = ENGINES[name](folder, writes=True)
    with Stopwatch() as first_half:
        _append(ledger, islice(transfers, world.transfers // 2), BATCH_ROWS)
    with _reader(world, name) as reader:
        with Stopwatch() as second_half:
            _append(ledger, transfers, BATCH_ROWS)
        while_writing, _ = reader.communicate("end\n")
    ledger.close()
    size = bytes_of(folder)
    ledger = ENGINES[name](folder, writes=False)
    asked = _asked(world)
    _read(ledger, asked[: READS // 10])
    reads, seconds = _read(ledger, asked)
    ledger.close()
    shutil.rmtree(folder)
    return Found(
        first_half.seconds + second_half.seconds,
        size,
        reads,
        seconds,
        while_writing.strip(),
        _after_kill(world, name),
    )


def _append(ledger: EngineLedger, transfers: Iterator[Transfer], rows: int) -> None:
    while batch := list(islice(transfers, rows)):
        added = ledger.append(batch).added
        assert added == len(batch)


def _asked(world: World) -> list[Transfer]:
    """Return transfers drawn at random from the ledger's first half, in no order.

    A history is asked for from each one's place, of the account that it credits.
    """
    chance = Random(SEED)  # noqa: S311  (any order will do, but always the same)
    every = max(world.transfers // 2 // READS, 1)
    drawn = list(islice(world.read(), 0, world.transfers // 2, every))
    chance.shuffle(drawn)
    return drawn


def _read(ledger: EngineLedger, asked: list[Transfer]) -> tuple[list[Read], list[float]]:
    """Read 72 hours of the history of each account asked for; return what it says, and seconds."""
    reads, seconds = [], []
    for transfer in asked:
        begin = perf_counter()
        [history] = ledger.histories(
            {transfer.credit_account: transfer.place},
            transfer.currency,
            until_us=transfer.time_us + FOLLOWED_HOURS * HOUR_US,
        ).values()
        reads.append((history.balance_minor, list(history.transfers)))
        seconds.append(perf_counter() - begin)
    return reads, seconds


def _reader(world: World, name: str) -> subprocess.Popen[str]:
    return _other_process("--read", world, name)


def _other_process(role: str, world: World, name: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.engines", role, name]
    command += ["--transfers", str(world.transfers)]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def _read_until_told(world: World, name: str) -> None:
    """Read histories, catching up every second, until standard input has a line."""
    try:
        ledger = ENGINES[name](_folder(name), writes=False)
    except Exception as refusal:  # noqa: BLE001  (whatever it says is the finding)
        print("refused:", str(refusal).partition('"')[0])
        return
    asked = _asked(world)
    seconds: list[float] = []
    caught_up = monotonic()
    while not select([sys.stdin], [], [], 0)[0]:
        seconds += _read(ledger, asked[len(seconds) % len(asked) :][:20])[1]
        if monotonic() - caught_up > 1:
            ledger.catch_up()
            caught_up = monotonic()
    shares = [milliseconds(percentile(seconds, share)) for share in (0.5, 0.99)]
    print(f"{' / '.join(shares)}")


def _after_kill(world: World, name: str) -> str:
    """Kill a writer in the middle of a batch; say what was acknowledged and what is there."""
    folder = _empty_folder(name)
    acknowledged = 0
    with _other_process("--write", world, name) as writer:
        assert writer.stdout is not None
        for line in writer.stdout:
            acknowledged = json.loads(line)
            if acknowledged == CRASH_BATCHES:
                writer.kill()
                break
    with ENGINES[name](folder, writes=True) as ledger:
        change, transfers = ledger.figures.change, ledger.figures.transfers
        assert transfers == change * CRASH_ROWS
        first = list(islice(world.read(), transfers))
        assert len(ledger.find(transfer.transfer_id for transfer in first)) == transfers
    shutil.rmtree(folder)
    assert change >= acknowledged
    return f"{acknowledged} acknowledged, {change} there"


def _write_until_killed(world: World, name: str) -> None:
    transfers = world.read()
    ledger = ENGINES[name](_folder(name), writes=True)
    while batch := list(islice(transfers, CRASH_ROWS)):
        ledger.append(batch)
        print(json.dumps(ledger.figures.change), flush=True)


def _folder(name: str) -> Path:
    return BENCH / f"engine-{name.lower()}"


def _empty_folder(name: str) -> Path:
    folder = _folder(name)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _print(found: dict[str, Found], world: World) -> None:
    right = next(iter(found.values())).reads
    for name, engine in found.items():
        assert engine.reads == right, f"{name} reads other histories"
    print(
        f"all read the same {len(right):,} histories (72 hours of an account, "
        f"p50 {percentile((len(read[1]) for read in right), 0.5)} transfers, "
        f"at most {max(len(read[1]) for read in right)})\n"
    )
    header = "engine|transfers a second|bytes a transfer|history p50, ms|p99, ms"
    header += "|p50 / p99 while another process writes, ms|writer killed: batches"
    rows = [
        (
            name,
            f"{world.transfers / engine.append_seconds:,.0f}",
            f"{engine.bytes / world.transfers:.0f}",
            milliseconds(percentile(engine.read_seconds, 0.5)),
            milliseconds(percentile(engine.read_seconds, 0.99)),
            engine.while_writing,
            engine.after_kill,
        )
        for name, engine in found.items()
    ]
    table(header.split("|"), rows)


if __name__ == "__main__":
    main(sys.argv[1:])
