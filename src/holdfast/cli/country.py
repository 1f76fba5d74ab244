"""`holdfast country`: a small country's month of payments, its scams followed in the ledger."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from holdfast.cli.ledger import progress_bar, progress_of_files
from holdfast.cli.made_up import clear, import_country, next_lines
from holdfast.cli.main import DONE
from holdfast.cli.screen import Screen
from holdfast.cli.table_page import padded
from holdfast.core.money import format_minor
from holdfast.core.words import N_, say

if TYPE_CHECKING:
    from holdfast.simulation.country import Country
    from holdfast.simulation.files import CountryFiles
    from holdfast.simulation.survey import Survey

_WRITTEN = (
    "ledger",
    "ledger.parquet",
    "openings.csv",
    "stops.csv",
    "claims.csv",
    "largest-trail.svg",
)

_LEFT = {
    "cash": N_("taken out as cash"),
    "merchant": N_("spent at merchants"),
    "biller": N_("paid to billers"),
    "exchange": N_("sent to exchanges"),
    "government": N_("paid to the government"),
    "returned": N_("paid back to its victim as bait"),
    "unrecorded": N_("left accounts unseen"),
}


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds that the parts took here."""

    make: float
    import_: float
    follow: float


def country_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast country`."""
    add = parser.add_argument
    add(
        "--seed",
        type=int,
        default=1,
        metavar="N",
        help="the same seed gives the same country; default: 1",
    )
    add(
        "--into",
        type=Path,
        default=Path("country-output"),
        metavar="DIR",
        help="where its files go; default: country-output",
    )
    add("--transfers", type=int, default=520_000, metavar="N", help="default: 520000")
    add("--customers", type=int, default=20_000, metavar="N", help="default: 20000")
    add("--scams", type=int, default=200, metavar="N", help="default: 200")
    parser.epilog = "example:\n  holdfast country --seed 7"


def country(arguments: argparse.Namespace) -> int:
    """Make a month of a small country's payments, import it, and follow every planted scam."""
    from holdfast.simulation.country import CountrySize, make_country
    from holdfast.simulation.files import write_country

    folder: Path = arguments.into
    size = CountrySize(
        customers=arguments.customers, transfers=arguments.transfers, scams=arguments.scams
    )
    console = Screen()
    began = time.monotonic()
    made_up = make_country(arguments.seed, size)
    clear(folder, _WRITTEN)
    console.write(say(N_("Making a month of payments …")), style="dim")
    with progress_bar(size.transfers) as advance:
        done = [0]

        def progress(count: int) -> None:
            advance(count - done[0])
            done[0] = count

        files = write_country(made_up, folder, progress)
    made = time.monotonic()
    console.write(say(N_("Importing it into a ledger …")), style="dim")
    _import(files, folder)
    imported = time.monotonic()
    console.write(say(N_("Following every reported payment …")), style="dim")
    found = _survey(made_up, folder)
    timing = Timing(made - began, imported - made, time.monotonic() - imported)
    picture = _draw(found, folder)
    for line in _lines(made_up, found, picture, folder, timing):
        console.write(line)
    return DONE


def _import(files: CountryFiles, folder: Path) -> None:
    from holdfast.ledger.store import LedgerWriter
    from holdfast.workflows.import_ledger import Listener

    with LedgerWriter.open(folder / "ledger") as ledger, progress_of_files() as progress:
        import_country(ledger, files, time.time_ns() // 1000, Listener(progress=progress))


def _survey(country: Country, folder: Path) -> Survey:
    from holdfast.ledger.store import LedgerStore
    from holdfast.simulation.survey import survey

    with (
        LedgerStore.open(folder / "ledger") as ledger,
        progress_bar(len(country.claims)) as advance,
    ):
        return survey(ledger, country.claims, country.stops, time.perf_counter, advance)


def _draw(found: Survey, folder: Path) -> Path:
    from holdfast.documents.trail_picture import draw_trail

    picture = folder / "largest-trail.svg"
    picture.write_text(draw_trail(found.largest), encoding="utf-8")
    return picture


def _lines(
    country: Country, found: Survey, picture: Path, folder: Path, timing: Timing
) -> Iterator[str]:
    """Yield what is printed: what depends on the seed alone first, times last."""
    size = country.size
    yield ""
    yield say(
        N_(
            "A small country, seed {seed}: {banks} banks, {customers} customers, {merchants} "
            "merchants, {transfers} transfers in {days} days."
        ),
        seed=country.seed,
        banks=size.banks,
        customers=f"{size.customers:,}",
        merchants=f"{size.merchants:,}",
        transfers=f"{size.transfers:,}",
        days=size.days,
    )
    yield say(
        N_("{claims} payments to scammers, each reported by its victim and followed (fifo)."),
        claims=found.claims,
    )
    yield ""
    yield from _money_lines(found, country.currency)
    yield ""
    yield say(N_("How many hops the trails go within 72 hours, and how many trails do"))
    for depth, claims in found.claims_by_depth.items():
        yield f"  {depth:>4} {claims:>6}  {'#' * max(1, round(40 * claims / found.claims))}"
    yield ""
    yield say(N_("The largest trail, as a picture: {file}"), file=picture)
    yield ""
    yield say(N_("Measured here (differs from run to run)"))
    yield from (f"  {line}" for line in _time_lines(size.transfers, found, timing))
    yield ""
    claim = found.largest.claims[0].transfer_id
    ledger, stops = quote(str(folder / "ledger")), quote(str(folder / "stops.csv"))
    asked = f"--ledger {ledger} --claim {claim} --stops {stops}"
    calls = [f"trail {asked}", f"trail {asked} --rule all"]
    if found.largest.resting:
        calls.append(f"trail explain {asked} --account {found.largest.resting[0].account}")
    yield from next_lines(*calls)


def _money_lines(found: Survey, currency: str) -> Iterator[str]:
    whole = found.reported_minor

    def line(name: str, amount_minor: int) -> str:
        share = f"{100 * amount_minor / whole:5.1f} %" if whole else ""
        amount = format_minor(amount_minor, currency, grouped=True)
        return f"  {padded(name, 36)} {amount:>18} {share:>8}"

    stolen = say(N_("Stolen"))
    yield f"{padded(stolen, 38)} {format_minor(whole, currency, grouped=True):>18} {currency}"
    yield say(N_("Where it is now, all claims settled together"))
    yield line(say(N_("rests in accounts")), found.rests_minor)
    for kind, amount_minor in found.left_minor.items():
        yield line(say(_LEFT.get(kind, kind)), amount_minor)
    if found.counted_once_minor:
        yield line(say(N_("another victim's money, paid on")), found.counted_once_minor)
    yield say(N_("How much could still be held after each payment"))
    for minutes, amount_minor in found.holdable_minor.items():
        yield line(say(N_("{minutes} minutes after"), minutes=minutes), amount_minor)


def _time_lines(transfers: int, found: Survey, timing: Timing) -> Iterator[str]:
    ordered = sorted(found.seconds)
    median_ms = 1000 * ordered[len(ordered) // 2]
    high_ms = 1000 * ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
    yield say(N_("country made and written in {seconds} s"), seconds=f"{timing.make:.1f}")
    yield say(
        N_("imported in {seconds} s, {rate} transfers a second"),
        seconds=f"{timing.import_:.1f}",
        rate=f"{transfers / timing.import_:,.0f}",
    )
    yield say(
        N_("one trail answered in {median} ms at the median, {high} ms at the 99th percentile"),
        median=f"{median_ms:.2f}",
        high=f"{high_ms:.2f}",
    )
    yield say(
        N_("all of them followed five times over in {seconds} s"),
        seconds=f"{timing.follow:.1f}",
    )
