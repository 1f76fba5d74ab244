"""How long a trail takes: the planted claims asked one by one, ours and the peers by turns.

Question: fifo, 72 hours after the claim, shops and cash points as stops, min_amount 1. Every
answer of every peer must be ours, but for the number of the ledger's change. All run the same
settling code in this process; what differs is who brings the transfers.
"""

from __future__ import annotations

import argparse
import gc
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from benchmarks.duckdb_peer import DuckDBLedger, duckdb_of
from benchmarks.events import events_of
from benchmarks.measure import forget_pages, machine, milliseconds, percentile, table
from benchmarks.postgresql_peer import PostgreSQLLedger, postgresql_of
from benchmarks.postgresql_server import programs, server
from benchmarks.world import World, ledger_of, make_world
from holdfast.ledger.store import LedgerStore
from holdfast.ledger.transfer import History, Ledger, Place, Transfer
from holdfast.trail.answer import Answer
from holdfast.trail.gather import follow, follow_in_rounds
from holdfast.trail.question import Question

Follow = Callable[[Ledger, Question], Answer]


@dataclass(slots=True)
class Contender:
    """A ledger, a way of asking it, and how long each question took."""

    name: str
    ledger: Ledger
    follow: Follow
    is_first: bool = True
    """Whether no other contender warms the same database in the cold pass."""
    cold: list[float] = field(default_factory=list)
    warm: list[float] = field(default_factory=list)

    def answer(self, question: Question, times: list[float]) -> dict[str, object]:
        """Answer a question and note the seconds it took; the JSON form is not counted."""
        begin = perf_counter()
        answer = self.follow(self.ledger, question)
        times.append(perf_counter() - begin)
        json = answer.as_json()
        del json["ledger_change"]
        return json


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="trail_latency", description=__doc__)
    parser.add_argument("--transfers", type=int, default=1_000_000)
    parser.add_argument("--passes", type=int, default=3, help="warm passes, all counted")
    options = parser.parse_args(arguments)
    world = make_world(options.transfers)
    with ExitStack() as stack:
        contenders = _contenders(world, stack)
        answers = [_cold(contenders, question) for question in world.questions]
        gc.collect()
        gc.freeze()  # so that what this script keeps is not walked while others are timed
        for _ in range(options.passes):
            for contender in contenders:
                for question, right in zip(world.questions, answers, strict=True):
                    assert contender.answer(question, contender.warm) == right
        read = [_read_for(contenders[0], question) for question in world.questions]
    _print(world, contenders, read, options.passes)


def _contenders(world: World, stack: ExitStack) -> list[Contender]:
    """Open every database with no page of it in memory, ours first."""
    ours, events = ledger_of(world), events_of(world)
    numbers = events.numbers()
    by_sorting = duckdb_of(world, events, indexed=False)
    by_index = duckdb_of(world, events, indexed=True)
    for path in (ours, by_sorting, by_index):
        forget_pages(path)
    store = stack.enter_context(LedgerStore.open(ours))
    sorted_ledger = DuckDBLedger(by_sorting, numbers, indexed=False)
    indexed_ledger = DuckDBLedger(by_index, numbers, indexed=True)
    stack.callback(sorted_ledger.close)
    stack.callback(indexed_ledger.close)
    contenders = [
        Contender("Holdfast", store, follow),
        Contender("DuckDB, sorted", sorted_ledger, follow),
        Contender("DuckDB, sorted, in rounds", sorted_ledger, follow_in_rounds, is_first=False),
        Contender("DuckDB, indexed", indexed_ledger, follow),
    ]
    if programs() is None:
        print("PostgreSQL is not installed, so it is left out\n")
        return contenders
    return contenders + _postgresql(postgresql_of(world, events), numbers, stack)


def _postgresql(data: Path, numbers: Mapping[str, int], stack: ExitStack) -> list[Contender]:
    forget_pages(data)
    ledger = PostgreSQLLedger(stack.enter_context(server(data)), numbers)
    stack.callback(ledger.close)
    return [
        Contender("PostgreSQL", ledger, follow),
        Contender("PostgreSQL, in rounds", ledger, follow_in_rounds, is_first=False),
    ]


def _cold(contenders: list[Contender], question: Question) -> dict[str, object]:
    """Ask all once, let ours be the right answer, and see that all agree."""
    right, *others = [contender.answer(question, contender.cold) for contender in contenders]
    for contender, answer in zip(contenders[1:], others, strict=True):
        assert answer == right, f"{contender.name} answers {question.claims} differently"
    return right


class _Counting:
    """A ledger that counts the transfers read from it."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.transfers = 0
        self.accounts = 0

    def find(self, transfer_ids: Iterable[str]) -> Mapping[str, Transfer]:
        return self._ledger.find(transfer_ids)

    def histories(
        self,
        since: Mapping[str, Place],
        currency: str,
        *,
        until_us: int | None,
        ignore_balances: bool = False,
    ) -> Mapping[str, History]:
        self.accounts += len(since)
        found = self._ledger.histories(
            since, currency, until_us=until_us, ignore_balances=ignore_balances
        )
        return {
            account: History(history.balance_minor, map(self._counted, history.transfers))
            for account, history in found.items()
        }

    def _counted(self, transfer: Transfer) -> Transfer:
        self.transfers += 1
        return transfer


def _read_for(contender: Contender, question: Question) -> tuple[int, int]:
    counting = _Counting(contender.ledger)
    follow(counting, question)
    return counting.transfers, counting.accounts


def _print(
    world: World, contenders: list[Contender], read: list[tuple[int, int]], passes: int
) -> None:
    transfers, accounts = zip(*read, strict=True)
    print(
        f"{world.transfers:,} transfers; {len(read)} trails, each asked alone; "
        f"a trail reads p50 {percentile(transfers, 0.5)}, p99 {percentile(transfers, 0.99)}, "
        f"at most {max(transfers)} transfers of p50 {percentile(accounts, 0.5)}, "
        f"at most {max(accounts)} accounts\n{machine()}\n"
        f"all {len(contenders)} agree on all {len(read)} answers; milliseconds; warm: "
        f"{passes} passes by turns, pooled; cold: a pass before, with no page in memory at its start\n"
    )
    ours = contenders[0].warm
    header = "who brings the transfers|p50|p90|p99|max|p50 × ours|p99 × ours|cold p50|cold p99"
    table(header.split("|"), [_line(contender, ours) for contender in contenders])


def _line(contender: Contender, ours: list[float]) -> list[str]:
    warm, cold = contender.warm, contender.cold
    return [
        contender.name,
        *(milliseconds(percentile(warm, share)) for share in (0.5, 0.9, 0.99, 1.0)),
        *(f"{percentile(warm, share) / percentile(ours, share):.1f}" for share in (0.5, 0.99)),
        *(
            milliseconds(percentile(cold, share)) if contender.is_first else "–"
            for share in (0.5, 0.99)
        ),
    ]
