"""Which orders a settled trail asks for."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from holdfast.cases.wanted import Asked, Spot, Standing, aside_after, unneeded, wanted
from holdfast.trail.answer import Resting

ACCOUNTS, CLAIMS = ("A", "B"), ("P", "Q", "R")
amounts = st.integers(0, 50)
spots = st.tuples(st.sampled_from(ACCOUNTS), st.sampled_from(CLAIMS))


@st.composite
def restings(draw: st.DrawFn) -> list[Resting]:
    """Draw where money rests, each account and claim once."""
    rows = []
    for account, claim in draw(st.sets(spots)):
        amount = draw(st.integers(1, 50))
        rows.append(Resting(account, claim, amount, draw(st.integers(0, amount)), hop=1))
    return sorted(rows, key=lambda row: (row.account, row.claim))


standings = st.dictionaries(spots, st.builds(Standing, amounts, amounts))
balances = st.dictionaries(st.sampled_from(ACCOUNTS), amounts)


@given(restings(), standings, balances)
def test_no_order_is_above_what_it_may_be(
    rows: list[Resting], standing: dict[Spot, Standing], available: dict[str, int]
) -> None:
    """Never above what rests free, less what is asked for and set aside, nor above the balance.

    And what is asked for in an account never rises above the money of claims in it.
    """
    orders = wanted(rows, standing, available)
    by_spot = {(row.account, row.claim): row for row in rows}
    assert len({(order.account, order.claim) for order in orders}) == len(orders)
    total: Counter[str] = Counter()
    for order in orders:
        row = by_spot[order.account, order.claim]
        now = standing.get((order.account, order.claim), Standing())
        free = row.amount_minor - row.held_minor
        assert 0 < order.amount_minor <= free - now.asked_minor - min(now.aside_minor, free)
        assert order.hop == row.hop
        total[order.account] += order.amount_minor
    for account, amount in total.items():
        assert amount <= available.get(account, amount)
        free = sum(row.amount_minor - row.held_minor for row in rows if row.account == account)
        asked = sum(now.asked_minor for spot, now in standing.items() if spot[0] == account)
        assert asked + amount <= max(free, asked)


@given(restings(), standings)
def test_once_ordered_nothing_more_is_wanted(
    rows: list[Resting], standing: dict[Spot, Standing]
) -> None:
    """The same trail asked again, its orders standing, asks for nothing."""
    after = dict(standing)
    for order in wanted(rows, standing, {}):
        spot = order.account, order.claim
        now = after.get(spot, Standing())
        after[spot] = Standing(now.asked_minor + order.amount_minor, now.aside_minor)
    assert wanted(rows, after, {}) == []


@given(restings())
def test_what_rests_free_is_wanted_whole(rows: list[Resting]) -> None:
    """Where nothing stands in the way, every order is for just what rests and is not held."""
    assert [(order.account, order.claim, order.amount_minor) for order in wanted(rows, {}, {})] == [
        (row.account, row.claim, row.amount_minor - row.held_minor)
        for row in rows
        if row.amount_minor > row.held_minor
    ]


@given(restings(), standings)
def test_what_is_set_aside_only_sinks(rows: list[Resting], standing: dict[Spot, Standing]) -> None:
    """It follows the money that leaves, and never grows by itself."""
    free = {(row.account, row.claim): row.amount_minor - row.held_minor for row in rows}
    sunk = aside_after(rows, standing)
    for spot, now in standing.items():
        after = sunk.get(spot, now.aside_minor)
        assert after == min(now.aside_minor, free.get(spot, 0))


def test_an_order_on_its_way_covers_the_money_of_another_claim() -> None:
    """Asked for Q, whose money turns out to be P's: the same money is not asked for twice."""
    rows = [Resting("A", "P", 100, 0, hop=1)]
    assert wanted(rows, {("A", "Q"): Standing(asked_minor=100)}, {}) == []
    short = wanted(rows, {("A", "Q"): Standing(asked_minor=30)}, {})
    assert [order.amount_minor for order in short] == [70]


orders = st.lists(st.tuples(spots, st.integers(1, 50)), max_size=6)


@given(restings(), orders)
def test_what_is_withdrawn_was_needed_by_nobody(
    rows: list[Resting], asked: list[tuple[Spot, int]]
) -> None:
    """Without it every claim's money is asked for as before, and no more could be withdrawn."""
    all_of = [Asked(f"O{n}", *spot, amount) for n, (spot, amount) in enumerate(asked)]
    gone = set(unneeded(rows, all_of))
    kept = [order for order in all_of if order.order_id not in gone]
    assert unneeded(rows, kept) == []
    assert wanted(rows, _standing(kept), {}) == wanted(rows, _standing(all_of), {})


def test_the_order_of_a_claim_whose_money_has_left_goes() -> None:
    """Of 40 and 60 asked for where 40 rest, the later 60 go; where 70 rest, none."""
    asked = [Asked("first", "A", "P", 40), Asked("second", "A", "P", 60)]
    assert unneeded([Resting("A", "P", 40, 0, hop=1)], asked) == ["second"]
    assert unneeded([Resting("A", "P", 70, 0, hop=1)], asked) == []
    assert unneeded([Resting("A", "Q", 100, 0, hop=1)], asked) == []
    assert unneeded([], asked) == ["second", "first"]


def _standing(asked: list[Asked]) -> dict[Spot, Standing]:
    standing: dict[Spot, Standing] = {}
    for order in asked:
        spot = order.account, order.claim
        before = standing.get(spot, Standing()).asked_minor
        standing[spot] = Standing(before + order.amount_minor)
    return standing
