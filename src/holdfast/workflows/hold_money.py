"""Hold: turn what a settled trail says into orders, and keep earlier holds true to it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from holdfast.cases.hold import FIRST, HoldState
from holdfast.cases.models import Claim, Order, OrderStep
from holdfast.cases.queries import UNANSWERED_VALUES, held_on, homes_among, in_parts
from holdfast.cases.review import ReviewKind
from holdfast.cases.slices import arrivals
from holdfast.cases.wanted import Asked, Spot, Wanted, aside_after, unneeded, wanted
from holdfast.core.account import bank_of
from holdfast.ledger.store import LedgerStore
from holdfast.people.actor import Actor
from holdfast.records import audit, due
from holdfast.records.models import AuditEntry
from holdfast.trail.answer import Resting
from holdfast.workflows.ask_person import ask_person, is_approved
from holdfast.workflows.centre import Centre
from holdfast.workflows.confirm_claim import rest_on_new_bases
from holdfast.workflows.legal_basis import Basis, bases_for
from holdfast.workflows.messages_out import post_holds, post_release
from holdfast.workflows.remind_victim import plan_reminders
from holdfast.workflows.set_aside import sink
from holdfast.workflows.share_holds import share_holds
from holdfast.workflows.step_order import LAPSE, locked_order, step_order
from holdfast.workflows.trace_money import Settled, trace_money

__all__ = ["LAPSE", "Held", "hold_money"]

MONEY_LEFT = "money_left"
"""Why an order is withdrawn: nothing rests there any more."""
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

    All orders that serve them rest on the strongest basis afterwards, and those whose money has
    left before an answer came are withdrawn. Must be called in a transaction that holds the
    currency's lock.
    """
    now_us = centre.now_us()
    settled = trace_money(ledger, claims, now_us)
    for _ in range(ROUNDS_MAX):
        if not share_holds(centre, settled, actor, _may_hold(centre, settled, now_us)):
            break
        settled = trace_money(ledger, settled.claims, now_us)
    _ask_about_stops(centre, settled)
    if settled.is_whole:
        _let_sink(settled)
        _withdraw(centre, settled, actor)
    orders = _Ordering(centre, settled, actor, now_us).orders(ledger)
    changed = rest_on_new_bases(centre, settled.claims, actor)
    for case, lapses_us in {(order.case, order.lapses_us) for order in changed}:
        plan_reminders(centre, case, lapses_us)
    return Held(frozenset(claim.id for claim in settled.claims), orders)


def _let_sink(settled: Settled) -> None:
    """Let what is set aside follow the money that has left; a payment not seen tells nothing."""
    seen = {claim.transfer_id for claim in settled.answer.claims}
    by_id = {claim.transfer_id: claim for claim in settled.claims if claim.transfer_id in seen}
    standing = settled.orders.standing
    for (account, claim), aside_minor in aside_after(settled.answer.resting, standing).items():
        if claim in by_id:
            sink(by_id[claim], account, standing[account, claim].aside_minor - aside_minor)


def _withdraw(centre: Centre, settled: Settled, actor: Actor) -> None:
    """Withdraw orders whose money left before they were answered; it is looked for where it went."""
    seen = {claim.transfer_id for claim in settled.answer.claims}
    asked = [
        Asked(*row)
        for ids in in_parts(claim.id for claim in settled.claims if claim.transfer_id in seen)
        for row in Order.objects.filter(claim_id__in=ids, state__in=UNANSWERED_VALUES)
        .order_by("id")
        .values_list("order_id", "account", "claim__transfer_id", "amount_minor")
    ]
    for order_id in unneeded(settled.answer.resting, asked):
        order = locked_order(order_id)
        if not HoldState(order.state).unanswered:
            continue
        step_order(order, HoldState.RELEASED, actor, centre.now_us(), reason=MONEY_LEFT)
        # It rests there no more: should it come back, it is asked for anew.
        order.set_aside_minor = 0
        order.save(update_fields=["set_aside_minor"])
        post_release(centre, order, order.amount_minor, MONEY_LEFT)


@dataclass(frozen=True, slots=True)
class _Gate:
    """What may be held by rule: claims as they stand now, their bases, and victims' accounts."""

    centre: Centre
    claims: dict[str, Claim]
    bases: dict[int, Basis]
    homes: set[str]

    @classmethod
    def of(cls, centre: Centre, spots: Collection[Spot], now_us: int) -> _Gate:
        """Read what is known of accounts and claims; a word that has just come counts."""
        claims = [
            claim
            for ids in in_parts({claim for _, claim in spots})
            for claim in Claim.objects.select_related("case").filter(transfer_id__in=ids)
        ]
        return cls(
            centre,
            {claim.transfer_id: claim for claim in claims},
            bases_for(centre, claims, now_us),
            homes_among({account for account, _ in spots}),
        )

    def basis(self, order: Wanted) -> Basis | None:
        """Return the basis on which its claim's money may be held, if there is one."""
        return self.bases.get(self.claims[order.claim].id)

    def waits_for_person(self, order: Wanted) -> bool:
        """Whether a rule alone must not hold this; a person is asked, or has declined."""
        claim = self.claims[order.claim]
        if claim.hops_max is not None and order.hop > claim.hops_max:
            return True
        if bank_of(order.account).partition(".")[0] != self.centre.country:
            return self.ask(ReviewKind.STOP, order)
        if order.account in self.homes and self.ask(ReviewKind.VICTIM_ACCOUNT, order):
            return True
        return claim.disputed and self.ask(ReviewKind.DISPUTE, order)

    def ask(self, kind: ReviewKind, order: Wanted) -> bool:
        """Ask a person unless one has approved; return whether the order must wait."""
        claim = self.claims[order.claim]
        subject = f"{claim.claim_id}@{order.account}"
        if is_approved(claim.case_id, kind, subject, order.amount_minor):
            return kind is ReviewKind.STOP
        ask_person(
            self.centre,
            kind,
            claim.case,
            subject,
            {"account": order.account, "amount_minor": order.amount_minor, "hop": order.hop},
        )
        return True


def _may_hold(centre: Centre, settled: Settled, now_us: int) -> Callable[[Resting, int], bool]:
    """Return whether money in an account with an excess may be held, by the rules for orders."""
    accounts = {row.account for row in settled.answer.overheld}
    resting = settled.answer.resting
    spots = [(row.account, row.claim) for row in resting if row.account in accounts]
    gate = _Gate.of(centre, spots, now_us)

    def may_hold(row: Resting, amount_minor: int) -> bool:
        order = Wanted(row.account, row.claim, amount_minor, row.hop)
        return gate.basis(order) is not None and not gate.waits_for_person(order)

    return may_hold


@dataclass(slots=True)
class _Ordering:
    """The orders that follow from one settlement."""

    centre: Centre
    settled: Settled
    actor: Actor
    now_us: int

    def orders(self, ledger: LedgerStore) -> list[Order]:
        resting, standing = self.settled.answer.resting, self.settled.orders.standing
        orders = wanted(resting, standing, self._available(ledger))
        if not orders:
            return []
        spots = [(order.account, order.claim) for order in orders]
        gate = _Gate.of(self.centre, spots, self.now_us)
        arrived = arrivals(self.settled.answer)
        made: list[tuple[Order, Basis]] = []
        for order in orders:
            if gate.waits_for_person(order):
                continue
            basis = gate.basis(order)
            if basis is None:
                gate.ask(ReviewKind.NO_BASIS, order)
                continue
            arrived_us = arrived.get((order.account, order.claim), 0)
            made.append((self._order(order, gate.claims[order.claim], basis, arrived_us), basis))
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

    def _order(self, row: Wanted, claim: Claim, basis: Basis, arrived_us: int) -> Order:
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
            arrived_us=arrived_us,
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
