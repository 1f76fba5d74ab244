"""`python -m holdfast.simulation.bank_process CLOCK`: made-up banks that answer over HTTP.

Each bank is an agent with its own book, port and keys. What to do is told line by line on
standard input, one JSON object each, and each line is answered by one. The process ends when its
input does: also when whoever started it is killed.

    {"do": "open", "bank": "TH.THCBC.004", "folder": "…", "port": 0}   begin to listen
    {"do": "close", "bank": "TH.THCBC.004"}                            refuse all connections
    {"do": "later", "bank": "TH.THCBC.004", "value": true}             only acknowledge orders
    {"do": "clock", "bank": "TH.THCBC.004", "value": -60000000}        be wrong by so many µs
"""

from __future__ import annotations

import asyncio
import json
import secrets
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn

from holdfast.banks.agent.book import Book
from holdfast.banks.agent.faults import AgentFault
from holdfast.banks.agent.outbox import Outbox
from holdfast.banks.agent.server import AgentApp, AgentKeys, Receive, Send
from holdfast.banks.keys import read_public_keys
from holdfast.core.keys import SigningKey
from holdfast.simulation.clock_file import SharedClock

HOST = "127.0.0.1"
BOOK_FILE = "book.sqlite3"
KEY_FOLDER = "keys"
CENTRE_KEYS_FILE = "centre.csv"
LOOKS_EVERY_S = 0.005
PATIENCE_S = 10.0
"""As long as a running centre waits for an answer; one that comes later comes to nobody."""
BODY_S_MAX = 60.0
KEPT_OPEN_S = 3600
"""Longer than any client keeps a connection: else it could close just when a message is sent."""


class _Server(uvicorn.Server):
    """A server that leaves signals to its process, for there are several."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


@dataclass(slots=True)
class _Bank:
    """One bank: its book stays open, its server comes and goes."""

    clock: SharedClock
    book: Book
    outbox: Outbox
    keys: AgentKeys
    ahead_us: int = 0
    later: bool = False
    port: int = 0
    server: _Server | None = None
    running: asyncio.Task[None] | None = None
    app: AgentApp = field(init=False)

    def __post_init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Make the agent anew, as it is to behave by now."""
        self.app = AgentApp(
            self.book,
            self.outbox,
            self.keys,
            lambda: self.clock() + self.ahead_us,
            lambda: secrets.token_urlsafe(18),
            later=self.later,
            body_s_max=BODY_S_MAX,
            sleep=_no_time,
        )

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request, or none where the bank is silent or too slow.

        Who asked sees a connection that ends without an answer, at once: a story's seconds are
        not waited for.
        """
        faults = self.book.faults()
        if AgentFault.SILENT in faults:
            await self._hang_up(receive)
        elif faults.get(AgentFault.SLOW, 0.0) > PATIENCE_S:
            await self.app(scope, receive, _unheard)
            await self._hang_up(receive)
        else:
            await self.app(scope, receive, send)

    async def _hang_up(self, receive: Receive) -> None:
        """End all connections, and wait until this request's has ended."""
        if self.server is None:
            return
        for connection in list(self.server.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass

    async def open(self) -> None:
        """Listen; at the same port as before, if there was one."""
        listening = socket.create_server((HOST, self.port))
        self.port = listening.getsockname()[1]
        config = uvicorn.Config(
            self,
            lifespan="off",
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_keep_alive=KEPT_OPEN_S,
            timeout_graceful_shutdown=1,
        )
        self.server = _Server(config)
        self.running = asyncio.create_task(self.server.serve(sockets=[listening]))
        while not self.server.started and not self.running.done():
            await asyncio.sleep(LOOKS_EVERY_S)

    async def close(self) -> None:
        """Refuse connections from now on."""
        if self.server is not None and self.running is not None:
            self.server.should_exit = True
            await self.running
            self.server = None


async def _no_time(seconds: float) -> None:
    """Let a story's seconds pass, which take none."""


async def _unheard(message: dict[str, Any]) -> None:
    """Say something to nobody."""


class _Banks:
    """The banks of this process, and what they are told."""

    def __init__(self, clock: SharedClock) -> None:
        self._clock = clock
        self._banks: dict[str, _Bank] = {}

    async def do(self, told: dict[str, Any]) -> dict[str, object]:
        """Do what one line says, and return what is answered."""
        if told["do"] == "open" and told["bank"] not in self._banks:
            self._banks[told["bank"]] = self._make(told)
        bank = self._banks[told["bank"]]
        if told["do"] == "open":
            try:
                await bank.open()
            except OSError as error:
                return {"problem": error.strerror or type(error).__name__}
        elif told["do"] == "close":
            await bank.close()
        elif told["do"] == "later":
            bank.later = told["value"]
            bank.renew()
        else:
            bank.ahead_us = told["value"]
        return {"port": bank.port}

    def _make(self, told: dict[str, Any]) -> _Bank:
        folder = Path(told["folder"])
        [key_file] = (folder / KEY_FOLDER).glob("*.pem")
        keys = AgentKeys(
            SigningKey.read(key_file),
            read_public_keys(folder / CENTRE_KEYS_FILE).get,
            SigningKey.new("retired"),
        )
        book_file = folder / BOOK_FILE
        return _Bank(
            clock=self._clock,
            book=Book(book_file, told["bank"]),
            outbox=Outbox(book_file),
            keys=keys,
            port=told["port"],
        )


def _listen(do: Callable[[dict[str, Any]], dict[str, object]]) -> None:
    """Read lines until there are no more, and answer each."""
    for line in sys.stdin:
        sys.stdout.write(json.dumps(do(json.loads(line))) + "\n")
        sys.stdout.flush()


async def serve(clock: SharedClock) -> None:
    """Serve until standard input ends, or something told can't be done."""
    loop, banks = asyncio.get_running_loop(), _Banks(clock)

    def do(told: dict[str, Any]) -> dict[str, object]:
        return asyncio.run_coroutine_threadsafe(banks.do(told), loop).result()

    await asyncio.to_thread(_listen, do)


def main() -> None:
    """Run; Ctrl-C is for whoever started this process, and ends this one with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with SharedClock(Path(sys.argv[1])) as clock:
        asyncio.run(serve(clock))


if __name__ == "__main__":
    main()
