"""What is kept of cases, and of what was reported in them."""

# mypy: ignore-errors
# ruff: noqa: D106, RUF012

from __future__ import annotations

from django.db import models


class CaseNumber(models.Model):
    """The last case number given out in a year."""

    year = models.IntegerField(unique=True)
    last = models.IntegerField(default=0)


class Case(models.Model):
    """What belongs together: one victim's loss, however many report it."""

    number = models.CharField(max_length=30, unique=True)
    """Such as TH-2026-000001."""
    opened_us = models.BigIntegerField()
    merged_into = models.ForeignKey("self", null=True, on_delete=models.PROTECT)


class InstitutionCaseId(models.Model):
    """The number under which an institution keeps the same case (in Thailand the Bank Case ID)."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="institution_case_ids")
    institution_id = models.CharField(max_length=60)
    value = models.CharField(max_length=100)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["institution_id", "value"], name="institution_case_id_once"
            )
        ]


class Report(models.Model):
    """What somebody told: of themselves, of what happened, of the payments."""

    report_id = models.CharField(max_length=60, unique=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="reports")
    via = models.CharField(max_length=10)
    """centre, bank or police."""
    institution_id = models.CharField(max_length=60)
    """Who sent it in."""
    received_us = models.BigIntegerField()
    heard_us = models.BigIntegerField()
    """When the victim told of it: the clocks of what it tells first run from here."""
    told = models.JSONField()
    """The report as it stands now, in the form of the API; personal data, reads are audited."""
    missing = models.JSONField(default=list)
    """What is still to be asked."""
    completed_us = models.BigIntegerField(null=True)


class ReportVersion(models.Model):
    """A report as it stood before it was completed: what was first said is not lost."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="versions")
    number = models.IntegerField()
    told = models.JSONField()
    until_us = models.BigIntegerField()
    replaced_by = models.CharField(max_length=100)
    """The actor who completed it."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["report", "number"], name="report_version_once")
        ]


class PoliceComplaint(models.Model):
    """A complaint at a police station, from which some clocks run."""

    complaint_id = models.CharField(max_length=60, unique=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="complaints")
    number = models.CharField(max_length=60)
    station = models.CharField(max_length=200)
    officer = models.CharField(max_length=200)
    filed_us = models.BigIntegerField()
    accepted_us = models.BigIntegerField(null=True)
    confirmed_by = models.CharField(max_length=100, blank=True)
    entered_us = models.BigIntegerField()
    entered_by = models.CharField(max_length=60)
    """The institution that entered it; it, or the centre, may confirm it."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["station", "number"], name="complaint_once")]
