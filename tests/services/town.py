"""A centre and the banks around it, made once and copied for each test that wants to harm it.

Bank 001 is the victims' bank: it files reports and gets no orders. Mules have their accounts at
the banks 002, 003 and 004, whose agents hold what the ledger says is there, mostly.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.core.management import call_command
from psycopg import sql
from pytest_django import DjangoDbBlocker
from tests.services.inside import inside
from tests.services.processes import Processes, Program, a_port, answers, until

from holdfast.banks.agent import Book
from holdfast.banks.agent.accounts import BankAccount
from holdfast.banks.keys import read_public_keys, write_public_keys
from holdfast.banks.messages import AccountStatus, HolderKind
from holdfast.core.instant import HOUR_US, SECOND_US
from holdfast.core.keys import PublicKey, SigningKey
from holdfast.ledger.store import LedgerWriter
from holdfast.ledger.transfer import Transfer
from holdfast.people.keys import issue_key
from holdfast.people.models import Institution, InstitutionKey
from holdfast.people.role import Scope
from holdfast.records.signing_key import public_keys
from holdfast.server.home import Home
from holdfast.server.make_home import HomeWanted, make_home

NAME = "TH.AOC"
VICTIMS_BANK = "TH.THCBC.001"
MULES_BANKS = ("TH.THCBC.002", "TH.THCBC.003", "TH.THCBC.004")
SCOPES = (Scope.REPORTS_WRITE, Scope.CASES_READ, Scope.ORDERS_READ, Scope.ORDERS_ANSWER)
VICTIMS = 10
AGENT = "holdfast.banks.agent.__main__"
DATABASE = os.environ.get("HOLDFAST_TEST_DATABASE", "")
"""A PostgreSQL server where homes get their databases; else each has a file."""


@dataclass(frozen=True)
class Town:
    """A centre's home with all that belongs to it, in one folder."""

    folder: Path
    database: str = ""
    """The address of its database on a PostgreSQL server, if it is not a file."""

    @property
    def home(self) -> Home:
        """The centre's home."""
        return Home.read(self.folder / "centre")

    @property
    def bearer(self) -> str:
        """The secret by which bank 001 files reports."""
        return (self.folder / f"{VICTIMS_BANK}.secret").read_text(encoding="ascii")

    def book(self, bank: str) -> Book:
        """Open a bank's book."""
        return Book(self.folder / bank / "book.sqlite3", bank)


def account(bank: str, number: int) -> str:
    """Return an account of a bank."""
    return f"{bank}.{number:010d}"


def make_town(folder: Path, blocker: DjangoDbBlocker, server: str = DATABASE) -> Town:
    """Make the home, its ledger, its institutions, their keys and their books.

    Its database is made on a PostgreSQL `server`, if one is named, else it is a file.
    """
    town = Town(folder, _new_database(server) if server else "")
    make_home(HomeWanted(folder / "centre", "TH", NAME, town.database or None))
    transfers = payments()
    with LedgerWriter.open(town.home.ledger) as ledger:
        ledger.append(transfers)
    _make_keys(town)
    for bank in MULES_BANKS:
        with town.book(bank) as book:
            book.add_accounts(_accounts(bank, transfers))
    with inside(town.home, blocker):
        call_command("migrate", interactive=False, verbosity=0)
        _enter_institutions(town)
    return town


@contextmanager
def copied(town: Town, folder: Path) -> Iterator[Town]:
    """Copy a town that nobody works in; the copy goes with the test."""
    shutil.copytree(town.folder, folder)
    origin = _name(town.database)
    copy = Town(folder, _new_database(town.database, origin) if town.database else "")
    if copy.database:
        file = folder / "centre" / "centre.toml"
        text = file.read_text(encoding="utf-8").replace(town.database, copy.database)
        file.write_text(text, encoding="utf-8")
    try:
        yield copy
    finally:
        drop_database(copy)
        shutil.rmtree(folder, ignore_errors=True)


def drop_database(town: Town) -> None:
    """Remove a town's database from the server, if it has one there."""
    if town.database:
        name = sql.Identifier(_name(town.database))
        with psycopg.connect(_at(town.database, "postgres"), autocommit=True) as server:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))


def payments() -> list[Transfer]:
    """Return the ledger: each victim pays a mule, and mules pay on, from bank to bank."""
    chance = Random("town")  # noqa: S311
    begin_us = time.time_ns() // 1000 - 3 * HOUR_US
    found: list[Transfer] = []

    def pay(name: str, debit: str, credit: str, amount_minor: int) -> None:
        time_us = begin_us + len(found) * 60 * SECOND_US
        found.append(Transfer(time_us, 0, name, debit, credit, amount_minor, "THB"))

    first, second, third = MULES_BANKS
    for number in range(VICTIMS):
        mule = account(first, 1 + number % 4)
        amount_minor = chance.randint(200, 900) * 100
        pay(f"P{number}", account(VICTIMS_BANK, number), mule, amount_minor)
        onward = account(second, 1 + number % 3)
        pay(f"Q{number}", mule, onward, amount_minor * chance.randint(3, 7) // 10)
        if number % 3:
            last = account(third, 1 + number % 2)
            pay(f"R{number}", onward, last, amount_minor // 5)
    return found


def _accounts(bank: str, transfers: list[Transfer]) -> list[BankAccount]:
    """Return the accounts of a bank as its ledger has them; one lacks money, one is closed."""
    balances: dict[str, int] = {}
    for row in transfers:
        for holder, change in (
            (row.debit_account, -row.amount_minor),
            (row.credit_account, row.amount_minor),
        ):
            if holder.startswith(f"{bank}."):
                balances[holder] = balances.get(holder, 0) + change
    found = [BankAccount(holder, "THB", balance) for holder, balance in sorted(balances.items())]
    if bank == MULES_BANKS[0]:
        poorer = found[1]
        found[1] = BankAccount(poorer.account, "THB", poorer.balance_minor // 2)
    if bank == MULES_BANKS[1]:
        found[2] = BankAccount(
            found[2].account, "THB", found[2].balance_minor, AccountStatus.CLOSED, HolderKind.PERSON
        )
    return found


def _make_keys(town: Town) -> None:
    centre = town.home.keys
    keys = [
        PublicKey.parse(name, b64encode(key).decode()) for name, key in public_keys(centre).items()
    ]
    write_public_keys(town.folder / "centre.csv", keys)
    for bank in MULES_BANKS:
        folder = town.folder / bank / "keys"
        key, retired = SigningKey.new(f"{bank}-2"), SigningKey.new(f"{bank}-1")
        key.write(folder)
        retired.write(folder / "retired")
        write_public_keys(folder / "public.csv", [key.public(), retired.public(retired_us=1)])


def _enter_institutions(town: Town) -> None:
    for bank in (VICTIMS_BANK, *MULES_BANKS):
        institution = Institution.objects.create(
            institution_id=bank, name=bank, kind="bank", created_us=0
        )
        secret = issue_key(institution, SCOPES, "", 1, secrets.token_bytes)
        (town.folder / f"{bank}.secret").write_text(secret, encoding="ascii")
        if bank == VICTIMS_BANK:
            continue
        Institution.objects.filter(id=institution.id).update(delivery="push")
        for key in read_public_keys(town.folder / bank / "keys" / "public.csv").values():
            InstitutionKey.objects.create(
                key_id=key.key_id,
                institution=institution,
                public_key=key.text,
                valid_from_us=0,
                retired_us=key.retired_us,
            )


def _new_database(server: str, origin: str = "template0") -> str:
    """Make a database on a server, as a copy of another one there; return its address."""
    name = f"holdfast_{secrets.token_hex(8)}"
    words = map(sql.Identifier, (name, origin))
    with psycopg.connect(_at(server, "postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*words))
    return _at(server, name)


def _at(server: str, name: str) -> str:
    """Return the address of another database on the same server."""
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


def _name(database: str) -> str:
    return urlsplit(database).path.removeprefix("/")


@dataclass
class Running:
    """The programs of a town: the centre's and the banks'."""

    town: Town
    processes: Processes
    port: int = field(default_factory=a_port)
    centre: dict[str, Program] = field(default_factory=dict)
    """`serve` and `worker`, or `serve` alone which does both."""
    agents: dict[str, Program] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where the centre answers."""
        return f"http://127.0.0.1:{self.port}"

    def add_server(self, *words: str) -> Program:
        """Add `holdfast serve`."""
        self.centre["serve"] = self._holdfast("serve", "--port", str(self.port), *words)
        return self.centre["serve"]

    def add_worker(self, name: str = "worker") -> Program:
        """Add a `holdfast worker`."""
        self.centre[name] = self._holdfast("worker", log=name)
        return self.centre[name]

    def add_agents(self, later: str = "", module: str = AGENT) -> None:
        """Add the banks' agents, and tell the centre where they are; one may answer `later`.

        Must be called inside the home.
        """
        for bank in MULES_BANKS:
            folder, port = self.town.folder / bank, a_port()
            words = ["serve", "--institution", bank, "--keys", f"{folder / 'keys'}"]
            words += ["--centre-keys", f"{self.town.folder / 'centre.csv'}", "--port", f"{port}"]
            words += ["--book", f"{folder / 'book.sqlite3'}"]
            words += ["--centre", self.url]
            words += ["--bearer-file", f"{self.town.folder / f'{bank}.secret'}"]
            words += ["--later"] if bank == later else []
            log = self.town.folder / f"{bank}.log"
            self.agents[bank] = Program(self.processes, module, tuple(words), log)
            endpoint = f"http://127.0.0.1:{port}"
            Institution.objects.filter(institution_id=bank).update(endpoint=endpoint)

    def everyone(self) -> list[Program]:
        """Return all programs."""
        return [*self.centre.values(), *self.agents.values()]

    def start(self) -> None:
        """Start all and wait until the server answers."""
        for program in self.everyone():
            program.start()
        self.await_server()

    def await_server(self) -> None:
        """Wait until the server answers, if there is one."""
        if "serve" in self.centre:
            until(lambda: answers(f"{self.url}/v1/health"), f"an answer of {self.url}")

    def kill(self) -> None:
        """Kill all."""
        for program in self.everyone():
            program.kill()

    def _holdfast(self, verb: str, *words: str, log: str = "") -> Program:
        return Program(
            self.processes,
            "holdfast.cli.main",
            (verb, *words),
            self.town.folder / f"{log or verb}.log",
            {
                "HOLDFAST_HOME": str(self.town.folder / "centre"),
                "HOLDFAST_LANGUAGE": "en",
                # What a killed reader of the ledger leaves goes with the test.
                "TMPDIR": str(self.town.folder),
            },
        )
