"""Applied changes: the number up to which another store's changes have been applied to SQL.

It is advanced in the transaction that writes what follows from the changes, so that after a
crash the next run goes on from the number, and nothing is done twice or never. Where the other
store can tell by a digest which changes it had up to a number, that is kept with the number.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.db import IntegrityError, transaction

from holdfast.core.errors import Conflict
from holdfast.core.words import N_
from holdfast.records.inside import require_transaction
from holdfast.records.models import AppliedChange


@dataclass(frozen=True, slots=True)
class Mark:
    """How far another store's changes were applied, and by which digest it is known there."""

    number: int = 0
    digest: str = ""
    """Nothing where it is not known."""


def mark(name: str) -> Mark:
    """Return how far the changes were applied under a name; the beginning if none was."""
    found = AppliedChange.objects.filter(name=name).values_list("number", "digest").first()
    return Mark(*found) if found else Mark()


def applied(name: str) -> int:
    """Return the last number applied under a name, 0 if none was."""
    return mark(name).number


def advance(name: str, from_number: int, to_number: int, digest: str = "") -> None:
    """Say that the changes after `from_number` up to `to_number`, known by `digest`, are applied.

    The row stays locked until the transaction ends: a second one waits, and is then refused.

    Raises:
        Conflict: `change_applied_already`: another got there first; roll back and read anew.
        ValueError: the number would not grow.
        TransactionManagementError: no transaction is open.
    """
    require_transaction("the number of an applied change")
    if not 0 <= from_number < to_number:
        msg = f"changes are applied forward, not from {from_number} to {to_number}"
        raise ValueError(msg)
    found = AppliedChange.objects.filter(name=name, number=from_number)
    to = Mark(to_number, digest)
    if not found.update(**asdict(to)) and not _is_first(name, from_number, to):
        raise Conflict(
            "change_applied_already",
            N_("the changes after number {number} of {name} were applied by another meanwhile"),
            number=from_number,
            name=name,
        )


def begin_anew(name: str) -> None:
    """Say that nothing is applied: all changes will be told again, from the first on.

    Whoever was just applying some is refused when they advance.
    """
    AppliedChange.objects.filter(name=name).update(**asdict(Mark()))


def lock(name: str) -> None:
    """Hold a name for this transaction; others that ask for it wait until it has ended.

    Raises:
        TransactionManagementError: no transaction is open.
    """
    require_transaction("a lock")
    mine = AppliedChange.objects.select_for_update().filter(name=name)
    if mine.first() is None:
        AppliedChange.objects.get_or_create(name=name)
        mine.get()


def _is_first(name: str, from_number: int, to: Mark) -> bool:
    if from_number:
        return False
    try:
        with transaction.atomic():
            AppliedChange.objects.create(name=name, **asdict(to))
    except IntegrityError:
        return False
    return True
