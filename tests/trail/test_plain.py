"""The oracle itself: the worked examples of the rules, and what a slip in it would break."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from tests.trail.plain import Books, Lot, plain_answer
from tests.trail.worlds import World, worlds

from holdfast.ledger.transfer import Transfer
from holdfast.trail.question import HoldEvent, HoldKind, Question, Rule

HOUR = 3_600_000_000
MINUTE = 60_000_000


def pay(minute: int, name: str, debit: str, credit: str, amount: int, **more: Any) -> Transfer:
    """Return a payment in satang at a minute after 09:00."""
    return Transfer(9 * HOUR + minute * MINUTE, 0, name, debit, credit, amount, "THB", **more)


def hold(minute: int, name: str, account: str, claim: str, amount: int) -> HoldEvent:
    """Return a hold that a bank confirmed at a minute after 09:00."""
    return HoldEvent(9 * HOUR + minute * MINUTE, HoldKind.HOLD, name, account, claim, amount)


def resting(answer: dict[str, Any]) -> list[tuple[str, str, int, int]]:
    """Return where money rests as (account, claim, amount, held)."""
    return [(r["account"], r["claim"], r["amount"], r["held"]) for r in answer["resting"]]


CLAYTON = [
    pay(0, "P", "VP", "X", 1000),
    pay(1, "M", "VM", "X", 1000),
    pay(2, "T1", "X", "Y", 1000),
    pay(3, "K", "VK", "X", 1000),
    pay(4, "T2", "X", "Z", 1000),
]


@pytest.mark.parametrize(
    ("rule", "left"),
    [
        (Rule.FIFO, [("X", "K", 1000, 0)]),
        (Rule.LIFO, [("X", "P", 1000, 0)]),
        (Rule.PRO_RATA, [("X", "P", 250, 0), ("X", "M", 250, 0), ("X", "K", 500, 0)]),
    ],
)
def test_what_is_left_of_three_claims(rule: Rule, left: list[tuple[str, str, int, int]]) -> None:
    """The first worked example: what each rule leaves in X."""
    answer = plain_answer(CLAYTON, Question(("P", "M", "K"), rule))
    assert [row for row in resting(answer) if row[0] == "X"] == left


def test_money_back_to_the_victim_has_returned() -> None:
    """The second worked example: 4 return, 6 rest at W, and W's later claim owns none of them."""
    ledger = [pay(0, "P", "V", "X", 1000), pay(1, "A", "X", "V", 400), pay(2, "B", "X", "W", 600)]
    answer = plain_answer(ledger, Question(("P",)))
    assert answer["exits"] == [{"kind": "returned", "account": "V", "claim": "P", "amount": 400}]
    assert resting(answer) == [("W", "P", 600, 0)]
    claimed = plain_answer([*ledger, pay(3, "Q", "W", "X", 500)], Question(("P", "Q")))
    assert claimed["claims"] == [
        {"transfer_id": "P", "reported": 1000, "amount": 1000},
        {"transfer_id": "Q", "reported": 500, "amount": 0},
    ]
    assert resting(claimed) == [("W", "P", 100, 0), ("X", "P", 500, 0)]


@pytest.mark.parametrize(
    ("holds", "rests"),
    [((hold(2, "H", "X", "P", 1000),), ("X", "P", 1000, 1000)), ((), ("W", "P", 1000, 0))],
)
def test_a_hold_stops_the_trail(
    holds: tuple[HoldEvent, ...], rests: tuple[str, str, int, int]
) -> None:
    """The third worked example: with a hold P's money stays in X, without it W has it."""
    ledger = [pay(0, "P", "V", "X", 1000), pay(1, "A", "C", "X", 9000), pay(3, "B", "X", "W", 2000)]
    assert resting(plain_answer(ledger, Question(("P",), holds=holds))) == [rests]


def test_the_whole_answer_in_its_fixed_form() -> None:
    """Every field of the JSON form stands where the page of rules puts it."""
    ledger = [pay(0, "P", "V", "X", 500), pay(1, "T", "X", "S", 200)]
    question = Question(("P", "P", "N"), as_of_us=ledger[-1].time_us, stops=frozenset({"S"}))
    assert plain_answer([*ledger, pay(2, "N", "V", "X", 1)], question) == {
        "rule": "fifo",
        "as_of": "1970-01-01T09:01:00Z",
        "currency": "THB",
        "truncated": False,
        "truncated_why": None,
        "waiting": ["N"],
        "without_history": [],
        "ledger_change": None,
        "claims": [{"transfer_id": "P", "reported": 500, "amount": 500}],
        "resting": [{"account": "X", "claim": "P", "amount": 300, "held": 0, "hop": 1}],
        "exits": [{"kind": "stop", "account": "S", "claim": "P", "amount": 200}],
        "overheld": [],
        "hops": [
            {
                "transfer_id": "P",
                "time": "1970-01-01T09:00:00Z",
                "debit_account": "V",
                "credit_account": "X",
                "amount": 500,
                "tainted": {"P": 500},
            },
            {
                "transfer_id": "T",
                "time": "1970-01-01T09:01:00Z",
                "debit_account": "X",
                "credit_account": "S",
                "amount": 200,
                "tainted": {"P": 200},
            },
        ],
    }


def test_nothing_is_known_while_every_claim_waits() -> None:
    """Without a paid claim there is no currency, and nothing rests, leaves or is held."""
    question = Question(("P",), as_of_us=0, holds=(hold(-540, "H", "X", "P", 5),))
    answer = plain_answer([pay(0, "P", "V", "X", 500)], question)
    assert answer["waiting"] == ["P"]
    assert answer["currency"] is None
    assert [answer[key] for key in ("claims", "resting", "exits", "overheld", "hops")] == [[]] * 5


def test_rows_of_an_answer_follow_the_order_of_the_claims() -> None:
    """Claims given against the ledger's order sort resting, exits and overheld that way."""
    ledger = [pay(0, "A", "V1", "X", 10), pay(1, "B", "V2", "X", 10), pay(2, "T", "X", "S", 15)]
    holds = (hold(3, "H", "X", "A", 7), hold(3, "H", "X", "B", 7))
    answer: Any = plain_answer(
        ledger, Question(("B", "A"), Rule.PRO_RATA, stops=frozenset({"S"}), holds=holds)
    )
    assert resting(answer) == [("X", "B", 2, 2), ("X", "A", 3, 3)]
    assert [(row["claim"], row["amount"]) for row in answer["exits"]] == [("B", 8), ("A", 7)]
    assert [(row["claim"], row["amount"]) for row in answer["overheld"]] == [("B", 5), ("A", 4)]
    assert list(answer["hops"][-1]["tainted"]) == ["B", "A"]


def test_one_instant_is_ordered_by_seq_and_then_by_id() -> None:
    """Among payments of an instant the lower seq is first, then the lower id in UTF-8 bytes."""
    first, second, third = (
        pay(0, "P", "V", "X", 10)._replace(seq=-1),
        pay(0, "～", "X", "Y", 10),
        pay(0, "😀", "X", "Z", 10),
    )
    assert resting(plain_answer([third, second, first], Question(("P",)))) == [("Y", "P", 10, 0)]


def test_a_payment_to_oneself_is_skipped_whole() -> None:
    """It moves nothing, executes nothing, and its reported balances are not looked at."""
    own = pay(1, "T", "X", "X", 5, debit_balance_before_minor=0, executes_hold="H")
    question = Question(("P",), holds=(hold(0, "H", "X", "P", 4),))
    assert resting(plain_answer([pay(0, "P", "V", "X", 10), own], question)) == [("X", "P", 10, 4)]


@settings(max_examples=300, deadline=None)
@given(worlds())
def test_the_books_keep_their_own_promises(world: World) -> None:
    """No lot is empty or negative, and after a reconciliation lots sum to what the bank reports.

    Unless more than that is held: then exactly what is held is left.
    """
    claims = {t.transfer_id: t for t in world.transfers if t.transfer_id in world.question.claims}
    books = Books(world.question, claims, {})
    for transfer in sorted(world.transfers):
        debit, reported = transfer.debit_account, transfer.debit_balance_before_minor
        books.reconcile(debit, reported)
        if reported is not None and not world.question.ignore_balances:
            held = sum(lot.amount for lot in books.lots[debit] if lot.hold is not None)
            assert sum(lot.amount for lot in books.lots[debit]) == max(reported, held, 0)
        books.post(transfer)
        for event in world.question.holds:
            if event.time_us == transfer.time_us and event.kind is HoldKind.HOLD:
                books.hold(event)
        assert all(lot.amount > 0 for lots in books.lots.values() for lot in lots)


def test_neighbours_of_one_origin_are_one_lot_and_held_ones_another() -> None:
    """Lots merge only where origin and hold are the same."""
    ledger = [pay(0, "P", "V", "X", 10), pay(1, "Q", "V", "X", 10), pay(2, "A", "C", "X", 1)]
    books = Books(Question(("P", "Q")), {t.transfer_id: t for t in ledger[:2]}, {"X": 3})
    books.read([*ledger, pay(3, "B", "C", "X", 2)])
    books.hold(hold(4, "H", "X", "P", 4))
    clean_lots = [Lot(None, 3), Lot("Q", 10), Lot(None, 3)]
    held_lots = [Lot("P", 4, "H"), Lot("P", 6)]
    assert books.lots["X"] == [clean_lots[0], *held_lots, *clean_lots[1:]]
