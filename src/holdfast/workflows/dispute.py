"""Dispute: whether buyer and seller are at odds, by the word of all who tell of a payment.

In a dispute a rule alone holds nothing, and orders reach the first account only. One teller's word
neither brings that about against another's nor ends it: there a person must look.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import QuerySet

from holdfast.cases.hold import HoldState
from holdfast.cases.models import Claim, Order, Report
from holdfast.cases.queries import OPEN_VALUES
from holdfast.cases.review import ReviewKind, ReviewState
from holdfast.core.errors import Refused
from holdfast.people.actor import Actor
from holdfast.records import due
from holdfast.workflows.add_claims import record_claim
from holdfast.workflows.ask_person import ask_about_orders, ask_person
from holdfast.workflows.ask_release import ask_release
from holdfast.workflows.centre import Centre
from holdfast.workflows.step_order import TRACE

HOPS_MAX = 1
"""How far orders reach in a dispute: to the account that was paid."""


def heed_types(centre: Centre, report: Report, actor: Actor) -> list[Claim]:
    """Bring the claims that a report tells of in line with all their tellers; return new disputes.

    A claim is in dispute only if every report that tells of it names a scam that is one. Where
    tellers disagree about a claim in dispute, a person decides whether it stays so.
    """
    disputed = []
    claims = Claim.objects.select_related("case").filter(told_by__report=report)
    for claim in claims.order_by("id"):
        types = [told.report.told.get("scam_type") for told in _told_by(claim)]
        says_dispute = [is_dispute(centre, name) for name in types]
        if all(says_dispute) and not claim.disputed:
            _set(centre, claim, actor, disputed=True)
            disputed.append(claim)
        elif claim.disputed and any(
            name and not says for name, says in zip(types, says_dispute, strict=True)
        ):
            if len(types) == 1:
                _set(centre, claim, actor, disputed=False)
            else:
                facts = {"claim": claim.claim_id, "types": sorted(filter(None, types))}
                ask_person(centre, ReviewKind.SCAM_TYPE, claim.case, claim.claim_id, facts)
    return disputed


def ask_about_disputed(centre: Centre, claims: Iterable[Claim]) -> None:
    """Ask what is to become of orders that stand for claims that are in dispute by now.

    At the first account a person may let them stand; those beyond are asked to be released.
    Whoever needs the currency's lock takes it before.
    """
    for claim in claims:
        standing = Order.objects.filter(claim=claim, state__in=OPEN_VALUES)
        standing = standing.exclude(state=HoldState.SEIZED.value)
        ask_about_orders(centre, ReviewKind.DISPUTE, standing.filter(hop__lte=HOPS_MAX))
        for order in standing.filter(hop__gt=HOPS_MAX).select_related("case").order_by("id"):
            asked = order.case.reviews.filter(
                kind=ReviewKind.RELEASE.value,
                state=ReviewState.OPEN.value,
                facts__order=order.order_id,
            )
            if not asked.exists():
                ask_release(centre, order.order_id, centre.itself, "dispute")


def end_dispute(centre: Centre, claim_id: str, actor: Actor) -> None:
    """Follow a claim without bound again, because a person says that it is no dispute."""
    with transaction.atomic():
        for claim in Claim.objects.filter(claim_id=claim_id, disputed=True):
            _set(centre, claim, actor, disputed=False)


def _told_by(claim: Claim) -> QuerySet:
    return claim.told_by.select_related("report").order_by("id")


def is_dispute(centre: Centre, scam_type: str | None) -> bool:
    """Whether the law's data know a type of scam as a quarrel between buyer and seller."""
    if scam_type is None:
        return False
    day = centre.law.local_day(centre.country, centre.now_us())
    try:
        return centre.law.scam_type(centre.country, scam_type, day).dispute
    except Refused:
        return False


def _set(centre: Centre, claim: Claim, actor: Actor, *, disputed: bool) -> None:
    claim.disputed, claim.hops_max = disputed, HOPS_MAX if disputed else None
    claim.save(update_fields=["disputed", "hops_max"])
    record_claim(centre, claim, actor, "classify_claim", disputed=disputed)
    due.plan(kind=TRACE, subject=claim.claim_id, due_us=centre.now_us())
