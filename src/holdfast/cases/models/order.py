"""What is kept of orders: every step, every answer, and what banks hold by themselves."""

# mypy: ignore-errors
# ruff: noqa: D106, RUF012

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from holdfast.cases.hold import HoldState
from holdfast.cases.models.case import Case
from holdfast.cases.models.choices import choices
from holdfast.cases.models.claim import Claim
from holdfast.cases.own_hold import OwnHoldState


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
    state = models.CharField(max_length=12, choices=choices(HoldState))
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
    takes_over = models.CharField(max_length=60, blank=True)
    """The reference of the institution's own hold whose money it takes over; else nothing."""

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


class OwnHold(models.Model):
    """What an institution holds by its own word and not by an order of the centre."""

    own_hold_id = models.CharField(max_length=60, unique=True)
    institution_id = models.CharField(max_length=60)
    reference = models.CharField(max_length=60)
    """The institution's own id of it."""
    account = models.CharField(max_length=80, db_index=True)
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    left_minor = models.BigIntegerField()
    """What of it is still held by its own word: no order has taken it over."""
    state = models.CharField(max_length=12, choices=choices(OwnHoldState))
    basis = models.CharField(max_length=40)
    law_fingerprint = models.CharField(max_length=64)
    since_us = models.BigIntegerField()
    told_us = models.BigIntegerField()
    told_by = models.CharField(max_length=200)
    """The actor who told it."""
    lapses_us = models.BigIntegerField()
    """When it ends by itself."""
    ended_us = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=40, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["institution_id", "state", "id"], name="own_hold_of_institution")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["institution_id", "reference"], name="own_hold_reference_once"
            ),
            models.CheckConstraint(
                name="own_hold_left_within",
                condition=Q(amount_minor__gt=0, left_minor__lte=F("amount_minor"))
                & (
                    Q(left_minor__gt=0, state=OwnHoldState.HELD.value)
                    | Q(left_minor=0) & ~Q(state=OwnHoldState.HELD.value)
                ),
            ),
        ]
