"""Withdraw: take a false or mistaken claim out of the settlement, with all that stood on it.

Its unanswered orders are taken back. Its holds go to those other claims whose money rests where
they stand; what serves nobody is let go. Somebody asks, another decides. Nothing is forgotten: a
payment told again is put before a person, and its clocks run from where they first began. A claim
that still waited for its payment was about none yet: told again, it is a claim of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from django.db import transaction

from holdfast.cases.claim import ClaimState
from holdfast.cases.models import Claim, HoldShare, Order, Review, TracedAccount
from holdfast.cases.queries import UNANSWERED_VALUES, hold_id, lock_settlement, neighbours
from holdfast.cases.review import ReviewKind
from holdfast.core.account import bank_of
from holdfast.core.errors import Conflict, NotFound, Refused
from holdfast.core.words import N_
from holdfast.ledger.store import LedgerStore
from holdfast.people.actor import Actor
from holdfast.records import due
from holdfast.trail.answer import Overheld
from holdfast.workflows.add_claims import record_claim
from holdfast.workflows.ask_person import ask_anew, ask_person
from holdfast.workflows.centre import Centre
from holdfast.workflows.hold_money import hold_money, may_hold
from holdfast.workflows.release_hold import release_hold, take_back
from holdfast.workflows.share_holds import give_excess
from holdfast.workflows.step_order import TRACE, locked_order
from holdfast.workflows.trace_money import trace_money
from holdfast.workflows.write_notice import VICTIM, write_notice

WITHDRAWN = "claim_withdrawn"
"""Why an order is taken back or a hold let go."""
_FOLLOWED = (ClaimState.WAITING.value, ClaimState.ACCEPTED.value)


def ask_withdrawal(centre: Centre, claim_id: str, actor: Actor, reason: str) -> Review:
    """Ask that a claim be withdrawn; the centre may, the payer's bank, and who reported it.

    Raises:
        NotFound: `claim_unknown`, also where it does not concern the actor.
        Conflict: `claim_not_followed`, or `review_waits` where somebody has asked already.
    """
    with transaction.atomic():
        claim = _locked(claim_id)
        if not (actor.is_centre or _is_of(claim, actor.institution_id)):
            raise _unknown(claim_id)
        _check_followed(claim)
        facts = {"claim": claim_id, "amount_minor": claim.amount_minor, "reason": reason}
        return ask_anew(
            centre, ReviewKind.WITHDRAWAL, claim.case, claim_id, facts, asked_by=actor.name
        )


def withdraw_claim(centre: Centre, claim_id: str, actor: Actor, reason: str) -> Claim:
    """Take a claim out of the settlement and free what was ordered and held for it.

    Raises:
        NotFound: `claim_unknown`.
        Conflict: `claim_not_followed`, or `claim_contended` where its payment is found just now.
        LedgerError: the ledger can't be read.
    """
    with transaction.atomic(), centre.ledger() as ledger:
        currency = Claim.objects.filter(claim_id=claim_id).values_list("currency", flat=True)
        settled_in = currency.first()
        if settled_in:
            lock_settlement(settled_in)
        claim = _locked(claim_id)
        _check_followed(claim)
        if claim.currency != (settled_in or ""):
            raise Conflict(
                "claim_contended",
                N_("the payment of claim {claim} is found at this moment; try again"),
                claim=claim_id,
            )
        was_accepted = claim.state == ClaimState.ACCEPTED.value
        claim.state = ClaimState.WITHDRAWN.value
        claim.withdrawn_us, claim.withdrawn_why = centre.now_us(), reason
        claim.save(update_fields=["state", "withdrawn_us", "withdrawn_why"])
        record_claim(centre, claim, actor, "withdraw_claim", reason=reason)
        _tell_tellers(centre, claim)
        if was_accepted:
            _free(centre, ledger, claim, actor)
    return claim


def ask_to_follow_again(centre: Centre, claims: Iterable[Claim], actor: Actor) -> None:
    """Ask whether claims that were withdrawn are to be followed, for somebody tells of them again."""
    for claim in claims:
        if claim.withdrawn_us is not None:
            facts = {"claim": claim.claim_id, "told_by": claim.told_by.count()}
            ask_person(
                centre,
                ReviewKind.CLAIM_AGAIN,
                claim.case,
                claim.claim_id,
                facts,
                asked_by=actor.name,
            )


def follow_again(centre: Centre, claim_id: str, actor: Actor) -> Claim:
    """Follow a claim that was withdrawn once more; its clocks run from its first report.

    Raises:
        NotFound: `claim_unknown`.
        Conflict: `claim_not_withdrawn`.
    """
    with transaction.atomic():
        claim = _locked(claim_id)
        if claim.withdrawn_us is None or claim.transfer_id is None:
            raise Conflict(
                "claim_not_withdrawn",
                N_("claim {claim} was not withdrawn; there is nothing to take back"),
                claim=claim_id,
            )
        claim.state, claim.withdrawn_us, claim.withdrawn_why = _FOLLOWED[1], None, ""
        claim.save(update_fields=["state", "withdrawn_us", "withdrawn_why"])
        record_claim(centre, claim, actor, "follow_again")
        due.plan(kind=TRACE, subject=claim_id, due_us=centre.now_us())
    return claim


def _locked(claim_id: str) -> Claim:
    # Its row alone: joined to its case, it would be missed where a merge moves it.
    claims = Claim.objects.select_for_update(no_key=True)
    claim: Claim | None = claims.filter(claim_id=claim_id).first()
    if claim is None:
        raise _unknown(claim_id)
    return claim


def _unknown(claim_id: str) -> NotFound:
    return NotFound("claim_unknown", N_("there is no claim {claim} for you"), claim=claim_id[:60])


def _is_of(claim: Claim, institution_id: str) -> bool:
    """Whether an institution sent the payment or reported it."""
    paid = claim.debit_account != "" and bank_of(claim.debit_account) == institution_id
    return paid or claim.told_by.filter(report__institution_id=institution_id).exists()


def _check_followed(claim: Claim) -> None:
    if claim.state not in _FOLLOWED:
        raise Conflict(
            "claim_not_followed",
            N_("claim {claim} is {state}; it is followed no more"),
            claim=claim.claim_id,
            state=claim.state,
        )


def _tell_tellers(centre: Centre, claim: Claim) -> None:
    """Have each institution that reported it tell its caller."""
    tellers = claim.told_by.values_list("report__institution_id", flat=True)
    for institution_id in sorted(set(tellers)):
        write_notice(
            centre,
            centre.new_id("notice"),
            institution_id,
            VICTIM,
            {"type": WITHDRAWN, "case": claim.case.number, "claim": claim.claim_id},
            subject=f"case:{claim.case.number}",
        )


def _free(centre: Centre, ledger: LedgerStore, claim: Claim, actor: Actor) -> None:
    """Take back, give to others or let go of all that stands on a claim."""
    asked = Order.objects.filter(claim=claim, state__in=UNANSWERED_VALUES).order_by("id")
    for order_id in asked.values_list("order_id", flat=True):
        take_back(centre, locked_order(order_id), actor, WITHDRAWN)
    accounts = set(TracedAccount.objects.filter(claim=claim).values_list("account", flat=True))
    others = neighbours(accounts | {claim.debit_account}, [claim.id], claim.currency)
    if others:
        _give(centre, ledger, claim, others, actor)
    _let_go(centre, claim, actor)
    # Who follows the claim again has looked: what was missing or let go may be asked for anew.
    HoldShare.objects.filter(claim=claim).update(set_aside_minor=0)
    Order.objects.filter(claim=claim).update(set_aside_minor=0)
    if others:
        hold_money(centre, ledger, others, actor)


def _give(
    centre: Centre, ledger: LedgerStore, claim: Claim, others: list[Claim], actor: Actor
) -> None:
    """Give its holds to the claims whose money rests free where they stand."""
    settled = trace_money(ledger, others, centre.now_us())
    shares = HoldShare.objects.filter(claim=claim, until_us=None).select_related("order")
    free = tuple(
        Overheld(
            hold_id(share.order.order_id, share.tranche),
            share.order.account,
            claim.transfer_id,
            share.amount_minor,
        )
        for share in shares.order_by("id")
    )
    given = replace(
        settled,
        claims=(*settled.claims, claim),
        answer=replace(settled.answer, overheld=free),
    )
    give_excess(centre, given, actor, may_hold(centre, given, centre.now_us()))


def _let_go(centre: Centre, claim: Claim, actor: Actor) -> None:
    """Let go of what is still held for it; a person sees to what is not the centre's to lift."""
    amounts: dict[str, int] = {}
    shares = HoldShare.objects.filter(claim=claim, until_us=None).order_by("id")
    for order_id, amount_minor in shares.values_list("order__order_id", "amount_minor"):
        amounts[order_id] = amounts.get(order_id, 0) + amount_minor
    for order_id, amount_minor in amounts.items():
        try:
            release_hold(centre, order_id, actor, WITHDRAWN, amount_minor, of=claim)
        except Refused:
            order = locked_order(order_id)
            facts = {"order": order_id, "account": order.account, "amount_minor": amount_minor}
            subject = hold_id(order_id, order.tranche)
            ask_person(centre, ReviewKind.OVERHELD, order.case, subject, facts)
