"""The store's own layout in three embedded engines: RocksDB (as shipped), LMDB and DuckDB.

The store's code plans every batch and reads every block; only the engine below it differs.
Measured: transfers a second in synced batches, histories read at random, the same while another
process writes, size on disk, what is there after the writer was killed, and
whether changed bytes in a file are noticed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
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
    return EngineLedger(folder, Engine(folder / "db", writes=writes, creates=writes))


def _lmdb(folder: Path, *, writes: bool) -> EngineLedger:
    return EngineLedger(folder, LmdbEngine(folder / "db", writes=writes))


def _duckdb(folder: Path, *, writes: bool) -> EngineLedger:
    return EngineLedger(folder, DuckDBEngine(folder / "db", writes=writes))


ENGINES = {"RocksDB": _rocksdb, "LMDB": _lmdb, "DuckDB": _duckdb}
BATCH_ROWS = 50_000
CRASH_ROWS = 5_000
CRASH_BATCHES = 12
DAMAGE_ROWS = 300_000
DAMAGE_EVERY_BYTES = 10_000
DAMAGE_FIND_EVERY = 10
READS = 2_000


@dataclass(frozen=True, slots=True)
class Found:
    """What one engine did."""

    seconds_alone: float
    """Appending the first half of the transfers."""
    seconds_while_read: float
    """Appending the second half, while another process reads (where it can)."""
    cpu_seconds: float
    """Work of the writing process for all of it."""
    bytes: int
    while_writing: str
    after_kill: str
    after_damage: str
    read_seconds: list[float]


def main(arguments: list[str]) -> None:
    """Measure and print; with --read, --write or --find, be the other process of a measurement."""
    parser = argparse.ArgumentParser(prog="engines", description=__doc__)
    parser.add_argument("--transfers", type=int, default=1_000_000)
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--read", metavar="ENGINE", choices=ENGINES)
    parser.add_argument("--write", metavar="ENGINE", choices=ENGINES)
    parser.add_argument("--find", metavar="ENGINE", choices=ENGINES)
    options = parser.parse_args(arguments)
    world = make_world(options.transfers)
    if options.read:
        _read_until_told(world, options.read)
    elif options.write:
        _write_until_killed(world, options.write)
    elif options.find:
        _find_all(world, options.find)
    else:
        print(f"{world.transfers:,} transfers in batches of {BATCH_ROWS:,}\n{machine()}\n")
        _measure(world, options.engines)


def _measure(world: World, names: list[str]) -> None:
    """Fill one engine after the other, then read all of them by turns."""
    after = {name: (_after_kill(world, name), _after_damage(world, name)) for name in names}
    filled = {name: _fill(world, name) for name in names}
    ledgers = {name: ENGINES[name](_folder(name), writes=False) for name in names}
    asked = _asked(world)
    lengths, seconds = _read_by_turns(ledgers, asked)
    found = {name: Found(*filled[name], *after[name], seconds[name]) for name in names}
    _print(world, found, lengths)
    for name, ledger in ledgers.items():
        ledger.close()
        shutil.rmtree(_folder(name))


def _fill(world: World, name: str) -> tuple[float, float, float, int, str]:
    """Fill a new database, the second half of it while another process reads.

    Returns the seconds of both halves, those of work, the bytes on the disk, and what the
    other process found.
    """
    folder = _empty_folder(name)
    transfers = world.read()
    with ENGINES[name](folder, writes=True) as ledger:
        with Stopwatch() as first_half:
            _append(ledger, islice(transfers, world.transfers // 2), BATCH_ROWS)
        with _other_process("--read", world, name) as reader:
            with Stopwatch() as second_half:
                _append(ledger, transfers, BATCH_ROWS)
            while_writing, _ = reader.communicate("end\n")
    return (
        first_half.seconds,
        second_half.seconds,
        first_half.cpu_seconds + second_half.cpu_seconds,
        bytes_of(folder),
        while_writing.strip(),
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


def _read_by_turns(
    ledgers: Mapping[str, EngineLedger], asked: list[Transfer]
) -> tuple[list[int], dict[str, list[float]]]:
    """Read each history from all ledgers, twice, the first time to warm them.

    Returns how many transfers each history has, and the seconds of each ledger.
    """
    seconds: dict[str, list[float]] = {}
    for _ in range(2):
        seconds = {name: [] for name in ledgers}
        lengths = []
        for transfer in asked:
            reads = []
            for name, ledger in ledgers.items():
                begin = perf_counter()
                reads.append(_history(ledger, transfer))
                seconds[name].append(perf_counter() - begin)
            assert all(read == reads[0] for read in reads), transfer
            lengths.append(len(reads[0][1]))
    return lengths, seconds


def _history(ledger: EngineLedger, transfer: Transfer) -> tuple[int | None, list[Transfer]]:
    """Return the balance and 72 hours of transfers of the account that a transfer credits."""
    [history] = ledger.histories(
        {transfer.credit_account: transfer.place},
        transfer.currency,
        until_us=transfer.time_us + FOLLOWED_HOURS * HOUR_US,
    ).values()
    return history.balance_minor, list(history.transfers)


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
        begin = perf_counter()
        _history(ledger, asked[len(seconds) % len(asked)])
        seconds.append(perf_counter() - begin)
        if monotonic() - caught_up > 1:
            ledger.catch_up()
            caught_up = monotonic()
    shares = [milliseconds(percentile(seconds, share)) for share in (0.5, 0.99) if seconds]
    print(" / ".join(shares) or "too short to tell")


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


def _after_damage(world: World, name: str) -> str:
    """Change single bytes of a closed database; say what finding its transfers then does."""
    folder = _empty_folder(name)
    with ENGINES[name](folder, writes=True) as ledger:
        _append(ledger, islice(world.read(), DAMAGE_ROWS), BATCH_ROWS)
    for path in folder.rglob("*"):
        if path.is_file():
            _damage(path)
    with _other_process("--find", world, name) as finder:
        said, _ = finder.communicate()
    shutil.rmtree(folder)
    return said.strip() or f"ended by signal {-finder.returncode}"


def _damage(path: Path) -> None:
    """Turn one bit in every so many bytes of a file; small files stay as they are."""
    with path.open("r+b") as file:
        for place in range(DAMAGE_EVERY_BYTES // 2, path.stat().st_size, DAMAGE_EVERY_BYTES):
            file.seek(place)
            [byte] = file.read(1)
            file.seek(place)
            file.write(bytes([byte ^ 1]))


def _find_all(world: World, name: str) -> None:
    """Find transfers by their ids, and say how many were found with other content, unnoticed."""
    wrong = refused = 0
    try:
        ledger = ENGINES[name](_folder(name), writes=False)
    except Exception as refusal:  # noqa: BLE001  (whatever it is, it was noticed)
        print(f"not opened ({type(refusal).__name__})")
        return
    for transfer in islice(world.read(), 0, DAMAGE_ROWS, DAMAGE_FIND_EVERY):
        try:
            found = ledger.find([transfer.transfer_id])
            wrong += found != {transfer.transfer_id: transfer}
        except Exception:  # noqa: BLE001
            refused += 1
    print(f"{refused} finds refused, {wrong} wrong unnoticed")


def _folder(name: str) -> Path:
    return BENCH / f"engine-{name.lower()}"


def _empty_folder(name: str) -> Path:
    folder = _folder(name)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _print(world: World, found: Mapping[str, Found], lengths: list[int]) -> None:
    print(
        f"all read the same {len(lengths):,} histories (72 hours of an account, "
        f"p50 {percentile(lengths, 0.5)} transfers, p99 {percentile(lengths, 0.99)})\n"
    )
    header = "engine|transfers a second, alone|while read|µs of work a transfer|bytes a transfer"
    header += "|history p50, ms|p99, ms|p50 / p99 while written|writer killed: batches|file damaged"
    half = world.transfers / 2
    rows = [
        (
            name,
            f"{half / engine.seconds_alone:,.0f}",
            f"{half / engine.seconds_while_read:,.0f}",
            f"{engine.cpu_seconds / world.transfers * 1e6:.0f}",
            f"{engine.bytes / world.transfers:.0f}",
            milliseconds(percentile(engine.read_seconds, 0.5)),
            milliseconds(percentile(engine.read_seconds, 0.99)),
            engine.while_writing,
            engine.after_kill,
            engine.after_damage,
        )
        for name, engine in found.items()
    ]
    table(header.split("|"), rows)


if __name__ == "__main__":
    main(sys.argv[1:])
