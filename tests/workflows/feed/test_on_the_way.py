"""What may happen to an answer on its way to a replica: nothing of a wrong one is taken."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.workflows.feed_kit import (
    BLACK,
    Bank,
    Feeding,
    phone,
)

from holdfast.core.errors import Refused
from holdfast.registry.feed.chain import Place
from holdfast.registry.replica.following import Step, Unreached
from holdfast.registry.replica.freshness import LIMIT_US

SECOND_US = 1_000_000


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
    assert bank.row.confirmed_number == 2


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


def test_a_manifest_that_came_wrong_changes_nothing(feeding: Feeding, bank: Bank) -> None:
    """Cut, touched, or another's: no part is fetched, and what was held stays."""
    feeding.list(phone(1))
    bank.catch_up()
    feeding.retract(phone(1))

    def spoiled(change: Callable[[bytes], bytes]) -> Callable[[str, bytes], bytes]:
        return lambda path, body: change(body) if path.endswith("/snapshot") else body

    with bank.following() as (follower, holding, _):
        holding.needs_snapshot = True
        for change, code in (
            (lambda body: body[:-1], "feed_cut_short"),
            (lambda body: body[: len(body) // 2], "feed_cut_short"),
            (lambda body: body.replace(b'"number":2', b'"number":3'), "feed_tampered"),
            (lambda body: body.replace(b".004", b".011", 1), "feed_tampered"),
        ):
            bank.link.spoil = spoiled(change)
            with pytest.raises(Refused) as refused:
                follower.step(0)
            assert refused.value.code == code
        assert bank.tiers() == {phone(1): BLACK}
        bank.link.spoil = lambda _, body: body
        assert follower.step(0) is Step.SNAPSHOT
    assert bank.tiers() == {}


@pytest.mark.parametrize("apart_s", [-3600, 3600, -366 * 86400])
def test_a_wrong_clock_follows_and_is_told(feeding: Feeding, bank: Bank, apart_s: int) -> None:
    """It makes nothing fresher than it is, and how far it is off is known at once."""
    bank.now_us += apart_s * SECOND_US
    feeding.list(phone(1))
    with bank.following() as (follower, _, freshness):
        follower.step(0)
        assert freshness.clock_apart_us == apart_s * SECOND_US
        assert not freshness.is_stale
        bank.now_us += LIMIT_US + 1
        assert freshness.is_stale
        bank.now_us -= 10 * LIMIT_US
        assert freshness.is_stale
    assert bank.tiers() == {phone(1): BLACK}
