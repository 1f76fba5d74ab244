"""Take a report: case, claims, trail and orders, in one transaction.

A report of a payment that was told before joins that payment's case: no second case is opened,
and its teller is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from holdfast.cases.claim import ClaimState
from holdfast.cases.models import Case, CaseNumber, Claim, InstitutionCaseId, Report
from holdfast.cases.queries import locked_case
from holdfast.cases.report import ReportTold, Via, missing
from holdfast.core.account import bank_of
from holdfast.core.errors import Forbidden
from holdfast.core.person import person_key
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.people.role import Scope
from holdfast.records import audit
from holdfast.workflows.add_claims import Looked, Taken, add_claims, look_up, taken_anew
from holdfast.workflows.ask_person import ask_about_homes
from holdfast.workflows.centre import Centre
from holdfast.workflows.confirm_claim import confirm_claim
from holdfast.workflows.date_report import (
    check_paid_before,
    heed_hearing,
    is_late,
    reported_us,
    tell_held,
)
from holdfast.workflows.dispute import ask_about_disputed, heed_types, is_dispute
from holdfast.workflows.withdraw_claim import ask_to_follow_again


def take_report(centre: Centre, told: ReportTold, actor: Actor) -> Taken:
    """Take a report and order what can be held at once; everything or nothing is written.

    Raises:
        Refused: `scam_type_unknown`, as `reported_us` and `tell_held`, or
            `reported_before_payment`.
        Forbidden: `via_not_yours`, `scope_missing`, or `not_the_sending_bank` where a bank
            confirms a caller it does not have.
        Conflict: `report_contended` where too many report the same payment at this instant.
    """
    check_report(centre, told, actor)

    def take() -> Taken:
        with transaction.atomic(), look_up(centre, told.payments, actor) as looked:
            return _take(centre, told, looked, actor)

    return taken_anew(take)


def check_report(centre: Centre, told: ReportTold, actor: Actor) -> None:
    """Refuse what no report may say; raises as `take_report`."""
    if told.scam_type is not None:
        day = centre.law.local_day(centre.country, centre.now_us())
        centre.law.scam_type(centre.country, told.scam_type, day)
    _check_way(told, actor)
    if not told.caller_confirmed:
        return
    if not actor.may(Scope.REPORTS_CONFIRM):
        raise Forbidden(
            "scope_missing",
            N_("this key lacks the scope {scope}"),
            scope=Scope.REPORTS_CONFIRM.value,
        )
    if actor.is_centre:
        return
    banks = {row.from_account and bank_of(row.from_account) for row in told.payments}
    if told.via is not Via.BANK or banks != {actor.institution_id}:
        raise Forbidden(
            "not_the_sending_bank",
            N_("only the bank that the payments left can confirm the caller; name from_account"),
        )


def _check_way(told: ReportTold, actor: Actor) -> None:
    """Refuse a way that is not the sender's own: a bank reports as a bank, the police as police."""
    if actor.is_centre:
        return
    way = Via.POLICE if actor.may(Scope.COMPLAINTS_WRITE) else Via.BANK
    if told.via is not way:
        raise Forbidden(
            "via_not_yours", N_("you report by way of {right}, not {via}"), right=way, via=told.via
        )


def confirm_known(centre: Centre, told: ReportTold, known: Iterable[Claim], actor: Actor) -> None:
    """Confirm the claims known before that the payer's bank tells of with the caller made sure."""
    if not told.caller_confirmed:
        return
    for claim in known:
        if claim.state == ClaimState.WITHDRAWN.value:
            continue
        if actor.is_centre or bank_of(claim.debit_account) == actor.institution_id:
            confirm_claim(centre, claim.claim_id, actor, name_matches=True)


def kept_form(centre: Centre, told: ReportTold) -> dict[str, Any]:
    """Return a report as it is kept: an identity number only as its keyed hash."""
    values: dict[str, Any] = told.model_dump(mode="json", exclude_none=True)
    person = told.reporter.person_id
    if person is not None:
        values["reporter"]["person_id"] = person_key(
            person.country, person.kind, person.number, centre.person_key
        )
    return values


def _take(centre: Centre, told: ReportTold, looked: Looked, actor: Actor) -> Taken:
    now_us = centre.now_us()
    told_us = reported_us(centre, told)
    check_paid_before(told_us, told, looked)
    case = _case_for(centre, told, looked, actor)
    still_missing = missing(told)
    report = Report.objects.create(
        report_id=centre.new_id("report"),
        case=case,
        via=told.via.value,
        institution_id=actor.institution_id,
        received_us=now_us,
        heard_us=now_us if is_late(centre, told_us) else told_us,
        told=kept_form(centre, told),
        missing=still_missing,
        completed_us=None if still_missing else now_us,
    )
    tell_held(centre, report, told, actor)
    taken = add_claims(centre, report, told, looked, actor)
    heed_hearing(centre, report, [*taken.claims, *taken.known], told_us, actor)
    confirm_known(centre, told, taken.known, actor)
    if taken.known or is_dispute(centre, told.scam_type):
        # New claims have this teller alone: nobody can be at odds about them.
        ask_about_disputed(centre, heed_types(centre, report, actor))
    ask_about_homes(centre, [*taken.claims, *taken.accepted])
    ask_to_follow_again(centre, taken.known, actor)
    audit.record(
        at_us=now_us,
        actor=actor.name,
        verb="take_report",
        subject=f"case:{case.number}",
        detail={
            "report": report.report_id,
            "via": report.via,
            "claims": [claim.claim_id for claim in taken.claims],
            "known": [claim.claim_id for claim in taken.known],
            "missing": len(still_missing),
        },
    )
    return taken


def _case_for(centre: Centre, told: ReportTold, looked: Looked, actor: Actor) -> Case:
    """Return the case that a report belongs to: of a known claim or number, else a new one."""
    case = _known_case(told, looked, actor)
    now_us = centre.now_us()
    if case is None:
        year = _locked_year(centre, now_us)
        # Whoever held the year just now may have opened the case of this very payment.
        case = _known_case(told, looked, actor)
    # A case that is opened here is nobody else's until the transaction ends.
    case = _open_case(centre, year, now_us) if case is None else locked_case(case)
    number = told.institution_case_id
    if number is not None:
        InstitutionCaseId.objects.get_or_create(
            institution_id=actor.institution_id, value=number, defaults={"case": case}
        )
    return case


def _known_case(told: ReportTold, looked: Looked, actor: Actor) -> Case | None:
    for claim in looked.known_claims().values():
        case: Case = claim.case
        return case
    if told.institution_case_id is None:
        return None
    named: InstitutionCaseId | None = (
        InstitutionCaseId.objects.select_related("case")
        .filter(institution_id=actor.institution_id, value=told.institution_case_id)
        .first()
    )
    return None if named is None else named.case


def _locked_year(centre: Centre, now_us: int) -> CaseNumber:
    """Return the year's last case number; it is ours until the transaction ends."""
    year = centre.law.local_day(centre.country, now_us).year
    this_year = CaseNumber.objects.select_for_update().filter(year=year)
    locked: CaseNumber | None = this_year.first()
    if locked is None:
        CaseNumber.objects.get_or_create(year=year)
        locked = this_year.get()
    return locked


def _open_case(centre: Centre, year: CaseNumber, now_us: int) -> Case:
    """Open a case under the year's next number, such as TH-2026-000001."""
    year.last += 1
    year.save(update_fields=["last"])
    number = f"{centre.country}-{year.year}-{year.last:06d}"
    opened: Case = Case.objects.create(number=number, opened_us=now_us)
    return opened
