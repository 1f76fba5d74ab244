"""Send reports at a rate, whether answers come or not, and note when their orders arrive."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.orders_banks import Banks, Manner
from benchmarks.orders_http import Client
from benchmarks.orders_world import Told, arrivals

DRAIN_SECONDS_MAX = 60


@dataclass(slots=True)
class Sent:
    """A report that was sent, what was answered, and which orders were made; times in seconds."""

    transfer_id: str
    due_s: float
    """When it had to be sent; waits count from here, also if it was sent late."""
    answered_s: float = 0.0
    status: int = 0
    report_id: str = ""
    orders: list[tuple[str, str]] = field(default_factory=list)
    """Order and institution."""


@dataclass(slots=True)
class Waits:
    """What a phase measured, in seconds, a value a report."""

    post: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    last: list[float] = field(default_factory=list)
    orders: int = 0
    only_silent: int = 0
    """Reports all whose orders go to banks that never answer."""
    without_orders: int = 0
    missing: int = 0
    """Orders to banks that answer which had not arrived when waiting ended."""
    drained_s: float = 0.0
    """How long after the last report the last order arrived."""


async def send_reports(
    centre: Client, reports: Sequence[Told], rate: float, seconds: float, seed: int
) -> list[Sent]:
    """Send reports for some seconds at random instants, and wait for all answers."""
    begin_s = time.monotonic()
    tasks = []
    for told, at_s in zip(reports, arrivals(rate, seconds, seed), strict=False):
        await asyncio.sleep(max(begin_s + at_s - time.monotonic(), 0))
        sent = Sent(told.transfer_id, begin_s + at_s)
        tasks.append(asyncio.create_task(_send(centre, told, sent)))
    return list(await asyncio.gather(*tasks))


async def _send(centre: Client, told: Told, sent: Sent) -> Sent:
    headers = {"idempotency-key": f"report-{told.transfer_id}"}
    try:
        answer = await centre.post("/v1/reports", headers, told.body)
    except ConnectionError:
        return sent
    sent.answered_s, sent.status = time.monotonic(), answer.status
    if answer.status == 201:
        values = json.loads(answer.body)
        sent.report_id = values["report_id"]
        sent.orders = [(row["order_id"], row["institution"]) for row in values["orders"]]
    return sent


async def waits_of(sent: Sequence[Sent], banks: Banks) -> Waits:
    """Wait until the orders have arrived at all banks that are not silent, and measure."""
    silent = {bank.name for bank in banks.banks if bank.manner is Manner.SILENT}
    awaited = [
        order for row in sent for order, institution in row.orders if institution not in silent
    ]
    deadline_s = time.monotonic() + DRAIN_SECONDS_MAX
    while not all(order in banks.arrived for order in awaited) and time.monotonic() < deadline_s:
        await asyncio.sleep(0.05)
    waits = Waits(missing=sum(order not in banks.arrived for order in awaited))
    for row in sent:
        waits.orders += len(row.orders)
        if row.status != 201:
            continue
        waits.post.append(row.answered_s - row.due_s)
        times_s = [
            banks.arrived[order].at_s
            for order, institution in row.orders
            if institution not in silent and order in banks.arrived
        ]
        if not times_s:
            waits.without_orders += not row.orders
            waits.only_silent += bool(row.orders)
            continue
        waits.first.append(min(times_s) - row.due_s)
        waits.last.append(max(times_s) - row.due_s)
        waits.drained_s = max(waits.drained_s, max(times_s) - sent[-1].due_s)
    return waits
