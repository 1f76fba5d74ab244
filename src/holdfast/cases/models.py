"""What is kept of cases: reports, claims, trails, orders with every step, answers, reviews."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from holdfast.cases.claim import ClaimState
from holdfast.cases.hold import HoldState
from holdfast.cases.review import ReviewKind, ReviewState


def _choices(states):
    return [(state.value, state.name) for state in states]


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


class Claim(models.Model):
    """A payment that a victim reported; one payment is one claim, however often it is told."""

    claim_id = models.CharField(max_length=60, unique=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="claims")
    state = models.CharField(max_length=12, choices=_choices(ClaimState))
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

    class Meta:
        indexes = [models.Index(fields=["state", "debit_account"], name="claim_state_debit")]
        constraints = [
            models.CheckConstraint(
                name="claim_accepted_is_in_ledger",
                condition=~Q(state=ClaimState.ACCEPTED.value)
                | Q(transfer_id__isnull=False, time_us__isnull=False, amount_minor__gt=0),
            )
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
    together_with = models.JSONField(default=list)
    """The other claims it was settled with."""
    answer = models.JSONField()


class TracedAccount(models.Model):
    """An account that a claim's trail has touched: what joins claims, and changes to them."""

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="traced")
    account = models.CharField(max_length=80, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["claim", "account"], name="traced_once")]


class SettlementLock(models.Model):
    """One row a currency; who changes its orders holds it until the change is whole."""

    currency = models.CharField(max_length=3, unique=True)


class AccountFact(models.Model):
    """What is known of an account that a trail must heed: a stop, verified by somebody."""

    account = models.CharField(max_length=80, db_index=True)
    kind = models.CharField(max_length=20)
    """merchant, cash, government, exchange or foreign."""
    verified_by = models.CharField(max_length=60)
    from_us = models.BigIntegerField()
    until_us = models.BigIntegerField(null=True)


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


class Order(models.Model):
    """An order to an institution; so far every one is a hold of an amount in an account."""

    order_id = models.CharField(max_length=60, unique=True)
    kind = models.CharField(max_length=20, default="hold")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="orders")
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="orders")
    """For whose payment it was made; `HoldShare` says whom it serves now."""
    institution_id = models.CharField(max_length=60)
    account = models.CharField(max_length=80, db_index=True)
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    state = models.CharField(max_length=12, choices=_choices(HoldState))
    held_minor = models.BigIntegerField(default=0)
    """What the institution holds now."""
    set_aside_minor = models.BigIntegerField(default=0)
    """What rests there by the trail and must not be asked for again: it was missing, or the order
    ended before an answer came."""
    tranche = models.IntegerField(default=1)
    hop = models.IntegerField()
    basis = models.CharField(max_length=40)
    law_fingerprint = models.CharField(max_length=64)
    provisional = models.BooleanField()
    ledger_change = models.BigIntegerField()
    """The ledger's change that the trail behind it rests on."""
    arrived_us = models.BigIntegerField(default=0)
    """When the last of the money it is for reached the account, by the trail it rests on."""
    ordered_us = models.BigIntegerField()
    lapses_us = models.BigIntegerField()
    """When it ends by itself."""
    delivered_us = models.BigIntegerField(null=True)
    acknowledged_us = models.BigIntegerField(null=True)
    answered_us = models.BigIntegerField(null=True)
    held_us = models.BigIntegerField(null=True)
    ended_us = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=40, blank=True)
    left_after_ack_minor = models.BigIntegerField(default=0)
    """What left the account after the institution acknowledged the order."""
    body = models.TextField()
    """The message as it was first sent out."""

    class Meta:
        indexes = [
            models.Index(fields=["institution_id", "state", "id"], name="order_of_institution")
        ]
        constraints = [
            models.CheckConstraint(name="order_amount_positive", condition=Q(amount_minor__gt=0)),
            models.CheckConstraint(
                name="order_held_within_asked",
                condition=Q(held_minor__gte=0, held_minor__lte=F("amount_minor")),
            ),
            models.CheckConstraint(
                name="order_holds_only_while_held",
                condition=Q(held_minor=0) | Q(state__in=HoldState.holding_values()),
            ),
        ]


class HoldShare(models.Model):
    """How much of a hold serves which claim, from when until when: the trail's hold events."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="shares")
    tranche = models.IntegerField()
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="shares")
    amount_minor = models.BigIntegerField()
    from_us = models.BigIntegerField()
    until_us = models.BigIntegerField(null=True)
    set_aside_minor = models.BigIntegerField(default=0)
    """What of it was let go, rests there by the trail and must not be asked for again."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "tranche", "claim"], name="share_once"),
            models.CheckConstraint(name="share_positive", condition=Q(amount_minor__gt=0)),
            models.CheckConstraint(
                name="share_set_aside_within",
                condition=Q(set_aside_minor__gte=0, set_aside_minor__lte=F("amount_minor")),
            ),
        ]


class OrderStep(models.Model):
    """One step of an order: from which state to which, who, on what basis, until when."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="steps")
    number = models.IntegerField()
    from_state = models.CharField(max_length=12, blank=True)
    to_state = models.CharField(max_length=12)
    at_us = models.BigIntegerField()
    actor = models.CharField(max_length=100)
    basis = models.CharField(max_length=40)
    lapses_us = models.BigIntegerField()
    held_minor = models.BigIntegerField()
    reason = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "number"], name="step_once")]


class BankAnswer(models.Model):
    """An answer as it came, whether it was heeded or not."""

    institution_id = models.CharField(max_length=60)
    answer_id = models.CharField(max_length=60)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="answers")
    received_us = models.BigIntegerField()
    body = models.TextField()
    signature = models.TextField(blank=True)
    """The signature's headers, so that the answer can be verified years later."""
    outcome = models.CharField(max_length=40)
    """`heeded`, or the code of why not."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution_id", "answer_id"], name="answer_once")
        ]


class LearnedTransfer(models.Model):
    """A transfer that an institution told of, on its way into the ledger."""

    transfer_id = models.CharField(max_length=140)
    answer = models.ForeignKey(BankAnswer, on_delete=models.PROTECT, related_name="onward")
    transfer = models.JSONField()
    ledger_change = models.BigIntegerField(null=True)
    """The ledger's change that holds it; none while it is still to be written."""
    outcome = models.CharField(max_length=40, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["id"], name="learned_waiting", condition=Q(ledger_change__isnull=True)
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["answer", "transfer_id"], name="learned_once")
        ]


class Review(models.Model):
    """Something that waits for a person, and what that person decided."""

    review_id = models.CharField(max_length=60, unique=True)
    kind = models.CharField(max_length=30, choices=_choices(ReviewKind))
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="reviews")
    subject = models.CharField(max_length=200)
    """What it is about: a claim and an account, or an order; one at a time waits for a person."""
    facts = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=_choices(ReviewState))
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
            )
        ]
