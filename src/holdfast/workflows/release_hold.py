"""Release: let go of a part or all of a hold, on somebody's word and with a reason."""

from __future__ import annotations

from django.db import transaction

from holdfast.cases.hold import HoldState
from holdfast.cases.models import Claim, HoldShare, Order
from holdfast.core.errors import Refused
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.records import audit, due
from holdfast.workflows.centre import Centre
from holdfast.workflows.legal_basis import CENTRE, SEIZURE, may_lift
from holdfast.workflows.messages_out import post_release
from holdfast.workflows.step_order import TRACE, locked_order, record_step, step_order


def release_hold(
    centre: Centre,
    order_id: str,
    actor: Actor,
    reason: str,
    amount_minor: int | None = None,
    *,
    of: Claim | None = None,
) -> Order:
    """Let go of an amount, or of all; what was let go is not asked for again by a rule.

    Of a part, the share of the claim `of` goes first.

    Raises:
        NotFound: `order_unknown`.
        Conflict: `hold_ended` or `hold_step`.
        Refused: `release_amount`, or `release_not_ours` where the law lets others lift it.
    """
    with transaction.atomic():
        order = locked_order(order_id)
        if amount_minor is not None and not 0 < amount_minor <= order.held_minor:
            raise Refused(
                "release_amount",
                N_(
                    "{held} is held under order {order}; more than that, or nothing, can't be let go"
                ),
                held=order.held_minor,
                order=order_id,
            )
        now_us = centre.now_us()
        _check_may_lift(centre, order, now_us)
        whole = amount_minor is None or amount_minor == order.held_minor
        post_release(centre, order, amount_minor or order.held_minor or order.amount_minor, reason)
        if whole:
            step_order(order, HoldState.RELEASED, actor, now_us, reason=reason)
        else:
            _release_part(order, amount_minor or 0, actor, now_us, reason, of)
    return order


def take_back(centre: Centre, order: Order, actor: Actor, reason: str) -> None:
    """Withdraw a locked order that nobody has answered; one that was answered stays.

    Its money is asked for anew should the trail see it there again.
    """
    if not HoldState(order.state).unanswered:
        return
    step_order(order, HoldState.RELEASED, actor, centre.now_us(), reason=reason)
    order.set_aside_minor = 0
    order.save(update_fields=["set_aside_minor"])
    post_release(centre, order, order.amount_minor, reason)


def _check_may_lift(centre: Centre, order: Order, now_us: int) -> None:
    """Refuse to let go of what the law lets others lift; what has ended is told otherwise."""
    state = HoldState(order.state)
    basis = SEIZURE if state is HoldState.SEIZED else order.basis
    if not state.ended and not may_lift(centre, basis, CENTRE, now_us):
        raise Refused(
            "release_not_ours",
            N_("order {order} rests on {basis}; the law doesn't let the centre lift that"),
            order=order.order_id,
            basis=basis,
        )


def _release_part(
    order: Order, amount_minor: int, actor: Actor, now_us: int, reason: str, of: Claim | None
) -> None:
    """Go on holding the rest, as a new tranche: the trail knows a hold's end only as a whole.

    The shares of the claims that the hold serves sink from the last one on, that of `of` first.
    """
    shares = list(
        HoldShare.objects.filter(order=order, until_us=None).order_by(
            "claim__time_us", "claim__seq", "claim__transfer_id"
        )
    )
    if of is not None:
        shares.sort(key=lambda share: bool(share.claim_id == of.id))
    order.tranche += 1
    order.held_minor -= amount_minor
    left = order.held_minor
    for share in shares:
        part = min(left, share.amount_minor)
        share.set_aside_minor = share.amount_minor - part
        # By the clock of the bank that paid, its money may come later than now.
        share.until_us = max(now_us, share.from_us)
        share.save(update_fields=["set_aside_minor", "until_us"])
        if part:
            HoldShare.objects.create(
                order=order,
                tranche=order.tranche,
                claim=share.claim,
                amount_minor=part,
                from_us=share.until_us,
            )
        left -= part
    order.save()
    due.plan(kind=TRACE, subject=order.claim.claim_id, due_us=now_us)
    record_step(order, HoldState(order.state), actor, now_us, reason)
    audit.record(
        at_us=now_us,
        actor=actor.name,
        verb="release_part",
        subject=f"case:{order.case.number}",
        detail={"order": order.order_id, "amount_minor": amount_minor, "reason": reason},
    )
