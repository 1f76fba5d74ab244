"""The ledger in memory: the plainest answers to the two questions."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.ledger.memory import MemoryLedger
from holdfast.ledger.transfer import START, Ledger, Place, Transfer

A, B, C = "TH.THCBC.002.1", "TH.THCBC.004.2", "TH.THCBC.014.3"


def pay(name: str, time_us: int, debit: str, credit: str, amount_minor: int = 10) -> Transfer:
    """Make a transfer in baht without reported balances."""
    return Transfer(time_us, 0, name, debit, credit, amount_minor, "THB")


def asked(
    ledger: Ledger,
    account: str,
    place: Place = START,
    currency: str = "THB",
    **how: int | bool | None,
) -> tuple[int | None, list[str]]:
    """Ask for one history: the balance, and the ids of what comes."""
    until_us = how.get("until_us")
    history = ledger.histories(
        {account: place},
        currency,
        until_us=until_us,
        ignore_balances=bool(how.get("ignore_balances", False)),
    )[account]
    return history.balance_minor, [transfer.transfer_id for transfer in history.transfers]


ROWS = (
    pay("d", 4, A, B),
    pay("a", 1, A, B),
    pay("c", 3, C, A)._replace(credit_balance_before_minor=500),
    pay("b", 2, B, C, 4),
    pay("self", 2, A, A),
    pay("usd", 2, A, B)._replace(currency="USD"),
)


def test_a_history_is_in_order_and_of_one_account_and_currency() -> None:
    """Transfers come by time, without other currencies and without those to the account itself."""
    ledger = MemoryLedger(ROWS)
    assert asked(ledger, A) == (0, ["a", "c", "d"])
    assert asked(ledger, B) == (0, ["a", "b", "d"])
    assert asked(ledger, A, currency="USD") == (0, ["usd"])
    assert asked(ledger, "TH.THCBC.002.9") == (0, [])
    assert len(ledger) == 6


def test_a_balance_is_that_just_before_the_place() -> None:
    """The transfer that stands at the place is the first to come, and not in the balance."""
    ledger = MemoryLedger(ROWS, {(A, "THB"): 100})
    assert asked(ledger, A, (1, 0, "a")) == (100, ["a", "c", "d"])
    assert asked(ledger, A, (1, 0, "b")) == (90, ["c", "d"])
    assert asked(ledger, A, (4, 0, "d")) == (510, ["d"])
    assert asked(ledger, A, (4, 0, "d"), ignore_balances=True) == (100, ["d"])
    assert asked(ledger, A, (9, 0, "")) == (500, [])


@pytest.mark.parametrize(
    ("until_us", "ids"), [(0, []), (1, ["a"]), (3, ["a", "c"]), (4, ["a", "c", "d"])]
)
def test_nothing_later_than_asked_for_exists(until_us: int, ids: list[str]) -> None:
    """The last instant counts; the balance before the place is not touched by it."""
    assert asked(MemoryLedger(ROWS), A, until_us=until_us) == (0, ids)
    assert asked(MemoryLedger(ROWS), A, (4, 0, ""), until_us=0) == (510, [])


def test_equal_instants_are_in_the_order_of_posting_then_of_ids_as_bytes() -> None:
    """The order of posting decides first, then UTF-8, where 😀 comes after ～ as in no UTF-16."""
    rows = [pay(name, 1, A, B) for name in ("😀", "～", "ก", "z")]
    last = pay("a", 1, A, B)._replace(seq=1)
    first = pay("zz", 1, A, B)._replace(seq=-1)
    ledger = MemoryLedger([*rows, last, first])
    assert asked(ledger, A)[1] == ["zz", "z", "ก", "～", "😀", "a"]


def test_of_two_with_one_id_the_first_stays() -> None:
    """A repeated id, equal or not, changes nothing."""
    ledger = MemoryLedger([*ROWS, pay("a", 9, B, C, 99), ROWS[0]])
    assert len(ledger) == 6
    assert ledger.find(["a"]) == {"a": ROWS[1]}
    assert asked(ledger, B)[1] == ["a", "b", "d"]


def test_find_returns_what_is_there() -> None:
    """Unknown ids are left out, those to the account itself are found too."""
    found = MemoryLedger(ROWS).find(["self", "unknown", "usd", "self"])
    assert found == {"self": ROWS[4], "usd": ROWS[5]}


@given(st.permutations(ROWS))
def test_the_order_of_a_file_does_not_matter(rows: Sequence[Transfer]) -> None:
    """A ledger is its transfers, however they were given."""
    ledger, right = MemoryLedger(rows), MemoryLedger(ROWS)
    for account in (A, B, C):
        for place in [START, *(row.place for row in ROWS)]:
            assert asked(ledger, account, place) == asked(right, account, place)


def test_many_accounts_are_asked_at_once() -> None:
    """Each account has its own place in one question, and one answer each."""
    ledger = MemoryLedger(ROWS)
    since = {A: (3, 0, ""), B: START, "TH.THCBC.002.9": START}
    histories = ledger.histories(since, "THB", until_us=None)
    assert {name: len(list(history.transfers)) for name, history in histories.items()} == {
        A: 2,
        B: 3,
        "TH.THCBC.002.9": 0,
    }


def test_balances_are_the_same_whichever_place_is_asked_first() -> None:
    """What is reckoned once is kept, and is right for every place."""
    chance = Random(5)  # noqa: S311
    rows = [
        pay(f"{time_us}", time_us, debit, credit)
        for time_us in range(50)
        for debit, credit in [chance.sample((A, B, C), 2)]
    ]
    places = [(number, 0, "") for number in range(51)]
    ledger = MemoryLedger(rows)
    forwards = [asked(ledger, A, place) for place in places]
    ledger = MemoryLedger(rows)
    backwards = [asked(ledger, A, place) for place in reversed(places)]
    assert forwards == backwards[::-1]
