"""`holdfast demo --reports-per-hour`: a whole centre under reports at a rate, and what it took."""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.cli.centre import refuse_password
from holdfast.cli.demo_table import percentiles_words
from holdfast.cli.main import DONE, NOT_WHOLE
from holdfast.cli.played import check_played
from holdfast.cli.running_centre import (
    NAME,
    RunningCentre,
    check_port,
    end_as_by_ctrl_c,
    make_centre,
)
from holdfast.cli.screen import Screen
from holdfast.cli.table_page import noted, width_of
from holdfast.core.errors import Refused
from holdfast.core.instant import SECOND_US
from holdfast.core.words import N_, say

if TYPE_CHECKING:
    from holdfast.cli.load_check import Books
    from holdfast.cli.played import Wanted
    from holdfast.server.home import Home
    from holdfast.simulation.load import Sent
    from holdfast.simulation.present import Present
    from holdfast.simulation.score import Percentiles
    from holdfast.simulation.size import CountrySize
    from holdfast.simulation.town import Town
    from holdfast.simulation.world import World

RATE_MAX = 360_000
SECONDS_MAX = 3600
REPORTS_MAX = 20_000
TRANSFERS_A_SCAM = 40
"""More than any scam makes, on average."""
DRAIN_S_MAX = 60.0
ASK_AGAIN_S = 0.5


@dataclass(frozen=True, slots=True)
class Load:
    """What a load did to a centre: counts, waits in seconds, processor seconds by process."""

    reports_per_hour: int
    seconds: float
    sent: int
    taken: int
    refused: int
    """Those that no try brought in, as their callers know."""
    told_again: int
    """Answers by which a caller was told to come again, or that never came."""
    orders: int
    answered: Percentiles
    first_order: Percentiles
    first_held: Percentiles
    drained_s: float
    """From the last report's answer until nothing was under way any more."""
    cpu_s: Mapping[str, float]
    broken: Sequence[str]
    """What must be true and was not, in words; none in a sound run."""


@dataclass(frozen=True, slots=True)
class _Ran:
    """What was sent, and what it took."""

    sent: Sequence[Sent]
    drained_s: float
    cpu_s: Mapping[str, float]


def check_load(arguments: argparse.Namespace, wanted: Wanted) -> None:
    """Let a load pass that can be made, before anything is written.

    Raises:
        Refused: `load_impossible`, `database_password_shown`, or as the country.
    """
    refuse_password(arguments.database or "")
    _check(arguments.reports_per_hour, arguments.load_seconds)
    check_played(wanted)


def load(arguments: argparse.Namespace, folder: Path) -> int:
    """Send reports to a centre of its own in an empty folder, and tell how it went.

    Raises:
        Refused: `database_in_use`, or as the country.
        CentreError: the centre or a bank could not be run.
    """
    end_as_by_ctrl_c()
    found = _measure(arguments, folder)
    data = {"seed": arguments.seed, "measured": {"load": asdict(found)}}
    if arguments.format == "json":
        print(json.dumps(data, indent=1))
    else:
        console = Screen()
        for line in load_lines(found, width_of(console)):
            console.write(line)
    return NOT_WHOLE if found.broken else DONE


def load_lines(found: Load, width: int | None = None) -> Iterator[str]:
    """Yield what is printed of a load."""
    yield ""
    yield say(
        N_("{rate} reports an hour for {seconds} s: {sent} sent, {taken} taken, {refused} refused"),
        rate=f"{found.reports_per_hour:,}",
        seconds=f"{found.seconds:g}",
        sent=found.sent,
        taken=found.taken,
        refused=found.refused,
    )
    yield say(
        N_("{orders} orders; callers were told {times} times to come again"),
        orders=found.orders,
        times=found.told_again,
    )
    yield say(N_("Measured here, over HTTP between processes (differs from run to run)"))
    for words, waits in (
        (N_("report to its answer"), found.answered),
        (N_("report to first order at a bank"), found.first_order),
        (N_("report to first effective hold"), found.first_held),
    ):
        yield from noted(say(words), percentiles_words(waits), width)
    drained = say(N_("{seconds} s"), seconds=f"{found.drained_s:.1f}")
    yield from noted(say(N_("last answer to all at rest")), drained, width)
    for name, seconds in found.cpu_s.items():
        of_process = say(N_("processor time of {name}"), name=name)
        yield from noted(of_process, f"{seconds:.1f} s", width)
    yield ""
    if not found.broken:
        yield say(N_("Nothing acknowledged was lost, no order doubled, and the audit verifies."))
        return
    yield say(N_("What should always be true was not:"))
    yield from (f"  {words}" for words in found.broken)


def _check(reports_per_hour: int, seconds: float) -> None:
    """Let a load pass that can be made."""
    reports = reports_per_hour * seconds / 3600
    is_possible = 1 <= reports_per_hour <= RATE_MAX and 0 < seconds <= SECONDS_MAX
    if not is_possible or not 1 <= reports <= REPORTS_MAX:
        raise Refused(
            "load_impossible",
            N_(
                "{rate} reports an hour for {seconds} s can't be sent; from 1 to {most} reports in "
                "at most {seconds_most} s can"
            ),
            rate=reports_per_hour,
            seconds=f"{seconds:g}",
            most=REPORTS_MAX,
            seconds_most=SECONDS_MAX,
        )


def _measure(arguments: argparse.Namespace, folder: Path) -> Load:
    from holdfast.records.signing_key import dated_keys
    from holdfast.simulation.bank_process import BOOK_FILE
    from holdfast.simulation.files import write_country
    from holdfast.simulation.known_stops import known_stops
    from holdfast.simulation.load import orders_in
    from holdfast.simulation.present import still_of
    from holdfast.simulation.real_time import BANKS_FOLDER, real_us, running_town

    seed, reports = arguments.seed, _reports(arguments)
    present = still_of(seed, _size(arguments, reports), real_us())
    files = write_country(present.past, folder / "past")
    home = make_centre(folder / "centre", arguments.database)
    _check_is_new()
    centre = RunningCentre(home, check_port(0))
    centre.take_past(files)
    centre.stop_all(known_stops(present.world, seed))
    with running_town(present.world, folder, dated_keys(home.keys)) as town:
        ran = _run(arguments, present, centre, town)
        banks = folder / BANKS_FOLDER
        books = [orders_in(banks / bank / BOOK_FILE, bank) for bank in town.banks]
        broken = _broken(home, ran.sent, books, present.world, town)
    return _judged(arguments, ran, books, broken)


def _reports(arguments: argparse.Namespace) -> int:
    """Return more than as many reports as will come at random."""
    expected = arguments.reports_per_hour * arguments.load_seconds / 3600
    return int(expected + 5 * expected**0.5) + 10


def _size(arguments: argparse.Namespace, reports: int) -> CountrySize:
    """Return a day of the country that is asked for, with as many scams as can be reported."""
    from holdfast.simulation.size import CountrySize

    a_day = arguments.transfers // arguments.days
    return CountrySize(
        banks=arguments.banks,
        customers=arguments.customers,
        transfers=a_day + TRANSFERS_A_SCAM * reports,
        scams=reports,
        days=1,
    )


def _check_is_new() -> None:
    """Refuse a database that has cases: they know nothing of this country's payments."""
    from holdfast.cases.models import Case

    if Case.objects.exists():
        raise Refused("database_in_use", N_("the database has cases already; name an empty one"))


def _run(
    arguments: argparse.Namespace, present: Present, centre: RunningCentre, town: Town
) -> _Ran:
    """Let the centre run, send the reports, and wait until it is at rest."""
    from holdfast.simulation.chance import Purpose, plain_stream
    from holdfast.simulation.events import Manner
    from holdfast.simulation.faults import lasting_turns
    from holdfast.simulation.live import behave
    from holdfast.simulation.load import arrivals_us, send_reports

    shares, seed = (arguments.silent, arguments.by_hand), arguments.seed
    turns = lasting_turns(town.banks, *shares, seed, present.world.begins_us)
    behave(town, turns)
    answering = set(town.banks) - {turn.who for turn in turns if turn.manner is Manner.FAULT}
    rng = plain_stream(seed, Purpose.CALLS)
    claims = rng.sample(present.past.claims, len(present.past.claims))
    offsets_us = arrivals_us(arguments.reports_per_hour, arguments.load_seconds, rng)
    centre.connect_banks(town)
    key = centre.connect(NAME, "centre", "", None)
    with centre.running({"serve": ["serve", "--port", str(centre.port)], "worker": ["worker"]}):
        before_s = _cpu_s(centre)
        sent = send_reports(
            lambda path, body, once: centre.post(path, body, key, once), claims, offsets_us
        )
        drained_s = _drain(centre, answering)
        cpu_s = {name: used - before_s[name] for name, used in _cpu_s(centre).items()}
    return _Ran(sent, drained_s, cpu_s)


def _judged(arguments: argparse.Namespace, ran: _Ran, books: Books, broken: Sequence[str]) -> Load:
    """Return what all that was sent came to."""
    from holdfast.cli.load_check import first_waits
    from holdfast.simulation.score import percentiles

    orders_us, holds_us = first_waits(ran.sent, books)
    taken = [one for one in ran.sent if one.is_taken]
    return Load(
        reports_per_hour=arguments.reports_per_hour,
        seconds=arguments.load_seconds,
        sent=len(ran.sent),
        taken=len(taken),
        refused=len(ran.sent) - len(taken),
        told_again=sum(one.tries - 1 for one in ran.sent),
        orders=sum(map(len, books)),
        answered=percentiles((one.answered_us - one.due_us) / SECOND_US for one in taken),
        first_order=percentiles(wait_us / SECOND_US for wait_us in orders_us),
        first_held=percentiles(wait_us / SECOND_US for wait_us in holds_us),
        drained_s=ran.drained_s,
        cpu_s=ran.cpu_s,
        broken=broken,
    )


def _broken(home: Home, sent: Sequence[Sent], books: Books, world: World, town: Town) -> list[str]:
    """Return in words what is wrong at the centre and at the banks."""
    from holdfast.cli.load_check import broken_load
    from holdfast.simulation.real_time import real_us
    from holdfast.simulation.sound import broken_books

    balances = dict(zip(world.names, world.openings_minor, strict=True))
    openings_minor, now_us = sum(world.openings_minor), real_us()
    return [
        *broken_load(home, sent, books, now_us),
        *broken_books(town.desks, balances, openings_minor, now_us),
    ]


def _drain(centre: RunningCentre, answering: Collection[str]) -> float:
    """Wait until nothing is under way any more to banks that answer; return how many seconds."""
    from holdfast.records import outbox
    from holdfast.records.models import DueWork
    from holdfast.simulation.real_time import real_us

    begins_s = time.monotonic()
    while time.monotonic() - begins_s < DRAIN_S_MAX:
        centre.check_runs()
        is_due = DueWork.objects.filter(done_us=None, due_us__lte=real_us()).exists()
        if not is_due and outbox.next_due_us(to=answering) is None:
            break
        time.sleep(ASK_AGAIN_S)
    return time.monotonic() - begins_s


def _cpu_s(centre: RunningCentre) -> dict[str, float]:
    """Return the processor seconds so far of each part, where the system tells them."""
    named = {process.pid: name for name, process in centre.processes.items()}
    used = dict.fromkeys((*named.values(), "banks"), 0.0)
    for pid, seconds in _children_s():
        used[named.get(pid, "banks")] += seconds
    return {**used, "callers": time.process_time()}


def _children_s() -> Iterator[tuple[int, float]]:
    """Yield the children of this process and their processor seconds, where there is /proc."""
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = file.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            if int(fields[1]) == os.getpid():
                yield int(file.parent.name), sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
