"""A hold of what rests free changes nothing but that it is held, or the trail is settled anew."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st
from tests.cases.test_slices import plain_question
from tests.trail.worlds import World, worlds

from holdfast.cases.marked import with_holds
from holdfast.cases.slices import slices_of
from holdfast.cases.wanted import Standing
from holdfast.core.instant import format_instant
from holdfast.trail.answer import Answer
from holdfast.trail.gather import follow
from holdfast.trail.question import HoldEvent, HoldKind, Rule

CLAIM, ACCOUNT, NEW = "P", "TH.THCBC.002.0000000002", "order-1"


def settle(world: World) -> dict[str, dict[str, Any]]:
    """Return the slices of all claims as they are stored."""
    answer = replace(follow(world.ledger, world.question), without_history=())
    claims = [row.transfer_id for row in answer.claims]
    return {name: part.as_json() for name, part in slices_of(answer, claims).items()}


def free_spots(answer: Answer) -> list[tuple[str, str, int]]:
    """Return what rests free: account, claim, amount."""
    return [
        (row.account, row.claim, row.amount_minor - row.held_minor)
        for row in answer.resting
        if row.amount_minor > row.held_minor
    ]


@given(worlds(rule=Rule.FIFO), st.data())
def test_marked_is_settled_anew(drawn: World, data: st.DataObject) -> None:
    """Where a hold can be noted, settling with it says the same of every claim."""
    world = plain_question(drawn)
    spots = free_spots(follow(world.ledger, world.question))
    assume(spots)
    account, claim, free_minor = data.draw(st.sampled_from(spots))
    times = sorted({transfer.time_us for transfer in world.transfers})
    at_us = data.draw(st.sampled_from([*times, times[-1] + 1]))
    amount_minor = data.draw(st.integers(1, free_minor))
    new = HoldEvent(at_us, HoldKind.HOLD, NEW, account, claim, amount_minor)
    before = settle(world)
    holds = (*world.question.holds, new)
    after = settle(world.ask(holds=holds))
    marked = with_holds(before[claim], claim, {NEW}, holds, {})
    event("settled anew" if marked is None else "marked")
    if marked is None:
        return
    assert marked == after[claim]
    assert {**before, claim: marked} == after
    assert with_holds(after[claim], claim, {NEW}, holds, {}) == after[claim]


def hold(hold_id: str = NEW, amount_minor: int = 60, at_us: int = 2_000_000) -> HoldEvent:
    """Return the beginning of a hold."""
    return HoldEvent(at_us, HoldKind.HOLD, hold_id, ACCOUNT, CLAIM, amount_minor)


def trail(**more: object) -> dict[str, Any]:
    """Return a stored trail: 60 came in after one second and rest."""
    rests = {"account": ACCOUNT, "claim": CLAIM, "amount": 60, "held": 0, "hop": 1}
    return {
        "truncated": False,
        "resting": [rests],
        "exits": [],
        "overheld": [],
        "hops": [hop(1_000_000, credit=ACCOUNT)],
    } | more


def hop(time_us: int, debit: str = "elsewhere", credit: str = "elsewhere") -> dict[str, Any]:
    """Return a transfer that carried money of the claim."""
    return {"time": format_instant(time_us), "debit_account": debit, "credit_account": credit}


def mark(
    stored: dict[str, Any], *holds: HoldEvent, aside_minor: int = 0
) -> list[dict[str, Any]] | None:
    """Note the holds in a trail; return what rests, None where it is to be settled."""
    standing = {(ACCOUNT, CLAIM): Standing(0, aside_minor)}
    marked = with_holds(stored, CLAIM, {NEW}, holds or (hold(),), standing)
    return None if marked is None else marked["resting"]


def test_what_rests_is_held() -> None:
    """All of it is held, and where it was settled since it stays as it is."""
    held = [{"account": ACCOUNT, "claim": CLAIM, "amount": 60, "held": 60, "hop": 1}]
    assert mark(trail()) == held
    assert mark(trail(resting=held)) == held


def test_a_hold_beside_another_is_counted_in() -> None:
    """What was held there before stays so."""
    rests = {"account": ACCOUNT, "claim": CLAIM, "amount": 60, "held": 20, "hop": 1}
    marked = mark(trail(resting=[rests]), hold("before", 20), hold(amount_minor=40))
    assert marked == [rests | {"held": 60}]


@pytest.mark.parametrize(
    "stored",
    [
        trail(truncated=True),
        trail(overheld=[{"hold": "before", "amount": 1}]),
        trail(exits=[{"kind": "unrecorded", "account": ACCOUNT, "amount": 1}]),
        trail(hops=[hop(2_000_001, debit=ACCOUNT)]),
        trail(hops=[hop(2_000_001, credit=ACCOUNT)]),
        trail(resting=[]),
        trail(resting=[{"account": ACCOUNT, "claim": CLAIM, "amount": 59, "held": 0, "hop": 1}]),
        trail(resting=[{"account": ACCOUNT, "claim": CLAIM, "amount": 60, "held": 7, "hop": 1}]),
    ],
)
def test_what_may_change_is_settled(stored: dict[str, Any]) -> None:
    """Cut short, overheld, missed, moved since, not there, or held otherwise: nothing is noted."""
    assert mark(stored) is None


def test_what_was_let_go_or_set_aside_is_settled() -> None:
    """A hold that has ended, or money that is not asked for again, counts otherwise."""
    ended = HoldEvent(1_500_000, HoldKind.RELEASE, NEW)
    assert mark(trail(), hold(), ended) is None
    assert mark(trail(), aside_minor=1) is None
    assert mark(trail(), hold("another")) is None
