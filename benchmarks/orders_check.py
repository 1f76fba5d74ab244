"""Is anything lost? Each report a case, each order where it belongs, each amount by the trail."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.orders_banks import Banks, Manner
from benchmarks.orders_load import Sent
from holdfast.banks.messages import parse_order
from holdfast.banks.signing import verify_request
from holdfast.core.keys import PublicKey
from holdfast.ledger.store import LedgerStore
from holdfast.trail.gather import follow
from holdfast.trail.question import Question

SHOWN_MAX = 10
BUSY = 503


def check(home: Path, sent: Sequence[Sent], banks: Banks) -> int:
    """Print what is wrong and return how much that is; needs Django set up for the centre."""
    wrong = list(_wrong(home, sent, banks))
    for line in wrong[:SHOWN_MAX]:
        print(f"  WRONG: {line}")
    return len(wrong)


def _wrong(home: Path, sent: Sequence[Sent], banks: Banks) -> Iterator[str]:
    from holdfast.cases.models import Claim, Order, Report
    from holdfast.records.models import OutboxMessage

    taken = [row for row in sent if row.status == 201]
    # Told to come again later, a caller knows that nothing was taken.
    unsaid = [row for row in sent if row.status not in (201, BUSY)]
    yield from (f"report {row.transfer_id}: HTTP {row.status}" for row in unsaid)
    kept = set(Report.objects.values_list("report_id", flat=True))
    yield from (f"report {row.report_id} has no case" for row in taken if row.report_id not in kept)
    claims = set(Claim.objects.filter(state="accepted").values_list("transfer_id", flat=True))
    yield from (
        f"claim {row.transfer_id} is missing" for row in taken if row.transfer_id not in claims
    )
    orders = list(Order.objects.select_related("claim"))
    yield from _amounts(home, claims, orders)
    for order in orders:
        yield from _order(order, banks)
    yield from _proofs(home, banks)
    undone = OutboxMessage.objects.filter(done_us=None).values_list("destination", flat=True)
    for name, count in Counter(undone).items():
        if banks.manner_of(name) is not Manner.SILENT:
            yield f"{count} messages still wait for {name}, which is not silent"
    command = [str(Path(sys.executable).with_name("holdfast")), "audit", "verify"]
    verified = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    if verified.returncode:
        yield f"audit: {verified.stdout.splitlines()[-1:]}"


def _amounts(home: Path, claims: set[str], orders: Sequence[Any]) -> Iterator[str]:
    """Yield where orders ask for another amount than rests by a trail of all claims at once."""
    with LedgerStore.open(home / "ledger") as ledger:
        answer = follow(ledger, Question(claims=tuple(sorted(claims))))
    resting: Counter[tuple[str, str]] = Counter()
    for row in answer.resting:
        resting[row.account, row.claim] += row.amount_minor
    asked: Counter[tuple[str, str]] = Counter()
    for order in orders:
        asked[order.account, order.claim.transfer_id] += order.amount_minor
    for spot in sorted(resting.keys() | asked.keys()):
        if resting[spot] != asked[spot]:
            yield f"{spot}: {resting[spot]} rests, {asked[spot]} was ordered"


def _order(order: Any, banks: Banks) -> Iterator[str]:
    manner = banks.manner_of(order.institution_id)
    arrival = banks.arrived.get(order.order_id)
    if arrival is None:
        if manner is not Manner.SILENT:
            yield f"{order.order_id} never arrived at {order.institution_id}"
    else:
        message = parse_order(arrival.message.body)
        told = message.account, message.amount_minor, message.institution
        if told != (order.account, order.amount_minor, arrival.institution):
            yield f"{order.order_id} arrived otherwise than it was made"
    right = {Manner.SILENT: ("requested", 0)}.get(manner, ("held", order.amount_minor))
    if (order.state, order.held_minor) != right:
        yield f"{order.order_id} ({manner.value}) is {order.state} with {order.held_minor}"


def _proofs(home: Path, banks: Banks) -> Iterator[str]:
    """Yield orders whose signature does not hold; banks here look only afterwards."""
    from base64 import b64encode

    from holdfast.records.signing_key import public_keys

    keys = {
        key_id: PublicKey.parse(key_id, b64encode(key).decode())
        for key_id, key in public_keys(home / "keys").items()
    }
    for order_id, arrival in banks.arrived.items():
        message = arrival.message
        created = message.headers["signature-input"].partition("created=")[2].partition(";")[0]
        now_us = int(created) * 1_000_000
        verify_request("POST", message.path, message.headers, message.body, keys.get, now_us)
        if not order_id:
            yield "an order without an id"
