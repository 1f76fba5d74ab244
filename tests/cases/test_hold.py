"""The table of an order's steps: what may follow what, and how much may be held."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.cases.hold import FIRST, HOLDING, OPEN, STEPS, Hold, HoldState, allowed_steps
from holdfast.core.errors import Conflict

ENDS = {state for state in HoldState if not STEPS[state]}
states = st.sampled_from(HoldState)


def hold(state: HoldState = FIRST, held_minor: int = 0) -> Hold:
    """Return an order for 100 in a state."""
    return Hold("order-1", state, 100, held_minor, lapses_us=1_000)


def test_every_state_has_its_row_in_the_table() -> None:
    """No state is left out, and what is open is what is no end."""
    assert set(STEPS) == set(HoldState)
    assert set(HoldState) - ENDS == OPEN
    assert ENDS.isdisjoint(HOLDING)
    assert {state.value for state in HOLDING} == set(HoldState.holding_values())


@given(st.lists(st.tuples(states, st.integers(-5, 120)), max_size=30))
def test_an_ended_hold_never_holds_again(steps: list[tuple[HoldState, int]]) -> None:
    """Whatever is tried on an order, after an end it holds nothing and takes no step."""
    now, ended = hold(), False
    codes: list[tuple[bool, str]] = []
    for to, held_minor in steps:
        try:
            after = now.step(to, held_minor)
        except Conflict as refused:
            codes.append((ended, refused.code))
            continue
        assert not ended
        assert (now.state.value, to.value) in allowed_steps()
        assert 0 <= after.held_minor <= after.amount_minor == 100
        assert now.state.unanswered or after.held_minor <= now.held_minor
        assert not after.held_minor or after.state in HOLDING
        now, ended = after, after.state.ended
    assert not ended or now.held_minor == 0
    assert {code for was_ended, code in codes if was_ended} <= {"hold_ended"}
    assert {code for was_ended, code in codes if not was_ended} <= {"hold_step", "hold_amount"}


@pytest.mark.parametrize("state", HoldState)
def test_each_state_can_be_reached(state: HoldState) -> None:
    """No row of the table is there for nothing."""
    reached, open_ = {FIRST}, [FIRST]
    while open_:
        for to in STEPS[open_.pop()] - reached:
            reached.add(to)
            open_.append(to)
    assert state in reached


def test_a_refused_step_says_what_would_be_right() -> None:
    """The sentence names the order, where it stands, and the states that may follow."""
    with pytest.raises(Conflict) as refused:
        hold(HoldState.HELD, 100).step(HoldState.REFUSED, 0)
    assert refused.value.code == "hold_step"
    assert "lapsed" in str(refused.value)
    assert "order-1" in str(refused.value)


@pytest.mark.parametrize(
    ("state", "held_minor", "to", "wanted"),
    [
        (HoldState.REQUESTED, 0, HoldState.HELD, 101),
        (HoldState.REQUESTED, 0, HoldState.REFUSED, 1),
        (HoldState.HELD, 60, HoldState.EXTENDED, 61),
        (HoldState.HELD, 60, HoldState.RELEASED, 1),
        (HoldState.HELD, 60, HoldState.EXTENDED, -1),
    ],
)
def test_an_amount_out_of_bounds_is_refused(
    state: HoldState, held_minor: int, to: HoldState, wanted: int
) -> None:
    """Nobody holds more than was asked, more than is held, less than nothing, or after the end."""
    with pytest.raises(Conflict) as refused:
        hold(state, held_minor).step(to, wanted)
    assert refused.value.code == "hold_amount"


def test_time_runs_out_at_its_instant() -> None:
    """An order is due from its end on, not a microsecond before."""
    assert not hold().is_due(999)
    assert hold().is_due(1_000)


@pytest.mark.parametrize("state", [*sorted(ENDS, key=str), HoldState.SEIZED])
def test_what_has_ended_or_is_seized_is_never_due(state: HoldState) -> None:
    """No clock of ours ends a seizure, and nothing ends twice."""
    assert not hold(state).is_due(10**15)
