"""Posting: each payment in order against the balance that is there."""

from __future__ import annotations

from dataclasses import dataclass, field

EVERYDAY = -1
"""Stands in the place of the number of a story's row, or of an earmark that a plan needs, for a payment
of everyday life."""


@dataclass(frozen=True, slots=True)
class Books:
    """What every account holds, and how much of that is set aside for planned payments."""

    balances_minor: list[int]
    reserved_minor: list[int]
    cash: int
    note_minor: int
    """Cash is paid in as whole notes of this value."""


@dataclass(frozen=True, slots=True)
class Posting:
    """A day's payments in order, one list a column; posting fills in the balances before."""

    debits: list[int]
    credits: list[int]
    amounts_minor: list[int]
    earmarks_minor: list[int]
    """What a planned payment sets aside at its credit account, or `EVERYDAY`."""
    debit_before_minor: list[int] = field(default_factory=list)
    credit_before_minor: list[int] = field(default_factory=list)
    paid_in: list[int] = field(default_factory=list)
    """Rows that became cash paid in, because the payer could not pay."""


def post(day: Posting, books: Books) -> None:
    """Post a day in order; who cannot make an everyday payment pays in as much cash instead.

    A planned payment can always be made: its money was set aside. So no account but that of
    the cash points ever falls below zero.
    """
    balances, reserved, cash, note = (
        books.balances_minor,
        books.reserved_minor,
        books.cash,
        books.note_minor,
    )
    columns = zip(day.debits, day.credits, day.amounts_minor, day.earmarks_minor, strict=True)
    for row, (debit, credit, amount, earmark) in enumerate(columns):
        payer, payee, paid = debit, credit, amount
        if earmark != EVERYDAY:
            reserved[payer] -= paid
            reserved[payee] += earmark
        elif balances[payer] - reserved[payer] < paid and payer != cash:
            payer, payee, paid = cash, payer, -(-paid // note) * note
            day.debits[row], day.credits[row], day.amounts_minor[row] = payer, payee, paid
            day.paid_in.append(row)
        day.debit_before_minor.append(balances[payer])
        day.credit_before_minor.append(balances[payee])
        balances[payer] -= paid
        balances[payee] += paid
