"""Rows and lanes of a picture: everything has a place, and the least is folded together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from holdfast.core.account import bank_of
from holdfast.documents.trail_rows import (
    LANES_MAX,
    OTHER_BANKS,
    ROWS_MAX,
    Outcomes,
    Row,
    lanes_of,
    money_scores,
)
from holdfast.trail.answer import Answer

SCORES = st.dictionaries(
    st.tuples(st.integers(0, 30), st.integers(0, 400)).map(
        lambda pair: f"TH.X.{pair[0]}.{pair[1]}"
    ),
    st.integers(0, 10**9),
    max_size=200,
)


@given(scores=SCORES)
def test_every_account_has_one_place(scores: dict[str, int]) -> None:
    """Each account is in exactly one row, in the lane of its bank or in that of the other banks."""
    lanes = lanes_of(scores)
    placed = [account for lane in lanes for row in lane.rows for account in row.accounts]
    assert sorted(placed) == sorted(scores)
    for lane in lanes:
        banks = {bank_of(account) for row in lane.rows for account in row.accounts}
        assert lane.bank == OTHER_BANKS or banks == {lane.bank}


@given(scores=SCORES)
def test_picture_stays_bounded(scores: dict[str, int]) -> None:
    """However many accounts and banks there are, lanes and rows stay within their bounds."""
    lanes = lanes_of(scores)
    assert len(lanes) <= LANES_MAX
    assert sum(len(lane.rows) for lane in lanes) <= ROWS_MAX + 1


@given(scores=SCORES)
def test_nothing_is_folded_while_there_is_room(scores: dict[str, int]) -> None:
    """Rows are folded only where accounts or banks exceed what a picture has room for."""
    folded = any(row.folded for lane in lanes_of(scores) for row in lane.rows)
    banks = {bank_of(account) for account in scores}
    assert not folded or len(scores) > ROWS_MAX or len(banks) > LANES_MAX


def test_richest_account_keeps_its_row() -> None:
    """The account with the highest score has a row of its own among any number of others."""
    scores = {f"TH.X.{place % 20}.{place}": 1 for place in range(500)} | {"TH.X.3.777": 10}
    rows = [row for lane in lanes_of(scores) for row in lane.rows]
    assert Row(("TH.X.3.777",)) in rows


def test_resting_money_speaks_for_a_row(small: Answer) -> None:
    """Money that rests in an account scores higher than as much that passed through another."""
    scores = money_scores(small)
    rested = small.resting[0]
    passed = small.hops[0].debit_account
    assert scores[rested.account] > 6 * rested.amount_minor
    assert scores[passed] == small.hops[0].amount_minor


def test_folded_row_sums_what_became_of_its_money(long: Answer) -> None:
    """A folded row has one line for each way in which its accounts' money ended, with the sum."""
    accounts = tuple(dict.fromkeys(place.account for place in long.resting))
    lines = Outcomes(long).of(Row(accounts), lines_max=8)
    resting = next(line for line in lines if line.kind == "resting")
    assert resting.amount_minor == sum(place.amount_minor for place in long.resting)
    assert resting.held_minor == sum(place.held_minor for place in long.resting)
    assert resting.places == len(long.resting)
    assert resting.claims == tuple(dict.fromkeys(place.claim for place in long.resting))


def test_row_of_one_account_keeps_its_claims_apart(long: Answer) -> None:
    """An account with money of two claims has a line for each while there is room for them."""
    account = "TH.THCBC.030.0000005502"
    apart = Outcomes(long).of(Row((account,)), lines_max=2)
    summed = Outcomes(long).of(Row((account,)), lines_max=1)
    assert [(line.claims, line.amount_minor) for line in apart] == [
        (("S7-000632",), 400_000),
        (("S7-000955",), 400_000),
    ]
    assert [line.amount_minor for line in summed] == [800_000]
