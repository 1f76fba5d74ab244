"""Whether an institution's answer fits its order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.cases.answer import Outcome, fit
from holdfast.cases.hold import HOLDING, STEPS, Hold, HoldState

S = HoldState
ASKED = 100


def hold(state: HoldState, held_minor: int = 0) -> Hold:
    """Return an order for 100 in a state."""
    return Hold("order-1", state, ASKED, held_minor, lapses_us=0)


@pytest.mark.parametrize(
    ("state", "held", "told", "told_held", "outcome", "after", "after_held", "excess"),
    [
        (S.REQUESTED, 0, S.ACKNOWLEDGED, 0, Outcome.HEEDED, S.ACKNOWLEDGED, 0, 0),
        (S.ACKNOWLEDGED, 0, S.ACKNOWLEDGED, 0, Outcome.NOTHING_NEW, S.ACKNOWLEDGED, 0, 0),
        (S.HELD, 100, S.ACKNOWLEDGED, 0, Outcome.OUT_OF_DATE, S.HELD, 100, 0),
        (S.LAPSED, 0, S.ACKNOWLEDGED, 0, Outcome.OUT_OF_DATE, S.LAPSED, 0, 0),
        (S.REQUESTED, 0, S.HELD, 100, Outcome.HEEDED, S.HELD, 100, 0),
        (S.REQUESTED, 0, S.HELD, 60, Outcome.HEEDED, S.PARTLY_HELD, 60, 0),
        (S.ACKNOWLEDGED, 0, S.PARTLY_HELD, 100, Outcome.HEEDED, S.HELD, 100, 0),
        (S.REQUESTED, 0, S.HELD, 130, Outcome.MORE_THAN_ASKED, S.HELD, 100, 30),
        (S.REQUESTED, 0, S.HELD, 0, Outcome.UNFIT, S.REQUESTED, 0, 0),
        (S.HELD, 100, S.HELD, 100, Outcome.NOTHING_NEW, S.HELD, 100, 0),
        (S.EXTENDED, 100, S.HELD, 100, Outcome.NOTHING_NEW, S.EXTENDED, 100, 0),
        (S.HELD, 100, S.PARTLY_HELD, 60, Outcome.UNFIT, S.HELD, 100, 0),
        (S.HELD, 100, S.REFUSED, 0, Outcome.UNFIT, S.HELD, 100, 0),
        (S.REQUESTED, 0, S.REFUSED, 0, Outcome.HEEDED, S.REFUSED, 0, 0),
        (S.LAPSED, 0, S.HELD, 80, Outcome.TOO_LATE, S.LAPSED, 0, 80),
        (S.RELEASED, 0, S.HELD, 100, Outcome.TOO_LATE, S.RELEASED, 0, 100),
        (S.RELEASED, 0, S.LAPSED, 0, Outcome.NOTHING_NEW, S.RELEASED, 0, 0),
        (S.LAPSED, 0, S.RETURNED, 0, Outcome.UNFIT, S.LAPSED, 0, 0),
        (S.HELD, 100, S.SEIZED, 100, Outcome.UNFIT, S.HELD, 100, 0),
        (S.SEIZED, 100, S.SEIZED, 100, Outcome.NOTHING_NEW, S.SEIZED, 100, 0),
        (S.SEIZED, 100, S.LAPSED, 0, Outcome.UNFIT, S.SEIZED, 100, 0),
        (S.REQUESTED, 0, S.SEIZED, 100, Outcome.UNFIT, S.REQUESTED, 0, 0),
        (S.HELD, 100, S.RETURNED, 0, Outcome.HEEDED, S.RETURNED, 0, 0),
        (S.HELD, 100, S.LAPSED, 0, Outcome.HEEDED, S.LAPSED, 0, 0),
    ],
)
def test_answers_and_what_follows(
    *,
    state: HoldState,
    held: int,
    told: HoldState,
    told_held: int,
    outcome: Outcome,
    after: HoldState,
    after_held: int,
    excess: int,
) -> None:
    """Each row: where the order stands, what is told, and what comes of it."""
    found = fit(hold(state, held), told, told_held, (S.RELEASED, S.LAPSED))
    assert (found.outcome, found.state, found.held_minor, found.excess_minor) == (
        outcome,
        after,
        after_held,
        excess,
    )


@pytest.mark.parametrize("state", [S.REQUESTED, S.HELD, S.EXTENDED, S.SEIZED])
@pytest.mark.parametrize("told", [S.RELEASED, S.LAPSED])
def test_a_bank_ends_nothing_that_is_not_its_own_to_end(state: HoldState, told: HoldState) -> None:
    """An end that the institution may not bring about leaves the order as it was."""
    held = ASKED if state in HOLDING else 0
    for may_end in ((), tuple({S.RELEASED, S.LAPSED} - {told})):
        found = fit(hold(state, held), told, 0, may_end)
        assert (found.outcome, found.state, found.held_minor) == (Outcome.UNFIT, state, held)


@given(
    st.sampled_from(HoldState),
    st.integers(1, ASKED),
    st.sampled_from(HoldState),
    st.integers(0, 200),
    st.sets(st.sampled_from((S.RELEASED, S.LAPSED))),
)
def test_an_answer_never_bends_the_table(
    state: HoldState, held: int, told: HoldState, told_held: int, may_end: set[HoldState]
) -> None:
    """What is heeded is a step of the table; what is not leaves the order as it was.

    No answer makes an order hold more than was asked, nor again after an end, and whatever an
    institution holds without an order is in the excess.
    """
    before = hold(state, held if state in HOLDING else 0)
    found = fit(before, told, told_held, may_end)
    if found.outcome in (Outcome.HEEDED, Outcome.MORE_THAN_ASKED):
        assert found.state in STEPS[state]
        assert found.state not in {S.RELEASED, S.LAPSED} - may_end | {S.SEIZED}
        assert before.step(found.state, found.held_minor).held_minor == found.held_minor
        assert (found.excess_minor > 0) == (found.outcome is Outcome.MORE_THAN_ASKED)
    else:
        assert (found.state, found.held_minor) == (state, before.held_minor)
    if told in (HoldState.HELD, HoldState.PARTLY_HELD) and (state.unanswered or state.ended):
        kept = found.held_minor if state.unanswered else 0
        assert kept + found.excess_minor == told_held
