"""What is kept: the audit and its seals, the outbox, idempotency keys, due work, applied changes."""

from __future__ import annotations

import json

from django.db import models
from django.db.models import Q

SUBJECT_LENGTH_MAX = 160
NAME_LENGTH_MAX = 200
KIND_LENGTH_MAX = 40
DIGEST_LENGTH = 64
"""SHA-256 in hexadecimal."""


class AuditEntry(models.Model):
    """Who did what to whom on which basis; written once, in the transaction of the change."""

    at_us = models.BigIntegerField()
    actor = models.CharField(max_length=NAME_LENGTH_MAX)
    verb = models.CharField(max_length=80)
    subject = models.CharField(max_length=SUBJECT_LENGTH_MAX)
    """What it happened to, e.g. case:TH-2026-000001."""
    basis = models.CharField(max_length=200, blank=True)
    detail_json = models.TextField()
    """Canonical JSON, kept as text so that its digest is about these very bytes."""
    digest = models.CharField(max_length=DIGEST_LENGTH)

    class Meta:
        indexes = [models.Index(fields=["subject", "id"], name="audit_by_subject")]

    @property
    def detail(self):
        """The detail as a dict."""
        return json.loads(self.detail_json)


class SealedEntry(models.Model):
    """An entry's place in the chain; the chain's value there covers all entries up to it."""

    position = models.BigIntegerField(unique=True)
    """From 1 on, without gaps."""
    entry_id = models.BigIntegerField(unique=True)
    """No foreign key: that the entry is gone must be possible to find."""
    digest = models.CharField(max_length=DIGEST_LENGTH)
    chain = models.CharField(max_length=DIGEST_LENGTH)


class SealedHead(models.Model):
    """The chain's value at a position, signed; the same stands in the file of heads."""

    position = models.BigIntegerField(unique=True)
    chain = models.CharField(max_length=DIGEST_LENGTH)
    at_us = models.BigIntegerField()
    key_id = models.CharField(max_length=80)
    signature = models.CharField(max_length=88)
    """64 bytes, base64."""


class OutboxMessage(models.Model):
    """What leaves the house: written with the change, sent at least once under one id."""

    message_id = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=KIND_LENGTH_MAX)
    destination = models.CharField(max_length=60)
    """The id of an institution."""
    subject = models.CharField(max_length=SUBJECT_LENGTH_MAX)
    body = models.TextField()
    created_us = models.BigIntegerField()
    due_us = models.BigIntegerField()
    taken_until_us = models.BigIntegerField(default=0)
    """A worker has it until then; 0 is nobody."""
    attempts = models.IntegerField(default=0)
    """How often it was taken, which also tells one taking from the next."""
    last_fault = models.CharField(max_length=80, blank=True)
    done_us = models.BigIntegerField(null=True)
    given_up_us = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["destination", "due_us", "id"],
                name="outbox_open_by_destination",
                condition=Q(done_us=None, given_up_us=None),
            ),
            models.Index(
                fields=["due_us"],
                name="outbox_open_by_time",
                condition=Q(done_us=None, given_up_us=None),
            ),
            models.Index(fields=["subject"], name="outbox_by_subject"),
            models.Index(fields=["done_us"], name="outbox_done", condition=~Q(done_us=None)),
        ]


class IdempotencyKey(models.Model):
    """The answer that a request got, for when the same request comes again."""

    institution = models.CharField(max_length=60)
    key = models.CharField(max_length=200)
    request_digest = models.CharField(max_length=DIGEST_LENGTH)
    status = models.IntegerField()
    """Of the answer; 0 where only the key was to be used up, as that of a signature is."""
    body = models.TextField()
    subject = models.CharField(max_length=SUBJECT_LENGTH_MAX)
    created_us = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution", "key"], name="idempotency_key_once")
        ]
        indexes = [
            models.Index(fields=["subject"], name="idempotency_by_subject"),
            models.Index(fields=["created_us"], name="idempotency_spent", condition=Q(status=0)),
        ]


class DueWork(models.Model):
    """Something to be done at a time, by any worker, once."""

    kind = models.CharField(max_length=KIND_LENGTH_MAX)
    subject = models.CharField(max_length=SUBJECT_LENGTH_MAX)
    due_us = models.BigIntegerField()
    planned = models.IntegerField(default=1)
    """How often it was planned: work that was planned anew meanwhile isn't done."""
    taken_until_us = models.BigIntegerField(default=0)
    """A worker has it until then; 0 is nobody."""
    attempts = models.IntegerField(default=0)
    """How often it was taken since it was planned last."""
    last_fault = models.CharField(max_length=80, blank=True)
    done_us = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "subject"], name="due_work_once")]
        indexes = [
            models.Index(fields=["due_us", "id"], name="due_work_open", condition=Q(done_us=None)),
            models.Index(fields=["done_us"], name="due_work_done", condition=~Q(done_us=None)),
        ]


class AppliedChange(models.Model):
    """Up to which number the changes of another store have been applied here."""

    name = models.CharField(max_length=60, unique=True)
    number = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=DIGEST_LENGTH, blank=True)
    """By which the other store is known to be the same at that number; nothing if not known."""
