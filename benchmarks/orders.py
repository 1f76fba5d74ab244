"""From a report to the orders at the banks, over HTTP: how long, how many, and nothing lost.

A whole centre runs here: `holdfast serve`, `holdfast worker` and a PostgreSQL that flushes each
commit, with a hundred banks on loopback in this process, each on a port of its own. Five banks
take orders and never answer, ten answer by hand minutes later, the others at once. Reports are
sent at random instants, whether answers come or not; waits count from the instant at which a
report had to be sent until its first and its last order stands, read to its end, at a bank that
answers. Connections are without TLS, and banks verify signatures only after the measurement.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.measure import machine, percentile, table
from benchmarks.orders_banks import AGAIN_S, TRIES_MAX, Banks
from benchmarks.orders_centre import RunningCentre, running_centre
from benchmarks.orders_check import check
from benchmarks.orders_http import Client
from benchmarks.orders_load import Sent, Waits, send_reports, waits_of
from benchmarks.orders_world import BANKS, OrdersWorld, Told
from holdfast.core.instant import SECOND_US

WARM_SECONDS = 5
WARM_RATE = 5
STEPS = (15, 20, 25, 30, 40, 50, 60, 80, 100)
KEPT_UP_S = 1.0
"""A rate is sustained where the last order arrives so soon after the last report."""


@dataclass(frozen=True, slots=True)
class Phase:
    """What a rate gave: times, and the work of each part from its first report to its last order."""

    rate: float
    reports: int
    seconds: float
    waits: Waits
    cpu_seconds: dict[str, float]
    bank_s: float
    """How long a bank that answers at once took to answer, half of the orders within."""
    load: float

    @property
    def kept_up(self) -> bool:
        """Whether all arrived, and the last soon after the last report."""
        waits = self.waits
        is_whole = not waits.missing and len(waits.post) == self.reports
        return is_whole and waits.drained_s <= KEPT_UP_S


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="orders", description=__doc__)
    parser.add_argument("--rates", type=float, nargs="+", default=[10, 50], help="reports a second")
    parser.add_argument("--seconds", type=float, default=60, help="how long each rate is held")
    parser.add_argument("--steps", type=float, default=20, help="seconds a step; 0 leaves them out")
    parser.add_argument("--silent", type=int, default=5, help="banks that never answer")
    parser.add_argument("--by-hand", type=int, default=10, help="banks that answer by hand")
    parser.add_argument("--by-hand-s", type=float, nargs=2, default=(60, 180), metavar="S")
    parser.add_argument("--servers", type=int, default=1, help="processes of `holdfast serve`")
    parser.add_argument("--workers", type=int, default=1, help="processes of `holdfast worker`")
    options = parser.parse_args(arguments)
    if options.by_hand_s[1] >= 1000 or options.seconds > 3600:
        parser.error("a phase takes at most an hour, an answer by hand at most 1000 s")
    print(machine(), flush=True)
    with asyncio.Runner() as runner:
        _measure(options, runner)


def _measure(options: argparse.Namespace, runner: asyncio.Runner) -> None:
    world = _world(options)
    banks = Banks(tuple(options.by_hand_s))
    runner.run(banks.start(BANKS, options.silent, options.by_hand))
    with running_centre(
        world.transfers, banks, servers=options.servers, workers=options.workers
    ) as centre:
        run = _Run(options, centre, banks, world.reports)
        runner.run(run.all())
        wrong = check(centre.home, run.sent, banks)
    given = list(banks.by_hand.values())
    print(
        f"\n{len(run.sent)} reports, {len(banks.arrived)} orders arrived, {banks.repeats} of them "
        f"again; {given.count(200)} of {len(given)} answers by hand taken; "
        f"lost or wrong: {wrong}"
    )


class _Run:
    """All phases on one running centre, one after the other."""

    def __init__(
        self,
        options: argparse.Namespace,
        centre: RunningCentre,
        banks: Banks,
        reports: Sequence[Told],
    ) -> None:
        self._options = options
        self._running = centre
        self._banks = banks
        self._reports = list(reports)
        self._client = Client(centre.port, {"authorization": f"Bearer {centre.api_key}"})
        banks.centre = Client(centre.port, {})
        self.sent: list[Sent] = []

    async def all(self) -> None:
        """Warm up, hold each rate, step up, and wait for those who answer by hand."""
        await self._phase(WARM_RATE, WARM_SECONDS)
        for rate in self._options.rates:
            _print(await self._phase(rate, self._options.seconds))
        if self._options.steps:
            await self._step_up()
        await _hands_done(self._banks, self._options.by_hand_s[1] + TRIES_MAX * AGAIN_S)
        await self._banks.stop()

    async def _step_up(self) -> None:
        """Hold higher and higher rates until the centre falls behind."""
        best = 0.0
        rows = []
        for step in STEPS:
            phase = await self._phase(step, self._options.steps)
            rows.append(_step_row(phase))
            if not phase.kept_up:
                break
            best = step
        print(f"\nSteps of {self._options.steps:g} s; the highest rate kept up with: {best:g}/s\n")
        header = "reports/s|last order p50 ms|p99 ms|behind at the end s|cores|kept up"
        table(header.split("|"), rows)

    async def _phase(self, rate: float, seconds: float) -> Phase:
        used_before, own_before = self._running.cpu_seconds(), time.process_time()
        answered = len(self._banks.answering_s)
        load, begin_s = os.getloadavg()[0], time.monotonic()
        sent = await send_reports(self._client, self._reports, rate, seconds, len(self.sent))
        del self._reports[: len(sent)]
        self.sent += sent
        waits = await waits_of(sent, self._banks)
        took_s = time.monotonic() - begin_s
        used = self._running.cpu_seconds()
        work = {part: used[part] - used_before[part] for part in used}
        work["banks and callers"] = time.process_time() - own_before
        bank_s = percentile(self._banks.answering_s[answered:] or [0.0], 0.5)
        return Phase(rate, len(sent), took_s, waits, work, bank_s, load)


def _world(options: argparse.Namespace) -> OrdersWorld:
    """Make as many victims as reports can be sent, who paid within the last two hours."""
    steps = sum(STEPS) * options.steps
    expected = WARM_RATE * WARM_SECONDS + sum(options.rates) * options.seconds + steps
    now_us = time.time_ns() // 1000
    return OrdersWorld(
        int(expected * 1.1) + 100, now_us - 7200 * SECOND_US, now_us - 900 * SECOND_US
    )


async def _hands_done(banks: Banks, longest_s: float) -> None:
    """Wait until everybody at the banks has answered."""
    deadline_s = time.monotonic() + longest_s + 10
    while not all(banks.by_hand.values()) and time.monotonic() < deadline_s:
        await asyncio.sleep(0.2)


def _print(phase: Phase) -> None:
    waits = phase.waits
    print(
        f"\n### {phase.rate:g} reports a second\n\n{phase.reports} reports with {waits.orders} "
        f"orders in {phase.seconds:.1f} s; {phase.reports - len(waits.post)} refused, "
        f"{waits.without_orders} without orders, {waits.only_silent} only to silent banks; "
        f"{waits.missing} orders missing; the last order arrived {waits.drained_s:.2f} s after "
        f"the last report; a bank took {phase.bank_s * 1000:.1f} ms to answer; "
        f"load {phase.load:.1f} before\n"
    )
    header = "milliseconds|p50|p90|p99|max"
    rows = [
        ("report → answered", waits.post),
        ("report → first order at its bank", waits.first),
        ("report → all orders at their banks", waits.last),
    ]
    table(header.split("|"), [[name, *_spread(values)] for name, values in rows if values])
    print()
    reports = max(phase.reports, 1)
    table(
        ["work of", "cores", "ms a report"],
        [
            [part, f"{used / phase.seconds:.2f}", f"{used / reports * 1000:.1f}"]
            for part, used in phase.cpu_seconds.items()
        ],
    )


def _spread(values: Sequence[float]) -> list[str]:
    shares = [percentile(values, share) for share in (0.5, 0.9, 0.99)]
    return [f"{value * 1000:.0f}" for value in (*shares, max(values))]


def _step_row(phase: Phase) -> list[str]:
    last = phase.waits.last or [0.0]
    cores = sum(phase.cpu_seconds.values()) / phase.seconds
    return [
        f"{phase.rate:g}",
        f"{percentile(last, 0.5) * 1000:.0f}",
        f"{percentile(last, 0.99) * 1000:.0f}",
        f"{phase.waits.drained_s:.1f}",
        f"{cores:.2f}",
        "yes" if phase.kept_up else "no",
    ]
