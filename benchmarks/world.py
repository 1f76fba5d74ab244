"""The worlds that are measured: planted countries, made once and kept in `.bench/`.

What is kept names the code it was made by; when that code changes, it is made again.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from pathlib import Path

import holdfast
from holdfast.core.instant import HOUR_US, format_instant, parse_instant
from holdfast.core.money import format_minor
from holdfast.ledger.readers import read_transfers
from holdfast.ledger.store import LedgerWriter
from holdfast.ledger.store.records import FORMAT
from holdfast.ledger.transfer import Transfer
from holdfast.simulation.country import CountrySize, make_country
from holdfast.simulation.files import write_country
from holdfast.trail.question import Question
from holdfast.workflows.import_ledger import Listener, import_ledger

BENCH = Path(__file__).resolve().parents[1] / ".bench"
SOURCE = Path(holdfast.__file__).parent

SEED = 1
TRAILS = 200
FOLLOWED_HOURS = 72
STOP_KINDS = frozenset({"merchant", "biller", "cash"})
"""Shops, those who send bills, and cash points; exchanges are followed."""
NOW_US = parse_instant("2030-01-01T00:00:00Z")
"""A present after every transfer of a made-up country."""
CSV_COLUMNS = (
    "transfer_id",
    "time",
    "debit_account",
    "credit_account",
    "amount",
    "currency",
    "debit_balance_before",
    "credit_balance_before",
    "channel",
)


@dataclass(frozen=True, slots=True)
class World:
    """A planted country on disk, and the questions that are asked of it."""

    folder: Path
    transfers: int
    mark: str
    """Names the code and the parameters that made it."""
    ledger: Path
    openings: Path
    questions: tuple[Question, ...]
    """One a planted scam: its first claim, followed for 72 hours."""

    def read(self) -> Iterator[Transfer]:
        """Yield the transfers in the ledger's order."""
        for item in read_transfers(self.ledger, NOW_US):
            assert isinstance(item, Transfer), item
            yield item


def size_of_world(transfers: int) -> CountrySize:
    """Return a country that grows with its transfers: 26 a customer, as in the one by default."""
    usual = CountrySize()
    share = transfers / usual.transfers
    return CountrySize(
        transfers=transfers,
        customers=round(usual.customers * share),
        merchants=round(usual.merchants * share),
        scams=TRAILS,
    )


def make_world(transfers: int) -> World:
    """Return the world with so many transfers, making it first where that is needed."""
    size = size_of_world(transfers)
    mark = mark_of([SOURCE / "simulation"], repr((SEED, size)))
    folder = BENCH / f"world-{transfers}"

    def make(draft: Path) -> None:
        write_country(make_country(SEED, size), draft)

    kept(folder, mark, make)
    return World(
        folder=folder,
        transfers=transfers,
        mark=mark,
        ledger=folder / "ledger.parquet",
        openings=folder / "openings.csv",
        questions=tuple(_questions(folder)),
    )


def ledger_of(world: World) -> Path:
    """Return the world imported into a ledger of ours, importing it first where that is needed."""
    folder = BENCH / f"ours-{world.transfers}"
    mark = f"{world.mark}.{FORMAT}"

    def make(draft: Path) -> None:
        with LedgerWriter.open(draft / "ledger") as ledger:
            report = import_ledger(ledger, [world.ledger], [world.openings], NOW_US, Listener())
        assert report.added == world.transfers, report

    kept(folder, mark, make)
    return folder / "ledger"


def csv_of(world: World) -> Path:
    """Return the world's ledger as CSV, written once."""
    folder = BENCH / f"csv-{world.transfers}"

    def make(draft: Path) -> None:
        with (draft / "ledger.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(CSV_COLUMNS)
            writer.writerows(map(_csv_row, world.read()))

    kept(folder, world.mark, make)
    return folder / "ledger.csv"


def kept(folder: Path, mark: str, make: Callable[[Path], None]) -> None:
    """Have `folder` filled by `make`, unless it was already, by what `mark` names."""
    done = folder / "MADE_BY"
    if done.exists() and done.read_text(encoding="ascii") == mark:
        return
    print(f"making {folder.name} (once) …", flush=True)
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    make(folder)
    done.write_text(mark, encoding="ascii")


def mark_of(folders: list[Path], parameters: str) -> str:
    """Return a name for the code in some folders (or files) together with some parameters."""
    digest = blake2b(parameters.encode(), digest_size=16)
    for folder in folders:
        for path in [folder] if folder.is_file() else sorted(folder.rglob("*")):
            if path.suffix in (".py", ".yaml"):
                digest.update(path.read_bytes())
    return digest.hexdigest()


def _questions(folder: Path) -> Iterator[Question]:
    """Yield one question for the first claim of every scam, up to the number of trails."""
    with (folder / "stops.csv").open(encoding="utf-8", newline="") as file:
        stops = frozenset(
            row["account"] for row in csv.DictReader(file) if row["kind"] in STOP_KINDS
        )
    first: dict[str, tuple[str, int]] = {}
    with (folder / "claims.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            first.setdefault(row["scam"], (row["transfer_id"], parse_instant(row["time"])))
    for claim, time_us in islice(first.values(), TRAILS):
        yield Question(claims=(claim,), as_of_us=time_us + FOLLOWED_HOURS * HOUR_US, stops=stops)


def _csv_row(transfer: Transfer) -> list[str]:
    currency = transfer.currency
    balances = (transfer.debit_balance_before_minor, transfer.credit_balance_before_minor)
    return [
        transfer.transfer_id,
        format_instant(transfer.time_us),
        transfer.debit_account,
        transfer.credit_account,
        format_minor(transfer.amount_minor, currency),
        currency,
        *("" if minor is None else format_minor(minor, currency) for minor in balances),
        transfer.channel or "",
    ]
