"""Confirm: the sending bank has made sure of caller, payment and name; holds are provisional no more."""

from __future__ import annotations

from django.db import transaction

from holdfast.cases.hold import HoldState
from holdfast.cases.models import Claim, Order
from holdfast.cases.queries import OPEN_VALUES
from holdfast.cases.review import ReviewKind
from holdfast.core.account import bank_of
from holdfast.core.errors import NotFound
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.records import audit, due
from holdfast.workflows.add_claims import TRACE
from holdfast.workflows.ask_person import ask_person
from holdfast.workflows.centre import Centre
from holdfast.workflows.hold_money import LAPSE
from holdfast.workflows.legal_basis import Basis, basis_for
from holdfast.workflows.messages_out import post_extension
from holdfast.workflows.remind_victim import plan_reminders
from holdfast.workflows.step_order import locked_order, record_step


def confirm_claim(centre: Centre, claim_id: str, actor: Actor, *, name_matches: bool) -> Claim:
    """Take a claim for confirmed, and give its open orders the basis and end that follow.

    Where the name shown to the payer is not the name of the holder, a person must look first.

    Raises:
        NotFound: `claim_unknown`, also where another bank sent the payment.
    """
    with transaction.atomic():
        claim = _locked_claim(claim_id, actor)
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
    return claim


def _locked_claim(claim_id: str, actor: Actor) -> Claim:
    claims = Claim.objects.select_for_update(of=("self",), no_key=True).select_related("case")
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
    """Put a claim's open orders on the strongest basis there is now; return those changed.

    Only an end that lies later is taken: a stronger basis never shortens a hold. Ended orders
    stay ended.
    """
    basis = basis_for(centre, claim, centre.now_us())
    if basis is None:
        return []
    ids = Order.objects.filter(claim=claim, state__in=OPEN_VALUES).values_list(
        "order_id", flat=True
    )
    changed = []
    for order_id in ids.order_by("order_id"):
        order = locked_order(order_id)
        if HoldState(order.state).ended or order.state == HoldState.SEIZED.value:
            continue
        is_firmer = order.provisional and not basis.provisional
        if order.lapses_us < basis.lapses_us or is_firmer:
            _rest(centre, order, basis, actor)
            changed.append(order)
    return changed


def _rest(centre: Centre, order: Order, basis: Basis, actor: Actor) -> None:
    before = HoldState(order.state)
    order.basis, order.provisional = basis.key, basis.provisional
    order.lapses_us = max(order.lapses_us, basis.lapses_us)
    if not before.unanswered:
        order.state = HoldState.EXTENDED.value
    order.save()
    due.plan(kind=LAPSE, subject=order.order_id, due_us=order.lapses_us)
    record_step(order, before, actor, centre.now_us())
    post_extension(centre, order, basis)
