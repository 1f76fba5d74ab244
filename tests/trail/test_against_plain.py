"""The engine gives what the plain second implementation gives, for any ledger and question."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.trail.plain import plain_answer
from tests.trail.worlds import CURRENCY, World, comparable, worlds

from holdfast.core.errors import TrailError
from holdfast.ledger.memory import MemoryLedger
from holdfast.ledger.transfer import Transfer
from holdfast.trail.gather import follow, follow_in_rounds
from holdfast.trail.question import Question, Rule


@pytest.mark.parametrize("rule", Rule)
@settings(max_examples=500, deadline=None)
@given(data=st.data())
def test_following_gives_what_the_oracle_gives(rule: Rule, data: st.DataObject) -> None:
    """An account fetched when it is reached gives the same answer as the whole ledger read."""
    world = data.draw(worlds(rule=rule))
    assert comparable(follow(world.ledger, world.question)) == world.plain()


@pytest.mark.parametrize("rule", Rule)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_following_in_rounds_gives_what_the_oracle_gives(rule: Rule, data: st.DataObject) -> None:
    """Gathering in rounds until nothing is missing gives the same answer too."""
    world = data.draw(worlds(rule=rule))
    assert comparable(follow_in_rounds(world.ledger, world.question)) == world.plain()


@pytest.mark.parametrize("rule", Rule)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_every_transfer_a_claim_gives_what_the_oracle_gives(
    rule: Rule, data: st.DataObject
) -> None:
    """Where each payment is claimed, who owns what is right to the last unit."""
    world = data.draw(worlds(rule=rule, rows_max=24))
    ids = [t.transfer_id for t in world.transfers if t.currency == CURRENCY and not t.to_itself]
    asked = world.ask(claims=tuple(data.draw(st.permutations(ids or ["unknown"]))))
    assert comparable(follow(asked.ledger, asked.question)) == asked.plain()


@settings(max_examples=200, deadline=None)
@given(worlds(), st.data())
def test_claims_without_an_answer_are_refused_alike(world: World, data: st.DataObject) -> None:
    """Claims of several currencies, or paid to oneself, have the same code in both."""
    ids = [transfer.transfer_id for transfer in world.transfers]
    asked = world.ask(claims=tuple(data.draw(st.lists(st.sampled_from(ids), min_size=1))))
    currencies = {t.currency for t in asked.transfers if t.transfer_id in asked.question.claims}
    if currencies == {"USD"}:
        return  # its openings are another currency's; the next test has such a trail
    assert _outcome(asked, engine=True) == _outcome(asked, engine=False)


def _outcome(world: World, *, engine: bool) -> object:
    try:
        if engine:
            return comparable(follow(world.ledger, world.question))
        return world.plain()
    except TrailError as error:
        return error.code


@settings(max_examples=100, deadline=None)
@given(worlds())
def test_a_trail_in_another_currency_sees_that_currency_alone(world: World) -> None:
    """The same ledger written in dollars gives the same answer, whatever baht lie beside it."""
    dollars = [t._replace(currency="USD") for t in world.transfers if t.currency == CURRENCY]
    baht = [t._replace(currency=CURRENCY) for t in world.transfers if t.currency != CURRENCY]
    openings = {
        (account, "USD" if currency == CURRENCY else CURRENCY): minor
        for (account, currency), minor in world.openings.items()
    }
    answer = comparable(follow(MemoryLedger(dollars + baht, openings), world.question))
    assert answer == world.plain() | {"currency": answer["currency"]}
    assert answer["currency"] in {"USD", None}


def _pay(name: str, debit: str, credit: str, amount: int, currency: str = CURRENCY) -> Transfer:
    return Transfer(1, 0, name, debit, credit, amount, currency)


@pytest.mark.parametrize(
    ("claims", "code"),
    [(("A", "B"), "claims_mixed_currency"), (("A", "C"), "claim_to_itself")],
)
def test_claims_that_no_trail_can_have_are_refused(claims: tuple[str, ...], code: str) -> None:
    """Two currencies in one trail, or a claim from an account to itself, is an error."""
    transfers = [_pay("A", "V", "X", 1), _pay("B", "V", "X", 1, "USD"), _pay("C", "V", "V", 1)]
    for ask in (
        lambda question: follow(MemoryLedger(transfers), question),
        lambda question: follow_in_rounds(MemoryLedger(transfers), question),
        lambda question: plain_answer(transfers, question),
    ):
        with pytest.raises(TrailError) as caught:
            ask(Question(claims))
        assert caught.value.code == code


def test_a_claim_that_is_later_is_no_error_yet() -> None:
    """What is not in the ledger by then only waits, whatever its currency."""
    transfers = [_pay("A", "V", "X", 1), _pay("B", "V", "X", 1, "USD")._replace(time_us=2)]
    question = Question(("A", "B"), as_of_us=1)
    answer = comparable(follow(MemoryLedger(transfers), question))
    assert answer["waiting"] == ["B"]
    assert answer == comparable(plain_answer(transfers, question))
