"""The problem of a transfer whose id is taken by another."""

from __future__ import annotations

from holdfast.core.problem import Problem
from holdfast.core.words import N_
from holdfast.ledger.transfer import Transfer


def transfer_contradicts(file: str, row: int, transfer: Transfer) -> Problem:
    """Return the problem of a row whose id is in the ledger with other content."""
    return Problem(
        file,
        row,
        "transfer_contradicts",
        N_("transfer {transfer} is in the ledger with other content; the first one stays"),
        {"transfer": transfer.transfer_id},
    )
