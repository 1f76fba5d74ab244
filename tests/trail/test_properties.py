"""What holds for every ledger and every question: trail.md §7, one promise a test."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.trail.worlds import AMOUNT_RULES, CURRENCY, World, comparable, worlds

from holdfast.ledger.transfer import Transfer
from holdfast.trail.answer import Answer, Exit, Overheld, Resting
from holdfast.trail.gather import follow
from holdfast.trail.question import Bounds, HoldEvent, HoldKind, Rule

promise = settings(max_examples=300, deadline=None)
few = settings(max_examples=120, deadline=None)
amount_worlds = st.sampled_from(AMOUNT_RULES).flatmap(lambda rule: worlds(rule=rule))


def _ask(world: World, **changes: Any) -> Answer:
    asked = world.ask(**changes)
    return follow(asked.ledger, asked.question)


def _place(world: World, transfer_id: str) -> int:
    return [t.transfer_id for t in sorted(world.transfers)].index(transfer_id)


def _conserved(answer: Answer) -> None:
    seen: Counter[str] = Counter()
    rows: list[Resting | Exit] = [*answer.resting, *answer.exits]
    for row in rows:
        seen[row.claim] += row.amount_minor
    assert seen == Counter({claim.transfer_id: claim.amount_minor for claim in answer.claims})


@promise
@given(amount_worlds)
def test_what_a_claim_owns_rests_or_has_left(world: World) -> None:
    """Of every claim, amount = resting + exits, exactly, and it never owns more than was paid."""
    answer = _ask(world)
    _conserved(answer)
    assert all(0 <= claim.amount_minor <= claim.reported_minor for claim in answer.claims)


@promise
@given(amount_worlds, st.integers(1, 4), st.integers(1, 12))
def test_a_bound_that_is_met_loses_nothing(world: World, accounts: int, transfers: int) -> None:
    """A cut answer says so, and the part not followed is an exit: the sum still holds."""
    whole = _ask(world)
    for bounds in (Bounds(accounts=accounts), Bounds(transfers=transfers)):
        answer = _ask(world, bounds=bounds)
        _conserved(answer)
        if answer.truncated_why is None:
            assert answer == whole
        else:
            assert answer.as_json()["truncated"] is True


@promise
@given(amount_worlds)
def test_no_row_is_negative_or_empty(world: World) -> None:
    """Every amount that an answer lists is above zero, and no more is held than rests there."""
    answer = _ask(world)
    rows: list[Resting | Exit | Overheld] = [*answer.resting, *answer.exits, *answer.overheld]
    assert all(row.amount_minor > 0 for row in rows)
    assert all(0 <= row.held_minor <= row.amount_minor for row in answer.resting)
    for hop in answer.hops:
        assert all(amount > 0 for amount in hop.tainted.values())
        assert 0 < sum(hop.tainted.values()) <= hop.amount_minor


@few
@given(
    st.sampled_from(AMOUNT_RULES).flatmap(
        lambda rule: worlds(rule=rule, rows_max=20, releases=False)
    )
)
def test_held_money_moves_only_by_its_holds_execution(world: World) -> None:
    """From instant to instant no held amount shrinks by more than was taken in its name."""
    before: dict[tuple[str, str], int] = {}
    executing = {t.transfer_id: t for t in world.transfers if t.executes_hold is not None}
    for instant in world.instants:
        answer = _ask(world, as_of_us=instant)
        after = {(row.account, row.claim): row.held_minor for row in answer.resting}
        executed: Counter[tuple[str, str]] = Counter()
        for hop in answer.hops:
            if hop.time_us == instant and hop.transfer_id in executing:
                for claim, amount in hop.tainted.items():
                    executed[hop.debit_account, claim] += amount
        for key, held in before.items():
            assert after.get(key, 0) >= held - executed[key]
        before = after


def _without_executions(world: World) -> World:
    plain = tuple(t._replace(executes_hold=None) for t in world.transfers)
    return replace(world, transfers=plain)


@promise
@given(
    st.sampled_from(AMOUNT_RULES).flatmap(lambda rule: worlds(rule=rule, releases=False)),
)
def test_what_a_hold_says_stands_on_its_claim_or_is_overheld(world: World) -> None:
    """The holds on an account sum to what is held there and what is listed as overheld.

    So they never exceed the balance in silence: what is held is a part of what rests there.
    """
    answer = _ask(_without_executions(world))
    paid_us = {t.transfer_id: t.time_us for t in world.transfers}
    asked = {claim.transfer_id for claim in answer.claims}
    until = world.question.as_of_us
    said: Counter[tuple[str, str]] = Counter()
    for event in world.question.holds:
        counts = event.claim in asked and paid_us[event.claim] <= event.time_us
        if counts and (until is None or event.time_us <= until):
            said[event.account, event.claim] += event.amount_minor
    found: Counter[tuple[str, str]] = Counter()
    for row in answer.resting:
        found[row.account, row.claim] += row.held_minor
    for over in answer.overheld:
        found[over.account, over.claim] += over.amount_minor
    assert +found == +said


@promise
@given(amount_worlds)
def test_no_more_rests_than_the_bank_last_reported(world: World) -> None:
    """After a reconciliation an account holds what its bank reports, unless more is held."""
    world = world.ask(ignore_balances=False, as_of_us=None)
    rests: Counter[str] = Counter()
    for row in _ask(world).resting:
        rests[row.account] += row.amount_minor
    said: Counter[str] = Counter()
    for event in world.question.holds:
        said[event.account] += event.amount_minor
    last = {}
    for transfer in sorted(world.transfers):
        if transfer.currency == CURRENCY and not transfer.to_itself:
            last[transfer.debit_account] = last[transfer.credit_account] = transfer
    for account, transfer in last.items():
        came_in = account == transfer.credit_account
        reported = transfer.debit_balance_before_minor
        if came_in:
            reported = transfer.credit_balance_before_minor
        if reported is not None:
            moved = transfer.amount_minor if came_in else -transfer.amount_minor
            assert rests[account] <= max(max(reported, 0) + moved, 0) + said[account]


@promise
@given(amount_worlds)
def test_no_transfer_carries_a_claim_before_it_was_paid(world: World) -> None:
    """Every hop of a claim is its own payment or stands after it, and hops are in order."""
    hops = _ask(world).hops
    for hop in hops:
        for claim in hop.tainted:
            assert _place(world, claim) <= _place(world, hop.transfer_id)
    places = [_place(world, hop.transfer_id) for hop in hops]
    assert places == sorted(set(places))


@promise
@given(worlds(), st.data())
def test_what_comes_later_changes_no_earlier_answer(world: World, data: st.DataObject) -> None:
    """An answer as of an instant is the answer of the ledger and holds that ended there."""
    instant = data.draw(st.sampled_from(world.instants))
    question = replace(world.question, as_of_us=instant)
    known = tuple(t for t in world.transfers if t.time_us <= instant)
    events = tuple(event for event in question.holds if event.time_us <= instant)
    then = replace(world, transfers=known).ask(as_of_us=None, holds=events)
    answer = comparable(follow(world.ledger, question))
    assert answer | {"as_of": None} == comparable(follow(then.ledger, then.question))


@promise
@given(worlds(), st.data())
def test_renaming_accounts_renames_the_answer_and_nothing_else(
    world: World, data: st.DataObject
) -> None:
    """Other account numbers give the same rows under their new names, sorted anew."""
    accounts = ["", *world.accounts]  # a release names no account
    numbers = data.draw(st.permutations(range(len(accounts))))
    new = {
        account: account and f"LA.LACBC.{number % 2}.{number:03}"
        for account, number in zip(accounts, numbers, strict=True)
    }
    stops = [account for account in accounts if account in world.question.stops]
    renamed = World(
        tuple(_renamed(transfer, new) for transfer in world.transfers),
        {(new[account], currency): minor for (account, currency), minor in world.openings.items()},
        replace(
            world.question,
            stops=frozenset(new[account] for account in stops),
            holds=tuple(replace(e, account=new[e.account]) for e in world.question.holds),
        ),
    )
    answer = follow(world.ledger, world.question)
    assert follow(renamed.ledger, renamed.question) == _answer_renamed(answer, new)


def _renamed(transfer: Transfer, new: dict[str, str]) -> Transfer:
    return transfer._replace(
        debit_account=new[transfer.debit_account], credit_account=new[transfer.credit_account]
    )


def _answer_renamed(answer: Answer, new: dict[str, str]) -> Answer:
    """Rename an answer's accounts and sort it again; sorting is stable, so claims keep theirs."""
    resting = [replace(row, account=new[row.account]) for row in answer.resting]
    exits = [replace(row, account=new[row.account]) for row in answer.exits]
    overheld = [replace(row, account=new[row.account]) for row in answer.overheld]
    exposed = [replace(row, account=new[row.account]) for row in answer.exposed]
    hops = [
        replace(hop, debit_account=new[hop.debit_account], credit_account=new[hop.credit_account])
        for hop in answer.hops
    ]
    return replace(
        answer,
        resting=tuple(sorted(resting, key=lambda row: row.account)),
        exits=tuple(sorted(exits, key=lambda row: (row.kind, row.account))),
        overheld=tuple(sorted(overheld, key=lambda row: (row.hold_id, row.account))),
        exposed=tuple(sorted(exposed, key=lambda row: row.account)),
        hops=tuple(hops),
    )


@promise
@given(amount_worlds)
def test_poison_exposes_every_account_where_money_rests(world: World) -> None:
    """What any rule finds, poison reaches, by a way that is no longer and no later."""
    exposed = {row.account: row for row in _ask(world, rule=Rule.POISON).exposed}
    for row in _ask(world).resting:
        assert exposed[row.account].hop <= row.hop


@promise
@given(amount_worlds, st.data())
def test_an_ended_hold_never_holds_again(world: World, data: st.DataObject) -> None:
    """A hold whose id has been released changes nothing, however often it comes again."""
    claims = [t for t in world.transfers if t.transfer_id in world.question.claims]
    assume(claims)
    claim = data.draw(st.sampled_from(claims))
    start = claim.time_us + data.draw(st.integers(0, 3))
    end = start + data.draw(st.integers(1, 3))
    again = end + data.draw(st.integers(0, 3))
    name = claim.transfer_id
    ended = (
        HoldEvent(start, HoldKind.HOLD, "HX", claim.credit_account, name, 5),
        HoldEvent(end, HoldKind.RELEASE, "HX"),
    )
    account = data.draw(st.sampled_from(world.accounts))
    late = HoldEvent(again, HoldKind.HOLD, "HX", account, name, data.draw(st.integers(1, 99)))
    holds = world.question.holds + ended
    assert _ask(world, holds=(*holds, late)) == _ask(world, holds=holds)


@promise
@given(amount_worlds)
def test_a_release_leaves_nothing_of_its_hold(world: World) -> None:
    """Once every hold has been released, nothing is held and nothing is overheld."""
    end = world.instants[-1] + 1
    releases = tuple(HoldEvent(end, HoldKind.RELEASE, h.hold_id) for h in world.question.holds)
    answer = _ask(world, holds=world.question.holds + releases, as_of_us=None)
    assert all(row.held_minor == 0 for row in answer.resting)
    assert answer.overheld == ()


@pytest.mark.parametrize("rule", [Rule.FIFO, Rule.LIFO])
@promise
@given(data=st.data())
def test_a_later_claim_moves_no_money_of_an_earlier_one(rule: Rule, data: st.DataObject) -> None:
    """Where nothing is held, fifo and lifo leave the earlier claims' amounts as they were."""
    world = data.draw(worlds(rule=rule)).ask(holds=(), max_hops=None, min_amount_minor=1)
    paid = {t.transfer_id for t in world.transfers} & set(world.question.claims)
    in_order = sorted(paid, key=lambda claim: _place(world, claim))
    every = _amounts(_ask(world, claims=tuple(in_order)))
    for count in range(1, len(in_order)):
        first = _amounts(_ask(world, claims=tuple(in_order[:count])))
        assert first == {key: minor for key, minor in every.items() if key[0] in in_order[:count]}


def _amounts(answer: Answer) -> dict[tuple[str, str, str], int]:
    rests = {(row.claim, row.account, "rests"): row.amount_minor for row in answer.resting}
    return rests | {(row.claim, row.account, row.kind): row.amount_minor for row in answer.exits}
