"""`holdfast open`: a made-up country in real time, and a real centre to play with."""

from __future__ import annotations

import argparse
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.cli.demo import share
from holdfast.cli.made_up import clear
from holdfast.cli.main import DONE
from holdfast.cli.running_centre import (
    NAME,
    RunningCentre,
    check_port,
    end_as_by_ctrl_c,
    make_centre,
)
from holdfast.cli.screen import Screen
from holdfast.core.words import N_, say
from holdfast.server.home import PORT

if TYPE_CHECKING:
    from holdfast.cli.open_lines import Ways
    from holdfast.simulation.live import Happened, Live
    from holdfast.simulation.present import Present
    from holdfast.simulation.town import Town

CENTRE_FOLDER, PAST_FOLDER = "centre", "past"
WRITTEN = (CENTRE_FOLDER, PAST_FOLDER, "banks", "banks.clock", "serve.log")
DAYS, MERCHANTS, SCAMS = 14, 200, 40
"""Of the past, where nobody says how much there was of it."""
STEP_S = 0.2
BY_HAND = 0.1
"""Of all banks: those where people answer, where nobody says how many."""


def open_country_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser the words of `holdfast open`."""
    add = parser.add_argument
    add("--reports-per-hour", type=int, default=60, metavar="N", help="default: 60")
    add("--port", type=int, default=PORT, help=f"where the centre answers; default: {PORT}")
    add(
        "--into",
        type=Path,
        default=Path("open-output"),
        metavar="DIR",
        help="where centre and banks stay; default: open-output",
    )
    add("--seed", type=int, default=1, metavar="N", help="default: 1")
    add("--banks", type=int, default=8, metavar="N", help="default: 8")
    add("--silent", type=share, default=0.0, metavar="5%", help="of all banks: never answer")
    add("--by-hand", type=share, metavar="10%", help="of all banks: people answer; default: 10%%")
    add("--customers", type=int, default=3_000, metavar="N", help="default: 3000")
    add("--transfers", type=int, default=40_000, metavar="N", help="of the past; default: 40000")
    parser.epilog = "example:\n  holdfast open --reports-per-hour 120"


def open_country(arguments: argparse.Namespace) -> int:
    """Start a made-up country live, with its centre's API and pages open, until Ctrl-C."""
    from holdfast.simulation.faults import check_shares

    end_as_by_ctrl_c()
    if arguments.by_hand is None:
        arguments.by_hand = min(BY_HAND, 1 - arguments.silent)
    check_shares(arguments.silent, arguments.by_hand)
    port = check_port(arguments.port)
    folder: Path = arguments.into.absolute()
    console = Screen()
    with ExitStack() as stack:
        opened = _open(arguments, folder, port, console, stack)
        with suppress(KeyboardInterrupt):
            opened.go_on()
        console.write("")
        console.write(say(N_("Ending; what there was stays in {folder}"), folder=folder))
    return DONE


@dataclass(slots=True)
class _Opened:
    """A country whose people live on, and what is printed about it."""

    centre: RunningCentre
    live: Live
    ways: Ways
    console: Screen

    def go_on(self) -> None:
        """Say how to get in, then let everything happen until interrupted."""
        from holdfast.cli.open_lines import greeting, line_of, tries
        from holdfast.simulation.live import CERTAIN_US
        from holdfast.simulation.real_time import real_us

        self._write(*greeting(self.ways))
        untold: Happened | None = None
        while True:
            now_us = real_us()
            for happened in self.live.step(now_us):
                self._write(line_of(happened, self.live.world.currency))
                untold = happened if happened.is_untold else untold
            if untold is not None and now_us - untold.time_us > CERTAIN_US:
                self._write(*tries(self.ways, untold.payment))
                untold = None
            self.centre.check_runs()
            time.sleep(STEP_S)

    def _write(self, *lines: str) -> None:
        for line in lines:
            self.console.write(line)


def _open(
    arguments: argparse.Namespace, folder: Path, port: int, console: Screen, stack: ExitStack
) -> _Opened:
    """Make country, centre and banks, and let them run as long as the stack stands."""
    from holdfast.records.signing_key import dated_keys
    from holdfast.simulation.files import write_country
    from holdfast.simulation.known_stops import known_stops
    from holdfast.simulation.real_time import running_town

    console.write(say(N_("Making a country and its past …")), style="dim")
    present = _present(arguments)
    world = present.world
    clear(folder, WRITTEN)
    files = write_country(present.past, folder / PAST_FOLDER)
    console.write(say(N_("Making a centre, and telling it of the past …")), style="dim")
    centre = RunningCentre(make_centre(folder / CENTRE_FOLDER), port)
    centre.take_past(files)
    centre.stop_all(known_stops(world, arguments.seed))
    console.write(
        say(N_("Starting {count} banks and the centre …"), count=len(world.banks)), style="dim"
    )
    keys = dated_keys(centre.home.keys)
    town = stack.enter_context(running_town(world, folder, keys))
    live, ways = _let_in(arguments, present, town, centre, stack)
    serve = ["serve", "--all", "--port", str(port)]
    stack.enter_context(centre.running({"serve": serve}))
    return _Opened(centre, live, ways, console)


def _present(arguments: argparse.Namespace) -> Present:
    from holdfast.simulation.present import present_of
    from holdfast.simulation.real_time import real_us
    from holdfast.simulation.size import CountrySize

    size = CountrySize(
        banks=arguments.banks,
        customers=arguments.customers,
        merchants=MERCHANTS,
        transfers=arguments.transfers,
        scams=SCAMS,
        days=DAYS,
    )
    return present_of(arguments.seed, size, real_us(), arguments.reports_per_hour)


def _let_in(
    arguments: argparse.Namespace,
    present: Present,
    town: Town,
    centre: RunningCentre,
    stack: ExitStack,
) -> tuple[Live, Ways]:
    """Connect banks, people and whoever plays."""
    from holdfast.banks.deadline import Timeouts, http_client
    from holdfast.cli.open_lines import Ways
    from holdfast.simulation.callers import POLICE, Callers
    from holdfast.simulation.chance import Purpose, plain_stream
    from holdfast.simulation.faults import lasting_turns
    from holdfast.simulation.live import Live, behave
    from holdfast.simulation.real_time import real_us

    keys = centre.connect_banks(town)
    timeouts = Timeouts(connect_s=2.0, total_s=20.0)  # everybody waits meanwhile
    client = stack.enter_context(http_client(timeouts))
    for bank, desk in town.desks.items():
        desk.meet(centre.url, keys[bank], client, real_us, timeouts=timeouts)
    chance = plain_stream(arguments.seed, Purpose.HANDS)
    # Nobody plays the reviewer here: what waits for a person waits for whoever plays.
    callers = Callers(centre, NAME, keys, chance, right_share=1.0)
    live = Live(present.world, town, centre, callers, chance)
    shares = arguments.silent, arguments.by_hand
    turns = lasting_turns(town.banks, *shares, arguments.seed, present.world.begins_us)
    behave(town, turns)
    # Where people answer, orders stay open the longest; the drawn banks that do come last.
    bank = (*town.banks[:1], *(turn.who for turn in turns))[-1]
    mine = [
        (NAME, centre.connect(NAME, "centre", "", None)),
        (bank, keys[bank]),
        (POLICE, centre.connect(POLICE, "police", "", None)),
    ]
    return live, Ways(centre.url, centre.first_token(), mine, arguments.reports_per_hour)
