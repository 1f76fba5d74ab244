"""Ask a person: open a review where a rule alone could harm somebody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from holdfast.cases.hold import HoldState
from holdfast.cases.models import Case, Claim, Order, Review
from holdfast.cases.queries import OPEN_VALUES, in_parts
from holdfast.cases.review import ReviewKind, ReviewState
from holdfast.core.errors import Conflict
from holdfast.core.words import N_
from holdfast.people.actor import CENTRE_ITSELF
from holdfast.records import audit
from holdfast.workflows.centre import Centre

_OF_SIZE = ("amount_minor", "hop")
"""Facts that tell how much and how far."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Something that a person is to look at."""

    kind: ReviewKind
    case: Case | None
    """Without a case the subject says under what the audit keeps it."""
    subject: str
    facts: Mapping[str, object]

    @property
    def key(self) -> tuple[int | None, str, str]:
        """What makes two of them the same."""
        return None if self.case is None else self.case.id, self.kind.value, self.subject


def ask_person(
    centre: Centre,
    kind: ReviewKind,
    case: Case | None,
    subject: str,
    facts: Mapping[str, object],
    *,
    asked_by: str = CENTRE_ITSELF,
) -> Review:
    """Open a review of a case, a kind and a subject; as `ask_all`."""
    return ask_all(centre, [Ask(kind, case, subject, facts)], asked_by=asked_by)[0]


def ask_all(centre: Centre, asks: Sequence[Ask], *, asked_by: str = CENTRE_ITSELF) -> list[Review]:
    """Open a review of each; one that is open learns the new facts.

    What a person decided with these facts, or with more money, is not asked again.
    """
    known = _known(asks)
    found = []
    for ask in asks:
        before = known.setdefault(ask.key, [])
        review = _still_right(ask, before)
        if review is None:
            review = _open(centre, ask, asked_by)
            before.insert(0, review)
        found.append(review)
    return found


def _known(asks: Sequence[Ask]) -> dict[tuple[int | None, str, str], list[Review]]:
    """Return the reviews there are of what is asked, the newest first."""
    wanted = {ask.key for ask in asks}
    found: dict[tuple[int | None, str, str], list[Review]] = {}
    for some in in_parts({ask.subject for ask in asks}):
        for review in Review.objects.filter(subject__in=some).order_by("-id"):
            key = (review.case_id, review.kind, review.subject)
            if key in wanted:
                found.setdefault(key, []).append(review)
    return found


def _still_right(ask: Ask, known: Iterable[Review]) -> Review | None:
    """Return the review that waits, with the facts as they are now, or the decision that covers."""
    facts = dict(ask.facts)
    for review in known:
        if review.state == ReviewState.OPEN.value:
            if review.facts != facts:
                Review.objects.filter(id=review.id).update(facts=facts)
            return review
    return next((review for review in known if _covers(review.facts, facts)), None)


def _open(centre: Centre, ask: Ask, asked_by: str) -> Review:
    review: Review = Review.objects.create(
        review_id=centre.new_id("review"),
        kind=ask.kind.value,
        case=ask.case,
        subject=ask.subject,
        facts=dict(ask.facts),
        state=ReviewState.OPEN.value,
        asked_by=asked_by,
        opened_us=centre.now_us(),
    )
    audit.record(
        at_us=review.opened_us,
        actor=asked_by,
        verb="ask_person",
        subject=review.filed_under,
        detail={"review": review.review_id, "kind": ask.kind.value},
    )
    return review


def ask_anew(
    centre: Centre,
    kind: ReviewKind,
    case: Case | None,
    subject: str,
    facts: Mapping[str, object],
    *,
    asked_by: str,
) -> Review:
    """Open a review that somebody asks for, also where the same was decided before.

    One request at a time waits: what a person is about to approve never changes.

    Raises:
        Conflict: `review_waits` where somebody has asked already.
    """
    asked = Review.objects.filter(Q(subject=subject) | Q(subject__startswith=f"{subject}#"))
    asked = asked.filter(kind=kind.value)
    waiting = asked.filter(state=ReviewState.OPEN.value).first()
    if waiting is not None:
        raise Conflict(
            "review_waits",
            N_("review {review} waits for a person already; decide that first"),
            review=waiting.review_id,
        )
    return ask_person(
        centre, kind, case, f"{subject}#{asked.count() + 1}", facts, asked_by=asked_by
    )


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
    ask_all(
        centre,
        [
            Ask(
                kind,
                order.case,
                order.order_id,
                {
                    "order": order.order_id,
                    "account": order.account,
                    "amount_minor": order.amount_minor,
                    "hop": order.hop,
                },
            )
            for order in orders.select_related("case").order_by("id")
        ],
    )


def _covers(decided: Mapping[str, Any], facts: Mapping[str, object]) -> bool:
    """Whether a decision was about these facts; one about more money is also about less."""
    same = {key: value for key, value in facts.items() if key not in _OF_SIZE}
    about = {key: value for key, value in decided.items() if key not in _OF_SIZE}
    return same == about and _amount_of(facts) <= _amount_of(decided)


def _amount_of(facts: Mapping[str, Any]) -> int:
    return int(facts.get("amount_minor") or 0)
