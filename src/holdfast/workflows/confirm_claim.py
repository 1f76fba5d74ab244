"""Confirm: the sending bank has made sure of caller, payment and name; holds are provisional no more."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from holdfast.cases.claim import ClaimState
from holdfast.cases.hold import HoldState
from holdfast.cases.models import Claim, HoldShare, Order
from holdfast.cases.queries import UNANSWERED_VALUES, in_parts
from holdfast.cases.review import ReviewKind
from holdfast.core.account import bank_of
from holdfast.core.errors import Conflict, NotFound
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.records import audit, due
from holdfast.workflows.ask_person import ask_person
from holdfast.workflows.centre import Centre
from holdfast.workflows.lapse_hold import lapse_if_due
from holdfast.workflows.legal_basis import BANK_SUSPICION, Basis, bases_for, may_follow
from holdfast.workflows.messages_out import post_extension
from holdfast.workflows.plan_listing import plan_listing
from holdfast.workflows.remind_victim import plan_reminders
from holdfast.workflows.set_aside import set_aside_of
from holdfast.workflows.step_order import LAPSE, TRACE, locked_order, record_step


def confirm_claim(centre: Centre, claim_id: str, actor: Actor, *, name_matches: bool) -> Claim:
    """Take a claim for confirmed, and give its open orders the basis and end that follow.

    Where the name shown to the payer is not the name of the holder, a person must look first.

    Raises:
        NotFound: `claim_unknown`, also where another bank sent the payment.
        Conflict: `claim_withdrawn`.
    """
    with transaction.atomic():
        claim = _locked_claim(claim_id, actor)
        if claim.state == ClaimState.WITHDRAWN.value:
            raise Conflict(
                "claim_withdrawn",
                N_("claim {claim} was withdrawn; report the payment again"),
                claim=claim_id,
            )
        now_us = centre.now_us()
        if not name_matches:
            ask_person(
                centre,
                ReviewKind.NAME_MISMATCH,
                claim.case,
                claim.claim_id,
                {"claim": claim.claim_id},
                asked_by=actor.name,
            )
            return claim
        if claim.confirmed_us is None:
            claim.confirmed_us = now_us
            claim.save(update_fields=["confirmed_us"])
            audit.record(
                at_us=now_us,
                actor=actor.name,
                verb="confirm_claim",
                subject=f"case:{claim.case.number}",
                detail={"claim": claim.claim_id},
            )
            for lapses_us in {o.lapses_us for o in rest_on_new_basis(centre, claim, actor)}:
                plan_reminders(centre, claim.case, lapses_us)
            due.plan(kind=TRACE, subject=claim.claim_id, due_us=now_us)
            plan_listing(centre, claim.case)
    return claim


def _locked_claim(claim_id: str, actor: Actor) -> Claim:
    # Its row alone: joined to its case, it would be missed where a merge moves it.
    claims = Claim.objects.select_for_update(no_key=True)
    claim: Claim | None = claims.filter(claim_id=claim_id).first()
    mine = claim is not None and (
        actor.is_centre
        or (claim.debit_account != "" and bank_of(claim.debit_account) == actor.institution_id)
    )
    if claim is None or not mine:
        raise NotFound(
            "claim_unknown", N_("there is no claim {claim} for you"), claim=claim_id[:60]
        )
    return claim


def rest_on_new_basis(centre: Centre, claim: Claim, actor: Actor) -> list[Order]:
    """Put the open orders that serve a claim on the strongest basis that it has now.

    See `rest_on_new_bases`.
    """
    return rest_on_new_bases(centre, [claim], actor)


def rest_on_new_bases(centre: Centre, claims: Iterable[Claim], actor: Actor) -> list[Order]:
    """Put the open orders that serve some claims on the strongest basis there is now.

    Returns the orders changed. A hold ends when the last of the claims that it serves lets it;
    no basis shortens it. Ended orders stay ended, and so does one whose time has run out though
    nobody has ended it yet: it lapses here, and a person is asked whether to order anew.
    """
    ids = [claim.id for claim in claims]
    serving: dict[str, set[int]] = {}
    for order_id, claim_id in _serving(ids):
        serving.setdefault(order_id, set()).add(claim_id)
    if not serving:
        return []
    served = set().union(*serving.values())
    # Read anew: a confirmation may have come since the claims were read.
    anew = [claim for some in in_parts(served) for claim in Claim.objects.filter(id__in=some)]
    bases = bases_for(centre, anew, centre.now_us())
    known: dict[str, Order] = {}
    for some in in_parts(serving):
        known |= {
            order.order_id: order for order in Order.objects.defer("body").filter(order_id__in=some)
        }
    changed = []
    for order_id in sorted(serving):
        there = [bases[claim_id] for claim_id in serving[order_id] if claim_id in bases]
        if _better(centre, known[order_id], there) is None:
            continue
        order = locked_order(order_id)
        basis = _better(centre, order, there)
        if basis is None:
            continue
        if lapse_if_due(centre, order):
            _ask_after_lapse(centre, order)
        else:
            _rest(centre, order, basis, actor)
            changed.append(order)
    return changed


def _serving(claim_ids: Iterable[int]) -> Iterable[tuple[str, int]]:
    """Yield the open orders that serve claims: by what they hold, or are asked to hold."""
    for some in in_parts(claim_ids):
        asked = Order.objects.filter(claim_id__in=some, state__in=UNANSWERED_VALUES)
        yield from asked.values_list("order_id", "claim_id")
        held = HoldShare.objects.filter(claim_id__in=some, until_us=None)
        yield from held.values_list("order__order_id", "claim_id")


def _better(centre: Centre, order: Order, bases: Iterable[Basis]) -> Basis | None:
    """Return the basis that gives an order the latest end, if that is later than its own.

    A bank's own suspicion gives way only to what the law's data let follow on it.
    """
    state = HoldState(order.state)
    if state.ended or state is HoldState.SEIZED:
        return None
    later = [
        basis
        for basis in bases
        if basis.lapses_us > order.lapses_us
        and (
            order.basis != BANK_SUSPICION
            or may_follow(centre, order.basis, basis.key, order.ordered_us)
        )
    ]
    return max(later, key=lambda basis: basis.lapses_us, default=None)


def _ask_after_lapse(centre: Centre, order: Order) -> None:
    ask_person(
        centre,
        ReviewKind.AFTER_LAPSE,
        order.case,
        order.order_id,
        {"order": order.order_id, "amount_minor": set_aside_of(order)},
    )


def _rest(centre: Centre, order: Order, basis: Basis, actor: Actor) -> None:
    before = HoldState(order.state)
    order.basis, order.provisional = basis.key, basis.provisional
    order.lapses_us = basis.lapses_us
    if not before.unanswered:
        order.state = HoldState.EXTENDED.value
    order.save()
    due.plan(kind=LAPSE, subject=order.order_id, due_us=order.lapses_us)
    record_step(order, before, actor, centre.now_us())
    post_extension(centre, order, basis)
