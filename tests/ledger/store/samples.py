"""Transfers and ledgers as the tests of the store make them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from holdfast.ledger.store import LedgerWriter
from holdfast.ledger.store.store import LedgerStore
from holdfast.ledger.store.verify import verify
from holdfast.ledger.transfer import START, Ledger, Place, Transfer

ACCOUNTS = tuple(f"TH.THCBC.00{number % 3 + 1}.{number}" for number in range(7))
_MEMORY_DISK = Path("/dev/shm")  # noqa: S108  (folders in it are made with tempfile)


def transfer(number: int, amount_minor: int = 5, **others: Any) -> Transfer:
    """Make one of a row of transfers, one a microsecond; one in seven is to itself."""
    made = Transfer(
        number,
        0,
        f"T{number:07}",
        ACCOUNTS[number % 7],
        ACCOUNTS[(number + number // 3) % 7],
        amount_minor,
        "THB",
    )
    return made._replace(**others)


def batches(count: int, size: int, first: int = 0) -> Iterator[list[Transfer]]:
    """Yield `count` batches of the row, from transfer number `first` on."""
    for start in range(first, first + count * size, size):
        yield [transfer(number) for number in range(start, start + size)]


def make_ledger(folder: Path, batches: Iterable[list[Transfer]]) -> Path:
    """Write a ledger, close it, and return its folder."""
    with LedgerWriter.open(folder) as ledger:
        for batch in batches:
            ledger.append(batch)
    return folder


def content(
    ledger: Ledger, transfer_ids: Iterable[str], accounts: Iterable[str] = ACCOUNTS
) -> object:
    """Read all that a ledger says of some transfers and accounts, in a form that compares."""
    return dict(ledger.find(transfer_ids)), told(ledger, dict.fromkeys(accounts, START), "THB")


def told(
    ledger: Ledger,
    since: Mapping[str, Place],
    currency: str,
    *,
    until_us: int | None = None,
    ignore_balances: bool = False,
) -> dict[str, tuple[int | None, list[Transfer]]]:
    """Ask for histories and read them to their ends."""
    answers = ledger.histories(since, currency, until_us=until_us, ignore_balances=ignore_balances)
    return {
        name: (history.balance_minor, list(history.transfers)) for name, history in answers.items()
    }


def codes(ledger: LedgerStore) -> list[str]:
    """Verify a ledger and return the codes of what is wrong, each once."""
    return sorted({problem.code for problem in verify(ledger)})


@contextmanager
def quick_folder() -> Iterator[Path]:
    """Give a folder where waiting for the disk costs nothing, if the machine has one."""
    place = str(_MEMORY_DISK) if _MEMORY_DISK.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="holdfast-test-", dir=place) as folder:
        yield Path(folder)
