"""Hold: turn what a settled trail says into orders, and keep earlier holds true to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from holdfast.cases.hold import FIRST
from holdfast.cases.models import Claim, Order, OrderStep
from holdfast.cases.queries import held_on, homes_among
from holdfast.cases.review import ReviewKind
from holdfast.cases.wanted import Wanted, aside_after, wanted
from holdfast.core.account import bank_of
from holdfast.ledger.store import LedgerStore
from holdfast.people.actor import Actor
from holdfast.records import audit, due
from holdfast.records.models import AuditEntry
from holdfast.workflows.ask_person import ask_person, is_approved
from holdfast.workflows.centre import Centre
from holdfast.workflows.legal_basis import Basis, basis_for
from holdfast.workflows.messages_out import post_holds
from holdfast.workflows.remind_victim import plan_reminders
from holdfast.workflows.set_aside import sink
from holdfast.workflows.share_holds import share_holds
from holdfast.workflows.trace_money import Settled, trace_money

LAPSE = "lapse"
"""Due work: end an order whose time has run out."""
NEWEST_US = 2**62
"""After every transfer there is."""
ROUNDS_MAX = 4
"""How often holds may change hands in one settlement before a person is asked."""


@dataclass(frozen=True, slots=True)
class Held:
    """What came of settling: all claims that were settled together, and the orders made."""

    claim_ids: frozenset[int]
    orders: list[Order]


def hold_money(centre: Centre, ledger: LedgerStore, claims: Iterable[Claim], actor: Actor) -> Held:
    """Settle some claims of one currency anew and order what rests and is not held yet.

    Must be called in a transaction that holds the currency's lock.
    """
    now_us = centre.now_us()
    settled = trace_money(ledger, claims, now_us)
    for _ in range(ROUNDS_MAX):
        if not share_holds(centre, settled, actor):
            break
        settled = trace_money(ledger, settled.claims, now_us)
    _ask_about_stops(centre, settled)
    orders = _Ordering(centre, settled, actor, now_us).orders(ledger)
    return Held(frozenset(claim.id for claim in settled.claims), orders)


@dataclass(slots=True)
class _Ordering:
    """The orders that follow from one settlement."""

    centre: Centre
    settled: Settled
    actor: Actor
    now_us: int

    def orders(self, ledger: LedgerStore) -> list[Order]:
        by_id = {claim.transfer_id: claim for claim in self.settled.claims}
        resting = self.settled.answer.resting
        standing = self.settled.orders.standing
        for spot, aside_minor in aside_after(resting, standing).items():
            if spot[1] in by_id:
                sink(by_id[spot[1]], spot[0], standing[spot].aside_minor - aside_minor)
        orders = wanted(resting, standing, self._available(ledger))
        homes = homes_among({order.account for order in orders})
        bases: dict[str, Basis | None] = {}
        made: list[tuple[Order, Basis]] = []
        for order in orders:
            claim = by_id[order.claim]
            if self._waits_for_person(order, claim, homes):
                continue
            if order.claim not in bases:
                bases[order.claim] = basis_for(self.centre, claim, self.now_us)
            basis = bases[order.claim]
            if basis is None:
                self._ask(ReviewKind.NO_BASIS, claim, order)
            else:
                made.append((self._order(order, claim, basis), basis))
        self._keep(made)
        for case, lapses_us in {(order.case, order.lapses_us) for order, _ in made}:
            plan_reminders(self.centre, case, lapses_us)
        return [order for order, _ in made]

    def _available(self, ledger: LedgerStore) -> dict[str, int]:
        """Return what the ledger's balance leaves to be held in each account where money rests."""
        accounts = {row.account for row in self.settled.answer.resting}
        held = held_on(accounts, self.settled.currency)
        available = {}
        for account in accounts:
            balance = ledger.balance_at(account, self.settled.currency, NEWEST_US)
            if balance is not None:
                available[account] = max(balance - held.get(account, 0), 0)
        return available

    def _waits_for_person(self, order: Wanted, claim: Claim, homes: set[str]) -> bool:
        """Whether a rule alone must not hold this; a person is asked, or has declined."""
        if claim.hops_max is not None and order.hop > claim.hops_max:
            return True
        if bank_of(order.account).partition(".")[0] != self.centre.country:
            return self._ask(ReviewKind.STOP, claim, order)
        if order.account in homes and self._ask(ReviewKind.VICTIM_ACCOUNT, claim, order):
            return True
        return claim.disputed and self._ask(ReviewKind.DISPUTE, claim, order)

    def _ask(self, kind: ReviewKind, claim: Claim, order: Wanted) -> bool:
        """Ask a person unless one has approved; return whether the order must wait."""
        subject = f"{claim.claim_id}@{order.account}"
        if is_approved(claim.case_id, kind, subject):
            return kind is ReviewKind.STOP
        ask_person(
            self.centre,
            kind,
            claim.case,
            subject,
            {"account": order.account, "amount_minor": order.amount_minor, "hop": order.hop},
        )
        return True

    def _order(self, row: Wanted, claim: Claim, basis: Basis) -> Order:
        return Order(
            order_id=self.centre.new_id("order"),
            case=claim.case,
            claim=claim,
            institution_id=bank_of(row.account),
            account=row.account,
            currency=self.settled.currency,
            amount_minor=row.amount_minor,
            state=FIRST.value,
            hop=row.hop,
            basis=basis.key,
            law_fingerprint=self.centre.law.fingerprint,
            provisional=basis.provisional,
            ledger_change=self.settled.ledger_change,
            ordered_us=self.now_us,
            lapses_us=basis.lapses_us,
        )

    def _keep(self, made: list[tuple[Order, Basis]]) -> None:
        """Write new orders and what each leaves: message, first step, clock, audit.

        All of a kind in one statement: the currency's lock is held meanwhile, and others wait.
        """
        if not made:
            return
        post_holds(self.centre, made)
        orders = [order for order, _ in made]
        Order.objects.bulk_create(orders)
        OrderStep.objects.bulk_create(_first_step(order, self.actor) for order in orders)
        due.plan_all(LAPSE, {order.order_id: order.lapses_us for order in orders})
        audit.record_all(_audited(order, self.actor) for order in orders)


def _first_step(order: Order, actor: Actor) -> OrderStep:
    return OrderStep(
        order=order,
        number=1,
        to_state=FIRST.value,
        at_us=order.ordered_us,
        actor=actor.name,
        basis=order.basis,
        lapses_us=order.lapses_us,
        held_minor=0,
    )


def _audited(order: Order, actor: Actor) -> AuditEntry:
    return audit.entry(
        at_us=order.ordered_us,
        actor=actor.name,
        verb="order_hold",
        subject=f"case:{order.case.number}",
        basis=order.basis,
        detail={
            "order": order.order_id,
            "amount_minor": order.amount_minor,
            "currency": order.currency,
            "institution": order.institution_id,
            "lapses_us": order.lapses_us,
            "ledger_change": order.ledger_change,
        },
    )


def _ask_about_stops(centre: Centre, settled: Settled) -> None:
    """Ask a person where money left into a stop, or where a bound cut the trail short."""
    by_id = {claim.transfer_id: claim for claim in settled.claims}
    for left in settled.answer.exits:
        if left.kind not in ("stop", "truncated"):
            continue
        claim = by_id[left.claim]
        ask_person(
            centre,
            ReviewKind.STOP if left.kind == "stop" else ReviewKind.TRUNCATED,
            claim.case,
            f"{claim.claim_id}@{left.account}",
            {
                "account": left.account,
                "amount_minor": left.amount_minor,
                "kind": settled.stops.kind(left.account) or left.kind,
            },
        )
