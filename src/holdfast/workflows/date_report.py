"""Date a report: from when the law's clocks run where a bank or the police heard the victim first.

In Thailand the bank that the victim calls starts the hold and gives the case its number; the centre
learns of it later. What such a bank holds already is told with the report.
"""

from __future__ import annotations

from collections.abc import Iterable

from holdfast.cases.models import Claim, Report
from holdfast.cases.report import ReportTold, Via
from holdfast.cases.review import ReviewKind
from holdfast.core.errors import Refused
from holdfast.core.instant import HOUR_US, format_instant, parse_instant
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.workflows.add_claims import Looked, record_claim
from holdfast.workflows.ask_person import ask_person
from holdfast.workflows.centre import Centre
from holdfast.workflows.legal_basis import VICTIM_REPORT
from holdfast.workflows.own_holds import OwnHoldTold, tell_own_hold
from holdfast.workflows.record_answer import CLOCKS_APART_US

LATEST_HOURS = "report_told_hours"
"""The number in the law's data: how long ago a victim may have told it without a person looking."""


def reported_us(centre: Centre, told: ReportTold) -> int:
    """Return when the victim told of it, in microseconds since 1970 UTC: now, if nothing is said.

    Raises:
        Refused: `reported_in_future`.
    """
    now_us = centre.now_us()
    if told.reported_at is None:
        return now_us
    told_us = parse_instant(told.reported_at)
    if told_us > now_us + CLOCKS_APART_US:
        raise Refused("reported_in_future", N_("reported_at lies in the future; check the clock"))
    return min(told_us, now_us)


def check_paid_before(told_us: int, told: ReportTold, looked: Looked) -> None:
    """Refuse a time at which a payment that is reported had not been made.

    Raises:
        Refused: `reported_before_payment`.
    """
    if told.reported_at is None:
        return
    for payment, found in zip(looked.payments, looked.found, strict=True):
        paid_us = payment.time_us if found.transfer is None else found.transfer.time_us
        if paid_us is not None and paid_us > told_us + CLOCKS_APART_US:
            raise Refused(
                "reported_before_payment",
                N_("a payment of {paid_at} can't have been reported at {reported_at}"),
                paid_at=format_instant(paid_us),
                reported_at=told.reported_at,
            )


def is_late(centre: Centre, told_us: int) -> bool:
    """Whether the law's data wants a person to look before the clock runs from so long ago."""
    now_us = centre.now_us()
    day = centre.law.local_day(centre.country, now_us)
    try:
        hours = centre.law.number(centre.country, LATEST_HOURS, day)
    except Refused:
        return False
    return now_us - told_us > hours * HOUR_US


def heed_hearing(
    centre: Centre, report: Report, claims: Iterable[Claim], told_us: int, actor: Actor
) -> None:
    """Let clocks run from when the victim told of it where that was earlier; ask if long ago."""
    for claim in claims:
        if claim.reported_us <= told_us or (claim.time_us or 0) > told_us + CLOCKS_APART_US:
            continue
        if not is_late(centre, told_us):
            _run_from(centre, claim, told_us, actor)
            continue
        facts = {
            "claim": claim.claim_id,
            "report": report.report_id,
            "reported_at": format_instant(told_us),
        }
        ask_person(
            centre,
            ReviewKind.REPORT_LATE,
            claim.case,
            claim.claim_id,
            facts,
            asked_by=actor.name,
        )


def run_from(centre: Centre, claim_id: str, reported_at: str, actor: Actor) -> None:
    """Let a claim's clocks run from an earlier time, because a person says that it is right.

    What was held meanwhile keeps its end.
    """
    claim = Claim.objects.select_related("case").get(claim_id=claim_id)
    _run_from(centre, claim, parse_instant(reported_at), actor)


def tell_held(centre: Centre, report: Report, told: ReportTold, actor: Actor) -> None:
    """Keep what the bank that reports holds on the victim's word already.

    Raises:
        Refused: `held_without_caller` where it has not made sure who calls, or as
            `tell_own_hold`.
        Forbidden, Conflict: as `tell_own_hold`.
    """
    if told.held_already and not (told.caller_confirmed and told.via is Via.BANK):
        raise Refused(
            "held_without_caller",
            N_("a bank that holds on a victim's word has made sure of it: say caller_confirmed"),
        )
    for row in told.held_already:
        held = OwnHoldTold(
            row.reference, row.account, row.amount_minor, row.currency, parse_instant(row.since)
        )
        tell_own_hold(centre, held, actor, basis=VICTIM_REPORT, counted_us=report.heard_us)


def _run_from(centre: Centre, claim: Claim, told_us: int, actor: Actor) -> None:
    rows = Claim.objects.filter(id=claim.id, reported_us__gt=told_us)
    if rows.update(reported_us=told_us):
        claim.reported_us = told_us
        record_claim(centre, claim, actor, "date_claim", reported_us=told_us)
