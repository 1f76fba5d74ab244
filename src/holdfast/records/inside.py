"""What must be written together with a change is refused outside its transaction."""

from __future__ import annotations

from django.db import connection, transaction


def require_transaction(what: str) -> None:
    """Check that a transaction is open.

    Raises:
        TransactionManagementError: none is; the caller is wrong, whatever came from outside.
    """
    if not connection.in_atomic_block:
        msg = f"{what} belongs into the transaction of the change it tells of"
        raise transaction.TransactionManagementError(msg)
