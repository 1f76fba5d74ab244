"""Token buckets: never more than they hold, never less for the honest, whoever shares them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.core.errors import CentreError
from holdfast.core.instant import SECOND_US
from holdfast.registry.quota import (
    BANK,
    MINUTE_US,
    PERSON,
    BucketName,
    Level,
    Rule,
    Rules,
    added,
    filled,
    full,
    ready_us,
    spent,
    taken,
)
from holdfast.registry.quota_leases import Leases
from holdfast.registry.quota_store import DatabaseLots

RULE = Rule(size=100, per_minute=60, miss=20, hit=1, sent=1, lease=40)
NOW_US = 1_790_000_000_000_000
ME = BucketName("TH.THCBC.004", BANK)
HER = BucketName("TH.THCBC.004", PERSON, "5e")
RULES = Rules({BANK: RULE, PERSON: RULE}, {})

Steps = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 90 * SECOND_US)), max_size=30)


@given(Steps)
def test_no_more_is_taken_than_flows_in(steps: list[tuple[int, int]]) -> None:
    """In any time no more is taken than a full bucket and what flows in meanwhile."""
    level, now_us, given_so_far = full(RULE, NOW_US), NOW_US, 0
    for wanted, later_us in steps:
        now_us += later_us
        level, given_now = taken(level, RULE, wanted, now_us)
        given_so_far += given_now
        flowed_in = (now_us - NOW_US) * RULE.per_minute // MINUTE_US
        assert given_so_far <= RULE.size + flowed_in
        assert 0 <= level.tokens <= RULE.size


@given(st.integers(-500, 100), st.integers(1, 100))
def test_it_is_ready_when_it_says(tokens: int, wanted: int) -> None:
    """At the instant told there is enough, and a second before there is not."""
    level = Level(tokens, NOW_US)
    when_us = ready_us(level, RULE, wanted)
    assert filled(level, RULE, when_us).tokens >= wanted
    if tokens < wanted:
        assert filled(level, RULE, when_us - SECOND_US).tokens < wanted


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_asking_often_takes_nothing_from_what_flows_in(first_us: int, then_us: int) -> None:
    """Looking at a bucket in between changes what it holds later by less than a token."""
    level = Level(0, NOW_US)
    between = filled(filled(level, RULE, NOW_US + first_us), RULE, NOW_US + first_us + then_us)
    straight = filled(level, RULE, NOW_US + first_us + then_us)
    assert abs(between.tokens - straight.tokens) <= 1


def test_a_clock_that_goes_back_gives_nothing() -> None:
    """Neither does it take anything."""
    assert filled(Level(5, NOW_US), RULE, NOW_US - MINUTE_US) == Level(5, NOW_US)


def test_a_payment_sent_gives_back_what_fits() -> None:
    """A full bucket stays as full as it is."""
    assert added(full(RULE, NOW_US), RULE, 1, NOW_US).tokens == RULE.size
    assert added(Level(5, NOW_US), RULE, 1, NOW_US).tokens == 6


def test_the_refusal_says_when() -> None:
    """Whose tokens are spent, and in how many seconds there are more; or that there never are."""
    refused = spent(ME, 20, RULE, NOW_US + 1_500_000, NOW_US)
    assert (refused.code, refused.fields["wait_s"]) == ("quota_spent", 2)
    assert refused.transient
    assert spent(HER, 20, RULE, NOW_US, NOW_US).code == "quota_customer_spent"
    assert spent(ME, 101, RULE, NOW_US, NOW_US).code == "quota_too_small"


def test_the_rules_that_come_with_it_are_pixs() -> None:
    """A miss costs 20 for a person and 3 for a bank, a payment really sent gives one back."""
    rules = Rules.read()
    person, bank = rules.of(HER), rules.of(ME)
    assert (person.miss, person.sent, bank.miss, bank.sent) == (20, 1, 3, 1)
    assert person.cost(hits=2, misses=3) == 62


def test_a_centre_gives_an_institution_a_bucket_of_its_own(tmp_path: Path) -> None:
    """Its file is read beside the common one; wrong numbers are refused, not guessed."""
    own = tmp_path / "quota.yaml"
    row = "{size: 9, per_minute: 9, miss: 3, hit: 1, sent: 1, lease: 3}"
    own.write_text(f"institutions: {{TH.THCBC.004: {row}}}", encoding="utf-8")
    rules = Rules.read(own=own)
    assert rules.of(ME).size == 9
    assert rules.of(BucketName("TH.THCBC.002", BANK)).size > 9
    for wrong in (row.replace("9", "true"), row.replace("miss: 3", "miss: 0"), "{size: 3}", "3"):
        own.write_text(f"institutions: {{TH.THCBC.004: {wrong}}}", encoding="utf-8")
        with pytest.raises(CentreError) as caught:
            Rules.read(own=own)
        assert caught.value.code == "quota_rules_unreadable"


class Shared:
    """Buckets in memory, as the database keeps them."""

    def __init__(self) -> None:
        self.levels: dict[BucketName, Level] = {}

    def settle(
        self, changes: Mapping[BucketName, tuple[Rule, int]], now_us: int
    ) -> dict[BucketName, Level]:
        """Add tokens, or take them off."""
        found = {
            name: added(self.levels.get(name, full(rule, now_us)), rule, tokens, now_us)
            for name, (rule, tokens) in changes.items()
        }
        self.levels |= found
        return found


def ask(leases: Leases, lots: Shared, now_us: int) -> bool:
    """Ask for a customer as a worker does: on credit, and settle where that is spent."""
    if leases.take(HER, RULE.miss, now_us):
        return True
    leases.settled(lots.settle(leases.debt(HER), now_us), RULE.miss)
    return leases.take(HER, RULE.miss, now_us)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 100 * SECOND_US)), max_size=80))
def test_workers_overshoot_by_a_lease_each_at_most(steps: list[tuple[int, int]]) -> None:
    """However questions come to three workers, a customer gets one lease more for each of them."""
    lots, now_us, answered = Shared(), NOW_US, 0
    workers = [Leases(RULES, lambda: now_us) for _ in range(3)]
    for worker, later_us in steps:
        if later_us % 3:
            for leases in workers:
                leases.settled(lots.settle(leases.due(), now_us))
        now_us += later_us
        answered += ask(workers[worker], lots, now_us)
    flowed_in = (now_us - NOW_US) * RULE.per_minute // MINUTE_US
    assert answered * RULE.miss <= RULE.size + flowed_in + 3 * RULE.lease


def test_the_database_hears_of_customers_who_ask_again() -> None:
    """One miss is not settled and forgotten in the end; a second one soon after is."""
    now_us = NOW_US
    lots, leases = Shared(), Leases(RULES, lambda: now_us)
    assert leases.take(HER, 20, now_us)
    assert not leases.due()
    assert leases.take(HER, 20, now_us)
    leases.settled(lots.settle(leases.due(), now_us))
    assert lots.levels[HER].tokens == 60
    assert leases.take(HER, 20, now_us)
    now_us += 8 * 20 * SECOND_US
    assert not leases.due()
    assert not leases.all_back()


def test_what_could_not_be_settled_is_settled_later() -> None:
    """A database that is gone loses no debt, and no token that was to be given back."""
    lots, leases = Shared(), Leases(RULES, lambda: NOW_US)
    assert leases.take(HER, 40, NOW_US)
    leases.add(ME, 90)
    changes = leases.due()
    assert {name: tokens for name, (_, tokens) in changes.items()} == {HER: -40, ME: 50}
    leases.not_settled(changes)
    assert leases.due() == changes
    lots.settle(changes, NOW_US)
    assert lots.levels[HER].tokens == 60


@pytest.mark.django_db
def test_the_database_leases_what_there_is() -> None:
    """No more is leased than the bucket holds, and the state says how much workers hold."""
    lots = DatabaseLots()
    assert lots.lease(ME, RULE, 40, 0, NOW_US)[0] == 40
    assert lots.lease(ME, RULE, 70, 30, NOW_US)[0] == 60
    level, leased = lots.level(ME, RULE, NOW_US)
    assert (level.tokens, leased) == (0, 70)
    assert lots.lease(ME, RULE, 1, 0, NOW_US) == (0, Level(0, NOW_US))
    assert lots.lease(ME, RULE, 99, 0, NOW_US + 10 * SECOND_US)[0] == 10


@pytest.mark.django_db
def test_the_database_settles_many_at_once() -> None:
    """Credit is taken off and what was too much is put back, each from its own bucket."""
    lots = DatabaseLots()
    lots.lease(ME, RULE, 40, 0, NOW_US)
    found = lots.settle({ME: (RULE, 30), HER: (RULE, -20)}, NOW_US)
    assert {name: level.tokens for name, level in found.items()} == {ME: 90, HER: 80}
    assert lots.level(ME, RULE, NOW_US) == (Level(90, NOW_US), 10)
    assert lots.level(BucketName("TH.X", BANK), RULE, NOW_US) == (full(RULE, NOW_US), 0)
