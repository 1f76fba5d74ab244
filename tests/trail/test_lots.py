"""Lots of one account: what is put, taken, held and released, under every rule that knows them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.trail.lots import CLEAN, Lot, Lots, empty_lots
from holdfast.trail.question import Rule

RULES = (Rule.FIFO, Rule.LIFO, Rule.PRO_RATA)
ORIGINS = (0, 1, 2, CLEAN)
HOLDS = ("H1", "H2")

amounts = st.integers(min_value=1, max_value=50)
deeds = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from(ORIGINS), amounts),
        st.tuples(st.just("take"), st.just(CLEAN), amounts),
        st.tuples(st.just("hold"), st.sampled_from(ORIGINS[:3]), amounts),
        st.tuples(st.just("hold again"), st.sampled_from(ORIGINS[:3]), amounts),
        st.tuples(st.just("release"), st.just(CLEAN), amounts),
        st.tuples(st.just("execute"), st.just(CLEAN), amounts),
    ),
    max_size=40,
)


def do(lots: Lots, deed: tuple[str, int, int]) -> list[Lot]:
    """Do one deed and return what it took out."""
    verb, origin, amount = deed
    if verb == "put":
        lots.put([Lot(origin, amount)])
    elif verb == "take":
        return lots.take(amount)
    elif verb == "release":
        lots.release(HOLDS[amount % 2])
    elif verb == "execute":
        return lots.take_held(HOLDS[amount % 2], amount)
    else:
        lots.hold(origin, amount, HOLDS[verb == "hold again"])
    return []


@pytest.mark.parametrize("rule", RULES)
@given(deeds=deeds)
def test_nothing_is_lost_and_nothing_made(rule: Rule, deeds: list[tuple[str, int, int]]) -> None:
    """Of every origin, what is there is what was put less what was taken, and never negative."""
    lots = empty_lots(rule)
    wanted = dict.fromkeys(ORIGINS, 0)
    for deed in deeds:
        if deed[0] == "put":
            wanted[deed[1]] += deed[2]
        for lot in do(lots, deed):
            wanted[lot.origin] -= lot.amount
        found = dict.fromkeys(ORIGINS, 0)
        for lot in lots:
            assert lot.amount > 0
            found[lot.origin] += lot.amount
        assert found == wanted
        assert lots.total == sum(found.values())
        assert lots.claimed == lots.total - found[CLEAN]
        assert lots.held == sum(lot.amount for lot in lots if lot.hold_id)


@pytest.mark.parametrize("rule", RULES)
@given(deeds=deeds, amount=amounts)
def test_held_money_is_never_taken(
    rule: Rule, deeds: list[tuple[str, int, int]], amount: int
) -> None:
    """Taking moves free money only, all of it if that is too little."""
    lots = empty_lots(rule)
    for deed in deeds:
        do(lots, deed)
    held = [lot for lot in lots if lot.hold_id]
    free = lots.total - lots.held
    taken = lots.take(amount)
    assert sum(lot.amount for lot in taken) == min(amount, free)
    assert all(lot.hold_id is None for lot in taken)
    assert _by_hold(lots) == _by_hold(held)


def _by_hold(lots: Lots | list[Lot]) -> dict[tuple[int, str], int]:
    sums: dict[tuple[int, str], int] = {}
    for lot in lots:
        if lot.hold_id:
            key = (lot.origin, lot.hold_id)
            sums[key] = sums.get(key, 0) + lot.amount
    return sums


@pytest.mark.parametrize("rule", RULES)
@given(deeds=deeds)
def test_an_ended_hold_holds_nothing(rule: Rule, deeds: list[tuple[str, int, int]]) -> None:
    """After a release nothing is marked by that hold, and all of it can be taken."""
    lots = empty_lots(rule)
    for deed in deeds:
        do(lots, deed)
    for hold_id in HOLDS:
        lots.release(hold_id)
    assert lots.held == 0
    assert sum(lot.amount for lot in lots.take(10**9)) > 0 or lots.total == 0
    assert list(lots) == []


@pytest.mark.parametrize("rule", RULES)
@given(deeds=deeds)
def test_neighbours_of_one_kind_are_one_lot(rule: Rule, deeds: list[tuple[str, int, int]]) -> None:
    """Two lots side by side differ in origin or in hold."""
    lots = empty_lots(rule)
    for deed in deeds:
        do(lots, deed)
        kinds = [(lot.origin, lot.hold_id) for lot in lots]
        assert all(left != right for left, right in pairwise(kinds))


def filled(rule: Rule) -> Lots:
    """An account with claim 0's 10, then 90 clean, then claim 1's 5."""
    lots = empty_lots(rule)
    lots.put([Lot(0, 10), Lot(CLEAN, 90), Lot(1, 5)])
    return lots


def test_fifo_takes_the_oldest() -> None:
    """Fifo takes from the oldest lot on and leaves the rest in place."""
    lots = filled(Rule.FIFO)
    assert lots.take(12) == [Lot(0, 10), Lot(CLEAN, 2)]
    assert list(lots) == [Lot(CLEAN, 88), Lot(1, 5)]


def test_lifo_takes_the_newest_and_carries_it_oldest_first() -> None:
    """Lifo takes from the newest lot back; what is carried keeps its order of age."""
    lots = filled(Rule.LIFO)
    assert lots.take(12) == [Lot(CLEAN, 7), Lot(1, 5)]
    assert list(lots) == [Lot(0, 10), Lot(CLEAN, 83)]


def test_pro_rata_gives_the_units_left_over_to_the_largest_remainders() -> None:
    """Of 100 from 10, 5 and 90: 9.52, 4.76 and 85.71 become 9, 5 and 86."""
    lots = filled(Rule.PRO_RATA)
    assert lots.take(100) == [Lot(0, 9), Lot(1, 5), Lot(CLEAN, 86)]
    assert list(lots) == [Lot(0, 1), Lot(CLEAN, 4)]


def test_pro_rata_ties_go_to_the_earlier_claim_and_clean_last() -> None:
    """One unit from three equal lots is the earliest claim's; two leave the clean one whole."""
    lots = empty_lots(Rule.PRO_RATA)
    lots.put([Lot(CLEAN, 1), Lot(1, 1), Lot(0, 1)])
    assert lots.take(1) == [Lot(0, 1)]
    assert lots.take(1) == [Lot(1, 1)]


def test_a_hold_splits_a_lot_and_fifo_goes_around_it() -> None:
    """The held part stays in its place; the free part of the same claim can leave."""
    lots = filled(Rule.FIFO)
    assert lots.hold(0, 4, "H1") == 4
    assert list(lots) == [Lot(0, 4, "H1"), Lot(0, 6), Lot(CLEAN, 90), Lot(1, 5)]
    assert lots.take(8) == [Lot(0, 6), Lot(CLEAN, 2)]
    lots.release("H1")
    assert list(lots) == [Lot(0, 4), Lot(CLEAN, 88), Lot(1, 5)]


def test_a_second_hold_marks_what_is_still_free() -> None:
    """Two holds of one claim never mark the same money."""
    lots = filled(Rule.FIFO)
    assert lots.hold(0, 7, "H1") == 7
    assert lots.hold(0, 7, "H2") == 3
    assert lots.held == 10
