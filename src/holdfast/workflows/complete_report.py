"""Complete: take what a reporter adds later; what was told of payments may grow, not shrink."""

from __future__ import annotations

from django.db import transaction

from holdfast.cases.models import Claim, Report, ReportVersion
from holdfast.cases.report import Payment, ReportTold, missing
from holdfast.core.errors import Conflict, NotFound
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.records import audit, due
from holdfast.workflows.add_claims import (
    TRACE,
    Taken,
    add_claims,
    classify,
    look_up,
    record_claim,
    taken_anew,
)
from holdfast.workflows.centre import Centre
from holdfast.workflows.take_report import check_report, confirm_known, kept_form


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
        _classify(centre, report, told.scam_type, actor)
        added = [payment for payment in told.payments if _form(payment) not in before]
        with look_up(centre, added, actor) as looked:
            taken = add_claims(centre, report, told, looked, actor)
        confirm_known(centre, told, taken, actor)
        return taken


def _classify(centre: Centre, report: Report, scam_type: str | None, actor: Actor) -> None:
    """Give the claims that this report alone tells of the type of scam that is known by now."""
    for claim in Claim.objects.select_related("case").filter(told_by__report=report):
        before = claim.disputed
        classify(centre, claim, scam_type)
        if claim.disputed == before or claim.told_by.count() > 1:
            continue
        claim.save(update_fields=["disputed", "hops_max"])
        record_claim(centre, claim, actor, "classify_claim", disputed=claim.disputed)
        due.plan(kind=TRACE, subject=claim.claim_id, due_us=centre.now_us())


def _locked_report(report_id: str, actor: Actor) -> Report:
    reports = Report.objects.select_for_update(of=("self",), no_key=True).select_related("case")
    report: Report | None = reports.filter(report_id=report_id).first()
    if report is None or not (actor.is_centre or report.institution_id == actor.institution_id):
        raise NotFound(
            "report_unknown", N_("there is no report {report} for you"), report=report_id[:60]
        )
    return report


def _form(payment: Payment) -> dict[str, object]:
    return payment.model_dump(mode="json", exclude_none=True)
