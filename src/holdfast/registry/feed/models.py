"""What the centre keeps of the feed beyond its entries, and what citizens' questions are answered from."""

from __future__ import annotations

from django.db import models


class FeedHead(models.Model):
    """The chain's value at some number of the feed, so that nobody follows it from its start."""

    number = models.BigIntegerField(unique=True)
    chain = models.CharField(max_length=64)


class BlindEntry(models.Model):
    """A subject that stands, as those see it who ask by a part of its hash."""

    kind = models.CharField(max_length=10)
    prefix = models.BigIntegerField()
    """The first bits of the SHA-256 of the subject, as many as its kind has; above 32 bits the
    number of the key under which the row was made."""
    tag = models.CharField(max_length=32)
    """The first 16 bytes of the oblivious function's output for the subject, in hexadecimal."""
    mask = models.IntegerField()
    """The byte of the output that hides what is said of the subject."""
    tier = models.IntegerField()
    disputed = models.BooleanField()
    until_us = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "tag"], name="blind_entry_once")]
        indexes = [models.Index(fields=["kind", "prefix"], name="blind_bucket")]
