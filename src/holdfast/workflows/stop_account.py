"""Stop an account: enter that trails end there, or, with a second person, that they do no more.

Entering lets go of nothing: a person is asked about each hold that stands there. Ending lets holds
reach the account, so somebody else than who asks for it decides.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction

from holdfast.cases.claim import ClaimState
from holdfast.cases.models import AccountFact, Claim, Order, Review, TracedAccount
from holdfast.cases.queries import OPEN_VALUES, in_parts
from holdfast.cases.review import ReviewKind
from holdfast.cases.stop import StopKind
from holdfast.core.errors import Conflict, NotFound, Refused
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.records import audit, due
from holdfast.workflows.ask_person import ask_about_orders, ask_anew
from holdfast.workflows.centre import Centre
from holdfast.workflows.step_order import TRACE


@dataclass(frozen=True, slots=True)
class StopTold:
    """What is known of an account; the time in microseconds since 1970 UTC."""

    account: str
    kind: StopKind
    source: str
    """What says so, such as a register."""
    from_us: int


def stop_account(centre: Centre, told: StopTold, actor: Actor) -> AccountFact:
    """Enter that trails end at an account from now on.

    Raises:
        Refused: `stop_time` where it begins in the future.
        Conflict: `stop_known` where the account is a stop already.
    """
    if told.from_us > centre.now_us():
        raise Refused("stop_time", N_("since when the account is a stop lies in the future"))
    with transaction.atomic():
        known = _latest(told.account)
        if known is not None and known.kind != StopKind.NONE.value:
            raise Conflict(
                "stop_known",
                N_("this account is a stop already: {stop}; end that first"),
                stop=known.fact_id,
            )
        return _enter(centre, told, actor)


def learn_stop(centre: Centre, told: StopTold, actor: Actor) -> None:
    """Enter what an institution says of its own account, unless something is known of it already.

    A person's word, also that it is no stop any more, is not overruled by this.
    """
    if _latest(told.account) is None:
        _enter(centre, told, actor)


def ask_end_of_stop(centre: Centre, stop_id: str, actor: Actor, reason: str) -> Review:
    """Ask that an account be no stop any more; trails end there until another agrees.

    Raises:
        NotFound: `stop_unknown`.
        Conflict: `stop_ended`, or `review_waits` where somebody has asked already.
    """
    with transaction.atomic():
        fact = _in_force(stop_id)
        facts = {"stop": stop_id, "account": fact.account, "kind": fact.kind, "reason": reason}
        return ask_anew(
            centre, ReviewKind.STOP_END, None, f"stop:{stop_id}", facts, asked_by=actor.name
        )


def end_stop(centre: Centre, stop_id: str, actor: Actor, reason: str) -> AccountFact:
    """Let trails go on from an account again, and settle anew those that ended there.

    Raises:
        NotFound: `stop_unknown`.
        Conflict: `stop_ended`.
    """
    with transaction.atomic():
        fact = _in_force(stop_id)
        ended = _keep(centre, StopTold(fact.account, StopKind.NONE, reason, centre.now_us()), actor)
        # What ended there never rested there; the question that it raised names the claim.
        asked = Review.objects.filter(kind=ReviewKind.STOP.value, facts__account=fact.account)
        subjects = asked.values_list("subject", flat=True)
        _settle_anew(centre, {subject.partition("@")[0] for subject in subjects})
        _record(centre, "end_stop", fact, actor)
    return ended


def _latest(account: str) -> AccountFact | None:
    found: AccountFact | None = AccountFact.objects.filter(account=account).order_by("-id").first()
    return found


def _in_force(stop_id: str) -> AccountFact:
    # Locked, so that of two who ask at once the second finds the first one's question.
    facts = AccountFact.objects.select_for_update(no_key=True)
    fact: AccountFact | None = facts.filter(fact_id=stop_id).first()
    if fact is None:
        raise NotFound("stop_unknown", N_("there is no stop {stop} for you"), stop=stop_id[:60])
    if _latest(fact.account) != fact or fact.kind == StopKind.NONE.value:
        raise Conflict("stop_ended", N_("stop {stop} has ended already"), stop=stop_id)
    return fact


def _enter(centre: Centre, told: StopTold, actor: Actor) -> AccountFact:
    fact = _keep(centre, told, actor)
    _record(centre, "enter_stop", fact, actor)
    standing = Order.objects.filter(account=told.account, state__in=OPEN_VALUES)
    ask_about_orders(centre, ReviewKind.STOP_HELD, standing)
    traced = TracedAccount.objects.filter(account=told.account)
    _settle_anew(centre, set(traced.values_list("claim__claim_id", flat=True)))
    return fact


def _keep(centre: Centre, told: StopTold, actor: Actor) -> AccountFact:
    fact: AccountFact = AccountFact.objects.create(
        fact_id=centre.new_id("stop"),
        account=told.account,
        kind=told.kind.value,
        source=told.source,
        verified_by=actor.institution_id,
        from_us=told.from_us,
        entered_us=centre.now_us(),
        entered_by=actor.name,
    )
    return fact


def _settle_anew(centre: Centre, claim_ids: Collection[str]) -> None:
    for some in in_parts(claim_ids):
        claims = Claim.objects.filter(claim_id__in=some, state=ClaimState.ACCEPTED.value)
        found = claims.values_list("claim_id", flat=True)
        due.plan_all(TRACE, dict.fromkeys(found, centre.now_us()))


def _record(centre: Centre, verb: str, fact: AccountFact, actor: Actor) -> None:
    audit.record(
        at_us=centre.now_us(),
        actor=actor.name,
        verb=verb,
        subject=f"stop:{fact.fact_id}",
        detail={"kind": fact.kind, "from_us": fact.from_us},
    )
