"""What is kept of people and institutions."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models

from holdfast.people.role import Role


class Staff(AbstractUser):
    """Somebody who works at the centre, in one role."""

    role = models.CharField(max_length=20, choices=[(role.value, role.name) for role in Role])

    @property
    def actor_name(self) -> str:
        """As whom the audit knows what they do."""
        return f"staff:{self.id}"

    first_name = None
    last_name = None
    full_name = models.CharField(max_length=200, blank=True)


class OneTimeLink(models.Model):
    """A way in for somebody who has no password yet; only the token's hash is kept."""

    token_sha256 = models.CharField(max_length=64, unique=True)
    staff = models.ForeignKey(Staff, on_delete=models.CASCADE)
    expires_us = models.BigIntegerField()
    used_us = models.BigIntegerField(null=True)


class Institution(models.Model):
    """A bank, e-money firm, exchange, police unit or the centre itself."""

    institution_id = models.CharField(max_length=60, unique=True)
    """Of a bank what its accounts begin with, e.g. TH.THCBC.004; else a name such as TH.POLICE."""
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20)
    delivery = models.CharField(max_length=10, default="poll")
    """How orders reach it: push to its endpoint, poll, or file."""
    endpoint = models.CharField(max_length=500, blank=True)
    created_us = models.BigIntegerField()
    closed_us = models.BigIntegerField(null=True)


class InstitutionKey(models.Model):
    """A public Ed25519 key by which an institution's messages are known."""

    key_id = models.CharField(max_length=80, unique=True)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="keys")
    public_key = models.CharField(max_length=64)
    """32 bytes, base64."""
    valid_from_us = models.BigIntegerField()
    retired_us = models.BigIntegerField(null=True)


class ApiKey(models.Model):
    """A secret by which an institution's program is known; only its hash is kept."""

    key_id = models.CharField(max_length=40, unique=True)
    secret_sha256 = models.CharField(max_length=64)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="api_keys")
    scopes = models.JSONField(default=list)
    label = models.CharField(max_length=100, blank=True)
    person = models.CharField(max_length=150, blank=True)
    """Who holds it: `staff:12`, or another name; nothing where no single person does."""
    issued_by = models.CharField(max_length=200, blank=True)
    """The name of the actor who issued it."""
    created_us = models.BigIntegerField()
    expires_us = models.BigIntegerField(null=True)
    retired_us = models.BigIntegerField(null=True)


class SignInTry(models.Model):
    """How often signing in has failed of late, under one name or from one address."""

    who = models.CharField(max_length=80, unique=True)
    """`name:` or `address:` with a hash, `names:` with the beginning of one for many, or `new` for
    all that were not known before: no name that somebody typed is kept."""
    failures = models.IntegerField(default=0)
    last_us = models.BigIntegerField()
