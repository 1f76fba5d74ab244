"""A real centre on this machine, run as processes by a command that ends them again.

The command's own process makes the centre's home, fills it, and may read its database; everything
else is done by `holdfast serve` and `holdfast worker`, as anywhere.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from holdfast.cli.made_up import import_country
from holdfast.cli.tied import END_S_MAX
from holdfast.core.errors import CentreError, LedgerBusy, Refused
from holdfast.core.words import N_

if TYPE_CHECKING:
    from holdfast.core.keys import PublicKey
    from holdfast.ledger.transfer import Transfer
    from holdfast.server.home import Home
    from holdfast.simulation.events import Delivered
    from holdfast.simulation.files import CountryFiles
    from holdfast.simulation.town import Town
    from holdfast.workflows.centre import Centre

HOST = "127.0.0.1"
NAME = "TH.AOC"
START_S_MAX = 60.0
ASK_AGAIN_S = 0.1
REQUEST_S_MAX = 60.0
CONNECTIONS_MAX = 100
FEED_EVERY_S = 1.0


def make_centre(
    folder: Path, database: str | None = None, clock: Callable[[], int] | None = None
) -> Home:
    """Make a centre's home and database, and set Django up for it, which a process can do once.

    Its first key is as old as the clock says, this machine's where none is given.

    Raises:
        CentreError: as `make_home`, or the database can't be used.
        Refused: `centre_set_up`.
    """
    from django.apps import apps

    if apps.ready:
        raise Refused(
            "centre_set_up", N_("a process plays one country; this one works for a centre already")
        )
    os.environ["HOLDFAST_HOME"] = str(folder)
    from holdfast.cli.shell import enter_centre
    from holdfast.server.make_home import HomeWanted, make_home
    from holdfast.server.runtime import CLOCK

    wanted = HomeWanted(folder=folder, country="TH", name=NAME, database=database)
    home = make_home(wanted, clock or CLOCK)
    enter_centre(migrated=False)
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    return home


def check_port(port: int) -> int:
    """Return a port that can be listened at; any that is free where 0 is asked for.

    Raises:
        Refused: `port_taken`.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            raise Refused(
                "port_taken",
                N_("port {port} can't be listened at: {why}; name another with --port"),
                port=port,
                why=getattr(error, "strerror", None) or str(error),
            ) from None
        found: int = probe.getsockname()[1]
        return found


def end_as_by_ctrl_c() -> None:
    """Let a process end in order also where it is told to terminate, or was begun without Ctrl-C."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)


@dataclass(slots=True)
class RunningCentre:
    """The centre as others reach it: over HTTP, and by the payments that its ledger is fed with.

    Institutions can be connected from the start; it answers while it is `running`.
    """

    home: Home
    port: int
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    """By what they do: `serve`, `worker`."""
    _http: httpx.Client = field(init=False)
    _centre: Centre = field(init=False)
    _unfed: list[Transfer] = field(default_factory=list)
    _fed_s: float = 0.0

    def __post_init__(self) -> None:
        from holdfast.server.runtime import centre_of

        self._centre = centre_of(self.home)
        limits = httpx.Limits(max_connections=CONNECTIONS_MAX)
        self._http = httpx.Client(
            base_url=self.url, timeout=REQUEST_S_MAX, limits=limits, trust_env=False
        )

    @property
    def url(self) -> str:
        """Where it answers: what stands before /v1."""
        return f"http://{HOST}:{self.port}"

    def connect(self, institution_id: str, kind: str, endpoint: str, key: PublicKey | None) -> str:
        """Enter an institution and return the text of a key with all that its kind may do."""
        from holdfast.server.parties import enter_party
        from holdfast.workflows.connect_institution import Connection

        delivery = "push" if endpoint else "poll"
        told = Connection(institution_id, institution_id, kind, delivery, endpoint)
        return enter_party(self._centre, told, key, secrets.token_bytes, "made-up country")

    def connect_banks(self, town: Town) -> dict[str, str]:
        """Enter the banks of a town that runs, and return the text of each one's key."""
        return {
            bank: self.connect(bank, "bank", site.endpoint, site.key)
            for bank, site in town.sites.items()
        }

    def first_token(self) -> str:
        """Return the token of a one-time link with which the first administrator comes in."""
        from holdfast.server.make_home import first_link

        return first_link(self._centre.now_us())

    def stop_all(self, stops: Iterable[tuple[str, str]]) -> None:
        """Enter at which accounts trails end, with the kind of each."""
        from holdfast.server.stop_list import enter_stops

        enter_stops(self._centre, stops)

    def take_past(self, files: CountryFiles) -> None:
        """Import what a made-up country has paid so far; before the centre runs.

        Raises:
            Refused: `country_not_whole`.
        """
        from holdfast.ledger.store import LedgerWriter
        from holdfast.workflows.import_ledger import Listener

        with LedgerWriter.open(self.home.ledger) as ledger:
            import_country(ledger, files, self._centre.now_us(), Listener())

    @contextmanager
    def running(self, commands: Mapping[str, Sequence[str]]) -> Iterator[None]:
        """Run commands as processes, by what they do, until this ends; it answers from the start.

        Raises:
            CentreError: `centre_ended` or `centre_not_answering`, with the file that says why.
        """
        try:
            for name, words in commands.items():
                self.processes[name] = self._start(name, words)
            self._wait_until_it_answers()
            yield
        finally:
            self._end()

    def check_runs(self) -> None:
        """Make sure that its processes run.

        Raises:
            CentreError: `centre_ended`, with the file that says why.
        """
        for name, process in self.processes.items():
            if process.poll() is not None:
                raise CentreError(
                    "centre_ended",
                    N_("`holdfast {name}` ended by itself; {log} says why"),
                    name=name,
                    log=self._log(name),
                )

    def post(self, path: str, body: bytes, api_key: str, once: str = "") -> httpx.Response:
        """Ask it to do something, under an idempotency key of its own or the one given."""
        headers = {
            "authorization": f"Bearer {api_key}",
            "content-type": "application/json",
            "idempotency-key": once or secrets.token_hex(12),
        }
        return self._http.post(path, content=body, headers=headers)

    def get(self, path: str, api_key: str) -> httpx.Response:
        """Ask it something."""
        return self._http.get(path, headers={"authorization": f"Bearer {api_key}"})

    def feed(self, transfers: Sequence[Transfer]) -> None:
        """Write transfers into its ledger; where its worker writes just now, with the next ones."""
        from holdfast.ledger.store import LedgerWriter

        self._unfed += transfers
        now_s = time.monotonic()
        if not self._unfed or now_s - self._fed_s < FEED_EVERY_S:
            return
        self._fed_s = now_s
        with suppress(LedgerBusy), LedgerWriter.open(self.home.ledger) as writer:
            writer.append(self._unfed)
            self._unfed.clear()

    def pump(self) -> None:
        """Do nothing: its worker does by itself what is due."""

    def next_due_us(self) -> int | None:
        """Return None: nobody else has to wait for what falls due."""
        return None

    def delivered_since(self, perf_s: float) -> Sequence[Delivered]:  # noqa: ARG002
        """Return nothing: what it brings to banks is seen at the banks."""
        return ()

    def _start(self, name: str, words: Sequence[str]) -> subprocess.Popen[bytes]:
        with self._log(name).open("wb") as log:
            return subprocess.Popen(  # noqa: S603  (our own module)
                [sys.executable, "-m", "holdfast.cli.tied", *words],
                env={**os.environ, "HOLDFAST_HOME": str(self.home.folder)},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C is for whoever started this, and ends the process in order.
                process_group=0,
            )

    def _log(self, name: str) -> Path:
        return self.home.folder.parent / f"{name}.log"

    def _wait_until_it_answers(self) -> None:
        ends_s = time.monotonic() + START_S_MAX
        while time.monotonic() < ends_s:
            self.check_runs()
            with suppress(httpx.HTTPError):
                self._http.get("/v1/health").raise_for_status()
                return
            time.sleep(ASK_AGAIN_S)
        raise CentreError(
            "centre_not_answering",
            N_("the centre did not begin to answer; {log} may say why"),
            log=self._log("serve"),
        )

    def _end(self) -> None:
        """End all processes, and wait until they have."""
        for process in self.processes.values():
            if process.stdin is not None:
                process.stdin.close()
        for process in self.processes.values():
            try:
                process.wait(END_S_MAX + ASK_AGAIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._http.close()
