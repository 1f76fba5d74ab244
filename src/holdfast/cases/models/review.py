"""What is kept of what waits for a person: decisions, and notices to be brought."""

# mypy: ignore-errors
# ruff: noqa: D106, RUF012

from __future__ import annotations

from django.db import models
from django.db.models import Q

from holdfast.cases.models.case import Case
from holdfast.cases.models.choices import choices
from holdfast.cases.models.order import Order
from holdfast.cases.review import ReviewKind, ReviewState


class Review(models.Model):
    """Something that waits for a person, and what that person decided."""

    review_id = models.CharField(max_length=60, unique=True)
    kind = models.CharField(max_length=30, choices=choices(ReviewKind))
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="reviews")
    """None where it is about an account that no case owns."""
    subject = models.CharField(max_length=200)
    """What it is about: a claim and an account, or an order; one at a time waits for a person."""
    facts = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=choices(ReviewState))
    asked_by = models.CharField(max_length=100)
    opened_us = models.BigIntegerField()
    decided_us = models.BigIntegerField(null=True)
    decided_by = models.CharField(max_length=100, blank=True)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "kind", "subject"],
                name="review_open_once",
                condition=Q(state=ReviewState.OPEN.value),
            ),
            models.UniqueConstraint(
                fields=["kind", "subject"],
                name="review_without_case_once",
                condition=Q(state=ReviewState.OPEN.value, case=None),
            ),
        ]

    @property
    def filed_under(self) -> str:
        """What the audit keeps it under: its case, or what it is about."""
        return f"case:{self.case.number}" if self.case else self.subject.partition("#")[0]


class Notice(models.Model):
    """Something that an institution, or the centre, is to tell a person, and until when."""

    notice_id = models.CharField(max_length=120, unique=True)
    institution_id = models.CharField(max_length=60)
    """Who is to bring it."""
    recipient = models.CharField(max_length=20)
    """victim, holder, person, or institution where it is for the institution itself."""
    subject = models.CharField(max_length=160)
    """What the audit keeps it under, such as case:TH-2026-000001."""
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="notices")
    says = models.JSONField()
    """What it says; nothing by which a person could be found outside the institution."""
    written_us = models.BigIntegerField()
    due_us = models.BigIntegerField(null=True)
    """By when the law or the centre's policy wants it brought."""
    brought_us = models.BigIntegerField(null=True)
    brought_by = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["institution_id", "id"],
                name="notice_open",
                condition=Q(brought_us=None),
            )
        ]
