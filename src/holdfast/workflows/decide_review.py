"""Decide: what a person says about something a rule alone could not settle."""

from __future__ import annotations

from dataclasses import replace

from django.db import transaction

from holdfast.cases.hold import HoldState
from holdfast.cases.models import Claim, Order, Review
from holdfast.cases.queries import overheld_now
from holdfast.cases.review import ReviewKind, ReviewState
from holdfast.core.errors import Conflict, Forbidden, NotFound
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.people.keys import Hands, hands_of
from holdfast.records import audit, due
from holdfast.workflows.centre import Centre
from holdfast.workflows.confirm_claim import confirm_claim
from holdfast.workflows.dispute import end_dispute
from holdfast.workflows.release_hold import release_hold
from holdfast.workflows.seize_hold import seize_hold
from holdfast.workflows.set_aside import ask_again
from holdfast.workflows.step_order import TRACE, locked_order

_LET_GO = {
    ReviewKind.NAME_MISMATCH.value,
    ReviewKind.DISPUTE.value,
    ReviewKind.VICTIM_ACCOUNT.value,
}
"""Reviews about an order that stands: it is let go where a person declines."""


def decide_review(
    centre: Centre, review_id: str, actor: Actor, *, approve: bool, reason: str
) -> Review:
    """Take a person's decision, and set going what it allows.

    Raises:
        NotFound: `review_unknown`.
        Forbidden: `own_request`: nobody decides what they asked for, by whichever of their names
            or keys, nor what was asked with a key that they gave out, or whose holder gave theirs.
        Conflict: `review_decided`.
    """
    with transaction.atomic():
        reviews = Review.objects.select_for_update(of=("self",), no_key=True).select_related("case")
        review: Review | None = reviews.filter(review_id=review_id).first()
        if review is None:
            raise NotFound(
                "review_unknown", N_("there is no review {review} for you"), review=review_id[:60]
            )
        if _hands_of(actor).meet(hands_of(review.asked_by)):
            raise Forbidden("own_request", N_("nobody decides what they asked for themselves"))
        if review.state != ReviewState.OPEN.value:
            raise Conflict(
                "review_decided",
                N_("review {review} was decided before: {state}"),
                review=review_id,
                state=review.state,
            )
        review.state = (ReviewState.APPROVED if approve else ReviewState.DECLINED).value
        review.decided_us, review.decided_by = centre.now_us(), actor.name
        review.reason = reason
        review.save()
        audit.record(
            at_us=review.decided_us,
            actor=actor.name,
            verb="decide_review",
            subject=f"case:{review.case.number}",
            detail={"review": review_id, "kind": review.kind, "decision": review.state},
        )
        if approve:
            _carry_out(centre, review, actor)
        elif review.kind in _LET_GO:
            _let_go_of_stranger(centre, review, actor)
    return review


def _hands_of(actor: Actor) -> Hands:
    known = hands_of(actor.name)
    return replace(known, names=(known.names | {actor.person}) - {""})


def _carry_out(centre: Centre, review: Review, actor: Actor) -> None:
    kind = ReviewKind(review.kind)
    if kind is ReviewKind.OVERHELD:
        _release_excess(centre, review, actor)
    elif kind is ReviewKind.RELEASE:
        facts = review.facts
        release_hold(centre, facts["order"], actor, facts["reason"], facts.get("amount_minor"))
    elif kind is ReviewKind.AFTER_LAPSE:
        order = Order.objects.select_related("claim").get(order_id=review.subject)
        ask_again(order)
        due.plan(kind=TRACE, subject=order.claim.claim_id, due_us=centre.now_us())
    elif kind is ReviewKind.NAME_MISMATCH and _is_claim(review.subject):
        confirm_claim(centre, review.subject, actor, name_matches=True)
    elif kind in (ReviewKind.VICTIM_ACCOUNT, ReviewKind.DISPUTE):
        claim_id = review.subject.partition("@")[0]
        if _is_claim(claim_id):
            due.plan(kind=TRACE, subject=claim_id, due_us=centre.now_us())
    elif kind is ReviewKind.SCAM_TYPE:
        end_dispute(centre, review.subject, actor)
    elif kind is ReviewKind.SEIZURE:
        seize_hold(centre, review.subject, actor)


def _is_claim(subject: str) -> bool:
    return bool(Claim.objects.filter(claim_id=subject).exists())


def _let_go_of_stranger(centre: Centre, review: Review, actor: Actor) -> None:
    """Release an order that, a person says, must not stand; one on its way is withdrawn."""
    order = Order.objects.filter(order_id=review.subject).first()
    if order is not None and not HoldState(order.state).ended:
        release_hold(centre, order.order_id, actor, review.kind)


def _release_excess(centre: Centre, review: Review, actor: Actor) -> None:
    """Let go of what stands on other money, unless the trail has found a use for it since."""
    order = locked_order(review.facts["order"])
    amount_minor = min(int(review.facts["amount_minor"]), order.held_minor, overheld_now(order))
    if amount_minor > 0:
        release_hold(centre, order.order_id, actor, "overheld", amount_minor)
