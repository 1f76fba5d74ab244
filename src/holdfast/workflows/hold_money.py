"""Hold: turn what a settled trail says into orders, and keep earlier holds true to it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from itertools import chain

from holdfast.cases.hold import FIRST
from holdfast.cases.models import Claim, Order, OrderStep
from holdfast.cases.queries import held_on, homes_among, in_parts, stands_for
from holdfast.cases.review import ReviewKind
from holdfast.cases.slices import arrivals
from holdfast.cases.wanted import Spot, Wanted, aside_after, unneeded, wanted
from holdfast.core.account import bank_of
from holdfast.ledger.store import LedgerStore
from holdfast.people.actor import Actor
from holdfast.records import audit, due
from holdfast.records.models import AuditEntry
from holdfast.trail.answer import Resting
from holdfast.workflows.ask_person import Ask, ask_all, ask_person, is_approved
from holdfast.workflows.centre import Centre
from holdfast.workflows.confirm_claim import rest_on_new_bases
from holdfast.workflows.legal_basis import Basis, bases_for
from holdfast.workflows.messages_out import post_holds
from holdfast.workflows.release_hold import take_back
from holdfast.workflows.remind_victim import REMIND, plan_reminders, reminders
from holdfast.workflows.set_aside import sink
from holdfast.workflows.share_holds import share_holds
from holdfast.workflows.step_order import LAPSE, locked_order
from holdfast.workflows.take_over import OwnHolds, Piece, take_over
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
    is_cut_short: bool
    """Whether a bound was met."""


def hold_money(
    centre: Centre,
    ledger: LedgerStore,
    claims: Iterable[Claim],
    actor: Actor,
    *,
    unseen: Collection[str] = (),
) -> Held:
    """Settle some claims of one currency anew and order what rests and is not held yet.

    `unseen` are the payments of claims that this transaction has made: nobody can change these.
    All orders that serve them rest on the strongest basis afterwards, and those whose money has
    left before an answer came are withdrawn. Must be called in a transaction that holds the
    currency's lock.
    """
    now_us = centre.now_us()
    settled = trace_money(ledger, claims, now_us)
    for _ in range(ROUNDS_MAX):
        if not share_holds(centre, settled, actor, may_hold(centre, settled, now_us)):
            break
        settled = trace_money(ledger, settled.claims, now_us)
    _ask_about_stops(centre, settled)
    if settled.is_whole:
        _let_sink(settled)
        _withdraw(centre, settled, actor)
    orders = _Ordering(centre, settled, actor, now_us, unseen).orders(ledger)
    if settled.orders.standing or any(order.takes_over for order in orders):
        # Others were made just now, on the strongest basis.
        changed = rest_on_new_bases(centre, settled.claims, actor)
        for case, lapses_us in {(order.case, order.lapses_us) for order in changed}:
            plan_reminders(centre, case, lapses_us)
    return Held(
        frozenset(claim.id for claim in settled.claims),
        orders,
        settled.answer.truncated_why is not None,
    )


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
        row
        for row in settled.orders.asked
        # About those on a stop a person was asked.
        if row.claim in seen and row.account not in settled.stops
    ]
    for order_id in unneeded(settled.answer.resting, asked):
        take_back(centre, locked_order(order_id), actor, MONEY_LEFT)


@dataclass(frozen=True, slots=True)
class _Gate:
    """What may be held by rule: claims as they stand now, their bases, and victims' accounts."""

    centre: Centre
    claims: dict[str, Claim]
    bases: dict[int, Basis]
    homes: set[str]

    @classmethod
    def of(
        cls,
        centre: Centre,
        spots: Collection[Spot],
        now_us: int,
        unseen: Collection[Claim] = (),
    ) -> _Gate:
        """Read what is known of accounts and claims; a word that has just come counts."""
        claims = list(unseen)
        known = {claim.transfer_id for claim in claims}
        for ids in in_parts({claim for _, claim in spots if claim not in known}):
            claims += Claim.objects.select_related("case").filter(transfer_id__in=ids)
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
        """Ask a person unless one has approved; return whether the order must wait.

        An approval is for all that stands of the claim there: many small orders are no way past it.
        """
        claim = self.claims[order.claim]
        subject = f"{claim.claim_id}@{order.account}"
        total_minor = stands_for(claim, order.account) + order.amount_minor
        if is_approved(claim.case_id, kind, subject, total_minor):
            return kind is ReviewKind.STOP
        ask_person(
            self.centre,
            kind,
            claim.case,
            subject,
            {"account": order.account, "amount_minor": total_minor, "hop": order.hop},
        )
        return True


def may_hold(centre: Centre, settled: Settled, now_us: int) -> Callable[[Resting, int], bool]:
    """Return whether money in an account with an excess may be held, by the rules for orders."""
    accounts = {row.account for row in settled.answer.overheld}
    resting = settled.answer.resting
    spots = [(row.account, row.claim) for row in resting if row.account in accounts]
    gate = _Gate.of(centre, spots, now_us)

    def may(row: Resting, amount_minor: int) -> bool:
        order = Wanted(row.account, row.claim, amount_minor, row.hop)
        return gate.basis(order) is not None and not gate.waits_for_person(order)

    return may


@dataclass(slots=True)
class _Ordering:
    """The orders that follow from one settlement."""

    centre: Centre
    settled: Settled
    actor: Actor
    now_us: int
    unseen: Collection[str]

    def orders(self, ledger: LedgerStore) -> list[Order]:
        resting, standing = self.settled.answer.resting, self.settled.orders.standing
        accounts = {order.account for order in wanted(resting, standing, {})}
        orders = wanted(resting, standing, self._available(ledger, accounts))
        if not orders:
            return []
        spots = [(order.account, order.claim) for order in orders]
        unseen = [row for row in self.settled.claims if row.transfer_id in self.unseen]
        gate = _Gate.of(self.centre, spots, self.now_us, unseen)
        arrived = arrivals(self.settled.answer)
        accounts = {order.account for order in orders}
        own = OwnHolds.on(self.centre, accounts, self.settled.currency)
        made: list[tuple[Order, Piece]] = []
        for order in orders:
            if gate.waits_for_person(order):
                continue
            basis = gate.basis(order)
            if basis is None:
                gate.ask(ReviewKind.NO_BASIS, order)
                continue
            arrived_us = arrived.get((order.account, order.claim), 0)
            claim = gate.claims[order.claim]
            made += [
                (self._order(piece, claim, arrived_us), piece)
                for piece in own.cut(order, basis, arrived_us)
            ]
        self._keep(made)
        return [order for order, _ in made]

    def _available(self, ledger: LedgerStore, accounts: Collection[str]) -> dict[str, int]:
        """Return what the ledger's balance leaves to be held in some accounts, where it has one."""
        currency = self.settled.currency
        balances = {row: ledger.balance_at(row, currency, NEWEST_US) for row in accounts}
        known = {row: balance for row, balance in balances.items() if balance is not None}
        held = held_on(known, currency)
        return {row: max(balance - held.get(row, 0), 0) for row, balance in known.items()}

    def _order(self, piece: Piece, claim: Claim, arrived_us: int) -> Order:
        row, basis = piece.wanted, piece.basis
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
            takes_over="" if piece.own_hold is None else piece.own_hold.reference,
        )

    def _keep(self, made: list[tuple[Order, Piece]]) -> None:
        """Write new orders and what each leaves: message, first step, clock, audit.

        All of a kind in one statement: the currency's lock is held meanwhile, and others wait.
        """
        if not made:
            return
        post_holds(self.centre, [(order, piece.basis) for order, piece in made])
        orders = [order for order, _ in made]
        Order.objects.bulk_create(orders)
        OrderStep.objects.bulk_create(_first_step(order, self.actor) for order in orders)
        lapses = {order.order_id: order.lapses_us for order in orders}
        due.plan_kinds({LAPSE: lapses, REMIND: self._reminders(orders)})
        audit.record_all(_audited(order, self.actor) for order in orders)
        held = [(order, piece.own_hold) for order, piece in made if piece.own_hold is not None]
        take_over(self.centre, held)

    def _reminders(self, orders: Iterable[Order]) -> dict[str, int]:
        ends = {(order.case, order.lapses_us) for order in orders}
        return dict(chain.from_iterable(reminders(self.centre, *end).items() for end in ends))


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
    kinds = {"stop": ReviewKind.STOP, "truncated": ReviewKind.TRUNCATED}
    ask_all(
        centre,
        [
            Ask(
                kinds[left.kind],
                by_id[left.claim].case,
                f"{by_id[left.claim].claim_id}@{left.account}",
                {
                    "account": left.account,
                    "amount_minor": left.amount_minor,
                    "kind": settled.stops.kind(left.account) or left.kind,
                },
            )
            for left in settled.answer.exits
            if left.kind in kinds
        ],
    )
