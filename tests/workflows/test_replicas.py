"""Replicas: what they hold is what stands, whatever was cut off on the way; what is gone is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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
)

from holdfast.api import replicas as api
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
from holdfast.registry.models import Replica, Retraction
from holdfast.registry.replica.following import Step, Unreached
from holdfast.registry.standing import Standing
from holdfast.workflows import give_delta, give_snapshot, read_feed, running
from holdfast.workflows.confirm_number import Confirmation, confirm_number
from holdfast.workflows.connect_replica import connect_replica, retire_replica
from holdfast.workflows.make_snapshots import SnapshotMaker
from holdfast.workflows.read_feed import place_at
from holdfast.workflows.registry_keys import hasher
from holdfast.workflows.retract_entry import CHASE, chase_retraction, owed_by

SECOND_US = 1_000_000


@contextmanager
def _feeding(folder: Path) -> Iterator[Feeding]:
    made = Feeding(folder)
    running.set_centre(lambda: made.centre)
    running.set_feed_house(lambda: running.FeedHouse(made.key, made.snapshots))
    yield made
    running.set_centre(running._nobody)
    running.set_feed_house(running._no_house)


@pytest.fixture(autouse=True)
def _snapshots_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "makers", SnapshotMaker(lambda work: work()))


@pytest.fixture
def feeding(tmp_path: Path, db: None) -> Iterator[Feeding]:
    """A centre whose API gives the feed."""
    with _feeding(tmp_path / "snapshots") as made:
        yield made


@pytest.fixture
def bank(feeding: Feeding, tmp_path: Path) -> Bank:
    """A bank with a replica that holds nothing yet."""
    return bank_with_replica(feeding, tmp_path / "replica")


def _catch_up(bank: Bank) -> None:
    with bank.following() as (follower, _, _):
        while follower.step(0) is not Step.NOTHING:
            pass


def _replica(bank: Bank) -> Any:
    return Replica.objects.get(replica_id=bank.connected.replica.replica_id)


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
    with rolled_back(), _feeding(folder / "snapshots") as feeding:
        bank = bank_with_replica(feeding, folder / "replica")
        play(feeding, first)
        with bank.following() as (follower, holding, _):
            holding.needs_snapshot = by_snapshot
            assert follower.step(0) is (Step.SNAPSHOT if by_snapshot else Step.APPLIED)
            standing = play(feeding, second, first)
            assert follower.step(0) is Step.APPLIED
            assert holding.prove()
        assert bank.tiers() == standing
        assert _replica(bank).confirmed_number == len(first) + len(second)
        assert not list(owed_by())


def test_a_retraction_waits_for_every_replica_and_is_overdue_by_name(
    feeding: Feeding, bank: Bank, tmp_path: Path
) -> None:
    """What is taken off is gone everywhere once confirmed; who does not confirm is named."""
    other = bank_with_replica(feeding, tmp_path / "other", "TH.THCBC.011")
    feeding.list(phone(1))
    _catch_up(bank)
    _catch_up(other)
    number = feeding.retract(phone(1))
    assert bank.tiers() == {phone(1): BLACK}
    _catch_up(bank)
    assert bank.tiers() == {}
    [owed] = owed_by(number)
    assert owed.replicas == ("TH.THCBC.011:payments-1",)
    feeding.now_us = owed.due_us + 1
    [work] = due.take(now_us=feeding.now_us, lease_us=SECOND_US, limit=10, kinds=[CHASE])
    chase_retraction(feeding.centre, work.subject)
    entry = AuditEntry.objects.get(verb="retraction_overdue")
    assert "TH.THCBC.011:payments-1" in entry.detail_json
    _catch_up(other)
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


def test_who_was_away_for_long_goes_on(
    feeding: Feeding, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a month by deltas; where too much has changed since, by a snapshot."""
    feeding.list(phone(1))
    _catch_up(bank)
    feeding.now_us += 31 * DAY_US
    bank.now_us += 31 * DAY_US
    for number in range(6):
        feeding.list(phone(number))
    feeding.retract(phone(1))
    monkeypatch.setattr(give_delta, "BACK_MAX", 5)
    with bank.following() as (follower, _, freshness):
        assert freshness.is_stale
        assert follower.step(0) is Step.SNAPSHOT
        assert follower.step(0) is Step.NOTHING
        assert not freshness.is_stale
    assert bank.tiers() == {phone(n): BLACK for n in (0, 2, 3, 4, 5)}


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


def test_an_answer_that_got_lost_is_asked_for_again(feeding: Feeding, bank: Bank) -> None:
    """A delta that did not arrive, and a confirmation of which nobody heard, are both repeated."""
    feeding.list(phone(1))
    with bank.following() as (follower, _, freshness):
        bank.link.lost = 1
        with pytest.raises(Unreached):
            follower.step(0)
        assert freshness.is_stale
        follower.step(0)
        feeding.list(phone(2))
        bank.link.lost = 0
        follower.step(0)
    assert bank.tiers() == {phone(1): BLACK, phone(2): BLACK}
    assert _replica(bank).confirmed_number == 2


def test_a_snapshot_is_given_again_within_a_day_and_old_ones_go(
    feeding: Feeding, bank: Bank
) -> None:
    """Two who ask get the same; a day later it is made anew, and two stay at most."""
    whose = give_snapshot.For("TH.THCBC.004", "bank")
    feeding.list(phone(1))
    maker = SnapshotMaker(lambda work: work())
    first = maker.ask(feeding.centre, feeding.snapshots, whose)
    assert first is not None
    assert first.records == 1
    feeding.list(phone(2))
    feeding.now_us += 1
    assert maker.ask(feeding.centre, feeding.snapshots, whose) == first
    fresh = maker.ask(feeding.centre, feeding.snapshots, whose, not_before_us=feeding.now_us)
    assert fresh is not None
    assert fresh.records == 2
    for _ in range(3):
        feeding.now_us += give_snapshot.GOOD_FOR_US
        maker.ask(feeding.centre, feeding.snapshots, whose)
    assert len(list((feeding.snapshots / "TH.THCBC.004").iterdir())) == give_snapshot.KEPT_MAX
    with pytest.raises(NotFound):
        give_snapshot.read_part(feeding.snapshots, "TH.THCBC.004", first.snapshot_id, 0)
    with pytest.raises(NotFound):
        give_snapshot.read_part(feeding.snapshots, "TH.THCBC.004", "../TH.THCBC.004", 0)


def test_a_snapshot_from_which_no_delta_leads_on_is_not_given_again(
    feeding: Feeding, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who fetched it would be sent for a snapshot again, for ever."""
    maker, whose = SnapshotMaker(lambda work: work()), give_snapshot.For("TH.THCBC.004", "bank")
    feeding.list(phone(1))
    first = maker.ask(feeding.centre, feeding.snapshots, whose)
    monkeypatch.setattr(give_snapshot, "BACK_MAX", 1)
    feeding.now_us += 1
    feeding.list(phone(2))
    assert maker.ask(feeding.centre, feeding.snapshots, whose) == first
    feeding.list(phone(3))
    second = maker.ask(feeding.centre, feeding.snapshots, whose)
    assert second is not None
    assert second.records == 3


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda body: body[:-1], "snapshot_cut_short"),
        (lambda body: bytes([body[0] ^ 1]) + body[1:], "snapshot_tampered"),
    ],
)
def test_a_part_that_came_wrong_is_fetched_again_and_no_other(
    feeding: Feeding,
    bank: Bank,
    monkeypatch: pytest.MonkeyPatch,
    spoil: Callable[[bytes], bytes],
    code: str,
) -> None:
    """What came right before a break stays; nothing is held until all of it is there."""
    monkeypatch.setattr(give_snapshot, "PART_BYTES_MAX", 48)
    for number in range(5):
        feeding.list(phone(number))
    with bank.following() as (follower, holding, _):
        holding.needs_snapshot = True
        bank.link.spoil = lambda path, body: spoil(body) if path.endswith("/1") else body
        with pytest.raises(Refused) as refused:
            follower.step(0)
        assert refused.value.code == code
        assert bank.tiers() == {}
        bank.link.spoil = lambda _, body: body
        assert follower.step(0) is Step.SNAPSHOT
    assert len(bank.tiers()) == 5
    fetched = [path[-1] for path in bank.link.asked if "/snapshot/" in path]
    assert fetched == ["0", "1", "1", "2"]


def test_a_delta_that_came_wrong_changes_nothing(feeding: Feeding, bank: Bank) -> None:
    """Touched, cut, or an answer to an earlier question: refused, and asked for again."""
    feeding.list(phone(1))
    kept: list[bytes] = []

    def keep(_: str, body: bytes) -> bytes:
        kept.append(body)
        return body[:-1]

    with bank.following() as (follower, holding, freshness):
        for spoil, code in (
            (keep, "feed_cut_short"),
            (lambda _, body: bytes(reversed(body)), "feed_unreadable"),
            (lambda _, body: body[:-65] + b"x" + body[-64:], "feed_tampered"),
            (lambda _, __: kept[0] + b"x", "feed_tampered"),
        ):
            bank.link.spoil = spoil
            with pytest.raises(Refused) as refused:
                follower.step(0)
            assert refused.value.code == code
            assert holding.place == Place()
            assert freshness.is_stale
        bank.link.spoil = lambda _, body: body
        assert follower.step(0) is Step.APPLIED
        assert not freshness.is_stale


def test_an_old_answer_sent_again_does_not_make_it_fresh(feeding: Feeding, bank: Bank) -> None:
    """Whoever holds back the centre's answers and plays an old one is found out by the nonce."""
    kept: list[bytes] = []

    def keep(path: str, body: bytes) -> bytes:
        if path.endswith("/feed"):
            kept.append(body)
        return body

    with bank.following() as (follower, _, freshness):
        bank.link.spoil = keep
        follower.step(0)
        bank.now_us += 3600 * SECOND_US
        bank.link.spoil = lambda _, __: kept[0]
        with pytest.raises(Refused) as refused:
            follower.step(0)
        assert refused.value.code == "feed_replayed"
        assert freshness.is_stale


def test_while_a_snapshot_is_made_one_waits(feeding: Feeding, bank: Bank) -> None:
    """Who asks meanwhile is told to ask again, and only one is made at a time."""
    begun: list[Any] = []
    maker = SnapshotMaker(begun.append)
    whose = give_snapshot.For("TH.THCBC.004", "bank")
    assert maker.ask(feeding.centre, feeding.snapshots, whose) is None
    assert maker.ask(feeding.centre, feeding.snapshots, whose) is None
    [work] = begun
    work()
    found = maker.ask(feeding.centre, feeding.snapshots, whose)
    assert found is not None
    assert found.records == 0
