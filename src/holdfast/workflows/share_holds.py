"""Share holds: holds stand, but whom they serve follows the settlement.

Excess over what rests goes to other claims that rest free in the same account; excess that
serves nobody is put before a person, because it stands on somebody else's money.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from holdfast.cases.hold import HoldState
from holdfast.cases.models import Claim, HoldShare, Order
from holdfast.cases.queries import hold_id, in_parts, order_of_hold
from holdfast.cases.review import ReviewKind
from holdfast.cases.shares import Move, moves
from holdfast.cases.slices import arrivals
from holdfast.people.actor import Actor
from holdfast.records import audit
from holdfast.trail.answer import Overheld, Resting
from holdfast.workflows.ask_person import ask_person
from holdfast.workflows.centre import Centre
from holdfast.workflows.trace_money import Settled


def share_holds(
    centre: Centre, settled: Settled, actor: Actor, may_hold: Callable[[Resting, int], bool]
) -> bool:
    """Give the excess of holds to claims that it serves; return whether anything changed hands.

    `may_hold` says whether an amount of what rests may be held without asking a person.
    """
    moved, left = give_excess(centre, settled, actor, may_hold)
    if not moved:
        for row in left:
            _ask_to_release(centre, row)
    return any(moved)


def give_excess(
    centre: Centre, settled: Settled, actor: Actor, may_hold: Callable[[Resting, int], bool]
) -> tuple[list[bool], list[Overheld]]:
    """Give the excess as `share_holds` does, and ask nobody about what serves no claim.

    Returns of each move whether it was made, and the excess that is left.
    """
    answer = settled.answer
    if not answer.overheld:
        return [], []
    by_id = {claim.transfer_id: claim for claim in settled.claims}
    arrived = arrivals(answer)
    ended = _past_their_end(answer.overheld, centre.now_us())
    overheld = [
        row
        for row in answer.overheld
        # Of what stands on a stop a person was asked.
        if order_of_hold(row.hold_id)[0] not in ended and row.account not in settled.stops
    ]
    began = _beginnings({row.hold_id for row in overheld})

    def may_serve(held_as: str, row: Resting, amount_minor: int) -> bool:
        """A share begins no earlier than its money came; one that has begun keeps its time."""
        since_us = began.get((held_as, row.claim))
        if since_us is not None and since_us < arrived.get((row.account, row.claim), 0):
            return False
        return may_hold(row, amount_minor)

    given, left = moves(overheld, answer.resting, settled.orders.standing, may_serve)
    moved = [
        _give(
            centre,
            move,
            (by_id[move.from_claim], by_id[move.to_claim]),
            arrived.get((move.account, move.to_claim), 0),
            actor,
        )
        for move in given
    ]
    return moved, left


def _past_their_end(overheld: Collection[Overheld], now_us: int) -> set[str]:
    """Return the orders whose time has run out: they lapse soon, and serve nobody else."""
    found: set[str] = set()
    for some in in_parts({order_of_hold(row.hold_id)[0] for row in overheld}):
        orders = Order.objects.filter(order_id__in=some, lapses_us__lte=now_us)
        orders = orders.exclude(state=HoldState.SEIZED.value)
        found.update(orders.values_list("order_id", flat=True))
    return found


def _beginnings(held_as: Collection[str]) -> dict[tuple[str, str], int]:
    """Return since when holds serve each claim, by the hold's id in the trail and the claim's."""
    names = {order_of_hold(name)[0] for name in held_as}
    found = {}
    for some in in_parts(names):
        shares = HoldShare.objects.filter(order__order_id__in=some, until_us=None)
        for order_id, tranche, claim, from_us in shares.values_list(
            "order__order_id", "tranche", "claim__transfer_id", "from_us"
        ):
            found[hold_id(order_id, tranche), claim] = from_us
    return found


def _give(
    centre: Centre, move: Move, claims: tuple[Claim, Claim], arrived_us: int, actor: Actor
) -> bool:
    """Rewrite whom a part of a hold serves, from when both were there; False if it has ended."""
    giver, taker = claims
    order_id, tranche = order_of_hold(move.hold_id)
    order = Order.objects.select_for_update(no_key=True).get(order_id=order_id)
    share = HoldShare.objects.filter(
        order=order, tranche=tranche, claim=giver, until_us=None
    ).first()
    if share is None or share.amount_minor < move.amount_minor:
        return False
    if share.amount_minor > move.amount_minor:
        share.amount_minor -= move.amount_minor
        share.save(update_fields=["amount_minor"])
    else:
        share.delete()
    taken, new = HoldShare.objects.get_or_create(
        order=order,
        tranche=tranche,
        claim=taker,
        defaults={
            "amount_minor": move.amount_minor,
            "from_us": max(share.from_us, arrived_us),
            "until_us": share.until_us,
        },
    )
    if not new:
        taken.amount_minor += move.amount_minor
        taken.save(update_fields=["amount_minor"])
    for case in {giver.case.number, taker.case.number}:
        audit.record(
            at_us=centre.now_us(),
            actor=actor.name,
            verb="share_hold",
            subject=f"case:{case}",
            detail={
                "order": order_id,
                "from_claim": giver.claim_id,
                "to_claim": taker.claim_id,
                "amount_minor": move.amount_minor,
            },
        )
    return True


def _ask_to_release(centre: Centre, row: Overheld) -> None:
    order_id, tranche = order_of_hold(row.hold_id)
    order = Order.objects.select_related("case").get(order_id=order_id)
    ask_person(
        centre,
        ReviewKind.OVERHELD,
        order.case,
        f"{order_id}~{tranche}",
        {"order": order_id, "account": row.account, "amount_minor": row.amount_minor},
    )
