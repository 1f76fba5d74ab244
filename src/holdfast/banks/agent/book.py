"""An agent's book: accounts, orders and what is held, kept so that a crash loses nothing.

Every method is one transaction, and its result is on the disk when it returns. Several
processes may have the same book open: the server, a clerk who answers by hand, a test.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from holdfast.banks.agent.accounts import BankAccount
from holdfast.banks.agent.faults import AgentFault
from holdfast.banks.agent.outbox import put
from holdfast.banks.agent.rows import (
    OrderState,
    find_account,
    find_order,
    state_of,
    sum_held,
    write_answer,
    write_state,
)
from holdfast.banks.agent.rules import available, decide_hold
from holdfast.banks.agent.store import connect, transaction
from holdfast.banks.messages import (
    AnswerStatus,
    ExtendOrder,
    HoldAnswer,
    HoldOrder,
    Onward,
    Order,
    RefusalReason,
    ReleaseOrder,
    parse_answer,
)
from holdfast.core.errors import Conflict, Forbidden, NotFound
from holdfast.core.words import N_


@dataclass(frozen=True, slots=True)
class Taken:
    """What a message from the centre led to: the HTTP status, and the answer."""

    status: int
    answer: HoldAnswer
    repeated: bool = False


class Book:
    """The book of one bank; a context manager that closes its file."""

    def __init__(self, path: Path, institution: str) -> None:
        self.institution = institution
        self._db = connect(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._db.close()

    def add_accounts(self, accounts: Iterable[BankAccount]) -> None:
        """Add accounts; what the book already knows of one is kept."""
        with transaction(self._db) as db:
            db.executemany(
                "INSERT OR IGNORE INTO accounts VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (
                        a.account,
                        a.currency,
                        a.balance_minor,
                        a.status.value,
                        a.holder_kind.value,
                        a.name_matches,
                    )
                    for a in accounts
                ],
            )

    def account(self, account: str) -> BankAccount | None:
        """Return an account as it stands, or None."""
        return find_account(self._db, account)

    def held_minor(self, account: str, *, test: bool = False) -> int:
        """Return what is held on an account; a rehearsal sees real holds and its own."""
        return sum_held(self._db, account, test=test)

    def order(self, order_id: str) -> OrderState:
        """Return how an order stands.

        Raises:
            NotFound: `order_unknown`.
        """
        return find_order(self._db, order_id)

    def waiting(self) -> list[OrderState]:
        """Return the orders that were acknowledged and wait for a person's answer."""
        rows = self._db.execute(
            "SELECT * FROM orders WHERE status = ? ORDER BY rowid", ("acknowledged",)
        )
        return [state_of(row) for row in rows]

    def take(self, order: Order, now_us: int, *, later: bool = False) -> Taken:
        """Do what an order says, once, and answer; the same order again gets the same answer.

        With `later` an order to hold is only acknowledged, for a person to `decide`.

        Raises:
            Forbidden: `institution_wrong`: the order is for another bank.
            Conflict: `order_conflict` (the same id with other content),
                `release_exceeds_hold` or `extension_not_later`.
            NotFound: `order_unknown`, where what is to be released or extended is not here.
        """
        self._check_ours(order)
        kind, body = type(order).__name__, order.to_bytes()
        with transaction(self._db) as db:
            known = db.execute(
                "SELECT body, status, answer FROM messages WHERE kind = ? AND message_id = ?",
                (kind, order.message_id),
            ).fetchone()
            if known is not None:
                return _repeated(known, body, order.message_id)
            self._lapse(now_us)
            taken = self._do(order, now_us, later=later)
            db.execute(
                "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?)",
                (
                    kind,
                    order.message_id,
                    order.order_id,
                    body,
                    taken.status,
                    taken.answer.to_bytes(),
                ),
            )
        return taken

    def decide(self, order_id: str, now_us: int) -> HoldAnswer:
        """Answer an acknowledged order as a clerk would, and put the answer in the outbox.

        Raises:
            NotFound: `order_unknown`.
            Conflict: `order_answered`.
        """
        with transaction(self._db):
            self._lapse(now_us)
            state = self.order(order_id)
            if state.status is not AnswerStatus.ACKNOWLEDGED:
                raise Conflict(
                    "order_answered",
                    N_("the order {order_id} is answered already"),
                    order_id=order_id,
                )
            answer = self._hold(state.order, now_us)
            self._db.execute(
                "UPDATE messages SET status = 200, answer = ? WHERE kind = 'HoldOrder' "
                "AND message_id = ?",
                (answer.to_bytes(), order_id),
            )
            put(self._db, answer, now_us)
        return answer

    def conclude(self, order_id: str, status: AnswerStatus, now_us: int) -> HoldAnswer:
        """Tell of a seizure, a return or a payout at the bank; the money held leaves but for
        a seizure.

        Raises:
            NotFound: `order_unknown`.
            Conflict: `nothing_held`.
        """
        with transaction(self._db) as db:
            self._lapse(now_us)
            state = self.order(order_id)
            if not state.held_minor:
                raise Conflict(
                    "nothing_held",
                    N_("nothing is held under the order {order_id}"),
                    order_id=order_id,
                )
            kept = state.held_minor if status is AnswerStatus.SEIZED else 0
            if not state.order.test:
                db.execute(
                    "UPDATE accounts SET balance_minor = balance_minor - ? WHERE account = ?",
                    (state.held_minor - kept, state.order.account),
                )
            answer = self._set(replace(state, status=status, held_minor=kept), now_us)
            put(self._db, answer, now_us)
        return answer

    def lapse(self, now_us: int) -> int:
        """Let go of all holds whose time is over, and put that into the outbox; say how many."""
        with transaction(self._db):
            return self._lapse(now_us)

    def pay(self, transfer: Onward) -> None:
        """Book a transfer from an account of this bank, unless what is free is too little.

        Raises:
            NotFound: `account_unknown`.
            Conflict: `no_funds`, or `transfer_twice`.
        """
        with transaction(self._db) as db:
            debit = self.account(transfer.debit_account)
            if debit is None:
                raise NotFound("account_unknown", N_("there is no such account here"))
            if debit.balance_minor - self.held_minor(debit.account) < transfer.amount_minor:
                raise Conflict("no_funds", N_("too little on the account is free to be paid"))
            row = replace(transfer, debit_balance_before_minor=debit.balance_minor)
            try:
                db.execute(
                    "INSERT INTO transfers VALUES (?, ?, ?, ?)",
                    (
                        row.transfer_id,
                        row.time_us,
                        row.debit_account,
                        msgspec.json.encode(row).decode(),
                    ),
                )
            except sqlite3.IntegrityError:
                raise Conflict("transfer_twice", N_("a transfer of this id is booked")) from None
            for account, amount_minor in (
                (row.debit_account, -row.amount_minor),
                (row.credit_account, row.amount_minor),
            ):
                db.execute(
                    "UPDATE accounts SET balance_minor = balance_minor + ? WHERE account = ?",
                    (amount_minor, account),
                )

    def forget(self, order_id: str) -> None:
        """Lose an order and all that was done with it, as no bank should."""
        with transaction(self._db) as db:
            for table in ("orders", "messages"):
                db.execute(f"DELETE FROM {table} WHERE order_id = ?", (order_id,))  # noqa: S608

    def set_fault(self, fault: AgentFault, value: float = 0.0) -> None:
        """Fail in this way from the next request on."""
        self._db.execute("INSERT OR REPLACE INTO faults VALUES (?, ?)", (fault.value, value))

    def clear_faults(self) -> None:
        """Be a good bank again."""
        self._db.execute("DELETE FROM faults")

    def faults(self) -> dict[AgentFault, float]:
        """Return the faults that were asked for, with their values."""
        rows = self._db.execute("SELECT name, value FROM faults")
        return {AgentFault(row["name"]): row["value"] for row in rows}

    def _check_ours(self, order: Order) -> None:
        if order.institution != self.institution:
            raise Forbidden(
                "institution_wrong",
                N_("the order is for {institution}; here is {ours}"),
                institution=order.institution,
                ours=self.institution,
            )

    def _do(self, order: Order, now_us: int, *, later: bool) -> Taken:
        if isinstance(order, ReleaseOrder):
            return Taken(200, self._release(order, now_us))
        if isinstance(order, ExtendOrder):
            return Taken(200, self._extend(order, now_us))
        if self._db.execute(
            "SELECT 1 FROM orders WHERE order_id = ?", (order.order_id,)
        ).fetchone():
            raise _conflict(order.order_id)
        self._db.execute(
            "INSERT INTO orders VALUES (?, ?, ?, ?, 'acknowledged', ?, 0, NULL, ?, NULL, NULL)",
            (
                order.order_id,
                order.to_bytes(),
                order.account,
                order.test,
                order.amount_minor,
                order.expires_at_us,
            ),
        )
        if later and order.expires_at_us > now_us:
            return Taken(202, self._set(self.order(order.order_id), now_us))
        return Taken(200, self._hold(order, now_us))

    def _hold(self, order: HoldOrder, now_us: int) -> HoldAnswer:
        account = self.account(order.account)
        others_minor = self.held_minor(order.account, test=order.test)
        before = self.order(order.order_id)
        in_time = before.expires_at_us > now_us
        decision = decide_hold(order, account, others_minor, in_time=in_time)
        state = replace(
            before,
            status=decision.status,
            held_minor=decision.held_minor,
            held_at_us=now_us if decision.held_minor else None,
            available_minor=None if account is None else available(account, others_minor),
            others_minor=None if account is None else others_minor,
        )
        return self._set(state, now_us, decision.reason)

    def _release(self, order: ReleaseOrder, now_us: int) -> HoldAnswer:
        state = self._ours(order)
        if state.status is AnswerStatus.ACKNOWLEDGED:
            return self._set(replace(state, status=AnswerStatus.RELEASED), now_us)
        if not state.held_minor:
            return self._set(state, now_us)
        left_minor = state.held_minor - order.amount_minor
        if left_minor < 0 or order.currency != state.order.currency:
            raise Conflict(
                "release_exceeds_hold",
                N_("{asked} {currency} are to be released, {held} {held_currency} are held"),
                asked=order.amount_minor,
                currency=order.currency,
                held=state.held_minor,
                held_currency=state.order.currency,
            )
        status = AnswerStatus.PARTLY_HELD if left_minor else AnswerStatus.RELEASED
        return self._set(replace(state, status=status, held_minor=left_minor), now_us)

    def _extend(self, order: ExtendOrder, now_us: int) -> HoldAnswer:
        state = self._ours(order)
        if not state.held_minor and state.status is not AnswerStatus.ACKNOWLEDGED:
            return self._set(state, now_us)
        if order.expires_at_us <= state.expires_at_us:
            raise Conflict(
                "extension_not_later",
                N_("an extension must end later than what it extends"),
            )
        return self._set(replace(state, expires_at_us=order.expires_at_us), now_us)

    def _ours(self, order: ReleaseOrder | ExtendOrder) -> OrderState:
        """Return the state of the order that another order speaks of, on the same account."""
        state = self.order(order.order_id)
        if order.account != state.order.account or order.test != state.order.test:
            raise _conflict(order.order_id)
        return state

    def _lapse(self, now_us: int) -> int:
        rows = self._db.execute(
            "SELECT * FROM orders WHERE held_minor > 0 AND expires_us <= ? AND status <> 'seized'",
            (now_us,),
        ).fetchall()
        for row in rows:
            state = replace(state_of(row), status=AnswerStatus.LAPSED, held_minor=0)
            put(self._db, self._set(state, now_us), now_us)
        return len(rows)

    def _set(
        self, state: OrderState, now_us: int, reason: RefusalReason | None = None
    ) -> HoldAnswer:
        write_state(self._db, state)
        return write_answer(self._db, self.institution, state, now_us, reason)


def _repeated(known: sqlite3.Row, body: bytes, message_id: str) -> Taken:
    if known["body"] != body:
        raise _conflict(message_id)
    return Taken(known["status"], parse_answer(known["answer"]), repeated=True)


def _conflict(message_id: str) -> Conflict:
    return Conflict(
        "order_conflict",
        N_("the id {message_id} is known with other content; a new order needs a new id"),
        message_id=message_id,
    )
