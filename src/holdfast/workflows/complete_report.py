"""Complete: take what a reporter adds later; what was told of payments may grow, not shrink."""

from __future__ import annotations

from django.db import transaction

from holdfast.cases.models import Claim, Report, ReportVersion
from holdfast.cases.report import Payment, ReportTold, missing
from holdfast.core.errors import Conflict, NotFound
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.records import audit
from holdfast.workflows.add_claims import (
    Taken,
    add_claims,
    look_up,
    taken_anew,
)
from holdfast.workflows.ask_person import ask_about_homes
from holdfast.workflows.centre import Centre
from holdfast.workflows.date_report import heed_hearing, reported_us, tell_held
from holdfast.workflows.dispute import ask_about_disputed, heed_types
from holdfast.workflows.take_report import check_report, confirm_known, kept_form
from holdfast.workflows.withdraw_claim import ask_to_follow_again


def complete_report(centre: Centre, report_id: str, told: ReportTold, actor: Actor) -> Taken:
    """Replace a report's content by a fuller one; payments added become claims of its case.

    Raises:
        NotFound: `report_unknown`, also where another institution sent it.
        Conflict: `report_shrunk` where a payment told before is missing now, or
            `report_other_way`.
        Refused, Forbidden: as `take_report`.
    """
    check_report(centre, told, actor)
    return taken_anew(lambda: _complete(centre, report_id, told, actor))


def _complete(centre: Centre, report_id: str, told: ReportTold, actor: Actor) -> Taken:
    with transaction.atomic():
        report = _locked_report(report_id, actor)
        values = kept_form(centre, told)
        before = report.told["payments"]
        if any(payment not in values["payments"] for payment in before):
            raise Conflict(
                "report_shrunk",
                N_("report {report} told of payments that are missing now; they can't be unsaid"),
                report=report_id,
            )
        if told.via.value != report.via:
            raise Conflict(
                "report_other_way",
                N_("report {report} came by way of {right}; that can't change"),
                report=report_id,
                right=report.via,
            )
        ReportVersion.objects.create(
            report=report,
            number=report.versions.count() + 1,
            told=report.told,
            until_us=centre.now_us(),
            replaced_by=actor.name,
        )
        report.told, report.missing = values, missing(told)
        if not report.missing and report.completed_us is None:
            report.completed_us = centre.now_us()
        report.save()
        audit.record(
            at_us=centre.now_us(),
            actor=actor.name,
            verb="complete_report",
            subject=f"case:{report.case.number}",
            detail={"report": report_id, "missing": len(report.missing)},
        )
        tell_held(centre, report, told, actor)
        disputed = heed_types(centre, report, actor)
        added = [payment for payment in told.payments if _form(payment) not in before]
        with look_up(centre, added, actor) as looked:
            taken = add_claims(centre, report, told, looked, actor)
        # What is said only now is true of the payments told before as well.
        claims = list(Claim.objects.select_related("case").filter(told_by__report=report))
        heed_hearing(centre, report, claims, reported_us(centre, told), actor)
        confirm_known(centre, told, claims, actor)
        # After the currency's lock, because orders are locked here.
        ask_about_disputed(centre, disputed + heed_types(centre, report, actor))
        ask_about_homes(centre, [*taken.claims, *taken.accepted])
        ask_to_follow_again(centre, taken.known, actor)
        return taken


def _locked_report(report_id: str, actor: Actor) -> Report:
    # Locked alone: joined with its case, the row would be missed while a merge moves it there.
    reports = Report.objects.select_for_update(no_key=True)
    report: Report | None = reports.filter(report_id=report_id).first()
    if report is None or not (actor.is_centre or report.institution_id == actor.institution_id):
        raise NotFound(
            "report_unknown", N_("there is no report {report} for you"), report=report_id[:60]
        )
    return report


def _form(payment: Payment) -> dict[str, object]:
    return payment.model_dump(mode="json", exclude_none=True)
