"""The running balance of an account: what trail.md says of clean money, in one fold."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.ledger.balance import Balance, balance_after
from holdfast.ledger.transfer import Transfer

MINE, OTHER = "TH.THCBC.002.1", "TH.THCBC.014.2"


def paid(amount_minor: int, before_minor: int | None = None) -> Transfer:
    """Make a payment from the account, with the balance that its bank reports."""
    return Transfer(1, 0, "out", MINE, OTHER, amount_minor, "THB", before_minor, 7777)


def got(amount_minor: int, before_minor: int | None = None) -> Transfer:
    """Make a payment to the account, with the balance that its bank reports."""
    return Transfer(1, 0, "in", OTHER, MINE, amount_minor, "THB", 8888, before_minor)


@pytest.mark.parametrize(
    ("opening_minor", "right"), [(None, 0), (0, 0), (-5, 0), (5, 5), (10**30, 10**30)]
)
def test_an_opening_balance_below_zero_is_zero(opening_minor: int | None, right: int) -> None:
    """An account begins with its opening balance, or with nothing."""
    assert Balance.opening(opening_minor) == Balance(right, right)


@pytest.mark.parametrize(
    ("transfers", "reported_minor", "bare_minor"),
    [
        ([], 100, 100),
        ([got(5)], 105, 105),
        ([paid(5)], 95, 95),
        ([paid(100)], 0, 0),
        ([paid(101)], 0, 0),
        ([paid(101), got(1)], 1, 1),
        ([paid(5, 100)], 95, 95),
        ([paid(5, 300)], 295, 95),
        ([paid(5, 30)], 25, 95),
        ([paid(5, 0)], 0, 95),
        ([paid(5, -40)], 0, 95),
        ([got(5, 300)], 305, 105),
        ([got(5, 0)], 5, 105),
        ([got(5, -40)], 5, 105),
        ([got(5, 300), paid(10)], 295, 95),
    ],
)
def test_a_balance_follows_amounts_and_reports(
    transfers: Sequence[Transfer], reported_minor: int, bare_minor: int
) -> None:
    """A report sets the balance right from above and below; the bare one takes no notice."""
    after = balance_after(Balance(100, 100), transfers, MINE)
    assert after == Balance(reported_minor, bare_minor)


payments = st.builds(
    lambda way, amount_minor, before_minor: way(amount_minor, before_minor),
    st.sampled_from((paid, got)),
    st.integers(1, 50),
    st.none() | st.integers(-10, 80),
)
balances = st.builds(Balance, st.integers(0, 90), st.integers(0, 90))


@given(balances, st.lists(payments), st.data())
def test_a_balance_can_be_reckoned_in_parts(
    before: Balance, transfers: list[Transfer], data: st.DataObject
) -> None:
    """Wherever a history is cut, going on from the balance there gives the same end."""
    cut = data.draw(st.integers(0, len(transfers)))
    middle = balance_after(before, transfers[:cut], MINE)
    assert balance_after(middle, transfers[cut:], MINE) == balance_after(before, transfers, MINE)


def _plainly(sum_minor: int, transfer: Transfer) -> int:
    """Reconcile and post one transfer as trail.md §2 says it of lots that are all clean."""
    debit = transfer.debit_account == MINE
    reports = (transfer.debit_balance_before_minor, transfer.credit_balance_before_minor)
    known = reports[0 if debit else 1]
    if known is not None:
        booked = max(known, 0)
        sum_minor += booked - sum_minor
    if debit:
        return sum_minor - min(transfer.amount_minor, sum_minor)
    return sum_minor + transfer.amount_minor


@given(balances, st.lists(payments))
def test_a_balance_is_the_sum_of_lots_that_are_all_clean(
    before: Balance, transfers: list[Transfer]
) -> None:
    """The reported balance is what reconciling and posting lot by lot leaves, never below zero."""
    after = balance_after(before, transfers, MINE)
    assert after.reported_minor == reduce(_plainly, transfers, before.reported_minor)
    unreported = [
        row._replace(debit_balance_before_minor=None, credit_balance_before_minor=None)
        for row in transfers
    ]
    assert after.bare_minor == reduce(_plainly, unreported, before.bare_minor)
    assert min(after) >= 0
