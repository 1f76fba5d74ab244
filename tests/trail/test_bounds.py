"""Bounds of the engine: an answer that was cut short says so, and its sums still hold."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.ledger.memory import MemoryLedger
from holdfast.ledger.transfer import Transfer
from holdfast.trail.gather import follow
from holdfast.trail.question import Bounds, HoldEvent, HoldKind, Question, Rule

ACCOUNTS = [f"TH.THCBC.004.{number}" for number in range(6)]


def pay(number: int, debit: int, credit: int, amount_minor: int = 100) -> Transfer:
    """A transfer at second `number` between two of the accounts."""
    return Transfer(
        number * 1_000_000,
        0,
        f"T{number:03}",
        ACCOUNTS[debit],
        ACCOUNTS[credit],
        amount_minor,
        "THB",
    )


CHAIN = MemoryLedger([pay(number, number, number + 1) for number in range(5)])
QUESTION = Question(("T000",))


def ticking(step: float) -> st.SearchStrategy[None] | object:
    """A clock that goes on by `step` seconds each time it is read."""
    now = [0.0]

    def clock() -> float:
        now[0] += step
        return now[0]

    return clock


def test_the_bound_on_transfers_ends_where_following_ended() -> None:
    """After two transfers the money is in the second account, not followed on from there."""
    answer = follow(CHAIN, replace(QUESTION, bounds=Bounds(transfers=2)))
    assert answer.truncated_why == "transfers"
    assert [(left.kind, left.account) for left in answer.exits] == [("truncated", ACCOUNTS[2])]
    assert answer.resting == ()


def test_the_bound_on_accounts_lets_the_rest_go_on() -> None:
    """Money that would enter one account too many leaves as truncated, there."""
    answer = follow(CHAIN, replace(QUESTION, bounds=Bounds(accounts=3)))
    assert answer.truncated_why == "accounts"
    assert [(left.kind, left.account) for left in answer.exits] == [("truncated", ACCOUNTS[4])]


def test_the_bound_on_seconds_needs_a_clock() -> None:
    """Rules know no clock of their own: who bounds the seconds brings one."""
    question = replace(QUESTION, bounds=Bounds(seconds=1))
    with pytest.raises(ValueError, match="clock"):
        follow(CHAIN, question)
    answer = follow(CHAIN, question, clock=ticking(10.0))  # type: ignore[arg-type]
    assert answer.truncated_why == "seconds"


def test_a_bound_that_is_not_met_changes_nothing() -> None:
    """Wide bounds give the answer that no bounds give."""
    wide = replace(QUESTION, bounds=Bounds(100, 100, 100.0))
    assert follow(CHAIN, wide, clock=ticking(0.001)) == follow(CHAIN, QUESTION)  # type: ignore[arg-type]


def test_claims_behind_the_bound_are_not_lost() -> None:
    """A claim that was not reached is still listed, its money truncated where it was paid."""
    answer = follow(CHAIN, Question(("T000", "T004"), bounds=Bounds(transfers=1)))
    assert [claim.amount_minor for claim in answer.claims] == [100, 100]
    assert {left.account for left in answer.exits} == {ACCOUNTS[1], ACCOUNTS[5]}


def test_holds_before_the_cut_count_and_later_ones_where_all_was_followed() -> None:
    """What a bank held before a bound was met is shown as held, so nobody orders it again."""
    ledger = MemoryLedger([pay(0, 0, 1), pay(2, 1, 2, 40), pay(9, 2, 3, 40), pay(10, 3, 4, 40)])
    holds = (
        HoldEvent(1_000_000, HoldKind.HOLD, "H1", ACCOUNTS[1], "T000", 30),
        HoldEvent(20_000_000, HoldKind.HOLD, "H2", ACCOUNTS[1], "T000", 10),
        HoldEvent(20_000_000, HoldKind.HOLD, "H3", ACCOUNTS[2], "T000", 10),
    )
    cut = Question(("T000",), holds=holds, bounds=Bounds(transfers=2))
    answer = follow(ledger, cut)
    assert answer.truncated_why == "transfers"
    assert [(row.account, row.amount_minor, row.held_minor) for row in answer.resting] == [
        (ACCOUNTS[1], 60, 40)
    ]
    assert answer.overheld == ()


def test_exposure_says_that_it_was_cut() -> None:
    """Poison under a bound lists what it reached and says that there is more."""
    cut = replace(QUESTION, rule=Rule.POISON, bounds=Bounds(accounts=2))
    answer = follow(CHAIN, cut)
    assert answer.truncated_why == "accounts"
    assert [row.account for row in answer.exposed] == ACCOUNTS[1:3]


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(1, 200)), max_size=30),
    st.sampled_from([Rule.FIFO, Rule.LIFO, Rule.PRO_RATA]),
    st.integers(0, 8),
    st.integers(0, 20),
)
def test_sums_hold_under_every_bound(
    moves: list[tuple[int, int, int]], rule: Rule, accounts: int, transfers: int
) -> None:
    """Conservation is asserted for every answer, cut short or not; an uncut one is the full one."""
    ledger = MemoryLedger(
        pay(number, debit, credit, amount)
        for number, (debit, credit, amount) in enumerate(moves)
        if debit != credit
    )
    question = Question(tuple(f"T{number:03}" for number in range(0, 30, 3)), rule)
    bounded = follow(ledger, replace(question, bounds=Bounds(accounts, transfers)))
    full = follow(ledger, question)
    assert bounded.waiting == full.waiting
    if bounded.truncated_why is None:
        assert bounded == full
