"""One answer, whoever keeps the ledger and however it is followed: the ways of trail.md §7."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.trail.worlds import AMOUNT_RULES, World, comparable, worlds

from holdfast.core.errors import TrailError
from holdfast.ledger.memory import MemoryLedger
from holdfast.ledger.split import SplitLedger
from holdfast.ledger.store import LedgerWriter
from holdfast.ledger.transfer import Transfer
from holdfast.trail.gather import follow, follow_in_rounds
from holdfast.trail.live import Live

promise = settings(max_examples=300, deadline=None)
few = settings(max_examples=120, deadline=None)
small_amount_worlds = st.sampled_from(AMOUNT_RULES).flatmap(
    lambda rule: worlds(rule=rule, rows_max=24)
)


class Growing:
    """A ledger of which only the first `known` transfers are known."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.known = 0

    def find(self, *args: Any, **more: Any) -> Any:
        """Ask what is known."""
        return self.world.until(self.known).ledger.find(*args, **more)

    def histories(self, *args: Any, **more: Any) -> Any:
        """Ask what is known."""
        return self.world.until(self.known).ledger.histories(*args, **more)


def _read_fresh(world: World, place: int) -> dict[str, Any]:
    """Return what a run from scratch says just after a transfer, whatever comes at its instant."""
    at_us = sorted(world.transfers)[place - 1].time_us
    until = world.question.as_of_us
    known = world.until(place).ask(as_of_us=at_us if until is None else min(at_us, until))
    return comparable(follow(known.ledger, known.question)) | {"as_of": None}


@few
@given(small_amount_worlds)
def test_following_live_gives_what_a_fresh_run_gives(world: World) -> None:
    """At the end of every instant the trail followed live is that of a run from scratch."""
    in_order = sorted(world.transfers)
    ledger = Growing(world)
    live = Live(ledger, world.question)
    for place, transfer in enumerate(in_order, start=1):
        ledger.known = place
        live.post(transfer)
        if place == len(in_order) or in_order[place].time_us > transfer.time_us:
            found = comparable(live.answer(transfer.time_us)) | {"as_of": None}
            assert found == _read_fresh(world, place)


@promise
@given(small_amount_worlds, st.integers(0, 23))
def test_a_live_trail_is_right_after_any_number_of_transfers(world: World, number: int) -> None:
    """Wherever in an instant a trail followed live is read, it is a fresh run on what is known."""
    place = 1 + number % len(world.transfers)
    ledger = Growing(world)
    live = Live(ledger, world.question)
    posted = sorted(world.transfers)[:place]
    for ledger.known, transfer in enumerate(posted, start=1):
        live.post(transfer)
    found = comparable(live.answer(posted[-1].time_us)) | {"as_of": None}
    assert found == _read_fresh(world, place)


@few
@given(small_amount_worlds, st.integers(0, 23))
def test_an_answer_closes_its_instant(world: World, number: int) -> None:
    """Holds follow all transfers of their instant, so one that comes after a reading is refused."""
    in_order = sorted(world.transfers)
    read = in_order[number % len(in_order)]
    live = Live(world.ledger, world.question)
    for transfer in in_order[: in_order.index(read) + 1]:
        live.post(transfer)
    live.answer(read.time_us)
    with pytest.raises(TrailError) as caught:
        live.post(read._replace(transfer_id=read.transfer_id + "x"))
    assert caught.value.code == "transfer_out_of_order"


def _split(world: World, keys: dict[str, str]) -> SplitLedger:
    """Each part has the transfers of its own accounts, and only their reported balances."""

    def own(t: Transfer, key: str) -> Transfer:
        if keys[t.debit_account] != key:
            t = t._replace(debit_balance_before_minor=None)
        return t if keys[t.credit_account] == key else t._replace(credit_balance_before_minor=None)

    parts = {
        key: MemoryLedger(
            [
                own(t, key)
                for t in world.transfers
                if key in (keys[t.debit_account], keys[t.credit_account])
            ],
            {(name, code): m for (name, code), m in world.openings.items() if keys[name] == key},
        )
        for key in set(keys.values())
    }
    return SplitLedger(lambda account: keys[account], parts)


@promise
@given(worlds(), st.data())
def test_a_ledger_split_among_banks_gives_the_same_bytes(world: World, data: st.DataObject) -> None:
    """Whoever keeps which account, asked one by one or in rounds, the answer is the same."""
    accounts = world.accounts
    shards = st.lists(st.sampled_from("abcd"), min_size=len(accounts), max_size=len(accounts))
    by_bank = {account: account.rsplit(".", 1)[0] for account in accounts}
    by_shard = dict(zip(accounts, data.draw(shards), strict=True))
    whole = follow(world.ledger, world.question)
    for keys in (by_bank, by_shard):
        assert follow(_split(world, keys), world.question) == whole
        assert follow_in_rounds(_split(world, keys), world.question) == whole


@settings(max_examples=30, deadline=None)
@given(worlds(), st.integers(0, 40))
def test_the_store_gives_the_same_bytes_as_memory(world: World, late: int) -> None:
    """Kept on the disk in batches, the later part of the ledger first, it answers the same."""
    in_order = sorted(world.transfers)
    with TemporaryDirectory() as folder, LedgerWriter.open(Path(folder)) as writer:
        writer.append(in_order[late:])
        writer.open_accounts((*account, minor) for account, minor in world.openings.items())
        writer.append(in_order[:late])
        for follower in (follow, follow_in_rounds):
            kept = comparable(follower(writer, world.question))
            assert kept == comparable(follow(world.ledger, world.question))


@promise
@given(worlds())
def test_gathering_in_rounds_gives_what_following_gives(world: World) -> None:
    """Few round trips or many, the answer is the same."""
    direct = follow(world.ledger, world.question)
    assert follow_in_rounds(world.ledger, world.question) == direct


@promise
@given(worlds(rows_max=20), st.data())
def test_the_order_of_a_file_means_nothing(world: World, data: st.DataObject) -> None:
    """However the transfers and hold events are listed, the answer is the same."""
    transfers = tuple(data.draw(st.permutations(world.transfers)))
    holds = tuple(data.draw(st.permutations(world.question.holds)))
    listed = replace(world, transfers=transfers).ask(holds=holds)
    assert follow(listed.ledger, listed.question) == follow(world.ledger, world.question)
