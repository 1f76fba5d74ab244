"""Add claims: find the payments that a report tells of, make claims of them, order holds at once.

A payment that was told before is the same claim: the new report is linked to it. What cannot be
followed now waits and becomes due work; the report is taken all the same.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import Q

from holdfast.cases.claim import ClaimState
from holdfast.cases.models import Case, Claim, ClaimReport, Order, Report
from holdfast.cases.queries import lock_settlement
from holdfast.cases.report import Payment, ReportTold
from holdfast.core.errors import Conflict, HoldfastError, LedgerError
from holdfast.core.words import N_
from holdfast.ledger.store import LedgerStore
from holdfast.ledger.transfer import Transfer
from holdfast.people.actor import Actor
from holdfast.people.role import Scope
from holdfast.records import audit, due
from holdfast.workflows.centre import Centre
from holdfast.workflows.find_payment import Found, find_payment, fits, is_of, slip_reference
from holdfast.workflows.hold_money import hold_money
from holdfast.workflows.plan_listing import plan_if_confirmed, plan_listing
from holdfast.workflows.step_order import TRACE

log = logging.getLogger(__name__)

ATTEMPTS = 5
"""How often a report is taken anew when another report of the same payment came in between."""


@dataclass(frozen=True, slots=True)
class Looked:
    """Payments as told, and what was found of each; without a ledger nothing is."""

    ledger: LedgerStore | None
    payments: Sequence[Payment]
    found: Sequence[Found]
    only_from: str = ""
    """The bank that tells, which knows of its own customers only; empty for who may tell of all."""
    not_followed: str = ""
    """The code of why the ledger could not be asked, or nothing."""

    def known_claims(self) -> dict[str, Claim]:
        """Return the claims about these payments that there are, by transfer id.

        One that waits is found only where the same bank told it, or where no bank did: nobody
        has shown yet whose payment that is. When it appears, claims about it become one.
        """
        ids = [row.transfer.transfer_id for row in self.found if row.transfer is not None]
        told = [row.transfer_id for row in self.payments if row.transfer_id]
        waiting = Q(
            told_transfer_id__in=told, state=ClaimState.WAITING.value, only_from=self.only_from
        )
        claims = Claim.objects.select_related("case").filter(Q(transfer_id__in=ids) | waiting)
        if not ids and not told:
            return {}
        return {claim.transfer_id or claim.told_transfer_id: claim for claim in claims}


@dataclass(slots=True)
class Taken:
    """What became of a report."""

    report: Report
    case: Case
    claims: list[Claim] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    known: list[Claim] = field(default_factory=list)
    """Claims that somebody had told of before."""
    accepted: list[Claim] = field(default_factory=list)
    """Those of them that had waited for their payment until this report."""
    several: dict[int, int] = field(default_factory=dict)
    """How many transfers fit a payment, by its place in the report, where it was not just one."""
    not_followed: str = ""
    """The code of why following must wait, or nothing."""


@contextmanager
def look_up(centre: Centre, payments: Sequence[Payment], actor: Actor) -> Iterator[Looked]:
    """Look for payments in the ledger, and lend the ledger until their claims are settled."""
    only_from = "" if may_tell_of_all(actor) else actor.institution_id
    with ExitStack() as lent:
        try:
            ledger = lent.enter_context(centre.ledger())
        except LedgerError as error:
            yield Looked(None, payments, [Found(None)] * len(payments), only_from, error.code)
            return
        found = [find_payment(ledger, row, only_from) for row in payments]
        yield Looked(ledger, payments, found, only_from)


def may_tell_of_all(actor: Actor) -> bool:
    """Whether somebody may report any bank's customer's payment: the centre and the police."""
    return actor.is_centre or actor.may(Scope.COMPLAINTS_WRITE)


def add_claims(
    centre: Centre, report: Report, told: ReportTold, looked: Looked, actor: Actor
) -> Taken:
    """Make claims of a report's payments and order what can be held at once.

    Must be called in the transaction that writes the report.
    """
    taken = Taken(report, report.case, not_followed=looked.not_followed)
    known = looked.known_claims()
    for index, (payment, found) in enumerate(zip(looked.payments, looked.found, strict=True)):
        claim = _claim_of(payment, found, looked.only_from)
        if found.several > 1:
            taken.several[index] = found.several
        before = known.get(claim.transfer_id or claim.told_transfer_id)
        waited = before is not None and before.state == ClaimState.WAITING.value
        if before is not None and _is_meant(centre, before, found, actor):
            if before not in taken.claims + taken.known:
                taken.known.append(before)
            claim = before
            ClaimReport.objects.get_or_create(claim=claim, report=report)
            if waited and before.state == ClaimState.ACCEPTED.value:
                taken.accepted.append(before)
        else:
            _keep(centre, claim, report, told)
            taken.claims.append(claim)
            if claim.transfer_id or claim.told_transfer_id:
                known[claim.transfer_id or claim.told_transfer_id] = claim
            ClaimReport.objects.create(claim=claim, report=report)
    _follow(centre, looked.ledger, taken, actor)
    if told.caller_confirmed:
        plan_listing(centre, report.case)
    return taken


def taken_anew(take: Callable[[], Taken]) -> Taken:
    """Take a report; anew where somebody told of the same payment at the same time.

    Raises:
        Conflict: `report_contended` where too many report the same payment at this instant.
    """
    for _ in range(ATTEMPTS):
        try:
            return take()
        except IntegrityError:
            # By now the other's claim is there to be linked.
            continue
    raise Conflict(
        "report_contended",
        N_("many report the same payment at this moment; send the report again"),
    )


ACCEPTED_FIELDS = (
    "transfer_id",
    "currency",
    "time_us",
    "seq",
    "amount_minor",
    "debit_account",
    "credit_account",
    "state",
)
"""What `accept` sets; a confirmation that comes at the same moment is not written over."""


def accept(claim: Claim, transfer: Transfer) -> None:
    """Join a claim to its payment in the ledger; one to the payer's own account is refused."""
    claim.transfer_id = transfer.transfer_id
    claim.currency = transfer.currency
    claim.time_us, claim.seq = transfer.time_us, transfer.seq
    claim.amount_minor = transfer.amount_minor
    claim.debit_account = transfer.debit_account
    claim.credit_account = transfer.credit_account
    claim.state = (ClaimState.REFUSED if transfer.to_itself else ClaimState.ACCEPTED).value


def _is_meant(centre: Centre, before: Claim, found: Found, actor: Actor) -> bool:
    """Whether an earlier claim is about the payment found; one that waited for it is accepted.

    A claim that only waits for an id is about no payment yet: where the ledger has that id, and
    not as the earlier teller told it, it waits on.
    """
    if before.state != ClaimState.WAITING.value or found.transfer is None:
        return True
    told = Payment.model_validate(before.told)
    if not is_of(found.transfer, before.only_from) or not fits(found.transfer, told):
        return False
    accept(before, found.transfer)
    before.save(update_fields=ACCEPTED_FIELDS)
    record_claim(centre, before, actor, "accept_claim")
    plan_if_confirmed(centre, before)
    return True


def record_claim(centre: Centre, claim: Claim, actor: Actor, verb: str, **detail: object) -> None:
    """Write what became of a claim into the audit of its case."""
    audit.record(
        at_us=centre.now_us(),
        actor=actor.name,
        verb=verb,
        subject=f"case:{claim.case.number}",
        detail={"claim": claim.claim_id, "state": claim.state} | detail,
    )


def _claim_of(told: Payment, found: Found, only_from: str) -> Claim:
    claim = Claim(
        state=ClaimState.WAITING.value,
        told=told.model_dump(mode="json", exclude_none=True),
        transfer_id=None,
        told_transfer_id=told.transfer_id or slip_reference(told) or "",
        only_from=only_from,
        currency=told.currency or "",
        debit_account=told.from_account or "",
        credit_account=told.to_account or "",
    )
    if found.transfer is not None:
        accept(claim, found.transfer)
    return claim


def _keep(centre: Centre, claim: Claim, report: Report, told: ReportTold) -> None:
    now_us = centre.now_us()
    claim.claim_id = centre.new_id("claim")
    claim.case = report.case
    # What was paid after the victim first told the bank was told later.
    paid_before = (claim.time_us or 0) <= report.heard_us
    claim.reported_us = report.heard_us if paid_before else now_us
    claim.confirmed_us = now_us if told.caller_confirmed else None
    classify(centre, claim, told.scam_type)
    claim.save(force_insert=True)


def classify(centre: Centre, claim: Claim, scam_type: str | None) -> None:
    """Set how far orders for a claim may reach: a sale in dispute only to the first account."""
    if scam_type is not None:
        day = centre.law.local_day(centre.country, centre.now_us())
        claim.disputed = centre.law.scam_type(centre.country, scam_type, day).dispute
        claim.hops_max = 1 if claim.disputed else None


def _follow(centre: Centre, ledger: LedgerStore | None, taken: Taken, actor: Actor) -> None:
    """Order what can be held for the new claims; where that fails now, it becomes due work."""
    if ledger is not None:
        try:
            with transaction.atomic():
                taken.orders = _order(centre, ledger, taken, actor)
        except (HoldfastError, DatabaseError) as error:
            taken.not_followed = getattr(error, "code", "database")
            log.warning("following a report must wait: %s", taken.not_followed)
        else:
            return
    for claim in (*taken.claims, *taken.accepted):
        due.plan(kind=TRACE, subject=claim.claim_id, due_us=centre.now_us())


def _order(centre: Centre, ledger: LedgerStore, taken: Taken, actor: Actor) -> list[Order]:
    accepted: dict[str, list[Claim]] = {}
    new = {claim.transfer_id for claim in taken.claims}
    for claim in (*taken.claims, *taken.accepted):
        if claim.state == ClaimState.ACCEPTED.value:
            accepted.setdefault(claim.currency, []).append(claim)
    orders = []
    for currency in sorted(accepted):
        lock_settlement(currency)
        orders += hold_money(centre, ledger, accepted[currency], actor, unseen=new).orders
    return orders
