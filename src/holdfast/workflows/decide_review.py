"""Decide: what a person says about something a rule alone could not settle."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from holdfast.cases.hold import HoldState
from holdfast.cases.models import Claim, Order, Review
from holdfast.cases.queries import overheld_now
from holdfast.cases.review import ReviewKind, ReviewState
from holdfast.core.errors import Conflict, NotFound
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.records import audit, due
from holdfast.workflows.centre import Centre
from holdfast.workflows.confirm_claim import confirm_claim
from holdfast.workflows.date_report import run_from
from holdfast.workflows.dispute import end_dispute
from holdfast.workflows.other_hands import require_other_hands
from holdfast.workflows.release_hold import release_hold
from holdfast.workflows.seize_hold import seize_hold
from holdfast.workflows.set_aside import ask_again
from holdfast.workflows.step_order import TRACE, locked_order
from holdfast.workflows.stop_account import end_stop
from holdfast.workflows.withdraw_claim import follow_again, withdraw_claim

_LET_GO = {
    ReviewKind.NAME_MISMATCH.value,
    ReviewKind.DISPUTE.value,
    ReviewKind.VICTIM_ACCOUNT.value,
    ReviewKind.STOP_HELD.value,
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
        require_other_hands(actor, review.asked_by)
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
            subject=review.filed_under,
            detail={"review": review_id, "kind": review.kind, "decision": review.state},
        )
        if approve:
            _carry_out(centre, review, actor)
        elif review.kind in _LET_GO:
            _let_go_of_stranger(centre, review, actor)
    return review


def _carry_out(centre: Centre, review: Review, actor: Actor) -> None:
    """Do what was approved; of some kinds nothing follows but that the rule may go on."""
    do = _DOERS.get(ReviewKind(review.kind))
    if do is not None:
        do(centre, review, actor)


def _release(centre: Centre, review: Review, actor: Actor) -> None:
    facts = review.facts
    release_hold(centre, facts["order"], actor, facts["reason"], facts.get("amount_minor"))


def _order_again(centre: Centre, review: Review, actor: Actor) -> None:  # noqa: ARG001
    order = Order.objects.select_related("claim").get(order_id=review.subject)
    ask_again(order)
    due.plan(kind=TRACE, subject=order.claim.claim_id, due_us=centre.now_us())


def _confirm(centre: Centre, review: Review, actor: Actor) -> None:
    if _is_claim(review.subject):
        confirm_claim(centre, review.subject, actor, name_matches=True)


def _settle(centre: Centre, review: Review, actor: Actor) -> None:  # noqa: ARG001
    claim_id = review.subject.partition("@")[0]
    if _is_claim(claim_id):
        due.plan(kind=TRACE, subject=claim_id, due_us=centre.now_us())


def _withdraw(centre: Centre, review: Review, actor: Actor) -> None:
    withdraw_claim(centre, review.facts["claim"], actor, review.facts["reason"])


def _end_stop(centre: Centre, review: Review, actor: Actor) -> None:
    end_stop(centre, review.facts["stop"], actor, review.facts["reason"])


def _date(centre: Centre, review: Review, actor: Actor) -> None:
    run_from(centre, review.facts["claim"], review.facts["reported_at"], actor)


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


_DOERS: dict[ReviewKind, Callable[[Centre, Review, Actor], object]] = {
    ReviewKind.OVERHELD: _release_excess,
    ReviewKind.RELEASE: _release,
    ReviewKind.AFTER_LAPSE: _order_again,
    ReviewKind.NAME_MISMATCH: _confirm,
    ReviewKind.VICTIM_ACCOUNT: _settle,
    ReviewKind.DISPUTE: _settle,
    ReviewKind.SCAM_TYPE: lambda centre, review, actor: end_dispute(centre, review.subject, actor),
    ReviewKind.SEIZURE: lambda centre, review, actor: seize_hold(centre, review.subject, actor),
    ReviewKind.WITHDRAWAL: _withdraw,
    ReviewKind.CLAIM_AGAIN: lambda centre, review, actor: follow_again(
        centre, review.subject, actor
    ),
    ReviewKind.STOP_END: _end_stop,
    ReviewKind.REPORT_LATE: _date,
}
