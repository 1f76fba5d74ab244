"""Applied changes: the number up to which another store's changes have been applied to SQL.

It is advanced in the transaction that writes what follows from the changes, so that after a
crash the next run goes on from the number, and nothing is done twice or never.
"""

from __future__ import annotations

from django.db import IntegrityError, transaction

from holdfast.core.errors import Conflict
from holdfast.core.words import N_
from holdfast.records.inside import require_transaction
from holdfast.records.models import AppliedChange


def applied(name: str) -> int:
    """Return the last number applied under a name, 0 if none was."""
    found = AppliedChange.objects.filter(name=name).values_list("number", flat=True).first()
    return int(found or 0)


def advance(name: str, from_number: int, to_number: int) -> None:
    """Say that the changes after `from_number` up to `to_number` are applied.

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
    if not found.update(number=to_number) and not _is_first(name, from_number, to_number):
        raise Conflict(
            "change_applied_already",
            N_("the changes after number {number} of {name} were applied by another meanwhile"),
            number=from_number,
            name=name,
        )


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


def _is_first(name: str, from_number: int, to_number: int) -> bool:
    if from_number:
        return False
    try:
        with transaction.atomic():
            AppliedChange.objects.create(name=name, number=to_number)
    except IntegrityError:
        return False
    return True
