"""Trace: settle a claim together with all claims that share an account with it.

All accepted claims of a currency have one settlement. It falls into parts that share no account,
and such a part can be settled alone with the same result, so only the part is settled in which
something changed: first the claims asked for, then with those whose accounts they touched, until
no further claim shares an account.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection

from holdfast.cases.models import Claim
from holdfast.cases.queries import OrdersView, neighbours, orders_view
from holdfast.cases.slices import Stays, slices_of, stays_of
from holdfast.cases.stops import Stops, StopsAt
from holdfast.ledger.store import LedgerStore
from holdfast.records.applied import mark
from holdfast.trail.answer import Answer
from holdfast.trail.gather import follow
from holdfast.trail.question import Bounds, Question, Rule

RULE = Rule.FIFO
"""Which money is traced is a choice that is stored with each trail; how the pot is shared is
another (Clayton's case, 1816, applies by default)."""
BOUNDS = Bounds(accounts=50_000, transfers=5_000_000)
"""A trail that meets a bound says so, and a person is asked to look."""

STOPS = Stops()
ROWS_AT_ONCE = 500
"""How many rows one statement writes."""
LEDGER = "ledger"
"""The name under which the ledger's applied number is kept."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A part of the settlement: its claims in the ledger's order, and where their money is."""

    currency: str
    claims: tuple[Claim, ...]
    answer: Answer
    orders: OrdersView
    """What earlier orders said when this was settled."""
    stops: StopsAt
    ledger_change: int
    is_whole: bool
    """Whether nothing is missing that was seen before: no bound met, and no older ledger.

    Without earlier orders the ledger is not asked: nothing can be taken back."""


def trace_money(ledger: LedgerStore, claims: Iterable[Claim], now_us: int) -> Settled:
    """Settle accepted claims of one currency with all that they meet, and store their slices.

    Must be called in a transaction that holds the currency's lock.
    """
    part = {claim.id: claim for claim in claims}
    currency = next(iter(part.values())).currency
    stops = STOPS.at(now_us)
    while True:
        ordered = sorted(part.values(), key=_place)
        orders = orders_view(list(part))
        answer = follow(ledger, _question(ordered, orders, stops))
        homes = {claim.transfer_id: (claim.debit_account, claim.time_us) for claim in ordered}
        stays = stays_of(answer, homes)
        met = neighbours(set().union(*stays.values()), list(part), currency)
        if not met:
            break
        part |= {claim.id: claim for claim in met}
    change = ledger.figures.change
    whole = answer.truncated_why is None and (not orders.standing or _is_followed(ledger))
    settled = Settled(currency, tuple(ordered), answer, orders, stops, change, whole)
    _store(settled, stays, now_us)
    return settled


def _is_followed(ledger: LedgerStore) -> bool:
    """Whether the ledger holds all that was followed before."""
    followed = mark(LEDGER)
    return ledger.holds(followed.number, followed.digest)


def _question(claims: list[Claim], orders: OrdersView, stops: StopsAt) -> Question:
    return Question(
        claims=tuple(claim.transfer_id for claim in claims),
        rule=RULE,
        stops=stops,
        holds=orders.holds,
        bounds=BOUNDS,
    )


def _place(claim: Claim) -> tuple[int, int, str]:
    return claim.time_us, claim.seq, claim.transfer_id


def _store(settled: Settled, stays: Stays, now_us: int) -> None:
    _write_stays(settled.claims, stays)
    _write_slices(settled, now_us)


_WRITE_STAYS = """
    INSERT INTO cases_tracedaccount (claim_id, account, last_us, rests)
    VALUES {rows}
    ON CONFLICT (claim_id, account) DO UPDATE SET
        last_us = excluded.last_us, rests = excluded.rests
    WHERE cases_tracedaccount.last_us <> excluded.last_us
        OR cases_tracedaccount.rests <> excluded.rests
"""
"""In SQL of our own: Django's upsert would write those anew that say what they said before."""


def _write_stays(claims: Sequence[Claim], stays: Stays) -> None:
    """Write where each claim's money has been; rows of earlier settlements are left."""
    rows = [
        (claim.id, account, stay.last_us, stay.rests)
        for claim in claims
        for account, stay in sorted(stays.get(claim.transfer_id, {}).items())
    ]
    for start in range(0, len(rows), ROWS_AT_ONCE):
        some = rows[start : start + ROWS_AT_ONCE]
        sql = _WRITE_STAYS.format(rows=", ".join(["(%s, %s, %s, %s)"] * len(some)))
        with connection.cursor() as cursor:
            cursor.execute(sql, [value for row in some for value in row])


_WRITE_SLICES = """
    INSERT INTO cases_storedtrail (claim_id, rule, ledger_change, settled_us, answer)
    VALUES {rows}
    ON CONFLICT (claim_id) DO UPDATE SET
        rule = excluded.rule, ledger_change = excluded.ledger_change,
        settled_us = excluded.settled_us, answer = excluded.answer
    WHERE cases_storedtrail.answer <> excluded.answer
"""
_ROW = "(%s, %s, %s, %s, %s)"


def _write_slices(settled: Settled, now_us: int) -> None:
    """Write the slices that say something new, with the ledger's change since which they do."""
    slices = slices_of(settled.answer, [claim.transfer_id for claim in settled.claims])
    for start in range(0, len(settled.claims), ROWS_AT_ONCE):
        some = settled.claims[start : start + ROWS_AT_ONCE]
        values: list[object] = []
        for claim in some:
            answer = json.dumps(slices[claim.transfer_id].as_json())
            values += [claim.id, RULE.value, settled.ledger_change, now_us, answer]
        with connection.cursor() as cursor:
            cursor.execute(_WRITE_SLICES.format(rows=", ".join([_ROW] * len(some))), values)
