"""Reports at a rate, whether answers come or not, and when their orders stood at the banks."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random
from threading import Event

import httpx

from holdfast.banks.agent.store import connect
from holdfast.banks.messages import parse_answer
from holdfast.core.instant import HOUR_US, SECOND_US
from holdfast.simulation.country import PlantedClaim
from holdfast.simulation.real_time import real_us

IN_FLIGHT_MAX = 64
"""Of reports at once; others wait, and their waits count."""
TRIES_MAX = 8
AGAIN_S, AGAIN_S_MAX = 1.0, 10.0
NOT_NOW = frozenset((429, 503))
"""Who is told so sends the same again, under the same idempotency key."""
TAKEN = 201

Ask = Callable[[str, bytes, str], httpx.Response]
"""Posts a body to a path under an idempotency key."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a report; times in microseconds since 1970 UTC."""

    transfer_id: str
    due_us: int
    """When it had to be sent; waits count from here, also where it was sent late."""
    answered_us: int
    status: int
    """The last answer's, 0 where none came."""
    tries: int
    case: str = ""
    report_id: str = ""
    orders: tuple[str, ...] = ()

    @property
    def is_taken(self) -> bool:
        """Whether the centre has acknowledged it."""
        return self.status == TAKEN


@dataclass(frozen=True, slots=True)
class AtBank:
    """When an order stood in a bank's book, and when the bank held something under it."""

    institution: str
    account: str
    asked_minor: int
    held_minor: int
    taken_us: int
    held_us: int | None


def arrivals_us(reports_per_hour: int, seconds: float, rng: Random) -> Iterator[int]:
    """Yield when reports come, from zero on: at random, so many an hour on average."""
    at_us = 0.0
    while (at_us := at_us + rng.expovariate(reports_per_hour) * HOUR_US) < seconds * SECOND_US:
        yield int(at_us)


def send_reports(ask: Ask, claims: Iterable[PlantedClaim], offsets_us: Iterable[int]) -> list[Sent]:
    """Send one report a claim when each is due, and return what became of all of them.

    The idempotency keys follow from the claims. Interrupted, it waits for no answers.
    """
    begins_us, ended = real_us(), Event()
    pool = ThreadPoolExecutor(IN_FLIGHT_MAX, thread_name_prefix="caller")
    try:
        running = []
        for claim, offset_us in zip(claims, offsets_us, strict=False):
            due_us = begins_us + offset_us
            time.sleep(max(due_us - real_us(), 0) / SECOND_US)
            running.append(pool.submit(_send, ask, claim, due_us, ended))
        return [sent.result() for sent in running]
    finally:
        ended.set()
        pool.shutdown(wait=False, cancel_futures=True)


def orders_in(book_file: Path, institution: str) -> Mapping[str, AtBank]:
    """Return all orders in a bank's book, by their ids."""
    db = connect(book_file)
    try:
        orders = db.execute(
            "SELECT order_id, account, amount_minor, held_minor FROM orders"
        ).fetchall()
        answers = [
            parse_answer(row[0]) for row in db.execute("SELECT body FROM answers").fetchall()
        ]
    finally:
        db.close()
    taken_us: dict[str, int] = {}
    held_us: dict[str, int] = {}
    for answer in sorted(answers, key=lambda answer: answer.answered_at_us):
        taken_us.setdefault(answer.order_id, answer.answered_at_us)
        if answer.amount_held_minor:
            held_us.setdefault(answer.order_id, answer.answered_at_us)
    return {
        order_id: AtBank(
            institution, account, asked, held, taken_us[order_id], held_us.get(order_id)
        )
        for order_id, account, asked, held in map(tuple, orders)
    }


def _send(ask: Ask, claim: PlantedClaim, due_us: int, ended: Event) -> Sent:
    told = {
        "via": "centre",
        "scam_type": claim.scam.rpartition("-")[0],
        "payments": [{"transfer_id": claim.transfer_id}],
    }
    body, status, tries = json.dumps(told).encode(), 0, 0
    while tries < TRIES_MAX and not ended.is_set():
        tries, again_s = tries + 1, AGAIN_S
        try:
            reply = ask("/v1/reports", body, f"report-{claim.transfer_id}")
        except httpx.HTTPError:
            status = 0
        else:
            status = reply.status_code
            if status == TAKEN:
                return _taken(claim, due_us, tries, reply)
            if status not in NOT_NOW:
                break
            again_s = min(float(reply.headers.get("retry-after", AGAIN_S)), AGAIN_S_MAX)
        if tries < TRIES_MAX:
            ended.wait(again_s)
    return Sent(claim.transfer_id, due_us, real_us(), status, tries)


def _taken(claim: PlantedClaim, due_us: int, tries: int, reply: httpx.Response) -> Sent:
    answered_us, told = real_us(), reply.json()
    return Sent(
        claim.transfer_id,
        due_us,
        answered_us,
        reply.status_code,
        tries,
        told["case"],
        told["report_id"],
        tuple(order["order_id"] for order in told["orders"]),
    )
