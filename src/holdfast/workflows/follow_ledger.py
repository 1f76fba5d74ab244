"""Follow the ledger: settle anew what its numbered changes concern, each change once.

The number that SQL has applied is advanced in the transaction that writes the orders following
from it: killed at any point, the next run goes on from the number.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence

from django.db import transaction
from django.db.models import BigIntegerField, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Least
from pydantic import ValidationError

from holdfast.cases.claim import ClaimState
from holdfast.cases.models import Claim, TracedAccount
from holdfast.cases.queries import current_case, in_parts, lock_settlement
from holdfast.cases.report import Payment
from holdfast.cases.slices import Stay
from holdfast.core.errors import HoldfastError, TrailError
from holdfast.core.instant import HOUR_US
from holdfast.ledger.store import LedgerStore
from holdfast.ledger.store.records import Change
from holdfast.records import due
from holdfast.records.applied import advance, mark
from holdfast.workflows.add_claims import ACCEPTED_FIELDS, accept, record_claim
from holdfast.workflows.ask_person import ask_about_homes
from holdfast.workflows.centre import Centre
from holdfast.workflows.confirm_claim import rest_on_new_basis
from holdfast.workflows.find_payment import find_payment
from holdfast.workflows.hold_money import hold_money
from holdfast.workflows.merge_cases import merge_cases
from holdfast.workflows.plan_listing import plan_if_confirmed
from holdfast.workflows.step_order import TRACE
from holdfast.workflows.trace_money import LEDGER
from holdfast.workflows.withdraw_claim import ask_to_follow_again

log = logging.getLogger(__name__)

CHANGES_AT_ONCE = 500
NAMED_MAX = 500
"""How many accounts a question about waiting claims may name."""
SETTLED_AT_ONCE = 16
"""How many claims are settled as one: the statements of one settlement serve them all."""


def follow_ledger(centre: Centre) -> int:
    """Apply the ledger's changes that are new; return the number applied so far.

    Raises:
        LedgerError: `ledger_change_ahead` or `ledger_changes_differ`: another ledger stands there.
    """
    while True:
        followed = mark(LEDGER)
        number = followed.number
        with centre.ledger() as ledger:
            ledger.check_follows(number, followed.digest)
            if ledger.figures.change == number:
                return number
        with transaction.atomic(), centre.ledger() as ledger:
            changes = _some(ledger, number)
            if not changes:
                return number
            _apply(centre, ledger, changes)
            last = changes[-1].number
            advance(LEDGER, number, last, ledger.digest_at(last))


def settle_claim(centre: Centre, claim_id: str) -> None:
    """Settle one claim anew, looking first for its payment if it still waits for it."""
    settle_claims(centre, [claim_id])


def settle_claims(centre: Centre, claim_ids: Collection[str]) -> None:
    """Settle several claims anew, looking first for the payments that are still waited for."""
    with transaction.atomic(), centre.ledger() as ledger:
        claims = Claim.objects.select_related("case")
        named = {claim.id: claim for claim in claims.filter(claim_id__in=claim_ids)}
        withdrawn = [row.id for row in named.values() if row.state == ClaimState.WITHDRAWN.value]
        if withdrawn:
            # Their holds serve others by now, whose settlement this is about.
            served = claims.filter(shares__order__claim__in=withdrawn).distinct()
            named |= {claim.id: claim for claim in served}
        _settle(centre, ledger, list(named.values()))


def _some(ledger: LedgerStore, number: int) -> list[Change]:
    found = zip(ledger.changes_since(number), range(CHANGES_AT_ONCE), strict=False)
    return [change for change, _ in found]


def _apply(centre: Centre, ledger: LedgerStore, changes: Sequence[Change]) -> None:
    if any(change.whole for change in changes):
        return _plan_all(centre)
    since_us = _earliest(ledger, changes)
    transfers = {transfer for change in changes for transfer in change.transfer_ids}
    concerned = {claim.id: claim for claim in _waiting_for(since_us, transfers)}
    for some in in_parts(since_us):
        concerned |= {claim.id: claim for claim in _moved(some, since_us)}
    return _settle(centre, ledger, list(concerned.values()))


def _waiting_for(accounts: Collection[str], transfers: Collection[str]) -> Iterable[Claim]:
    """Return the claims without their payment yet that a new transfer may be the payment of."""
    waiting = _followed().filter(state=ClaimState.WAITING.value)
    if len(accounts) <= NAMED_MAX:
        # Asked apart, so that each is found by its own index.
        yield from waiting.filter(Q(debit_account__in=accounts) | Q(credit_account__in=accounts))
        yield from waiting.filter(told_transfer_id__in=transfers)
        return
    # Few wait, and a question that names thousands of accounts costs more than reading all.
    for claim in waiting:
        ends = {claim.debit_account, claim.credit_account}
        if claim.told_transfer_id in transfers or not ends.isdisjoint(accounts):
            yield claim


def _earliest(ledger: LedgerStore, changes: Iterable[Change]) -> dict[str, int]:
    """Return the time of the first new transfer at each account that was touched.

    Where an account got an opening balance, that is before all.
    """
    found: dict[str, int] = {}
    for change in changes:
        mine: dict[str, int] = {}
        for transfer in ledger.find(change.transfer_ids).values():
            for account in (transfer.debit_account, transfer.credit_account):
                mine[account] = min(mine.get(account, transfer.time_us), transfer.time_us)
        for account, _ in change.accounts:
            found[account] = min(found.get(account, mine.get(account, 0)), mine.get(account, 0))
    return found


def _moved(accounts: Collection[str], since_us: Mapping[str, int]) -> Iterable[Claim]:
    """Return the claims whose money a new transfer at one of the accounts can have moved.

    A claim's own payment is among what it was seen to rest on: its home, at that time.
    """
    rows = TracedAccount.objects.filter(account__in=accounts)
    ids = {
        claim_id
        for claim_id, account, last_us, rests in rows.values_list(
            "claim_id", "account", "last_us", "rests"
        )
        if Stay(last_us, rests).is_concerned(since_us[account])
    }
    for some in in_parts(ids):
        yield from _followed().filter(id__in=some)


def _plan_all(centre: Centre) -> None:
    """Have every claim settled anew, one part at a time: reports and ends of holds go before."""
    now_us = centre.now_us()
    for some in in_parts(_followed().values_list("claim_id", flat=True)):
        due.plan_all(TRACE, dict.fromkeys(some, now_us))


def _followed() -> QuerySet:
    """Return all claims that a change of the ledger can concern."""
    return Claim.objects.select_related("case").filter(
        state__in=(ClaimState.WAITING.value, ClaimState.ACCEPTED.value)
    )


def _settle(centre: Centre, ledger: LedgerStore, claims: list[Claim]) -> None:
    for claim in claims:
        if claim.state == ClaimState.WAITING.value:
            _pick_up_alone(centre, ledger, claim)
    accepted = [claim for claim in claims if claim.state == ClaimState.ACCEPTED.value]
    for currency in sorted({claim.currency for claim in accepted}):
        lock_settlement(currency)
        left: dict[int, Claim] = {}
        for ids in in_parts(claim.id for claim in accepted if claim.currency == currency):
            # Read again: picking one up may have merged the case of another.
            left |= {claim.id: claim for claim in _followed().filter(id__in=ids)}
        while left:
            some = list(left.values())[:SETTLED_AT_ONCE]
            done = _settle_together(centre, ledger, some)
            left = {key: claim for key, claim in left.items() if key not in done}


def _settle_together(
    centre: Centre, ledger: LedgerStore, claims: Sequence[Claim]
) -> Collection[int]:
    """Settle the parts that some claims are in as one, and return their claims.

    Parts settled as one say what each says by itself. Where that fails or meets a bound, each is.
    """
    done = set(_settle_as_one(centre, ledger, claims)) if len(claims) > 1 else set()
    for claim in claims:
        if claim.id not in done:
            done.update(_settle_with_others(centre, ledger, claim))
    return done


def _settle_as_one(centre: Centre, ledger: LedgerStore, claims: Sequence[Claim]) -> Collection[int]:
    """Settle some claims and return all that were settled with them; none where it failed."""
    try:
        with transaction.atomic():
            held = hold_money(centre, ledger, claims, centre.itself)
            if held.is_cut_short:
                transaction.set_rollback(True)
    except TrailError as error:
        log.info("%d claims are settled one by one: %s", len(claims), error.code)
        return ()
    return () if held.is_cut_short else held.claim_ids


def _settle_with_others(centre: Centre, ledger: LedgerStore, claim: Claim) -> Collection[int]:
    """Settle the part a claim is in and return its claims; one that fails holds up no other."""
    try:
        with transaction.atomic():
            return hold_money(centre, ledger, [claim], centre.itself).claim_ids
    except TrailError as error:
        log.error("claim %s can't be settled: %s", claim.claim_id, error.code)  # noqa: TRY400
        due.plan(kind=TRACE, subject=claim.claim_id, due_us=centre.now_us() + HOUR_US)
        return (claim.id,)


def _pick_up_alone(centre: Centre, ledger: LedgerStore, claim: Claim) -> None:
    """Pick a claim up; one that fails holds up no other, and is tried again in an hour."""
    try:
        with transaction.atomic():
            _pick_up(centre, ledger, claim)
    except (HoldfastError, ValidationError) as error:
        log.warning("claim %s can't be picked up: %s", claim.claim_id, type(error).__name__)
        due.plan(kind=TRACE, subject=claim.claim_id, due_us=centre.now_us() + HOUR_US)


def _pick_up(centre: Centre, ledger: LedgerStore, claim: Claim) -> None:
    """Join a waiting claim to its payment if the ledger has it by now."""
    claim.refresh_from_db()  # picking another claim up may have changed this one
    if claim.state != ClaimState.WAITING.value:
        return
    found = find_payment(ledger, Payment.model_validate(claim.told), claim.only_from)
    if found.transfer is None:
        return
    others = Claim.objects.select_related("case").filter(transfer_id=found.transfer.transfer_id)
    other = others.exclude(id=claim.id).first()
    if other is not None:
        _join(centre, claim, other)
        return
    accept(claim, found.transfer)
    claim.save(update_fields=ACCEPTED_FIELDS)
    record_claim(centre, claim, centre.itself, "accept_claim")
    plan_if_confirmed(centre, claim)
    ask_about_homes(centre, [claim])


def _long(time_us: int) -> Value:
    """Return a time as a value of a query: untyped, PostgreSQL would take it for a short number."""
    return Value(time_us, output_field=BigIntegerField())


def _join(centre: Centre, claim: Claim, other: Claim) -> None:
    """Withdraw a claim whose payment another claim is about; its tellers tell of that one.

    The clocks run from the first report of the two; their cases are one.
    """
    for told in claim.told_by.all():
        if not other.told_by.filter(report_id=told.report_id).exists():
            told.claim = other
            told.save(update_fields=["claim"])
    claim.state = ClaimState.WITHDRAWN.value
    claim.save(update_fields=["state"])
    row = Claim.objects.filter(id=other.id)
    row.update(reported_us=Least("reported_us", _long(claim.reported_us)))
    if claim.confirmed_us is not None:
        row.update(confirmed_us=Coalesce("confirmed_us", _long(claim.confirmed_us)))
    other.refresh_from_db()
    record_claim(centre, claim, centre.itself, "join_claim", other=other.claim_id)
    rest_on_new_basis(centre, other, centre.itself)
    plan_if_confirmed(centre, other)
    ask_to_follow_again(centre, [other], centre.itself)
    mine, theirs = current_case(claim.case), current_case(other.case)
    if mine.id != theirs.id:
        merge_cases(centre, mine, theirs, centre.itself)
