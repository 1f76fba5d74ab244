"""Take over: an order for money that its bank holds by itself already is held from the start.

Else the bank would hold the same money twice: once by its own word, once by ours.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from holdfast.cases.hold import HoldState
from holdfast.cases.models import HoldShare, Order, OwnHold
from holdfast.cases.own_hold import OwnHoldState
from holdfast.cases.queries import in_parts
from holdfast.cases.wanted import Wanted
from holdfast.core.errors import Refused
from holdfast.people.actor import Actor
from holdfast.records import audit
from holdfast.workflows.centre import Centre
from holdfast.workflows.legal_basis import Basis
from holdfast.workflows.own_holds import locked_own_hold
from holdfast.workflows.step_order import step_order

TAKEN_OVER = "taken_over"
"""Why an order is held from the start."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of what is wanted: all of it held by the bank already, or nothing."""

    wanted: Wanted
    basis: Basis
    own_hold: OwnHold | None = None


@dataclass(slots=True)
class OwnHolds:
    """What banks hold by themselves in some accounts, and how much of it is not used up."""

    centre: Centre
    by_account: dict[str, list[OwnHold]]

    @classmethod
    def on(cls, centre: Centre, accounts: Collection[str], currency: str) -> OwnHolds:
        """Read what is held now, the hold that ends last first."""
        found: dict[str, list[OwnHold]] = {}
        for some in in_parts(accounts):
            holds = OwnHold.objects.filter(
                account__in=some,
                currency=currency,
                state=OwnHoldState.HELD.value,
                lapses_us__gt=centre.now_us(),
            )
            for own in holds.order_by("-lapses_us", "id"):
                found.setdefault(own.account, []).append(own)
        return cls(centre, found)

    def cut(self, row: Wanted, basis: Basis, arrived_us: int) -> Iterator[Piece]:
        """Yield what is wanted in pieces, each with the basis and the end that it gets.

        What a bank held before the money came, in microseconds since 1970 UTC, is other money.
        """
        wanting = row.amount_minor
        for own in self.by_account.get(row.account, ()):
            part = min(wanting, own.left_minor)
            if part and own.since_us >= arrived_us:
                own.left_minor -= part
                wanting -= part
                kept = self._basis(own, basis)
                yield Piece(replace(row, amount_minor=part), kept, own)
        if wanting:
            yield Piece(replace(row, amount_minor=wanting), basis)

    def _basis(self, own: OwnHold, basis: Basis) -> Basis:
        """Return on what a hold rests that is taken over: the end never comes nearer.

        The claim's basis follows on the bank's own only where the law lets it.
        """
        day = self.centre.law.local_day(self.centre.country, own.since_us)
        try:
            rule = self.centre.law.hold_rule(self.centre.country, own.basis, day)
        except Refused:
            return basis
        if basis.key in rule.extended_by and basis.lapses_us >= own.lapses_us:
            return basis
        return Basis(own.basis, own.lapses_us, rule.provisional, rule.source)


def take_over(centre: Centre, pieces: Iterable[tuple[Order, OwnHold]]) -> None:
    """Let new orders be held from the start by what their bank holds already.

    Where the bank has let go of it meanwhile, the order waits for an answer as any other.
    """
    now_us = centre.now_us()
    for order, known in pieces:
        own = locked_own_hold(known.own_hold_id)
        if own is None or own.left_minor < order.amount_minor:
            continue
        own.left_minor -= order.amount_minor
        if not own.left_minor:
            own.state, own.ended_us, own.reason = (
                OwnHoldState.ORDERED.value,
                now_us,
                TAKEN_OVER,
            )
        own.save(update_fields=["left_minor", "state", "ended_us", "reason"])
        order.held_us = now_us
        HoldShare.objects.create(
            order=order,
            tranche=order.tranche,
            claim=order.claim,
            amount_minor=order.amount_minor,
            # By the paying bank's clock the money may have come later: it was there to hold.
            from_us=max(now_us, order.arrived_us),
        )
        step_order(
            order,
            HoldState.HELD,
            Actor(own.told_by, own.institution_id),
            now_us,
            held_minor=order.amount_minor,
            reason=TAKEN_OVER,
        )
        audit.record(
            at_us=now_us,
            actor=centre.itself.name,
            verb="take_over",
            subject=f"own-hold:{own.own_hold_id}",
            detail={"order": order.order_id, "amount_minor": order.amount_minor},
        )
