"""A bank as whoever plays the world sees it: its book, its clerk, and what it owes the centre."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import msgspec

from holdfast.banks.agent.book import Book
from holdfast.banks.agent.faults import AgentFault
from holdfast.banks.agent.outbox import Outbox
from holdfast.banks.agent.store import connect, transaction
from holdfast.banks.deadline import Timeouts
from holdfast.banks.messages import AnswerStatus, Onward, parse_answer
from holdfast.banks.poller import Centre, CentreClient
from holdfast.core.errors import Conflict
from holdfast.core.keys import SigningKey
from holdfast.ledger.transfer import Transfer

TIMEOUTS = Timeouts(connect_s=30.0, read_s=60.0, total_s=90.0)
"""Of a play, in which time stands still meanwhile: met by what is dead, never by a busy machine."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How an order stands in a bank's book."""

    order_id: str
    account: str
    status: str
    asked_minor: int
    held_minor: int
    expires_us: int
    payment: str | None
    """The id of the payment that it is about."""

    @property
    def waits(self) -> bool:
        """Whether a person at the bank has to answer."""
        return self.status == AnswerStatus.ACKNOWLEDGED.value


class Desk:
    """One bank's book, written up with what its customers do; a bank process answers from it."""

    def __init__(self, institution: str, book_file: Path, key: SigningKey) -> None:
        self.institution = institution
        self.dirty: set[int] = set()
        """Places of accounts whose balance in the book is old."""
        self.rows: list[Transfer] = []
        """Payments of its customers that the book does not have yet."""
        self._key = key
        self._payments: dict[str, str | None] = {}
        self._version = -1
        self._stack = ExitStack()
        self._book = self._stack.enter_context(Book(book_file, institution))
        self._outbox = Outbox(book_file)
        self._stack.callback(self._outbox.close)
        self._db = connect(book_file)
        self._stack.callback(self._db.close)
        # What is made up can be made again; orders and answers are the bank's, on the disk.
        self._db.execute("PRAGMA synchronous = OFF")
        self._post: Callable[[int], int] = lambda _: 0

    def close(self) -> None:
        """Let go of the book."""
        self._stack.close()

    def meet(
        self,
        centre_url: str,
        bearer: str,
        client: httpx.Client,
        clock: Callable[[], int],
        timeouts: Timeouts = TIMEOUTS,
    ) -> None:
        """Know the centre that later answers are posted to."""
        centre = CentreClient(
            Centre(centre_url, bearer),
            self._key,
            client,
            timeouts,
            clock,
            lambda: secrets.token_urlsafe(18),
        )
        self._post = lambda now_us: self._outbox.send_due(centre.post, now_us)

    def write_up(self, balances_minor: Sequence[int], names: Sequence[str]) -> None:
        """Bring the book up to now; balances and names by the accounts' places."""
        if not self.dirty and not self.rows:
            return
        with transaction(self._db) as db:
            db.executemany(
                "UPDATE accounts SET balance_minor = ? WHERE account = ?",
                [(balances_minor[place], names[place]) for place in self.dirty],
            )
            db.executemany("INSERT INTO transfers VALUES (?, ?, ?, ?)", map(_booked, self.rows))
        self.dirty.clear()
        self.rows.clear()

    def free_minor(self, account: str) -> int:
        """Return what the account's holder can pay with, as the book says."""
        found = self._book.account(account)
        return 0 if found is None else found.balance_minor - self._book.held_minor(account)

    def pay(self, transfer: Transfer) -> bool:
        """Let the book decide about a payment; say whether it was made."""
        try:
            self._book.pay(_onward(transfer))
        except Conflict:
            return False
        return True

    def changed(self) -> bool:
        """Whether anything was written into the book, but for what was written up."""
        version = self._db.execute("PRAGMA data_version").fetchone()[0]
        was, self._version = self._version, version
        return bool(version != was)

    def orders(self) -> Iterator[Standing]:
        """Yield all orders as they stand, in the order in which they came."""
        rows = self._db.execute(
            "SELECT order_id, account, status, amount_minor, held_minor, expires_us FROM orders WHERE test = 0 "
            "ORDER BY rowid"
        )
        for row in rows.fetchall():
            order_id, account, status, asked_minor, held_minor, expires_us = row
            payment = self._payment(order_id)
            yield Standing(order_id, account, status, asked_minor, held_minor, expires_us, payment)

    def fail(self, fault: AgentFault | None, value_s: float = 0.0) -> None:
        """Fail in this way from now on, or not any more."""
        self._book.clear_faults()
        if fault is not None:
            self._book.set_fault(fault, value_s)

    def decide(self, order_id: str, now_us: int) -> None:
        """Answer as the bank's clerk; nothing is done where it was answered or ended before."""
        try:
            self._book.decide(order_id, now_us)
        except Conflict:
            return

    def lapse(self, now_us: int) -> None:
        """Let go of all holds whose time is over."""
        self._book.lapse(now_us)

    def post_out(self, now_us: int) -> int:
        """Post the answers that are due to the centre; say how many it took."""
        return self._post(now_us)

    def acknowledged(self) -> Iterator[str]:
        """Yield the ids of the answers that the centre took when they were posted."""
        rows = self._db.execute("SELECT body FROM outbox WHERE sent_us IS NOT NULL")
        for row in rows.fetchall():
            yield parse_answer(row["body"]).answer_id

    def balances_minor(self) -> dict[str, int]:
        """Return the booked balance of every account."""
        rows = self._db.execute("SELECT account, balance_minor FROM accounts")
        return dict(map(tuple, rows))

    def _payment(self, order_id: str) -> str | None:
        if order_id not in self._payments:
            payment = self._book.order(order_id).order.payment
            self._payments[order_id] = None if payment is None else payment.transfer_id
        return self._payments[order_id]


def _onward(transfer: Transfer) -> Onward:
    return Onward(
        transfer_id=transfer.transfer_id,
        time_us=transfer.time_us,
        debit_account=transfer.debit_account,
        credit_account=transfer.credit_account,
        amount_minor=transfer.amount_minor,
        currency=transfer.currency,
        debit_balance_before_minor=transfer.debit_balance_before_minor,
        channel=transfer.channel,
    )


def _booked(transfer: Transfer) -> tuple[str, int, str, str]:
    """Return the row that a book keeps of a payment."""
    row = msgspec.json.encode(_onward(transfer)).decode()
    return transfer.transfer_id, transfer.time_us, transfer.debit_account, row
