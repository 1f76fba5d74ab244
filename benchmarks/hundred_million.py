"""A ledger of 100 million transfers: memory, rate and size while it grows, questions afterwards.

Traffic is even and cheap to make: every transfer is between two accounts drawn evenly, a tenth
of a second apart. Each batch is on the disk before the next is made; nothing is kept in memory
but a batch. The ledger is deleted afterwards unless --keep is given.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks.measure import (
    MIB,
    Stopwatch,
    bytes_of,
    forget_pages,
    machine,
    milliseconds,
    peak_bytes,
    percentile,
    table,
)
from benchmarks.world import BENCH, FOLLOWED_HOURS, SEED
from holdfast.core.instant import HOUR_US, SECOND_US, parse_instant
from holdfast.ledger.store import LedgerStore, LedgerWriter
from holdfast.ledger.transfer import Transfer

BATCH_ROWS = 50_000
TRANSFERS_AN_ACCOUNT = 25
APART_US = SECOND_US // 10
BEGIN_US = parse_instant("2026-01-01T00:00:00Z")
CURRENCY = "THB"
LINES = 20
READS = 2_000


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="hundred_million", description=__doc__)
    parser.add_argument("--transfers", type=int, default=100_000_000)
    parser.add_argument("--keep", action="store_true", help="leave the ledger in .bench/")
    options = parser.parse_args(arguments)
    folder = BENCH / "hundred-million"
    shutil.rmtree(folder, ignore_errors=True)
    print(f"{options.transfers:,} transfers in batches of {BATCH_ROWS:,}\n{machine()}\n")
    _fill(folder, options.transfers)
    print()
    _ask(folder, options.transfers)
    if not options.keep:
        shutil.rmtree(folder)


def _fill(folder: Path, transfers: int) -> None:
    with LedgerWriter.open(folder) as ledger, Stopwatch() as whole:
        table(
            ("transfers", "a second, since the line above", "peak memory so far, MiB"),
            _filling(ledger, transfers),
        )
    print(f"\nin {whole.seconds:,.0f} s, {transfers / whole.seconds:,.0f} transfers a second")


def _filling(ledger: LedgerWriter, transfers: int) -> Iterator[tuple[str, str, str]]:
    """Append all batches, with a line to show every now and then."""
    accounts = max(transfers // TRANSFERS_AN_ACCOUNT, 2)
    every = -(-transfers // LINES)
    shown, begin = 0, perf_counter()
    for first in range(0, transfers, BATCH_ROWS):
        size = min(BATCH_ROWS, transfers - first)
        added = ledger.append(_batch(first, size, accounts)).added
        assert added == size
        done = first + size
        if done >= shown + every or done == transfers:
            rate = (done - shown) / (perf_counter() - begin)
            yield f"{done:,}", f"{rate:,.0f}", f"{peak_bytes() / MIB:,.0f}"
            shown, begin = done, perf_counter()


def _batch(first: int, size: int, accounts: int) -> Iterator[Transfer]:
    """Yield transfers `first`, `first + 1`, …; the same each time they are asked for."""
    chance = np.random.default_rng((SEED, first))
    debits = chance.integers(accounts, size=size)
    credits_ = (debits + chance.integers(1, accounts, size=size)) % accounts
    amounts = chance.integers(100, 1_000_000, size=size)
    columns = zip(debits.tolist(), credits_.tolist(), amounts.tolist(), strict=True)
    for number, (debit, credit, amount_minor) in enumerate(columns, start=first):
        yield Transfer(
            time_us=BEGIN_US + number * APART_US,
            seq=0,
            transfer_id=f"E{number:09d}",
            debit_account=_account(debit),
            credit_account=_account(credit),
            amount_minor=amount_minor,
            currency=CURRENCY,
        )


def _account(number: int) -> str:
    return f"TH.THCBC.004.{number:010d}"


def _ask(folder: Path, transfers: int) -> None:
    """Find transfers by id and read 72 hours of histories, each at random, cold and warm."""
    forget_pages(folder)
    with Stopwatch() as opening:
        store = LedgerStore.open(folder)
    with store:
        assert store.figures.transfers == transfers
        numbers = np.random.default_rng(SEED).integers(transfers, size=READS).tolist()
        rows = [
            (pass_name, *_found(store, numbers), *_read(store, numbers))
            for pass_name in ("cold", "warm")
        ]
    print(
        f"opened in {milliseconds(opening.seconds)} ms; "
        f"{bytes_of(folder) / 2**30:.1f} GiB, {bytes_of(folder) / transfers:.0f} bytes a "
        f"transfer; peak memory {peak_bytes() / MIB:,.0f} MiB; {READS:,} questions, ms\n"
    )
    table(("", "find p50", "find p99", "history p50", "history p99"), rows)


def _found(store: LedgerStore, numbers: list[int]) -> list[str]:
    seconds = []
    for number in numbers:
        begin = perf_counter()
        assert store.find([f"E{number:09d}"])
        seconds.append(perf_counter() - begin)
    return [milliseconds(percentile(seconds, share)) for share in (0.5, 0.99)]


def _read(store: LedgerStore, numbers: list[int]) -> list[str]:
    seconds = []
    for number in numbers:
        [transfer] = store.find([f"E{number:09d}"]).values()
        begin = perf_counter()
        [history] = store.histories(
            {transfer.credit_account: transfer.place},
            CURRENCY,
            until_us=transfer.time_us + FOLLOWED_HOURS * HOUR_US,
        ).values()
        assert next(history.transfers) == transfer
        assert all(later.place > transfer.place for later in history.transfers)
        seconds.append(perf_counter() - begin)
    return [milliseconds(percentile(seconds, share)) for share in (0.5, 0.99)]
