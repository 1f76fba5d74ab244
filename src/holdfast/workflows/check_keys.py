"""Renew the key by which citizens ask: a new one is made ready, then published, then the old one ends.

made       buckets are being filled under it, beside those that are asked
published  its buckets are whole: it is told to whoever asks, and answered for
ending     the one before: answered for, and its buckets kept true, for another day, because
           programs and pages hold what they were told
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from holdfast.core.errors import Conflict
from holdfast.core.instant import DAY_US
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.records import audit
from holdfast.records.applied import advance, applied
from holdfast.workflows.centre import Centre

ENDS_AFTER_US = DAY_US
"""How long a key that was published may be held by whoever asks."""
_MADE, _PUBLISHED, _PUBLISHED_US = "check-key:made", "check-key:published", "check-key:since"
"""Names under which the numbers of keys are kept, and since when (µs) the last is published."""


def renew_check_key(centre: Centre, actor: Actor) -> int:
    """Begin to fill buckets under a new key, which is published when they are whole; its number.

    Raises:
        Conflict: `check_key_changing`: the change before is not over yet.
    """
    with transaction.atomic():
        made = applied(_MADE)
        if made != applied(_PUBLISHED) or ending_key(centre.now_us()) is not None:
            raise Conflict(
                "check_key_changing",
                N_("the key was renewed less than a day ago; the one before it is still in use"),
            )
        advance(_MADE, made, made + 1)
        audit.record(
            at_us=centre.now_us(),
            actor=actor.name,
            verb="renew_check_key",
            subject=f"check-key:{made + 1}",
        )
    return made + 1


def published_key() -> int:
    """Return the number of the key that is told to whoever asks."""
    return applied(_PUBLISHED)


def ending_key(now_us: int) -> int | None:
    """Return the number of the key before, while it is still answered for."""
    published = published_key()
    is_over = now_us - applied(_PUBLISHED_US) >= ENDS_AFTER_US
    return published - 1 if published and not is_over else None


def coming_key() -> int | None:
    """Return the number of a key under which buckets are filled but not asked yet."""
    made = applied(_MADE)
    return made if made > published_key() else None


def asked_keys(now_us: int) -> Sequence[int]:
    """Return the numbers of the keys that are answered for, the published one first."""
    ending = ending_key(now_us)
    return [published_key()] if ending is None else [published_key(), ending]


def publish_key(number: int, now_us: int) -> None:
    """Tell a key from now on, whose buckets are whole.

    Raises:
        Conflict: `change_applied_already`: another did.
        TransactionManagementError: no transaction is open.
    """
    advance(_PUBLISHED, number - 1, number)
    since_us = applied(_PUBLISHED_US)
    if now_us > since_us:
        advance(_PUBLISHED_US, since_us, now_us)
