"""Replicas: what they hold is what stands; what is gone is gone, everywhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.workflows.feed_kit import (
    BLACK,
    BROWN,
    Bank,
    Feeding,
    bank_with_replica,
    phone,
    play,
    rolled_back,
    serving,
)

from holdfast.core.errors import Conflict, NotFound, Refused
from holdfast.core.instant import DAY_US
from holdfast.records import due
from holdfast.records.models import AuditEntry
from holdfast.registry.feed.chain import Place
from holdfast.registry.feed.delta import read_delta
from holdfast.registry.feed.digest import EMPTY
from holdfast.registry.feed.models import FeedHead
from holdfast.registry.feed.signed import Asked
from holdfast.registry.index.file import Index
from holdfast.registry.index.place import index_file
from holdfast.registry.models import Retraction
from holdfast.registry.replica.following import Step
from holdfast.registry.standing import Standing
from holdfast.workflows import give_delta, read_feed
from holdfast.workflows.confirm_number import Confirmation, confirm_number
from holdfast.workflows.connect_replica import connect_replica, retire_replica
from holdfast.workflows.read_feed import place_at
from holdfast.workflows.registry_keys import hasher
from holdfast.workflows.retract_entry import CHASE, chase_retraction, owed_by

SECOND_US = 1_000_000


STEPS = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from([0, BLACK, BROWN])), min_size=1, max_size=12
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.django_db
@given(first=STEPS, second=STEPS, by_snapshot=st.booleans())
def test_a_replica_holds_what_stands(
    tmp_path_factory: pytest.TempPathFactory,
    first: list[tuple[int, int]],
    second: list[tuple[int, int]],
    *,
    by_snapshot: bool,
) -> None:
    """By deltas alone or from a snapshot on, it ends with the standing of every subject."""
    folder = tmp_path_factory.mktemp("example")
    with rolled_back(), serving(Feeding(folder / "snapshots")) as feeding:
        bank = bank_with_replica(feeding, folder / "replica")
        play(feeding, first)
        with bank.following() as (follower, holding, _):
            holding.needs_snapshot = by_snapshot
            assert follower.step(0) is (Step.SNAPSHOT if by_snapshot else Step.APPLIED)
            standing = play(feeding, second, first)
            assert follower.step(0) is Step.APPLIED
            assert holding.prove()
        assert bank.tiers() == standing
        assert bank.row.confirmed_number == len(first) + len(second)
        assert not list(owed_by())


def test_a_retraction_waits_for_every_replica_and_is_overdue_by_name(
    feeding: Feeding, bank: Bank, tmp_path: Path
) -> None:
    """What is taken off is gone everywhere once confirmed; who does not confirm is named."""
    other = bank_with_replica(feeding, tmp_path / "other", "TH.THCBC.011")
    feeding.list(phone(1))
    bank.catch_up()
    other.catch_up()
    number = feeding.retract(phone(1))
    assert bank.tiers() == {phone(1): BLACK}
    bank.catch_up()
    assert bank.tiers() == {}
    [owed] = owed_by(number)
    assert owed.replicas == ("TH.THCBC.011:payments-1",)
    feeding.now_us = owed.due_us + 1
    [work] = due.take(now_us=feeding.now_us, lease_us=SECOND_US, limit=10, kinds=[CHASE])
    chase_retraction(feeding.centre, work.subject)
    entry = AuditEntry.objects.get(verb="retraction_overdue")
    assert "TH.THCBC.011:payments-1" in entry.detail_json
    other.catch_up()
    assert Retraction.objects.get(entry__number=number).whole_us == feeding.now_us
    assert not list(owed_by())


def test_a_replica_that_is_retired_owes_nothing(feeding: Feeding, bank: Bank) -> None:
    """Nobody waits for a copy that exists no more, and it confirms nothing."""
    number = feeding.retract(phone(1))
    actor = feeding.bank()
    replica_id = bank.connected.replica.replica_id
    retire_replica(feeding.centre, actor, replica_id)
    assert Retraction.objects.get(entry__number=number).whole_us is not None
    told = Confirmation(replica_id, 0, Place().chain, EMPTY)
    with pytest.raises(Conflict, match="retired"):
        confirm_number(feeding.centre, actor, told)
    connect_replica(feeding.centre, actor, "payments-1")
    confirm_number(feeding.centre, actor, told)


def test_another_institutions_replica_is_unknown(feeding: Feeding, bank: Bank) -> None:
    """Nobody confirms or retires for another, nor learns that there is a copy."""
    stranger = feeding.bank("TH.THCBC.011")
    told = Confirmation(bank.connected.replica.replica_id, 0, Place().chain, EMPTY)
    with pytest.raises(NotFound):
        confirm_number(feeding.centre, stranger, told)
    with pytest.raises(NotFound):
        retire_replica(feeding.centre, stranger, told.replica_id)


@pytest.mark.parametrize("name", ["", "Payments", "a" * 21, "a/b", "-a"])
def test_names_of_replicas_are_plain(feeding: Feeding, name: str) -> None:
    """A name stands in lists and addresses."""
    with pytest.raises(Refused, match="name"):
        connect_replica(feeding.centre, feeding.bank(), name)


def test_each_institution_has_keys_of_its_own(feeding: Feeding, bank: Bank, tmp_path: Path) -> None:
    """What one institution holds tells nothing of what another does; twice connected is the same."""
    other = bank_with_replica(feeding, tmp_path / "other", "TH.THCBC.011")
    again = connect_replica(feeding.centre, feeding.bank(), "payments-1")
    assert again.hash_key == bank.connected.hash_key != other.connected.hash_key
    assert again.digest_key == bank.connected.digest_key != other.connected.digest_key


def test_a_kind_is_told_of_no_tier_that_it_may_not_see(feeding: Feeding, tmp_path: Path) -> None:
    """An exchange's copy lacks what exchanges learn nothing of, by delta and by snapshot."""
    feeding.list(phone(1), BLACK)
    feeding.list(phone(2), BROWN)
    feeding.list(phone(1), BROWN)
    feeding.list(phone(3), BLACK)
    for name, by_snapshot in (("TH.X1", False), ("TH.X2", True)):
        exchange = bank_with_replica(feeding, tmp_path / name, name, "exchange")
        with exchange.following() as (follower, holding, _):
            holding.needs_snapshot = by_snapshot
            follower.step(0)
            feeding.list(phone(3), BLACK)
            follower.step(0)
            assert holding.prove()
        assert exchange.tiers() == {phone(3): BLACK}


def test_a_delta_names_no_subject_of_a_tier_that_is_not_seen(feeding: Feeding) -> None:
    """An exchange that knows a number cannot find in the feed that something is said of it."""
    exchange = feeding.bank("TH.X1", "exchange")
    feeding.list(phone(1), BROWN)
    feeding.retract(phone(1))
    feeding.list(phone(2), BLACK)
    feeding.list(phone(2), BROWN)
    feeding.retract(phone(2))
    asked = Asked("TH.AOC", "TH.X1", "nonce-00000001")
    told = give_delta.give_delta(feeding.centre, asked, "exchange", 0, feeding.key)
    delta = read_delta(told, asked, Place(), feeding.keys, feeding.now_us)
    hashed = hasher(feeding.centre, exchange.institution_id).hashed
    names = {hashed(f"phone:{phone(n)}".encode()): n for n in (1, 2)}
    assert [names.get(entry.key_hash) for entry in delta.entries] == [None, None, 2, 2, None]


def test_a_copy_that_was_lost_says_of_nobody_that_they_are_not_listed(
    feeding: Feeding, bank: Bank
) -> None:
    """However lately the centre was met: what was fresh then is not there any more."""
    feeding.list(phone(1))
    feeding.list(phone(2))
    with bank.following() as (follower, _, freshness):
        follower.step(0)
        feeding.list(phone(3))
        follower.step(0)
        assert not freshness.is_stale
    with bank.following() as (_, _, freshness):
        assert not freshness.is_stale
    index_file(bank.folder).write_bytes(b"damaged")
    with bank.following() as (follower, holding, freshness):
        assert holding.needs_snapshot
        assert freshness.is_stale
        while follower.step(0) is not Step.NOTHING:
            pass
        assert not freshness.is_stale
    for name in ("state", "registry/index"):
        (bank.folder / name).unlink()
    with bank.following() as (follower, _, freshness):
        assert freshness.is_stale


@pytest.mark.parametrize("by_snapshot", [True, False])
def test_a_copy_tells_what_the_centre_would(
    feeding: Feeding, bank: Bank, *, by_snapshot: bool
) -> None:
    """Tier, dispute and end come over whole, the end in seconds that are not cut short."""
    feeding.now_us += 1
    feeding.list(phone(1), BROWN, disputed=True)
    feeding.list(phone(2), BLACK)
    with bank.following() as (follower, holding, _):
        holding.needs_snapshot = by_snapshot
        follower.step(0)
    index = Index.open(index_file(bank.folder), bank.connected.hash_key)
    end_us = feeding.now_us - 1 + 90 * DAY_US + SECOND_US
    found = [index.find(f"phone:{phone(number)}".encode()) for number in (1, 2, 3)]
    assert found == [
        Standing(BROWN, disputed=True, until_us=end_us),
        Standing(BLACK, disputed=False, until_us=end_us),
        None,
    ]


def test_a_replica_that_holds_something_else_is_told_and_takes_a_snapshot(
    feeding: Feeding, bank: Bank
) -> None:
    """A record that got lost is found by the digest, and what is held is fetched anew."""
    feeding.list(phone(1))
    feeding.list(phone(2))
    with bank.following() as (follower, holding, freshness):
        follower.step(0)
        holding._state = type(holding._state)(holding.place, bytes(32))
        feeding.list(phone(3))
        follower.step(0)
        assert holding.needs_snapshot
        assert freshness.is_stale
        assert follower.step(0) is Step.SNAPSHOT
        assert holding.prove()
        follower.step(0)
        assert not freshness.is_stale
    assert AuditEntry.objects.filter(verb="replica_out_of_sync").count() == 1


def test_who_is_far_behind_at_once_takes_a_snapshot(
    feeding: Feeding, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One confirmation makes the centre go through a bounded part of the feed, whatever it says."""
    monkeypatch.setattr("holdfast.workflows.confirm_number.WALKED_MAX", 2)
    for number in range(1, 4):
        feeding.list(phone(number))
    with bank.following() as (follower, holding, freshness):
        follower.step(0)
        assert holding.needs_snapshot
        assert follower.step(0) is Step.SNAPSHOT
        follower.step(0)
        assert not freshness.is_stale


def test_a_centre_that_lost_its_last_entries_is_not_followed(feeding: Feeding, bank: Bank) -> None:
    """A feed that ends before ours is told, never quietly taken for the right one."""
    feeding.list(phone(1))
    with pytest.raises(Conflict) as refused:
        give_delta.give_delta(
            feeding.centre, Asked("TH.AOC", "TH.THCBC.004", "n"), "bank", 2, feeding.key
        )
    assert refused.value.code == "feed_ahead"


def test_a_confirmation_of_another_feed_is_refused(feeding: Feeding, bank: Bank) -> None:
    """Whoever followed another past is told, and it is on record."""
    feeding.list(phone(1))
    told = Confirmation(bank.connected.replica.replica_id, 1, bytes(32), EMPTY)
    with pytest.raises(Conflict) as refused:
        confirm_number(feeding.centre, feeding.bank(), told)
    assert refused.value.code == "confirmation_fork"
    assert AuditEntry.objects.filter(verb="confirmation_fork").exists()
    with pytest.raises(Conflict, match="no number"):
        confirm_number(
            feeding.centre, feeding.bank(), Confirmation(told.replica_id, 9, bytes(32), EMPTY)
        )


def test_the_chain_is_found_from_heads_kept_on_the_way(
    feeding: Feeding, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether followed from the start or from a head, a number has one value."""
    play(feeding, [(n % 4, BLACK) for n in range(9)])
    whole = [place_at(feeding.centre, number) for number in range(10)]
    monkeypatch.setattr(read_feed, "HEAD_EVERY", 4)
    assert [place_at(feeding.centre, number) for number in range(10)] == whole
    assert set(FeedHead.objects.values_list("number", flat=True)) == {4, 8}
    assert [place_at(feeding.centre, number) for number in range(10)] == whole
