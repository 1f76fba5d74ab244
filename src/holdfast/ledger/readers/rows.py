"""Cells become a transfer: what every file form has in common."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

from holdfast.core.account import parse_account
from holdfast.core.errors import Refused
from holdfast.core.instant import DAY_US, parse_instant
from holdfast.core.money import parse_amount, parse_minor
from holdfast.core.words import N_
from holdfast.ledger.transfer import Transfer

REQUIRED = ("transfer_id", "time", "debit_account", "credit_account", "amount", "currency")
OPTIONAL = (
    "seq",
    "debit_balance_before",
    "credit_balance_before",
    "executes_hold",
    "channel",
    "end_to_end_id",
    "uetr",
)
COLUMNS = REQUIRED + OPTIONAL
"""The order of the cells that `TransferRows.transfer` takes."""

TEXT_LENGTH_MAX = 140
"""Characters of a transfer id and of every other free text; ISO 20022 allows 35 for its ids."""
ACCOUNTS_KEPT_MAX = 1 << 20
_SEQ = re.compile(r"[+-]?\d{1,30}", re.ASCII).fullmatch
_SEQ_LIMIT = 2**63
_new_transfer = tuple.__new__  # a third of the time that a call of the class takes


class Accounts(dict[str, str]):
    """Canonical accounts by their text, parsed once and shared by all rows; bounded."""

    def __missing__(self, text: str) -> str:
        key = parse_account(text)
        if len(self) >= ACCOUNTS_KEPT_MAX:
            self.clear()
        self[text] = key
        return key


class TransferRows:
    """Reads rows of cells, given in the order of `COLUMNS`; an empty cell is "" or None.

    `read_time(cell)`, `read_amount(cell, currency)` and `read_balance(cell, currency)` fit the
    file form; a time later than `now_us` and a day is refused, for clocks differ a little.
    """

    def __init__(
        self,
        now_us: int,
        read_time: Callable[[Any], int] = parse_instant,
        read_amount: Callable[[Any, str], int] = parse_amount,
        read_balance: Callable[[Any, str], int] = parse_minor,
    ) -> None:
        self._latest_us = now_us + DAY_US
        self._read_time = read_time
        self._read_amount = read_amount
        self._read_balance = read_balance
        self._accounts = Accounts()

    def transfer(self, cells: Sequence[Any]) -> Transfer:
        """Return the transfer that a row says.

        Raises:
            Refused: the first thing that is wrong, its column in `fields["column"]`:
                `cell_empty`, `time_in_future`, or what `check_id`, `check_text`, `parse_seq`
                and the readers of times, accounts and amounts refuse.
        """
        transfer_id, time, debit, credit, amount, currency = cells[:6]
        seq, debit_before, credit_before, hold, channel, end_to_end_id, uetr = cells[6:]
        column = "transfer_id"
        try:
            check_id(transfer_id)
            column = "time"
            time_us = self._read_time(time)
            if time_us > self._latest_us:
                raise _in_future(time)
            column = "debit_account"
            debit = self._accounts[debit]
            column = "credit_account"
            credit = self._accounts[credit]
            column = "amount"
            amount_minor = self._read_amount(amount, currency)
            column = "seq"
            seq = parse_seq(seq) if seq else 0
            column = "debit_balance_before"
            debit_before = self._balance(debit_before, currency)
            column = "credit_balance_before"
            credit_before = self._balance(credit_before, currency)
            column = "executes_hold"
            hold = check_id(hold) if hold else None
            column = "channel"
            channel = check_text(channel) if channel else None
            column = "end_to_end_id"
            end_to_end_id = check_text(end_to_end_id) if end_to_end_id else None
            column = "uetr"
            uetr = check_text(uetr) if uetr else None
        except Refused as refused:
            raise _located(refused, column, cells) from None
        first = (time_us, seq, transfer_id, debit, credit, amount_minor, sys.intern(currency))
        rest = (debit_before, credit_before, hold, channel, end_to_end_id, uetr)
        return _new_transfer(Transfer, first + rest)

    def _balance(self, cell: Any, currency: str) -> int | None:
        return None if cell is None or cell == "" else self._read_balance(cell, currency)


def check_id(text: str) -> str:
    """Return an id of a transfer or a hold as it stands; nothing is mended.

    Raises:
        Refused: `cell_empty`, `text_too_long`, `text_unprintable` or `text_padded`.
    """
    if not text:
        raise Refused("cell_empty", N_("an id is empty; each transfer and each hold has its own"))
    if text.strip() != text:
        raise Refused(
            "text_padded",
            N_("{value!r} begins or ends with a space; an id is written without"),
            value=text[:40],
        )
    return check_text(text)


def check_text(text: str) -> str:
    """Return free text if it is short and can be printed.

    Raises:
        Refused: `text_too_long` or `text_unprintable`.
    """
    if len(text) > TEXT_LENGTH_MAX:
        raise Refused(
            "text_too_long",
            N_("{value!r} goes on to {found} characters; at most {limit} are taken"),
            value=text[:40],
            found=len(text),
            limit=TEXT_LENGTH_MAX,
        )
    if not text.isprintable():
        raise Refused(
            "text_unprintable",
            N_("{value!r} has control or invisible characters; leave them out"),
            value=text[:40],
        )
    return text


def parse_seq(text: str) -> int:
    """Read the order of posting among transfers of one instant: a whole number of 64 bits.

    Raises:
        Refused: `seq_not_integer` or `seq_too_large`.
    """
    if text.isdigit() and text.isascii() and len(text) <= 18:
        return int(text)
    if _SEQ(text) is None:
        raise Refused(
            "seq_not_integer",
            N_("{value!r} is not a whole number; write 0, 1, 2 … or leave it empty"),
            value=text[:40],
        )
    number = int(text)
    if not -_SEQ_LIMIT <= number < _SEQ_LIMIT:
        raise Refused(
            "seq_too_large",
            N_("the order of posting {value!r} does not fit 64 bits; count from 0"),
            value=text[:40],
        )
    return number


def _in_future(time: object) -> Refused:
    return Refused(
        "time_in_future",
        N_("the time {value!r} is more than a day ahead of now; check its year and its zone"),
        value=str(time)[:40],
    )


def _located(refused: Refused, column: str, cells: Sequence[Any]) -> Refused:
    """Say which column it is; an empty cell that is needed is said to be just that."""
    if refused.code == "currency_unknown":
        column = "currency"
    if column in REQUIRED and cells[COLUMNS.index(column)] in ("", None):
        refused = Refused("cell_empty", N_("{column} is empty; every row needs it"))
    refused.fields["column"] = column
    return refused
