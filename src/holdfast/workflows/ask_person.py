"""Ask a person: open a review where a rule alone could harm somebody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import QuerySet

from holdfast.cases.hold import HoldState
from holdfast.cases.models import Case, Claim, Order, Review
from holdfast.cases.queries import OPEN_VALUES, in_parts
from holdfast.cases.review import ReviewKind, ReviewState
from holdfast.records import audit
from holdfast.workflows.centre import Centre

_OF_SIZE = ("amount_minor", "hop")
"""Facts that tell how much and how far."""


def ask_person(
    centre: Centre,
    kind: ReviewKind,
    case: Case,
    subject: str,
    facts: Mapping[str, object],
    *,
    asked_by: str = "centre",
) -> Review:
    """Open a review of a case, a kind and a subject; an open one learns the new facts.

    What a person decided with these facts, or with more money, is not asked again.
    """
    known = Review.objects.filter(case=case, kind=kind.value, subject=subject).order_by("-id")
    waiting: Review | None = known.filter(state=ReviewState.OPEN.value).first()
    if waiting is not None:
        if waiting.facts != dict(facts):
            Review.objects.filter(id=waiting.id).update(facts=dict(facts))
        return waiting
    for decided in known:
        if _covers(decided.facts, facts):
            found: Review = decided
            return found
    review: Review = Review.objects.create(
        review_id=centre.new_id("review"),
        kind=kind.value,
        case=case,
        subject=subject,
        facts=dict(facts),
        state=ReviewState.OPEN.value,
        asked_by=asked_by,
        opened_us=centre.now_us(),
    )
    audit.record(
        at_us=review.opened_us,
        actor=asked_by,
        verb="ask_person",
        subject=f"case:{case.number}",
        detail={"review": review.review_id, "kind": kind.value},
    )
    return review


def is_approved(case_id: int, kind: ReviewKind, subject: str, amount_minor: int = 0) -> bool:
    """Whether a person has approved what was asked, for at least this amount in minor units."""
    approved = Review.objects.filter(
        case_id=case_id, kind=kind.value, subject=subject, state=ReviewState.APPROVED.value
    )
    return any(_amount_of(review.facts) >= amount_minor for review in approved)


def ask_about_homes(centre: Centre, claims: Iterable[Claim]) -> None:
    """Ask whether open orders are right that stand on the accounts from which claims were paid.

    Who reports a loss may have been a mule without knowing it, or be a victim only: orders on
    their account that were made before the report are looked at as those after it are.
    """
    homes = {claim.debit_account for claim in claims if claim.debit_account}
    for some in in_parts(homes):
        standing = Order.objects.filter(account__in=some, state__in=OPEN_VALUES)
        ask_about_orders(centre, ReviewKind.VICTIM_ACCOUNT, standing)


def ask_about_orders(centre: Centre, kind: ReviewKind, orders: QuerySet[Order]) -> None:
    """Ask of each order that stands whether it may; declined, it is let go."""
    orders = orders.exclude(state=HoldState.SEIZED.value)
    for order in orders.select_related("case").order_by("id"):
        facts = {
            "order": order.order_id,
            "account": order.account,
            "amount_minor": order.amount_minor,
            "hop": order.hop,
        }
        ask_person(centre, kind, order.case, order.order_id, facts)


def _covers(decided: Mapping[str, Any], facts: Mapping[str, object]) -> bool:
    """Whether a decision was about these facts; one about more money is also about less."""
    same = {key: value for key, value in facts.items() if key not in _OF_SIZE}
    about = {key: value for key, value in decided.items() if key not in _OF_SIZE}
    return same == about and _amount_of(facts) <= _amount_of(decided)


def _amount_of(facts: Mapping[str, Any]) -> int:
    return int(facts.get("amount_minor") or 0)
