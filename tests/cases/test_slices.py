"""Claims whose accounts are disjoint can be settled apart with the same result."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from hypothesis import event as note
from hypothesis import given
from hypothesis import strategies as st
from tests.trail.worlds import World, comparable, worlds

from holdfast.cases.slices import Stays, slices_of, stays_of
from holdfast.ledger.transfer import Transfer
from holdfast.trail.answer import Answer
from holdfast.trail.gather import follow
from holdfast.trail.question import HoldEvent, HoldKind, Rule


def plain_question(world: World) -> World:
    """Return the world with a question as the centre asks it.

    That is fifo, all hops, the least amount, and a hold begins once and may end after that.
    """
    claims = tuple(dict.fromkeys(world.question.claims))
    begun: dict[str, HoldEvent] = {}
    for event in sorted(world.question.holds, key=lambda event: event.time_us):
        if event.kind is HoldKind.HOLD:
            begun.setdefault(event.hold_id, event)
    ended = [
        event
        for event in world.question.holds
        if event.kind is HoldKind.RELEASE
        and event.hold_id in begun
        and event.time_us > begun[event.hold_id].time_us
    ]
    return world.ask(
        rule=Rule.FIFO,
        claims=claims,
        max_hops=None,
        min_amount_minor=1,
        as_of_us=None,
        holds=(*begun.values(), *ended),
    )


def homes_of(world: World, answer: Answer) -> dict[str, tuple[str, int]]:
    """Return each claim's debit account, and when it was paid."""
    claims = {claim.transfer_id for claim in answer.claims}
    return {
        row.transfer_id: (row.debit_account, row.time_us)
        for row in world.transfers
        if row.transfer_id in claims
    }


def groups_of(
    world: World, claims: Iterable[str], homes: dict[str, tuple[str, int]]
) -> list[set[str]]:
    """Return the claims in groups that share an account, their homes included."""
    answer = follow(world.ledger, world.question)
    touched = stays_of(answer, homes)
    groups: list[tuple[set[str], set[str]]] = []
    for claim in claims:
        mine, accounts = {claim}, set(touched[claim])
        for group in [group for group in groups if group[1] & accounts]:
            groups.remove(group)
            mine |= group[0]
            accounts |= group[1]
        groups.append((mine, accounts))
    return [group[0] for group in groups]


@given(worlds(rule=Rule.FIFO))
def test_settled_apart_is_settled_together(drawn: World) -> None:
    """Each group's own settlement says of its claims what the settlement of all says."""
    world = plain_question(drawn)
    whole = follow(world.ledger, world.question)
    homes = homes_of(world, whole)
    paid = [claim.transfer_id for claim in whole.claims]
    for group in groups_of(world, paid, homes):
        mine = tuple(claim for claim in world.question.claims if claim in group)
        apart = follow(world.ledger, world.ask(claims=mine).question)
        parts, slices = slices_of(apart, mine), slices_of(whole, mine)
        for claim in mine:
            assert comparable(parts[claim]) == comparable(slices[claim])


def _concerns(stays: Stays, fresh: Iterable[Transfer]) -> bool:
    """Say whether any of some transfers may move anybody's money."""
    return any(
        account in of_claim and of_claim[account].is_concerned(row.time_us)
        for row in fresh
        for account in (row.debit_account, row.credit_account)
        for of_claim in stays.values()
    )


@given(worlds(rule=Rule.FIFO), st.data())
def test_what_concerns_nobody_moves_nothing(drawn: World, data: st.DataObject) -> None:
    """Transfers that no stay is concerned by leave every slice as it was, also late ones."""
    world = plain_question(drawn)
    claims = set(world.question.claims)
    others = [row for row in sorted(world.transfers) if row.transfer_id not in claims]
    fresh = data.draw(st.sets(st.sampled_from(others), max_size=3)) if others else set()
    before = replace(world, transfers=tuple(row for row in world.transfers if row not in fresh))
    seen = follow(before.ledger, before.question)
    if _concerns(stays_of(seen, homes_of(before, seen)), fresh):
        note("concerned")
        return
    note("not concerned")
    whole = follow(world.ledger, world.question)
    mine = [claim.transfer_id for claim in seen.claims]
    old, new = slices_of(seen, mine), slices_of(whole, mine)
    for claim in mine:
        assert comparable(old[claim]) == comparable(new[claim])


@given(worlds(rule=Rule.FIFO))
def test_slices_are_the_whole(drawn: World) -> None:
    """No row is lost or told twice when an answer is cut into its claims' slices."""
    world = plain_question(drawn)
    whole = follow(world.ledger, world.question)
    slices = list(slices_of(whole, [claim.transfer_id for claim in whole.claims]).values())

    def rows(answers: list[Answer], name: str) -> list[object]:
        return sorted((row for answer in answers for row in getattr(answer, name)), key=repr)

    for name in ("claims", "resting", "exits", "overheld"):
        assert rows(slices, name) == rows([whole], name)
    carried = [(hop.transfer_id, claim) for hop in whole.hops for claim in hop.tainted]
    assert sorted(carried) == sorted(
        (hop.transfer_id, claim) for row in slices for hop in row.hops for claim in hop.tainted
    )
