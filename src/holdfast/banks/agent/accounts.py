"""The accounts that an agent answers for, read once from a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TypeVar

from holdfast.banks.messages import AccountStatus, HolderKind
from holdfast.core.account import parse_account
from holdfast.core.errors import Refused
from holdfast.core.money import parse_minor
from holdfast.core.problem import Problem
from holdfast.core.words import N_
from holdfast.ledger.readers.lines import table, text_lines
from holdfast.ledger.readers.notes import ReadNotes

REQUIRED = ("account", "currency", "balance", "status", "holder_kind")
OPTIONAL = ("name_matches",)
_FLAGS = {"": None, "true": True, "false": False}
Word = TypeVar("Word", bound=Enum)


@dataclass(frozen=True, slots=True)
class BankAccount:
    """An account in the agent's book; the balance is the booked one, held amounts included."""

    account: str
    currency: str
    balance_minor: int
    status: AccountStatus = AccountStatus.ACTIVE
    holder_kind: HolderKind = HolderKind.PERSON
    name_matches: bool | None = None


def read_accounts(path: Path) -> Iterator[BankAccount | Problem]:
    """Yield the accounts and problems of a CSV file with the columns of `REQUIRED`.

    Balances are decimal text in major units.

    Raises:
        Refused: `accounts_unreadable`, or what is wrong with the header.
    """
    try:
        file = path.open("rb")
    except OSError:
        raise Refused(
            "accounts_unreadable", N_("the file of accounts {file} can't be read"), file=path
        ) from None
    with file:
        notes = ReadNotes()
        columns, rows = table(
            text_lines(file, notes), REQUIRED, OPTIONAL, notes, fill_short_rows=True
        )
        for number, cells in rows:
            try:
                if isinstance(cells, Refused):
                    raise cells
                account = _account(dict(zip(columns, cells, strict=True)))
            except Refused as refused:
                yield Problem.of(refused, path.name, number)
            else:
                yield account


def _account(row: dict[str, str]) -> BankAccount:
    return BankAccount(
        parse_account(row["account"]),
        row["currency"],
        parse_minor(row["balance"], row["currency"]),
        _word(AccountStatus, "status", row["status"]),
        _word(HolderKind, "holder_kind", row["holder_kind"]),
        _FLAGS.get(row.get("name_matches", "")),
    )


def _word(words: type[Word], column: str, text: str) -> Word:
    for word in words:
        if word.value == text:
            return word
    raise Refused(
        "word_unknown",
        N_("{value!r} in the column {column} is unknown; one of {right} is needed"),
        value=text[:40],
        column=column,
        right=", ".join(str(word.value) for word in words),
    )
