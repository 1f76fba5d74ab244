"""Looking subjects up: one at a time and in batches, ours beside its peers, same answers checked.

All stores hold the same standings. One at a time each is asked from Python by the wire form of an
account, which is hashed for all of them alike with our hash; half of the accounts are listed, in
an order that no cache foresees. In batches, texts are checked, hashed and looked up, from Arrow to
Arrow; DuckDB and Polars join on the texts themselves. Times are of the processor, of this process
and of a peer's own server together, because other things run on the machine; waits are wall time.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.measure import Stopwatch, bytes_of, machine, peak_bytes, percentile, table
from benchmarks.orders_centre import SETTINGS
from benchmarks.postgresql_server import server
from benchmarks.registry_peers import (
    LmdbPeer,
    Peer,
    PostgresPeer,
    RedisPeer,
    SqlitePeer,
    redis_server,
)
from benchmarks.registry_world import RegistryWorld, accounts
from holdfast.registry.index.file import Index
from holdfast.registry.index.place import index_file
from holdfast.registry.screening import Registry

PEERS = ("lmdb", "sqlite", "postgresql", "redis")
NOW_US = 1_795_000_000_000_000
SEED = 1
BATCH_ROWS = 1_000_000


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="registry_lookup", description=__doc__)
    parser.add_argument("--subjects", type=int, default=10_000_000)
    parser.add_argument("--questions", type=int, default=200_000, help="one at a time")
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS))
    parser.add_argument("--joins", type=int, default=1, help="0 leaves DuckDB and Polars out")
    options = parser.parse_args(arguments)
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory(prefix="holdfast-lookup-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as its own user
        world = _built(Path(folder), options.subjects)
        numbers = np.random.default_rng(SEED).integers(0, 2 * options.subjects, options.questions)
        registry = Registry.open(world.home, "TH")
        registry.index.warm()
        with _peers(options.peers, Path(folder), world) as peers:
            _print_single(world, registry.index, peers, numbers)
            _print_batch(world, registry, peers, joins=bool(options.joins))


def _built(folder: Path, subjects: int) -> RegistryWorld:
    world = RegistryWorld(folder / "home", subjects)
    with Stopwatch() as watch:
        world.build()
    size = bytes_of(index_file(world.home))
    print(
        f"\nbuilt with {subjects:,} subjects in {watch.seconds:.1f} s ({watch.cpu_seconds:.1f} s of "
        f"processor), {size / 2**30:.2f} GiB, {size / subjects:.0f} bytes a subject; "
        f"most memory {peak_bytes() / 2**30:.2f} GiB, the file's own pages included\n"
    )
    return world


@contextmanager
def _peers(names: list[str], folder: Path, world: RegistryWorld) -> Iterator[dict[str, Peer]]:
    with ExitStack() as stack:
        made: dict[str, Peer] = {}
        for name in names:
            made[name] = _peer(name, folder, stack)
            with Stopwatch() as watch:
                made[name].fill(world.batches())
            print(f"filled {name} in {watch.seconds:.0f} s", flush=True)
            stack.callback(made[name].close)
        print()
        yield made


def _peer(name: str, folder: Path, stack: ExitStack) -> Peer:
    if name == "postgresql":
        return PostgresPeer(stack.enter_context(server(folder / "postgresql", SETTINGS)))
    if name == "redis":
        return RedisPeer(stack.enter_context(redis_server()))
    (folder / name).mkdir()
    return LmdbPeer(folder / name) if name == "lmdb" else SqlitePeer(folder / name)


def _print_single(world: RegistryWorld, index: Index, peers: dict[str, Peer], numbers: Any) -> None:
    wires = [wire.encode() for wire in accounts(numbers, "account:").to_pylist()]
    right = [world.value(int(number)) for number in numbers]
    asked: dict[str, Callable[[bytes], Any]] = {
        "ours, packed standing": index.value,
        "ours, standing": index.find,
    }
    for name, peer in peers.items():
        asked[name] = _hashed_first(index, peer)
    rows = []
    for name, ask in asked.items():
        for wire in wires[:1000]:
            ask(wire)
        with Stopwatch() as watch:
            found = [ask(wire) for wire in wires]
        if name == "ours, standing":
            found = [one.packed() if one else 0 for one in found]
        assert found == right, name
        waits = _waits(ask, wires)
        rate = len(wires) / watch.seconds
        busy_us = watch.cpu_seconds / len(wires) * 1e6
        times = (f"{percentile(waits, share) / 1000:.1f}" for share in (0.5, 0.99))
        rows.append((name, f"{rate:,.0f}", f"{busy_us:.2f}", *times))
    table(["one at a time", "questions/s", "own processor µs", "p50 µs", "p99 µs"], rows)


def _hashed_first(index: Index, peer: Peer) -> Callable[[bytes], int]:
    hashed, one = index.key.hashed, peer.one
    return lambda wire: one(hashed(wire))


def _waits(ask: Callable[[bytes], Any], wires: list[bytes]) -> list[int]:
    clock = time.perf_counter_ns
    waits = []
    for wire in wires:
        begin = clock()
        ask(wire)
        waits.append(clock() - begin)
    return waits


def _print_batch(
    world: RegistryWorld, registry: Registry, peers: dict[str, Peer], *, joins: bool
) -> None:
    chance = np.random.default_rng(SEED)
    numbers = chance.integers(0, 2 * world.subjects, BATCH_ROWS)
    texts = accounts(numbers)
    right = np.array([world.value(int(number)) for number in numbers], np.uint64)
    rows = []

    def measure(name: str, ask: Callable[[], Any], rounds: int = 3) -> None:
        best = None
        for _ in range(rounds):
            with Stopwatch() as watch:
                found = ask()
            assert np.array_equal(np.asarray(found, np.uint64), right), name
            if best is None or watch.cpu_seconds < best.cpu_seconds:
                best = watch
        assert best is not None
        rates = (BATCH_ROWS / seconds / 1e6 for seconds in (best.cpu_seconds, best.seconds))
        rows.append((name, *(f"{rate:.2f}" for rate in rates)))

    measure("ours, all", lambda: registry.screen(texts, "account", "bank", NOW_US).values)
    index = registry.index
    measure("ours, hash and look up", lambda: index.find_many(texts, b"account:"))
    for name, peer in peers.items():
        measure(name, _many(peer, index, texts), rounds=1)
    if joins:
        measure("DuckDB, hash join", _duckdb(world, texts), rounds=2)
        if find_spec("polars"):
            measure("Polars, join", _polars(world, texts), rounds=2)
    print()
    table(["batches", "million texts a second of processor", "of time"], rows)


def _many(peer: Peer, index: Index, texts: pa.Array) -> Callable[[], list[int]]:
    def ask() -> list[int]:
        data = index.key.hashed_all(texts, b"account:").tobytes()
        digests = [data[begin : begin + 16] for begin in range(0, len(data), 16)]
        found: list[int] = []
        for begin in range(0, len(digests), 10_000):
            found += peer.many(digests[begin : begin + 10_000])
        return found

    return ask


def _listed(world: RegistryWorld) -> pa.Table:
    numbers = np.arange(world.subjects)
    values = np.array([world.value(number) for number in range(5)], np.uint64)
    return pa.table({"key": accounts(numbers), "value": values[numbers % len(values)]})


def _duckdb(world: RegistryWorld, texts: pa.Array) -> Callable[[], Any]:
    import duckdb

    sql = duckdb.connect()
    sql.register("arrow_listed", _listed(world))
    sql.execute("CREATE TABLE listed AS SELECT * FROM arrow_listed")
    sql.register("asked", pa.table({"key": texts, "row": np.arange(len(texts))}))
    join = "SELECT coalesce(value, 0) AS value FROM asked LEFT JOIN listed USING (key) ORDER BY row"
    return lambda: sql.execute(join).fetch_arrow_table().column("value").to_numpy()


def _polars(world: RegistryWorld, texts: pa.Array) -> Callable[[], Any]:
    polars: Any = import_module("polars")
    listed = polars.from_arrow(_listed(world))
    asked = polars.from_arrow(pa.table({"key": texts}))
    return lambda: (
        asked.join(listed, on="key", how="left", maintain_order="left")["value"]
        .fill_null(0)
        .to_numpy()
    )
