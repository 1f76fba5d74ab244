"""Snapshots: made once for an institution, given again, and held whole or not at all."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.workflows.feed_kit import (
    BLACK,
    Bank,
    Feeding,
    phone,
)

from holdfast.core.errors import NotFound, Refused
from holdfast.core.instant import DAY_US
from holdfast.registry.feed.chain import Place
from holdfast.registry.index.place import index_file
from holdfast.registry.replica.following import Step, Unreached
from holdfast.registry.replica.holding import State
from holdfast.workflows import give_delta, give_snapshot, make_snapshots
from holdfast.workflows.make_snapshots import AGAIN_US, SnapshotMaker, SnapshotTooSoon, Wanted


@pytest.mark.parametrize(("back", "step"), [(5, Step.SNAPSHOT), (7, Step.APPLIED)])
def test_who_was_away_for_a_month_goes_on(
    feeding: Feeding, bank: Bank, monkeypatch: pytest.MonkeyPatch, back: int, step: Step
) -> None:
    """After a month by deltas; where too much has changed since, by a snapshot."""
    feeding.list(phone(1))
    bank.catch_up()
    feeding.now_us += 31 * DAY_US
    bank.now_us += 31 * DAY_US
    for number in range(6):
        feeding.list(phone(number))
    feeding.retract(phone(1))
    monkeypatch.setattr(give_delta, "BACK_MAX", back)
    with bank.following() as (follower, _, freshness):
        assert freshness.is_stale
        assert follower.step(0) is step
        assert follower.step(0) is Step.NOTHING
        assert not freshness.is_stale
    assert bank.tiers() == {phone(n): BLACK for n in (0, 2, 3, 4, 5)}


def test_a_snapshot_is_given_again_within_a_day_and_old_ones_go(
    feeding: Feeding, bank: Bank
) -> None:
    """Two who ask get the same; a day later it is made anew, and two stay at most."""
    whose = give_snapshot.For("TH.THCBC.004", "bank")
    feeding.list(phone(1))
    maker = SnapshotMaker(lambda work: work())
    first = maker.ask(feeding.centre, feeding.snapshots, whose, Wanted())
    assert first is not None
    assert first.records == 1
    feeding.list(phone(2))
    feeding.now_us += AGAIN_US
    assert maker.ask(feeding.centre, feeding.snapshots, whose, Wanted()) == first
    fresh = maker.ask(feeding.centre, feeding.snapshots, whose, Wanted(0, feeding.now_us))
    assert fresh is not None
    assert fresh.records == 2
    for _ in range(3):
        feeding.now_us += give_snapshot.GOOD_FOR_US
        maker.ask(feeding.centre, feeding.snapshots, whose, Wanted())
    assert len(list(whose.within(feeding.snapshots).iterdir())) == give_snapshot.KEPT_MAX
    with pytest.raises(NotFound):
        give_snapshot.read_part(feeding.snapshots, whose, first.snapshot_id, 0)
    with pytest.raises(NotFound):
        give_snapshot.read_part(feeding.snapshots, whose, "../0", 0)


def test_a_snapshot_from_which_no_delta_leads_on_is_not_given_again(
    feeding: Feeding, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who fetched it would be sent for a snapshot again, for ever."""
    maker, whose = SnapshotMaker(lambda work: work()), give_snapshot.For("TH.THCBC.004", "bank")
    feeding.list(phone(1))
    first = maker.ask(feeding.centre, feeding.snapshots, whose, Wanted())
    monkeypatch.setattr(give_snapshot, "BACK_MAX", 1)
    monkeypatch.setattr(make_snapshots, "AGAIN_ENTRIES", 1)
    feeding.now_us += 1
    feeding.list(phone(2))
    assert maker.ask(feeding.centre, feeding.snapshots, whose, Wanted()) == first
    feeding.list(phone(3))
    second = maker.ask(feeding.centre, feeding.snapshots, whose, Wanted())
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


def test_while_a_snapshot_is_made_one_waits(feeding: Feeding, bank: Bank) -> None:
    """Who asks meanwhile is told to ask again, and only one is made at a time."""
    begun: list[Any] = []
    maker = SnapshotMaker(begun.append)
    whose = give_snapshot.For("TH.THCBC.004", "bank")
    assert maker.ask(feeding.centre, feeding.snapshots, whose, Wanted()) is None
    assert maker.ask(feeding.centre, feeding.snapshots, whose, Wanted()) is None
    [work] = begun
    work()
    found = maker.ask(feeding.centre, feeding.snapshots, whose, Wanted())
    assert found is not None
    assert found.records == 0


def _noting(begun: list[Callable[[], None]]) -> Callable[[Callable[[], None]], None]:
    """Return what does each piece of work at once, and remembers it."""

    def begin(work: Callable[[], None]) -> None:
        begun.append(work)
        work()

    return begin


def test_one_who_asks_for_ever_newer_ones_waits(feeding: Feeding, bank: Bank) -> None:
    """Or the centre would make snapshots of all that stands and do nothing else; others go on."""
    made: list[Callable[[], None]] = []
    maker = SnapshotMaker(_noting(made))
    whose = give_snapshot.For("TH.THCBC.004", "bank")

    def ask(of: give_snapshot.For = whose) -> object:
        wanted = Wanted(not_before_us=feeding.now_us)
        return maker.ask(feeding.centre, feeding.snapshots, of, wanted)

    assert ask() is not None
    for later_us in (1, AGAIN_US - 2):
        feeding.now_us += later_us
        for of in (whose, replace(whose, renewal=1)):
            with pytest.raises(SnapshotTooSoon):
                ask(of)
    assert len(made) == 1
    assert ask(give_snapshot.For("TH.THCBC.011", "bank")) is not None
    feeding.now_us += 1
    assert ask() is not None
    assert len(made) == 3


def test_who_lags_far_behind_the_feed_waits_for_no_time(
    feeding: Feeding, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a file of many listings the next is made at once."""
    monkeypatch.setattr(make_snapshots, "AGAIN_ENTRIES", 2)
    maker, whose = SnapshotMaker(lambda work: work()), give_snapshot.For("TH.THCBC.004", "bank")
    maker.ask(feeding.centre, feeding.snapshots, whose, Wanted())
    feeding.list(phone(1))
    with pytest.raises(SnapshotTooSoon):
        maker.ask(feeding.centre, feeding.snapshots, whose, Wanted(number=1))
    feeding.list(phone(2))
    found = maker.ask(feeding.centre, feeding.snapshots, whose, Wanted(number=2))
    assert found is not None
    assert found.place.number == 2


@pytest.mark.parametrize("at", ["_records", "_text"])
def test_a_snapshot_that_could_not_be_made_is_not_begun_again_at_once(
    feeding: Feeding, bank: Bank, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    """Of no room, at the beginning or the end: who asks is told to wait, also by another process."""
    begun: list[Callable[[], None]] = []
    maker = SnapshotMaker(_noting(begun))
    whose = give_snapshot.For("TH.THCBC.004", "bank")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(give_snapshot, at, full)
        for some in (maker, SnapshotMaker(_noting(begun))):
            assert some.ask(feeding.centre, feeding.snapshots, whose, Wanted()) is None
    assert len(begun) == 1
    feeding.now_us += AGAIN_US
    assert maker.ask(feeding.centre, feeding.snapshots, whose, Wanted()) is not None
    assert len(list(whose.within(feeding.snapshots).iterdir())) == 1


def test_a_copy_that_lost_its_index_is_given_a_snapshot_that_leads_on(
    feeding: Feeding, bank: Bank
) -> None:
    """Not the one kept from before its own number, which it would have to refuse for a day."""
    feeding.list(phone(1))
    with bank.following() as (follower, holding, _):
        holding.needs_snapshot = True
        follower.step(0)
        feeding.list(phone(2))
        follower.step(0)
    index_file(bank.folder).unlink()
    with bank.following() as (follower, holding, freshness):
        assert holding.needs_snapshot
        with pytest.raises(Unreached, match="snapshot_too_soon"):
            follower.step(0)
        assert freshness.is_stale
        feeding.now_us += AGAIN_US
        assert follower.step(0) is Step.SNAPSHOT
    assert bank.tiers() == {phone(1): BLACK, phone(2): BLACK}


def test_a_snapshot_of_a_feed_that_was_another_is_not_taken(feeding: Feeding, bank: Bank) -> None:
    """However much later it is: what was followed here is not in that feed's past."""
    feeding.list(phone(1))
    bank.catch_up()
    feeding.centre = replace(feeding.centre, person_key=b"the database of another past ....")
    feeding.list(phone(2))
    with bank.following() as (follower, holding, _):
        holding.needs_snapshot = True
        with pytest.raises(Refused) as refused:
            follower.step(0)
        assert refused.value.code == "feed_fork"
    assert bank.tiers() == {phone(1): BLACK}


def test_a_snapshot_of_a_feed_that_ends_before_ours_is_not_asked_for(
    feeding: Feeding, bank: Bank
) -> None:
    """The centre lost its last entries: it says so, and makes nothing."""
    with bank.following() as (follower, holding, _):
        holding._state = State(Place(5, bytes(32)), before=5)
        holding.needs_snapshot = True
        with pytest.raises(Refused, match="feed_ahead"):
            follower.step(0)
    assert not feeding.snapshots.exists()


def test_a_snapshot_from_earlier_sent_again_is_not_taken(feeding: Feeding, bank: Bank) -> None:
    """A manifest that somebody kept answers another question, and who kept a part gains nothing."""
    kept: list[bytes] = []

    def keep(path: str, body: bytes) -> bytes:
        if path.endswith("/snapshot"):
            kept.append(body)
        return body

    feeding.list(phone(1))
    with bank.following() as (follower, holding, _):
        holding.needs_snapshot = True
        bank.link.spoil = keep
        follower.step(0)
        feeding.retract(phone(1))
        follower.step(0)
        holding.needs_snapshot = True
        feeding.now_us += AGAIN_US
        bank.link.spoil = lambda path, body: kept[0] if path.endswith("/snapshot") else body
        with pytest.raises(Refused) as refused:
            follower.step(0)
        assert refused.value.code == "feed_replayed"
    assert bank.tiers() == {}
