"""The banks of a made-up country: processes of their own that answer orders over HTTP.

Up to `PROCESSES_MAX` processes run, one a bank; more banks than that share them. They end with whoever
started them, however that ends: their standard input is then closed.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from holdfast.banks.agent.accounts import BankAccount
from holdfast.banks.agent.book import Book
from holdfast.banks.keys import write_public_keys
from holdfast.banks.messages import HolderKind
from holdfast.core.account import bank_of
from holdfast.core.errors import CentreError
from holdfast.core.keys import PublicKey, SigningKey
from holdfast.core.words import N_
from holdfast.simulation.bank_process import BOOK_FILE, CENTRE_KEYS_FILE, HOST, KEY_FOLDER
from holdfast.simulation.desk import Desk
from holdfast.simulation.events import Part
from holdfast.simulation.world import World

PROCESSES_MAX = 12
BUILT_AT_ONCE = 8
END_S_MAX = 5.0
_KINDS = {
    Part.SHELL: HolderKind.BUSINESS,
    Part.COMPANY: HolderKind.BUSINESS,
    Part.MERCHANT: HolderKind.MERCHANT,
    Part.BILLER: HolderKind.MERCHANT,
    Part.GOVERNMENT: HolderKind.GOVERNMENT,
    Part.EXCHANGE: HolderKind.EXCHANGE,
}
"""What a bank knows of a holder; everybody else is a person to it."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where a bank is reached, and the key that its answers bear."""

    institution: str
    endpoint: str
    key: PublicKey


class _Process:
    """A process with one or more banks, told what to do a line at a time."""

    def __init__(self, clock_file: Path) -> None:
        self._clock_file = clock_file
        self.start()

    def start(self) -> None:
        """Start it; a line that is told is answered once it runs."""
        self._running = subprocess.Popen(  # noqa: S603  (our own module, and a path of ours)
            [sys.executable, "-m", "holdfast.simulation.bank_process", str(self._clock_file)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, **told: object) -> dict[str, Any]:
        """Say one line and return the answer.

        Raises:
            CentreError: `bank_process_ended` or `bank_not_open`.
        """
        stdin, stdout = self._running.stdin, self._running.stdout
        line = ""
        if stdin is not None and stdout is not None:
            with suppress(BrokenPipeError):
                stdin.write(json.dumps(told) + "\n")
                stdin.flush()
                line = stdout.readline()
        if not line:
            raise CentreError(
                "bank_process_ended",
                N_("the process of the made-up bank {bank} ended; its output says why"),
                bank=told["bank"],
            )
        answer: dict[str, Any] = json.loads(line)
        if "problem" in answer:
            raise CentreError(
                "bank_not_open",
                N_("the made-up bank {bank} can't listen at port {port}: {why}"),
                bank=told["bank"],
                port=told.get("port", 0),
                why=answer["problem"],
            )
        return answer

    def kill(self) -> None:
        """End it at once, whatever it does."""
        self._running.kill()
        self._let_go()

    def ask_to_end(self) -> None:
        """Let it end by itself."""
        if self._running.stdin is not None:
            with suppress(BrokenPipeError):
                self._running.stdin.close()

    def wait(self) -> None:
        """Wait until it has ended, and end it where that takes too long."""
        try:
            self._running.wait(END_S_MAX)
        except subprocess.TimeoutExpired:
            self._running.kill()
        self._let_go()

    def _let_go(self) -> None:
        self._running.wait()
        for pipe in (self._running.stdin, self._running.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()


class Town:
    """All banks of a world while they run; a context manager that ends them.

    `ports` says where banks listen; those it does not name take any port that is free.
    """

    def __init__(
        self,
        world: World,
        folder: Path,
        clock_file: Path,
        centre_keys: Sequence[PublicKey],
        ports: Mapping[str, int] | None = None,
        processes_max: int = PROCESSES_MAX,
    ) -> None:
        """Make the books and keys of all banks in `folder`; no process runs yet."""
        self._folder, self._clock_file = folder, clock_file
        self._ports = dict(ports or {})
        self._processes_max = processes_max
        self._processes: list[_Process] = []
        self._keys: dict[str, SigningKey] = {}
        self._closed: set[str] = set()
        self._later: set[str] = set()
        self.banks = world.banks
        self.desks: dict[str, Desk] = {}
        self.sites: dict[str, Site] = {}
        accounts: dict[str, list[BankAccount]] = {bank: [] for bank in self.banks}
        for place in world.kept:
            name, part = world.names[place], world.parts[place]
            kind = _KINDS.get(part, HolderKind.PERSON)
            accounts[bank_of(name)].append(
                BankAccount(name, world.currency, world.openings_minor[place], holder_kind=kind)
            )
        with ThreadPoolExecutor(BUILT_AT_ONCE) as pool:
            list(pool.map(lambda bank: self._build(bank, accounts[bank], centre_keys), self.banks))

    def __enter__(self) -> Self:
        """Start all banks; they listen when this returns.

        Raises:
            CentreError: `bank_process_ended` or `bank_not_open`; then none runs any more.
        """
        count = min(len(self.banks), self._processes_max)
        try:
            for _ in range(count):
                self._processes.append(_Process(self._clock_file))
            with ThreadPoolExecutor(count) as pool:
                list(pool.map(self._open_all, self._processes))
            # Processes came to listen in any order; whoever asks for the banks gets them in one.
            self.sites = {bank: self.sites[bank] for bank in self.banks}
            for bank in self.banks:
                book_file = self._home(bank) / BOOK_FILE
                self.desks[bank] = Desk(bank, book_file, self._keys[bank])
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def close(self, bank: str) -> None:
        """Let a bank refuse all connections."""
        if bank not in self._closed:
            self._closed.add(bank)
            self._process_of(bank).tell(do="close", bank=bank)

    def open(self, bank: str) -> None:
        """Let a bank listen again, where it did before."""
        if bank in self._closed:
            self._closed.discard(bank)
            self._open(bank)

    def crash(self, bank: str) -> None:
        """Kill a bank's process and start it again, with all banks that share it."""
        process = self._process_of(bank)
        process.kill()
        process.start()
        self._open_all(process)

    def answer_later(self, bank: str, *, later: bool) -> None:
        """Let a bank only acknowledge orders, or answer them by machine again."""
        (self._later.add if later else self._later.discard)(bank)
        self._process_of(bank).tell(do="later", bank=bank, value=later)

    def set_ahead(self, bank: str, ahead_us: int) -> None:
        """Let a bank's clock be wrong."""
        self._process_of(bank).tell(do="clock", bank=bank, value=ahead_us)

    def is_open(self, bank: str) -> bool:
        """Whether a bank listens."""
        return bank not in self._closed

    def _build(
        self, bank: str, accounts: Sequence[BankAccount], centre_keys: Sequence[PublicKey]
    ) -> None:
        home = self._home(bank)
        home.mkdir(parents=True)
        key = self._keys[bank] = SigningKey.new(f"{bank}-1")
        key.write(home / KEY_FOLDER)
        write_public_keys(home / CENTRE_KEYS_FILE, centre_keys)
        with Book(home / BOOK_FILE, bank) as book:
            book.add_accounts(accounts)

    def _home(self, bank: str) -> Path:
        return self._folder / bank

    def _process_of(self, bank: str) -> _Process:
        return self._processes[self.banks.index(bank) % len(self._processes)]

    def _open_all(self, process: _Process) -> None:
        for bank in self.banks:
            if self._process_of(bank) is process:
                self._open(bank)
                if bank in self._later:
                    process.tell(do="later", bank=bank, value=True)
                if bank in self._closed:
                    process.tell(do="close", bank=bank)

    def _open(self, bank: str) -> None:
        port = self._ports.get(bank, 0)
        told = self._process_of(bank).tell(
            do="open", bank=bank, folder=str(self._home(bank)), port=port
        )
        self._ports[bank] = told["port"]
        endpoint = f"http://{HOST}:{told['port']}"
        self.sites[bank] = Site(bank, endpoint, self._keys[bank].public())

    def _end(self) -> None:
        for desk in self.desks.values():
            desk.close()
        for process in self._processes:
            process.ask_to_end()
        for process in self._processes:
            process.wait()
        self._processes.clear()
