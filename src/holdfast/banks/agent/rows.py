"""Rows of the book and what they say; the caller has the transaction."""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass

import msgspec

from holdfast.banks.agent.accounts import BankAccount
from holdfast.banks.messages import (
    ONWARD_ROWS_MAX,
    AccountStatus,
    AnswerStatus,
    HoldAnswer,
    HolderKind,
    HoldOrder,
    Onward,
    RefusalReason,
    parse_answer,
    parse_order,
)
from holdfast.core.errors import NotFound
from holdfast.core.words import N_

_onward_of = msgspec.json.Decoder(Onward).decode


@dataclass(frozen=True, slots=True)
class OrderState:
    """How an order stands in the book; amounts in minor units."""

    order: HoldOrder
    status: AnswerStatus
    held_minor: int
    held_at_us: int | None
    expires_at_us: int
    available_minor: int | None
    """What could have been held before this order, when it was decided."""
    others_minor: int | None
    """What was held under other orders then."""


def find_account(db: sqlite3.Connection, account: str) -> BankAccount | None:
    """Return an account as it stands, or None."""
    row = db.execute("SELECT * FROM accounts WHERE account = ?", (account,)).fetchone()
    if row is None:
        return None
    matches = row["name_matches"]
    return BankAccount(
        row["account"],
        row["currency"],
        row["balance_minor"],
        AccountStatus(row["status"]),
        HolderKind(row["holder_kind"]),
        None if matches is None else bool(matches),
    )


def sum_held(db: sqlite3.Connection, account: str, *, test: bool) -> int:
    """Return what is held on an account; a rehearsal sees real holds and its own."""
    row = db.execute(
        "SELECT coalesce(sum(held_minor), 0) FROM orders "
        "WHERE account = ? AND held_minor > 0 AND test <= ?",
        (account, test),
    ).fetchone()
    return int(row[0])


def find_order(db: sqlite3.Connection, order_id: str) -> OrderState:
    """Return how an order stands.

    Raises:
        NotFound: `order_unknown`.
    """
    row = db.execute("SELECT * FROM orders WHERE order_id = ?", (order_id,)).fetchone()
    if row is None:
        raise NotFound("order_unknown", N_("there is no order {order_id} here"), order_id=order_id)
    return state_of(row)


def state_of(row: sqlite3.Row) -> OrderState:
    """Return what a row of the orders says."""
    return OrderState(
        parse_order(row["body"]),
        AnswerStatus(row["status"]),
        row["held_minor"],
        row["held_us"],
        row["expires_us"],
        row["available_minor"],
        row["others_minor"],
    )


def write_state(db: sqlite3.Connection, state: OrderState) -> None:
    """Write how an order stands now."""
    db.execute(
        "UPDATE orders SET status = ?, held_minor = ?, held_us = ?, expires_us = ?, "
        "available_minor = ?, others_minor = ? WHERE order_id = ?",
        (
            state.status.value,
            state.held_minor,
            state.held_at_us,
            state.expires_at_us,
            state.available_minor,
            state.others_minor,
            state.order.order_id,
        ),
    )


def write_answer(
    db: sqlite3.Connection,
    institution: str,
    state: OrderState,
    now_us: int,
    reason: RefusalReason | None,
) -> HoldAnswer:
    """Write down the next answer to an order; its id follows from the order and a count."""
    order, account = state.order, find_account(db, state.order.account)
    number = db.execute("SELECT coalesce(max(number), 0) + 1 FROM answers").fetchone()[0]
    digest = hashlib.sha256(f"{institution} {order.order_id} {number}".encode())
    if state.status is AnswerStatus.REFUSED and reason is None:
        reason = _last_reason(db, order.order_id)
    answer = HoldAnswer(
        answer_id=f"A{digest.hexdigest()[:24]}",
        order_id=order.order_id,
        institution=institution,
        status=state.status,
        amount_held_minor=state.held_minor,
        currency=order.currency,
        answered_at_us=now_us,
        held_at_us=state.held_at_us,
        balance_available_minor=state.available_minor,
        other_holds_minor=state.others_minor,
        account_status=AccountStatus.UNKNOWN if account is None else account.status,
        holder_kind=HolderKind.UNKNOWN if account is None else account.holder_kind,
        name_matches=None if account is None else account.name_matches,
        reason=reason,
        onward=_onward(db, order),
    )
    db.execute(
        "INSERT INTO answers (order_id, body) VALUES (?, ?)", (order.order_id, answer.to_bytes())
    )
    return answer


def _last_reason(db: sqlite3.Connection, order_id: str) -> RefusalReason:
    """Return why an order was refused when it was."""
    row = db.execute(
        "SELECT body FROM answers WHERE order_id = ? ORDER BY number DESC LIMIT 1", (order_id,)
    ).fetchone()
    return (row and parse_answer(row["body"]).reason) or RefusalReason.OTHER


def _onward(db: sqlite3.Connection, order: HoldOrder) -> tuple[Onward, ...]:
    """Return what left the account since the payment arrived, where the order names one."""
    if order.payment is None:
        return ()
    rows = db.execute(
        "SELECT row FROM transfers WHERE debit_account = ? AND time_us >= ? "
        "ORDER BY time_us, transfer_id LIMIT ?",
        (order.account, order.payment.time_us, ONWARD_ROWS_MAX),
    )
    return tuple(_onward_of(row["row"]) for row in rows)
