"""Share holds: holds stand, but whom they serve follows the settlement.

Excess over what rests goes to other claims that rest free in the same account; excess that
serves nobody is put before a person, because it stands on somebody else's money.
"""

from __future__ import annotations

from holdfast.cases.models import Claim, HoldShare, Order
from holdfast.cases.queries import order_of_hold
from holdfast.cases.review import ReviewKind
from holdfast.cases.shares import Move, moves
from holdfast.people.actor import Actor
from holdfast.records import audit
from holdfast.trail.answer import Overheld
from holdfast.workflows.ask_person import ask_person
from holdfast.workflows.centre import Centre
from holdfast.workflows.trace_money import Settled


def share_holds(centre: Centre, settled: Settled, actor: Actor) -> bool:
    """Give the excess of holds to claims that it serves; return whether anything changed hands."""
    answer = settled.answer
    if not answer.overheld:
        return False
    by_id = {claim.transfer_id: claim for claim in settled.claims}
    asked = {spot: row.asked_minor for spot, row in settled.orders.standing.items()}
    given, left = moves(answer.overheld, answer.resting, asked)
    changed = [
        _give(centre, move, by_id[move.from_claim], by_id[move.to_claim], actor) for move in given
    ]
    if not given:
        for row in left:
            _ask_to_release(centre, row)
    return any(changed)


def _give(centre: Centre, move: Move, giver: Claim, taker: Claim, actor: Actor) -> bool:
    """Rewrite whom a part of a hold serves, from its own beginning; False if it has just ended."""
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
            "from_us": share.from_us,
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
