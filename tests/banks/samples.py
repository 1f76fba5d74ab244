"""Orders, answers, keys and agents that the tests of this room share."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from holdfast.banks.agent import Book
from holdfast.banks.client import BankClient, Delivery
from holdfast.banks.deadline import Timeouts, http_client
from holdfast.banks.keys import write_public_keys
from holdfast.banks.messages import (
    AnswerStatus,
    HoldAnswer,
    HoldOrder,
    Order,
    ReleaseOrder,
)
from holdfast.core.instant import HOUR_US
from holdfast.core.keys import PublicKey, SigningKey

NOW_US = 1_772_300_000_000_000
BANK = "TH.THCBC.004"
ACCOUNT = "TH.THCBC.004.0123456789"
ACCOUNTS = """account,currency,balance,status,holder_kind,name_matches
TH.THCBC.004.0123456789,THB,700.00,active,person,true
TH.THCBC.004.0000000002,THB,500.00,closed,person,
TH.THCBC.004.0000000003,THB,500.00,active,merchant,
TH.THCBC.004.0000000004,THB,0.00,active,business,false
"""


def order(order_id: str = "TH-O-1", *, now_us: int = NOW_US, **other: object) -> HoldOrder:
    """Return an order to hold 300.00 THB for an hour."""
    values: dict[str, object] = {
        "order_id": order_id,
        "case": "TH-2026-000001",
        "issuer": "TH.AOC",
        "institution": BANK,
        "account": ACCOUNT,
        "amount_minor": 30_000,
        "currency": "THB",
        "basis": "caller_word",
        "basis_source": "Royal Decree on Cybercrime, s. 4",
        "provisional": True,
        "ordered_at_us": now_us,
        "expires_at_us": now_us + HOUR_US,
    }
    return HoldOrder(**(values | other))  # type: ignore[arg-type]


def release(
    amount_minor: int, release_id: str = "TH-R-1", order_id: str = "TH-O-1", now_us: int = NOW_US
) -> ReleaseOrder:
    """Return the order to release an amount."""
    return ReleaseOrder(
        release_id,
        order_id,
        "TH.AOC",
        BANK,
        ACCOUNT,
        amount_minor,
        "THB",
        "claim_withdrawn",
        now_us,
    )


def answer(**other: object) -> HoldAnswer:
    """Return the answer that all of it is held."""
    values: dict[str, object] = {
        "answer_id": "A1",
        "order_id": "TH-O-1",
        "institution": BANK,
        "status": AnswerStatus.HELD,
        "amount_held_minor": 30_000,
        "currency": "THB",
        "answered_at_us": NOW_US,
        "held_at_us": NOW_US,
    }
    return HoldAnswer(**(values | other))  # type: ignore[arg-type]


def nonces() -> Callable[[], str]:
    """Return a source of texts that are new each time."""
    start, numbers = time.time_ns(), itertools.count()
    return lambda: f"n{start}-{next(numbers)}"


def clock() -> int:
    """Return the real time, in microseconds."""
    return time.time_ns() // 1000


@dataclass(frozen=True, slots=True)
class House:
    """A centre and a bank: their keys, in the files that an agent reads."""

    folder: Path
    centre: SigningKey
    bank: SigningKey
    retired: SigningKey

    @classmethod
    def build(cls, folder: Path) -> House:
        """Make the keys and write the files."""
        house = cls(
            folder,
            SigningKey.new("TH.AOC-1"),
            SigningKey.new("TH.THCBC.004-2"),
            SigningKey.new("TH.THCBC.004-1"),
        )
        house.bank.write(folder / "keys")
        house.retired.write(folder / "keys" / "retired")
        write_public_keys(folder / "centre.csv", [house.centre.public()])
        (folder / "accounts.csv").write_text(ACCOUNTS, encoding="utf-8")
        return house

    def keys(self, key_id: str) -> PublicKey | None:
        """Find a key of the bank."""
        known = (self.bank.public(), self.retired.public(retired_us=NOW_US))
        return {key.key_id: key for key in known}.get(key_id)

    def book(self) -> Book:
        """Open the bank's book."""
        return Book(self.folder / "book.sqlite3", BANK)

    @contextmanager
    def agent(self, *words: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
        """Run an agent as a process of its own; yield its endpoint."""
        with subprocess.Popen(self._call(words), stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                yield process.stdout.readline().strip(), process
            finally:
                process.terminate()

    def _call(self, words: Sequence[str]) -> list[str]:
        folder = self.folder
        call = [sys.executable, "-m", "holdfast.banks.agent", "serve", "--institution", BANK]
        call += ["--accounts", str(folder / "accounts.csv"), "--keys", str(folder / "keys")]
        call += ["--centre-keys", str(folder / "centre.csv")]
        return [*call, "--book", str(folder / "book.sqlite3"), *words]

    @contextmanager
    def client(self) -> Iterator[BankClient]:
        """Return the centre's client."""
        timeouts = Timeouts(2.0, 2.0, 3.0)
        with http_client(timeouts) as client:
            yield BankClient(self.centre, client, timeouts, clock, nonces())

    def deliver(self, endpoint: str, order: Order) -> Delivery:
        """Send one order with a client of its own."""
        with self.client() as client:
            return client.deliver(endpoint, order, self.keys)


def fresh(order_id: str = "TH-O-1", **other: object) -> HoldOrder:
    """Return an order of this very moment, for an agent that has the real clock."""
    return order(order_id, now_us=clock(), **other)


def keys_of(*keys: SigningKey) -> Callable[[str], PublicKey | None]:
    """Find the public halves of keys."""
    return {key.key_id: key.public() for key in keys}.get
