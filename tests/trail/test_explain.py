"""Explanations: steps that a court can follow by hand, each beginning where the last one ended."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.trail.worlds import AMOUNT_RULES, World, worlds

from holdfast.core.errors import TrailError
from holdfast.ledger.transfer import Transfer
from holdfast.trail.explain import Explanation, explain
from holdfast.trail.gather import follow
from holdfast.trail.lots import CLEAN, Lot
from holdfast.trail.question import Rule


def _claimed(lots: tuple[Lot, ...]) -> int:
    return sum(lot.amount for lot in lots if lot.origin != CLEAN)


def _reached(world: World, data: st.DataObject) -> Explanation | None:
    answer = follow(world.ledger, world.question)
    accounts = sorted({hop.credit_account for hop in answer.hops})
    if not accounts:
        return None
    return explain(world.ledger, world.question, data.draw(st.sampled_from(accounts)))


@settings(max_examples=150, deadline=None)
@given(worlds(), st.data())
def test_watching_changes_no_answer(world: World, data: st.DataObject) -> None:
    """An explanation's answer is the trail's answer, whatever shortcuts an unwatched run takes."""
    found = _reached(world, data)
    if found is not None:
        assert found.answer == follow(world.ledger, world.question)


@settings(max_examples=150, deadline=None)
@given(worlds(), st.data())
def test_each_step_begins_where_the_last_one_ended(world: World, data: st.DataObject) -> None:
    """While claimed money is in an account, no lot changes between two steps that are told."""
    found = _reached(world, data)
    if found is None:
        return
    lots: dict[str, tuple[Lot, ...]] = {}
    for step in found.steps:
        known = lots.get(step.account)
        if known is not None and _claimed(known):
            assert step.before == known
        lots[step.account] = step.after


@settings(max_examples=150, deadline=None)
@given(worlds(), st.data())
def test_each_step_adds_up(world: World, data: st.DataObject) -> None:
    """What was there, what the bank's balance changed, and what moved make what is there after."""
    found = _reached(world, data)
    for step in found.steps if found else ():
        before = sum(lot.amount for lot in step.before) + step.reconciled_minor
        moved = sum(lot.amount for lot in step.moved)
        after = sum(lot.amount for lot in step.after)
        if not isinstance(step.cause, Transfer):
            assert after == before
        elif step.cause.credit_account == step.account:
            assert after == before + moved == before + step.cause.amount_minor
        else:
            assert moved == step.cause.amount_minor
            assert after == max(
                before - moved, sum(lot.amount for lot in step.after if lot.hold_id)
            )


@settings(max_examples=150, deadline=None)
@given(worlds(), st.data())
def test_the_last_step_is_what_rests(world: World, data: st.DataObject) -> None:
    """The account's lots after its last step are what the answer says rests there."""
    found = _reached(world, data)
    if found is None:
        return
    own = [step for step in found.steps if step.account == found.account]
    rests = sum(row.amount_minor for row in found.answer.resting if row.account == found.account)
    assert (_claimed(own[-1].after) if own else 0) == rests


@pytest.mark.parametrize("rule", AMOUNT_RULES)
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_an_account_off_the_trail_is_refused(rule: Rule, data: st.DataObject) -> None:
    """Where no claimed money ever came there is nothing to explain."""
    world = data.draw(worlds(rule=rule))
    with pytest.raises(TrailError) as refused:
        explain(world.ledger, world.question, "TH.THCBC.999.NOBODY")
    assert refused.value.code == "account_not_in_trail"


@settings(max_examples=5, deadline=None)
@given(worlds())
def test_poison_has_no_amounts_to_explain(world: World) -> None:
    """Exposure cannot be explained lot by lot, and says so."""
    question = replace(world.question, rule=Rule.POISON)
    with pytest.raises(TrailError) as refused:
        explain(world.ledger, question, "TH.THCBC.001.1")
    assert refused.value.code == "poison_has_no_amounts"
