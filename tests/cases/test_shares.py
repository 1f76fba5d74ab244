"""Whom a hold serves: excess goes to other claims in the same account, and no unit is lost."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from holdfast.cases.shares import moves
from holdfast.cases.wanted import Spot, Standing
from holdfast.trail.answer import Overheld, Resting

ACCOUNTS, CLAIMS = ("A", "B"), ("P", "Q", "R")
spots = st.tuples(st.sampled_from(ACCOUNTS), st.sampled_from(CLAIMS))


@st.composite
def scenes(
    draw: st.DrawFn,
) -> tuple[list[Overheld], list[Resting], dict[Spot, Standing], set[Spot]]:
    """Draw holds with excess, what rests, what is asked for or set aside, and what may be held."""
    overheld = [
        Overheld(f"H{number}", account, claim, draw(st.integers(1, 50)))
        for number, (account, claim) in enumerate(draw(st.lists(spots, max_size=5)))
    ]
    resting = []
    for account, claim in sorted(draw(st.sets(spots))):
        amount = draw(st.integers(1, 50))
        resting.append(Resting(account, claim, amount, draw(st.integers(0, amount)), hop=1))
    standing = st.builds(Standing, st.integers(0, 60), st.integers(0, 60))
    return overheld, resting, draw(st.dictionaries(spots, standing)), draw(st.sets(spots))


@given(scenes())
def test_what_is_given_and_what_is_left_is_what_there_was(
    scene: tuple[list[Overheld], list[Resting], dict[Spot, Standing], set[Spot]],
) -> None:
    """Amounts are conserved by hold; nobody is given more than is wanted there, or may be held."""
    overheld, resting, standing, allowed = scene
    given_, left = moves(
        overheld, resting, standing, lambda _, row, __: (row.account, row.claim) in allowed
    )
    excess = {row.hold_id: row for row in overheld}
    total: Counter[str] = Counter()
    received: Counter[tuple[str, str]] = Counter()
    for move in given_:
        assert move.amount_minor > 0
        assert move.account == excess[move.hold_id].account
        assert move.from_claim == excess[move.hold_id].claim != move.to_claim
        total[move.hold_id] += move.amount_minor
        received[move.account, move.to_claim] += move.amount_minor
    for row in left:
        assert row.amount_minor > 0
        total[row.hold_id] += row.amount_minor
    assert total == {row.hold_id: row.amount_minor for row in overheld}
    free = {(row.account, row.claim): row.amount_minor - row.held_minor for row in resting}
    for spot, amount in received.items():
        now = standing.get(spot, Standing())
        aside = min(now.aside_minor, free[spot])
        assert amount <= free[spot] - now.asked_minor - aside
        assert spot in allowed


def test_excess_stays_only_where_nobody_can_use_it() -> None:
    """Of 50 too much, 30 serve the claim that rests free there; 20 serve nobody."""
    given_, left = moves(
        [Overheld("H", "A", "P", 50)],
        [Resting("A", "Q", 40, 10, hop=1), Resting("B", "R", 90, 0, hop=1)],
        {},
        lambda _hold, _row, _amount: True,
    )
    assert [(move.to_claim, move.amount_minor) for move in given_] == [("Q", 30)]
    assert left == [Overheld("H", "A", "P", 20)]
