"""What is kept of claims, of where their money is, and of accounts where a trail ends."""

# mypy: ignore-errors
# ruff: noqa: D106, RUF012

from __future__ import annotations

from django.db import models
from django.db.models import Q

from holdfast.cases.claim import ClaimState
from holdfast.cases.models.case import Case, Report
from holdfast.cases.models.choices import choices
from holdfast.cases.stop import StopKind


class Claim(models.Model):
    """A payment that a victim reported; one payment is one claim, however often it is told."""

    claim_id = models.CharField(max_length=60, unique=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="claims")
    state = models.CharField(max_length=12, choices=choices(ClaimState))
    reported_us = models.BigIntegerField()
    """When it was first reported: the clocks of the law run from here, also after a merge."""
    told = models.JSONField()
    """The payment as it was told."""
    transfer_id = models.CharField(max_length=140, null=True, unique=True)
    """The payment in the ledger; none while it waits for it."""
    told_transfer_id = models.CharField(max_length=140, blank=True, db_index=True)
    """The payment's id as it was told, by which a waiting claim is picked up."""
    only_from = models.CharField(max_length=60, blank=True)
    """The bank whose customer must have paid, where a bank told it; empty where anybody may."""
    currency = models.CharField(max_length=3, blank=True)
    time_us = models.BigIntegerField(null=True)
    seq = models.BigIntegerField(null=True)
    amount_minor = models.BigIntegerField(null=True)
    debit_account = models.CharField(max_length=80, blank=True, db_index=True)
    credit_account = models.CharField(max_length=80, blank=True)
    confirmed_us = models.BigIntegerField(null=True)
    """When the sending bank confirmed caller, payment and name."""
    disputed = models.BooleanField(default=False)
    """Between buyer and seller: held at the first account only, on a reviewer's word."""
    hops_max = models.IntegerField(null=True)
    """How far orders may reach; none is without bound."""
    withdrawn_us = models.BigIntegerField(null=True)
    """When a person took it out of the settlement; none where it joined another claim."""
    withdrawn_why = models.CharField(max_length=40, blank=True)

    class Meta:
        indexes = [models.Index(fields=["state", "debit_account"], name="claim_state_debit")]
        constraints = [
            models.CheckConstraint(
                name="claim_accepted_is_in_ledger",
                condition=~Q(state=ClaimState.ACCEPTED.value)
                | Q(transfer_id__isnull=False, time_us__isnull=False, amount_minor__gt=0),
            ),
            # Who accepts a claim without knowing that a person has just withdrawn it is refused.
            models.CheckConstraint(
                name="claim_taken_out_is_withdrawn",
                condition=Q(withdrawn_us=None) | Q(state=ClaimState.WITHDRAWN.value),
            ),
        ]


class ClaimReport(models.Model):
    """That a report tells of a claim; the first one made it, later ones are linked."""

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="told_by")
    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="tells_of")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["claim", "report"], name="told_once")]


class StoredTrail(models.Model):
    """The latest slice of the settlement that concerns one claim, with what it rests on."""

    claim = models.OneToOneField(Claim, on_delete=models.PROTECT, related_name="trail")
    rule = models.CharField(max_length=10)
    ledger_change = models.BigIntegerField()
    settled_us = models.BigIntegerField()
    answer = models.JSONField()


class TracedAccount(models.Model):
    """An account that a claim's trail has touched: what joins claims, and changes to them."""

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="traced")
    account = models.CharField(max_length=80, db_index=True)
    last_us = models.BigIntegerField()
    """When the claim's money last came or went there."""
    rests = models.BooleanField()
    """Whether later transfers there can change where it is."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["claim", "account"], name="traced_once")]


class SettlementLock(models.Model):
    """One row a currency; who changes its orders holds it until the change is whole."""

    currency = models.CharField(max_length=3, unique=True)


class AccountFact(models.Model):
    """What is known of an account that a trail must heed: a stop, or that it is none any more.

    The latest fact of an account counts; none is ever changed.
    """

    fact_id = models.CharField(max_length=60, unique=True)
    account = models.CharField(max_length=80, db_index=True)
    kind = models.CharField(max_length=20, choices=choices(StopKind))
    source = models.CharField(max_length=500)
    """What says so, such as a register or an institution's answer."""
    verified_by = models.CharField(max_length=60)
    """The institution whose word it is."""
    from_us = models.BigIntegerField()
    """Since when it is so; trails heed it from its entry on."""
    entered_us = models.BigIntegerField()
    entered_by = models.CharField(max_length=200)
    """The actor who entered it."""
