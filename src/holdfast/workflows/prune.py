"""Prune: let the database go of what is done and will not be asked for again.

The audit, the history of orders and the messages to hold money stay for the life of their cases
elsewhere; so do the keys under which requests are known. What goes is work that was done, messages
that arrived, spent signatures, what banks said that they had sent, for the registry, sessions and
one-time links that have ended, and buckets under a key that nobody may ask by any more. What is
still to be done never goes, however old it is. Files of the question log go after a time of their
own.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from holdfast.cases.models import Order
from holdfast.core.instant import DAY_US, SECOND_US
from holdfast.people.models import OneTimeLink
from holdfast.records import audit
from holdfast.records.models import DueWork, IdempotencyKey, OutboxMessage
from holdfast.registry.feed.models import BlindEntry
from holdfast.registry.models import PaymentSent
from holdfast.registry.question_keeping import older_files, question_folder, remove_files
from holdfast.registry.quota import SENT_WITHIN_US
from holdfast.workflows.centre import Centre
from holdfast.workflows.check_keys import asked_keys
from holdfast.workflows.fill_buckets import stored_prefix

AT_ONCE = 500
"""Rows of one kind in one statement, so that nobody waits long for it."""
SPENT_KEPT_US = DAY_US
"""Far longer than any signature is believed, after which its nonce need not be known."""


def prune(now_us: int, keep_us: int, limit: int = AT_ONCE) -> int:
    """Remove up to `limit` rows of each kind that ended more than `keep_us` ago; return how many."""
    before_us = now_us - keep_us
    now = datetime.fromtimestamp(now_us // SECOND_US, UTC)
    ended = (
        _arrived(before_us),
        DueWork.objects.filter(done_us__lt=before_us).order_by("done_us"),
        IdempotencyKey.objects.filter(status=0, created_us__lt=now_us - SPENT_KEPT_US),
        PaymentSent.objects.filter(told_us__lt=now_us - 2 * SENT_WITHIN_US),
        OneTimeLink.objects.filter(expires_us__lt=before_us),
        Session.objects.filter(expire_date__lt=now),
        _ended_buckets(now_us),
    )
    return sum(_remove(found, limit) for found in ended)


def prune_questions(centre: Centre, home: Path, keep_us: int) -> int:
    """Remove files of the question log whose last question is older than `keep_us`; their number.

    That they are to go is on record in the audit before the first of them does.

    Raises:
        CentreError: `question_log_unremovable`.
    """
    now_us = centre.now_us()
    files = older_files(question_folder(home), now_us - keep_us)
    if files:
        detail = {
            "files": len(files),
            "bytes": sum(file.stat().st_size for file in files),
            "first": files[0].name,
            "last": files[-1].name,
        }
        with transaction.atomic():
            audit.record(
                at_us=now_us,
                actor=centre.itself.name,
                verb="prune_questions",
                subject="registry:questions",
                detail=detail,
            )
        remove_files(files)
    return len(files)


def _arrived(before_us: int) -> QuerySet[OutboxMessage]:
    """Return messages that arrived; those about an order are kept until that has ended as long."""
    standing = Order.objects.filter(~Q(ended_us__lt=before_us), order_id=OuterRef("subject"))
    arrived = OutboxMessage.objects.filter(done_us__lt=before_us).exclude(Exists(standing))
    return arrived.order_by("done_us")


def _ended_buckets(now_us: int) -> QuerySet[BlindEntry]:
    oldest = min(asked_keys(now_us))
    if not oldest:  # nothing is older, which the database would read all rows to find
        return BlindEntry.objects.none()
    return BlindEntry.objects.filter(prefix__lt=stored_prefix(oldest, 0)).order_by("id")


def _remove(found: QuerySet, limit: int) -> int:
    """Remove some rows, each only if it still is what was looked for."""
    keys = list(found.values_list("pk", flat=True)[:limit])
    if not keys:
        return 0
    count, _ = found.order_by().filter(pk__in=keys).delete()
    return int(count)
