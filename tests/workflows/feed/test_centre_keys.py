"""A new key of the centre: replicas follow it by the old one's word, and no feed by the old one."""

from __future__ import annotations

import json

import pytest
from tests.workflows.feed_kit import BLACK, Bank, Feeding, phone

from holdfast.core.errors import Refused
from holdfast.core.keys import SigningKey
from holdfast.registry.replica.following import Step


def test_a_feed_by_a_key_that_the_old_one_introduced_is_followed(
    feeding: Feeding, bank: Bank
) -> None:
    """Without a new file, also over two changes of which the replica heard nothing."""
    feeding.list(phone(1))
    bank.catch_up()
    for name in ("TH.AOC-2", "TH.AOC-3"):
        feeding.now_us += 1
        feeding.renew_key(name)
    feeding.list(phone(2))
    with bank.following() as (follower, _, _):
        assert follower.step(0) is Step.NEW_KEY
        assert follower.step(0) is Step.APPLIED
    bank.catch_up()
    assert bank.tiers() == {phone(1): BLACK, phone(2): BLACK}
    assert sum("registry/keys" in asked for asked in bank.link.asked) == 1


@pytest.mark.parametrize("by_snapshot", [True, False])
def test_a_feed_by_the_key_that_retired_is_refused(
    feeding: Feeding, bank: Bank, *, by_snapshot: bool
) -> None:
    """Whoever has the old private key makes no feed, no snapshot, and no sign of life by it."""
    old = feeding.key
    feeding.now_us += 1
    bank.now_us = feeding.now_us
    feeding.renew_key("TH.AOC-2")
    bank.catch_up()
    feeding.key = old
    feeding.list(phone(1))
    with bank.following() as (follower, holding, _):
        holding.needs_snapshot = by_snapshot
        with pytest.raises(Refused) as refused:
            follower.step(0)
        assert refused.value.code == "feed_key_retired"
    assert bank.tiers() == {}


def test_a_key_that_nobody_introduced_is_told(feeding: Feeding, bank: Bank) -> None:
    """After a leak nothing is introduced: a person brings the new file."""
    feeding.key = SigningKey.new("TH.AOC-2")
    with bank.following() as (follower, _, _):
        with pytest.raises(Refused) as refused:
            follower.step(0)
        assert refused.value.code == "feed_key_unknown"
        bank.centre_keys = {"TH.AOC-2": feeding.key.public()}
        assert follower.step(0) is Step.NOTHING


def test_introductions_that_are_none_are_told(feeding: Feeding, bank: Bank) -> None:
    """What comes in their place changes no key."""
    feeding.renew_key("TH.AOC-2")
    bank.link.spoil = lambda path, body: (
        json.dumps({"items": [{}]}).encode() if path.endswith("/keys") else body
    )
    with bank.following() as (follower, _, _), pytest.raises(Refused) as refused:
        follower.step(0)
    assert refused.value.code == "introduction_unreadable"
