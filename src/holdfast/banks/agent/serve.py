"""Run an agent: open the book, listen, let holds lapse, post what waits."""

from __future__ import annotations

import secrets
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn

from holdfast.banks.agent.accounts import BankAccount, read_accounts
from holdfast.banks.agent.book import Book, Taken
from holdfast.banks.agent.faults import AgentFault
from holdfast.banks.agent.outbox import Outbox, keep_doing
from holdfast.banks.agent.server import AgentApp, AgentKeys
from holdfast.banks.deadline import Timeouts, check_endpoint, http_client
from holdfast.banks.keys import read_public_keys
from holdfast.banks.messages import HoldAnswer
from holdfast.banks.poller import Centre, CentreClient
from holdfast.core.errors import Refused
from holdfast.core.keys import SigningKey
from holdfast.core.problem import Problem
from holdfast.core.words import N_


@dataclass(frozen=True, slots=True)
class AgentOptions:
    """What an agent needs to know."""

    institution: str
    accounts: Path | None
    """CSV; read at the start, where accounts that the book knows already stay as they are."""
    key_folder: Path
    """The private key, `<key id>.pem`, the last by name if there are several; the fault
    `retired_key` takes one from `retired/` in it."""
    centre_keys: Path
    """CSV of the centre's public keys."""
    book: Path
    """The SQLite file of state; made if missing."""
    host: str = "127.0.0.1"
    port: int = 0
    """0 takes any that is free."""
    later: bool = False
    """Only acknowledge orders; a person answers."""
    centre: Centre | None = None
    """Where later answers are posted, and orders polled from."""
    poll_every_s: float = 0.0
    """0 does not poll."""
    tick_s: float = 0.2
    """How often deadlines and the outbox are looked at."""
    faults: Mapping[AgentFault, float] = field(default_factory=dict)


def serve_agent(
    options: AgentOptions,
    clock: Callable[[], int] = lambda: time.time_ns() // 1000,
    nonces: Callable[[], str] = lambda: secrets.token_urlsafe(18),
    announce: Callable[[str], None] = print,
) -> list[Problem]:
    """Serve until the process is told to end; `announce` gets the endpoint once it listens.

    Returns the problems of the accounts file.

    Raises:
        Refused: keys or accounts can't be read, or the centre's endpoint is none.
    """
    if options.centre is not None:
        check_endpoint(options.centre.endpoint)
    problems: list[Problem] = []
    with ExitStack() as stack:
        book = stack.enter_context(Book(options.book, options.institution))
        if options.accounts is not None:
            book.add_accounts(_accounts(options.accounts, problems))
        for fault, value in options.faults.items():
            book.set_fault(fault, value)
        outbox = Outbox(options.book)
        stack.callback(outbox.close)
        keys = _keys(options)
        app = AgentApp(book, outbox, keys, clock, nonces, later=options.later)
        listening = socket.create_server((options.host, options.port))
        stack.callback(listening.close)
        stop = threading.Event()
        worker = threading.Thread(
            target=_work, args=(options, keys.signing, clock, nonces, stop), daemon=True
        )
        stack.callback(worker.join, 5.0)
        stack.callback(stop.set)
        worker.start()
        announce(f"http://{options.host}:{listening.getsockname()[1]}")
        _server(app).run(sockets=[listening])
    return problems


def _server(app: AgentApp) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            app,
            lifespan="off",
            log_level="warning",
            access_log=False,
            server_header=False,
            limit_concurrency=200,
            timeout_graceful_shutdown=1,
        )
    )


def _accounts(path: Path, problems: list[Problem]) -> list[BankAccount]:
    found = list(read_accounts(path))
    problems += [item for item in found if isinstance(item, Problem)]
    return [item for item in found if isinstance(item, BankAccount)]


def _keys(options: AgentOptions) -> AgentKeys:
    signing = _last_key(options.key_folder)
    if signing is None:
        raise Refused(
            "key_missing",
            N_("no private key stands in {folder}; `holdfast bank keys` makes one"),
            folder=options.key_folder,
        )
    retired = _last_key(options.key_folder / "retired") or SigningKey.new("retired")
    return AgentKeys(signing, read_public_keys(options.centre_keys).get, retired)


def _last_key(folder: Path) -> SigningKey | None:
    paths = sorted(folder.glob("*.pem"))
    return SigningKey.read(paths[-1]) if paths else None


def _news(taken: Taken) -> HoldAnswer | None:
    """Return an answer that the centre may not have; that it is acknowledged is told once."""
    return None if taken.repeated and taken.status == 202 else taken.answer


def _work(
    options: AgentOptions,
    key: SigningKey,
    clock: Callable[[], int],
    nonces: Callable[[], str],
    stop: threading.Event,
) -> None:
    """Let holds lapse, send the outbox and poll, on connections of this thread's own."""
    timeouts = Timeouts()
    with ExitStack() as stack:
        book = stack.enter_context(Book(options.book, options.institution))
        outbox = Outbox(options.book)
        stack.callback(outbox.close)
        client = stack.enter_context(http_client(timeouts))
        centre = None
        if options.centre is not None:
            centre = CentreClient(options.centre, key, client, timeouts, clock, nonces)
        next_poll_us = 0

        def once() -> None:
            nonlocal next_poll_us
            now_us = clock()
            book.lapse(now_us)
            if centre is None:
                return
            if options.poll_every_s and now_us >= next_poll_us:
                centre.poll(lambda order: _news(book.take(order, now_us, later=options.later)))
                next_poll_us = now_us + int(options.poll_every_s * 1_000_000)
            outbox.send_due(centre.post, now_us)

        keep_doing(once, options.tick_s, stop)
