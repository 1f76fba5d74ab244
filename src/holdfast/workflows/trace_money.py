"""Trace: settle a claim together with all claims that share an account with it.

All accepted claims of a currency have one settlement. It falls into parts that share no account,
and such a part can be settled alone with the same result, so only the part is settled in which
something changed: first the claims asked for, then with those whose accounts they touched, until
no further claim shares an account.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from holdfast.cases.models import Claim, StoredTrail, TracedAccount
from holdfast.cases.queries import AT_ONCE, OrdersView, neighbours, orders_view
from holdfast.cases.slices import slice_of, touched_by
from holdfast.cases.stops import Stops, StopsAt
from holdfast.ledger.store import LedgerStore
from holdfast.records.applied import applied
from holdfast.trail.answer import Answer
from holdfast.trail.gather import follow
from holdfast.trail.question import Bounds, Question, Rule

RULE = Rule.FIFO
"""Which money is traced is a choice that is stored with each trail; how the pot is shared is
another (Clayton's case, 1816, applies by default)."""
BOUNDS = Bounds(accounts=50_000, transfers=5_000_000)
"""A trail that meets a bound says so, and a person is asked to look."""

STOPS = Stops()
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
    """Whether nothing is missing that was seen before: no bound met, and no older ledger."""


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
        homes = {claim.transfer_id: claim.debit_account for claim in ordered}
        touched = touched_by(answer, homes)
        met = neighbours(set().union(*touched.values()), list(part), currency)
        if not met:
            break
        part |= {claim.id: claim for claim in met}
    change = ledger.figures.change
    whole = answer.truncated_why is None and change >= applied(LEDGER)
    settled = Settled(currency, tuple(ordered), answer, orders, stops, change, whole)
    _store(settled, touched, now_us)
    return settled


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


def _store(settled: Settled, touched: dict[str, set[str]], now_us: int) -> None:
    ids = [claim.id for claim in settled.claims]
    rows = [
        TracedAccount(claim=claim, account=account)
        for claim in settled.claims
        for account in sorted(touched.get(claim.transfer_id, set()))
    ]
    # Those known before are left as they are, without asking first which these are.
    TracedAccount.objects.bulk_create(rows, batch_size=AT_ONCE, ignore_conflicts=True)
    trails = {
        claim_id: (answer, change)
        for claim_id, answer, change in StoredTrail.objects.filter(claim_id__in=ids).values_list(
            "claim_id", "answer", "ledger_change"
        )
    }
    numbers = [claim.claim_id for claim in settled.claims]
    for claim in settled.claims:
        answer = slice_of(settled.answer, claim.transfer_id).as_json()
        if trails.get(claim.id) == (answer, settled.ledger_change):
            continue
        values = {
            "rule": RULE.value,
            "ledger_change": settled.ledger_change,
            "settled_us": now_us,
            "together_with": [number for number in numbers if number != claim.claim_id],
            "answer": answer,
        }
        if claim.id in trails:
            StoredTrail.objects.filter(claim=claim).update(**values)
        else:
            StoredTrail.objects.create(claim=claim, **values)
