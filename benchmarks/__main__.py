"""Run benchmarks: `python -m benchmarks [NAME …] [--OPTION VALUE …]`, or `--list` to see them.

Options go to every benchmark named; without a name all that take minutes are run.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from types import FrameType
from typing import cast


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A claim and the script that measures it."""

    claim: str
    by_itself: bool = True
    """Whether it runs when none is named; those that take an hour do not."""


BENCHMARKS = {
    "import_rate": Benchmark("transfers a second into a ledger, and the memory it takes"),
    "trail_latency": Benchmark("how long a planted trail takes to follow"),
    "engines": Benchmark("the store's own layout in RocksDB, LMDB and DuckDB"),
    "orders": Benchmark("from a report to the orders at a hundred banks, over HTTP"),
    "registry_replicas": Benchmark(
        "from a listing's approval to every replica, and a snapshot to a new one", by_itself=False
    ),
    "registry_lookup": Benchmark("looking subjects up, one at a time and in batches"),
    "registry_http": Benchmark("questions to the registry over HTTP, on record before answered"),
    "hundred_million": Benchmark("a ledger of 100 million transfers", by_itself=False),
}


def main(arguments: list[str]) -> None:
    """Run the benchmarks named before the first option, with the options behind them."""
    if arguments == ["--list"]:
        for name, benchmark in BENCHMARKS.items():
            print(f"{name:18}{benchmark.claim}")
        return
    names: list[str] = []
    while arguments and not arguments[0].startswith("-"):
        names.append(arguments.pop(0))
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        sys.exit(f"no benchmark is called {unknown[0]!r}; there are {', '.join(BENCHMARKS)}")
    for name in names or [key for key, benchmark in BENCHMARKS.items() if benchmark.by_itself]:
        print(f"\n== {name}: {BENCHMARKS[name].claim}\n", flush=True)
        run = cast("Callable[[list[str]], None]", import_module(f"benchmarks.{name}").main)
        run(arguments)


def _end(number: int, _frame: FrameType | None) -> None:
    """End by an exception, so that every server and child started here is stopped."""
    sys.exit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _end)
    main(sys.argv[1:])
