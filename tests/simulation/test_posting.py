"""Tests of posting payments against what is there."""

from __future__ import annotations

from holdfast.simulation.posting import EVERYDAY, Books, Posting, post

CASH, ANN, BOB = 0, 1, 2


def _books(ann: int, reserved: int = 0) -> Books:
    return Books([0, ann, 0], [0, reserved, 0], cash=CASH, note_minor=100)


def test_a_payment_moves_its_amount_and_tells_the_balances_before() -> None:
    """Both sides change by the amount."""
    books, day = _books(1000), Posting([ANN], [BOB], [250], [EVERYDAY])
    post(day, books)
    assert books.balances_minor == [0, 750, 250]
    assert (day.debit_before_minor, day.credit_before_minor) == ([1000], [0])


def test_who_cannot_pay_pays_in_whole_notes_of_cash_instead() -> None:
    """The row stays a row, so that the number of transfers is the number asked for."""
    books, day = _books(100), Posting([ANN], [BOB], [250], [EVERYDAY])
    post(day, books)
    assert (day.debits, day.credits, day.amounts_minor) == ([CASH], [ANN], [300])
    assert day.paid_in == [0]
    assert books.balances_minor == [-300, 400, 0]


def test_everyday_payments_leave_what_is_set_aside_and_a_planned_one_takes_it() -> None:
    """Money that a plan needs is there when the plan comes to it."""
    books = _books(1000, reserved=900)
    day = Posting([ANN, ANN], [BOB, BOB], [250, 900], [EVERYDAY, 400])
    post(day, books)
    assert day.paid_in == [0]
    assert books.balances_minor == [-300, 400, 900]
    assert books.reserved_minor == [0, 0, 400]
