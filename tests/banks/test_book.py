"""The agent's book: holds what is there, once, until told otherwise or the time is over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.banks.samples import ACCOUNT, ACCOUNTS, BANK, NOW_US, order, release

from holdfast.banks.agent import BankAccount, Book, read_accounts
from holdfast.banks.agent.outbox import Outbox
from holdfast.banks.client import Fault
from holdfast.banks.messages import (
    AccountStatus,
    AnswerStatus,
    ExtendOrder,
    HoldAnswer,
    HoldOrder,
    Onward,
    Payment,
    RefusalReason,
    parse_answer,
)
from holdfast.core.errors import Conflict, Forbidden, NotFound
from holdfast.core.instant import HOUR_US, SECOND_US
from holdfast.core.problem import Problem


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the place of a book."""
    return tmp_path / "book.sqlite3"


@pytest.fixture
def book(path: Path, tmp_path: Path) -> Iterator[Book]:
    """Return a book with the accounts of the samples."""
    (tmp_path / "accounts.csv").write_text(ACCOUNTS, encoding="utf-8")
    with Book(path, BANK) as made:
        accounts = list(read_accounts(tmp_path / "accounts.csv"))
        made.add_accounts([item for item in accounts if isinstance(item, BankAccount)])
        yield made


def _extension(by_us: int) -> ExtendOrder:
    return ExtendOrder(
        "E1", "TH-O-1", "TH.AOC", BANK, ACCOUNT, "police", "s. 7", NOW_US + HOUR_US + by_us, NOW_US
    )


def _unsent(path: Path) -> list[HoldAnswer]:
    with closing(Outbox(path)) as outbox:
        return outbox.unsent()


def _told(answer: HoldAnswer) -> tuple[str, int, str | None]:
    return (
        answer.status.value,
        answer.amount_held_minor,
        answer.reason.value if answer.reason else None,
    )


def test_what_is_there_is_held(book: Book) -> None:
    """The whole amount where it is there; what is left for the next; then the reason why not."""
    found = [book.take(order(f"O{n}"), NOW_US).answer for n in (1, 2, 3, 4)]
    assert [_told(one) for one in found] == [
        ("held", 30_000, None),
        ("held", 30_000, None),
        ("partly_held", 10_000, "no_funds"),
        ("refused", 0, "already_held"),
    ]
    assert [one.balance_available_minor for one in found] == [70_000, 40_000, 10_000, 0]
    assert [one.other_holds_minor for one in found] == [0, 30_000, 60_000, 70_000]
    assert found[0].name_matches is True


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("0000000002", "closed"),
        ("0000000003", "merchant"),
        ("0000000004", "no_funds"),
        ("0000000009", "no_account"),
    ],
)
def test_what_can_not_be_held_is_refused_with_its_reason(
    book: Book, number: str, reason: str
) -> None:
    """Closed, a merchant's, empty or unknown: each has its reason."""
    answer = book.take(order(account=f"{BANK}.{number}"), NOW_US).answer
    assert _told(answer) == ("refused", 0, reason)


def test_an_order_past_its_deadline_is_refused(book: Book) -> None:
    """An order that came too late holds nothing."""
    answer = book.take(order(), NOW_US + HOUR_US).answer
    assert _told(answer) == ("refused", 0, "expired")


def test_the_same_order_gets_the_same_answer(book: Book) -> None:
    """Nothing is held twice, and the answer is the first one to the letter."""
    first = book.take(order(), NOW_US)
    second = book.take(order(), NOW_US + 5)
    assert (first.repeated, second.repeated) == (False, True)
    assert first.answer.to_bytes() == second.answer.to_bytes()
    assert book.held_minor(ACCOUNT) == 30_000
    with pytest.raises(Conflict) as caught:
        book.take(order(amount_minor=1), NOW_US)
    assert caught.value.code == "order_conflict"


def test_an_order_for_another_bank_is_forbidden(book: Book) -> None:
    """An order goes to the bank it names."""
    other = order(institution="TH.THCBC.014", account="TH.THCBC.014.1")
    with pytest.raises(Forbidden) as caught:
        book.take(other, NOW_US)
    assert caught.value.code == "institution_wrong"


def test_a_part_and_then_the_rest_is_released(book: Book) -> None:
    """What is released is free at once; more than is held can't be released."""
    book.take(order(), NOW_US)
    assert _told(book.take(release(10_000), NOW_US).answer) == ("partly_held", 20_000, None)
    with pytest.raises(Conflict) as caught:
        book.take(release(20_001, "R2"), NOW_US)
    assert caught.value.code == "release_exceeds_hold"
    assert _told(book.take(release(20_000, "R3"), NOW_US).answer) == ("released", 0, None)
    assert _told(book.take(release(10_000), NOW_US).answer) == ("partly_held", 20_000, None)
    assert book.held_minor(ACCOUNT) == 0


def test_what_is_unknown_can_not_be_released(book: Book) -> None:
    """A release without its order is not found, and one for another account is in conflict."""
    with pytest.raises(NotFound):
        book.take(release(1), NOW_US)
    book.take(order(), NOW_US)
    with pytest.raises(Conflict):
        book.take(replace(release(1), account=f"{BANK}.0000000004"), NOW_US)


def test_a_hold_lapses_by_itself(book: Book, path: Path) -> None:
    """At its deadline the money is free, and an answer that says so waits for the centre."""
    book.take(order(), NOW_US)
    assert book.lapse(NOW_US + HOUR_US - 1) == 0
    assert book.lapse(NOW_US + HOUR_US) == 1
    assert book.held_minor(ACCOUNT) == 0
    [lapsed] = _unsent(path)
    assert _told(lapsed) == ("lapsed", 0, None)
    answer = book.take(release(30_000), NOW_US + HOUR_US).answer
    assert answer.status is AnswerStatus.LAPSED


def test_an_extension_moves_the_deadline(book: Book) -> None:
    """Held on until the later time; an earlier one is refused; what lapsed stays lapsed."""
    book.take(order(), NOW_US)
    with pytest.raises(Conflict) as caught:
        book.take(_extension(0), NOW_US)
    assert caught.value.code == "extension_not_later"
    assert _told(book.take(_extension(HOUR_US), NOW_US).answer) == ("held", 30_000, None)
    assert book.lapse(NOW_US + HOUR_US) == 0
    assert book.lapse(NOW_US + 2 * HOUR_US) == 1
    again = replace(_extension(9 * HOUR_US), extension_id="E2")
    assert book.take(again, NOW_US + 2 * HOUR_US).answer.status is AnswerStatus.LAPSED


def test_a_clerk_answers_later(book: Book, path: Path) -> None:
    """Until then the order is acknowledged; then the answer is in the outbox, once."""
    taken = book.take(order(), NOW_US, later=True)
    assert (taken.status, _told(taken.answer)) == (202, ("acknowledged", 0, None))
    assert [state.order.order_id for state in book.waiting()] == ["TH-O-1"]
    decided = book.decide("TH-O-1", NOW_US + 60)
    assert _told(decided) == ("held", 30_000, None)
    assert _unsent(path) == [decided]
    assert book.take(order(), NOW_US + 61, later=True).answer == decided
    with pytest.raises(Conflict):
        book.decide("TH-O-1", NOW_US + 62)


def test_an_order_released_before_it_was_decided_holds_nothing(book: Book) -> None:
    """A release overtakes the clerk."""
    book.take(order(), NOW_US, later=True)
    assert book.take(release(30_000), NOW_US).answer.status is AnswerStatus.RELEASED
    with pytest.raises(Conflict):
        book.decide("TH-O-1", NOW_US)


def test_held_money_can_not_be_paid(book: Book) -> None:
    """A payment takes what is free and no more, and shows in the next answer."""
    book.take(order(), NOW_US)
    transfer = Onward("T1", NOW_US + 1, ACCOUNT, f"{BANK}.0000000004", 40_001, "THB")
    with pytest.raises(Conflict) as caught:
        book.pay(transfer)
    assert caught.value.code == "no_funds"
    book.pay(replace(transfer, amount_minor=40_000))
    other = book.account(f"{BANK}.0000000004")
    assert other is not None
    assert other.balance_minor == 40_000
    found = book.take(order("O2", payment=Payment("P", NOW_US, 50_000)), NOW_US + 2).answer
    assert [(row.transfer_id, row.amount_minor) for row in found.onward] == [("T1", 40_000)]
    assert found.onward[0].debit_balance_before_minor == 70_000
    later = order("O3", payment=Payment("P", NOW_US + 2, 50_000))
    assert book.take(later, NOW_US + 3).answer.onward == ()


def test_a_return_takes_the_money_off_the_account(book: Book, path: Path) -> None:
    """A seizure keeps what is held; a return ends the hold and books it."""
    book.take(order(), NOW_US)
    seized = book.conclude("TH-O-1", AnswerStatus.SEIZED, NOW_US + 1)
    assert _told(seized) == ("seized", 30_000, None)
    assert book.lapse(NOW_US + 9 * HOUR_US) == 0
    assert _told(book.conclude("TH-O-1", AnswerStatus.RETURNED, NOW_US + 2)) == (
        "returned",
        0,
        None,
    )
    account = book.account(ACCOUNT)
    assert account is not None
    assert (account.balance_minor, book.held_minor(ACCOUNT)) == (40_000, 0)
    assert len(_unsent(path)) == 2


def test_a_rehearsal_stops_no_money(book: Book) -> None:
    """A test order is answered like any other, but real orders and payments don't see it."""
    assert _told(book.take(order("T", test=True), NOW_US).answer) == ("held", 30_000, None)
    assert book.held_minor(ACCOUNT) == 0
    real = book.take(order(amount_minor=70_000), NOW_US).answer
    assert _told(real) == ("held", 70_000, None)


def test_the_book_is_the_same_when_it_is_opened_again(book: Book, path: Path) -> None:
    """Another process sees what was acknowledged, and accounts are not set back."""
    book.take(order(), NOW_US)
    book.pay(Onward("T1", NOW_US, ACCOUNT, "TH.THCBC.014.1", 40_000, "THB"))
    with Book(path, BANK) as again:
        again.add_accounts([BankAccount(ACCOUNT, "THB", 999)])
        account = again.account(ACCOUNT)
        assert account is not None
        assert account.balance_minor == 30_000
        assert again.order("TH-O-1").held_minor == 30_000
        assert again.take(order(), NOW_US).repeated


def test_the_outbox_tries_again_ever_later(book: Book, path: Path) -> None:
    """An answer that could not be posted stays, and is sent when the centre is back."""
    book.take(order(), NOW_US)
    book.lapse(NOW_US + HOUR_US)
    outbox, now_us = Outbox(path), NOW_US + HOUR_US
    posted: list[HoldAnswer] = []

    def away(answer: HoldAnswer) -> Fault | None:
        return Fault("unreachable", "", retry=True)

    def back(answer: HoldAnswer) -> Fault | None:
        posted.append(answer)
        return None

    with closing(outbox):
        assert outbox.send_due(away, now_us) == 0
        assert outbox.send_due(away, now_us + 1 * SECOND_US) == 0
        assert outbox.send_due(back, now_us + 2 * SECOND_US) == 0
        assert outbox.send_due(back, now_us + 3 * SECOND_US) == 1
        assert outbox.send_due(back, now_us + 9 * SECOND_US) == 0
    assert [one.status for one in posted] == [AnswerStatus.LAPSED]


def test_bad_accounts_are_listed_and_the_good_ones_kept(tmp_path: Path) -> None:
    """A wrong row is a problem with its line, and hides no other."""
    path = tmp_path / "accounts.csv"
    path.write_text(
        ACCOUNTS
        + "X,THB,1,active,person\n"
        + f"{BANK}.7,THB,1,open,person\n"
        + f"{BANK}.8,THB,1.00,active,person\n",
        encoding="utf-8",
    )
    found = list(read_accounts(path))
    problems = [(item.row, item.code) for item in found if isinstance(item, Problem)]
    assert problems == [(6, "account_form"), (7, "word_unknown")]
    assert isinstance(found[-1], BankAccount)
    assert found[-1] == BankAccount(f"{BANK}.8", "THB", 100, AccountStatus.ACTIVE)


steps = st.lists(
    st.tuples(
        st.sampled_from(["hold", "release", "extend", "pay", "lapse"]),
        st.integers(1, 4),
        st.integers(1, 60_000),
    ),
    max_size=25,
)


@given(steps)
def test_holds_never_exceed_the_balance_and_answers_never_contradict(
    given_steps: list[tuple[str, int, int]],
) -> None:
    """Whatever comes in whatever order, what is held is there, and every answer can be read."""
    with Book(Path(":memory:"), BANK) as book:
        book.add_accounts([BankAccount(ACCOUNT, "THB", 70_000)])
        for count, (verb, which, amount_minor) in enumerate(given_steps):
            now_us = NOW_US + count * HOUR_US // 5
            with suppress(Conflict, NotFound):
                _step(book, verb, (which, count), amount_minor, now_us)
            account = book.account(ACCOUNT)
            assert account is not None
            assert 0 <= book.held_minor(ACCOUNT) <= account.balance_minor


def _step(book: Book, verb: str, which: tuple[int, int], amount_minor: int, now_us: int) -> None:
    order_id = f"O{which[0]}"
    message: HoldOrder | ExtendOrder | None = None
    if verb == "pay":
        book.pay(Onward(f"T{which[1]}", now_us, ACCOUNT, "TH.THCBC.014.1", amount_minor, "THB"))
    elif verb == "lapse":
        book.lapse(now_us)
    elif verb == "hold":
        message = order(order_id, now_us=now_us, amount_minor=amount_minor)
    elif verb == "extend":
        message = replace(_extension(amount_minor), extension_id=f"E{which[1]}", order_id=order_id)
    else:
        answer = book.take(release(amount_minor, f"R{which[1]}", order_id), now_us).answer
        assert parse_answer(answer.to_bytes()) == answer
    if message is not None:
        answer = book.take(message, now_us).answer
        assert parse_answer(answer.to_bytes()) == answer
        assert answer.reason is not RefusalReason.OTHER
