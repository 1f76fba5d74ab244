"""A real centre whose time and worker are in somebody else's hands.

It answers over HTTP on loopback and delivers over HTTP as any centre does; but its clock is given,
and what is due is done when `pump` is called, in one thread and in one order, so that the same
story leads to the same records.
"""

from __future__ import annotations

import gc
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from random import Random
from types import TracebackType
from typing import Any, Self

import httpx
import uvicorn

from holdfast.api.bounded import BoundedBody
from holdfast.api.problem import BODY_BYTES_MAX
from holdfast.banks.client import Answered, BankClient, Delivery
from holdfast.banks.deadline import Timeouts, http_client
from holdfast.banks.messages import Order
from holdfast.banks.signing import Keys
from holdfast.core.errors import CentreError, HoldfastError
from holdfast.core.instant import SECOND_US
from holdfast.core.keys import PublicKey
from holdfast.core.words import N_
from holdfast.law.law import Law
from holdfast.ledger.store import LedgerStore, LedgerWriter
from holdfast.ledger.transfer import Transfer
from holdfast.records import due, outbox
from holdfast.records.models import DueWork, OutboxMessage
from holdfast.records.seal import seal
from holdfast.records.signing_key import current_key, dated_keys
from holdfast.records.waits import wait_us
from holdfast.server.handler import OneThreadHandler
from holdfast.server.home import Home
from holdfast.server.parties import enter_party
from holdfast.workflows.answers_together import LEARN
from holdfast.workflows.centre import Centre
from holdfast.workflows.connect_institution import Connection
from holdfast.workflows.deliver_message import (
    Brought,
    Reached,
    bring,
    ended_among,
    reached,
    record_brought,
)
from holdfast.workflows.due_work import SETTLING_KINDS, do_due, do_together
from holdfast.workflows.follow_ledger import follow_ledger
from holdfast.workflows.learn_transfers import learn_transfers
from holdfast.workflows.messages_out import HOLD
from holdfast.workflows.running import set_centre, set_public_keys

LEASE_US = 40 * SECOND_US
"""As long as a worker's: what one had in hand when it died waits so long."""
AT_ONCE = 50
BANKS_AT_ONCE = 8
ROUNDS_MAX = 1_000
"""How often something new may fall due at one instant before that is taken for a fault."""
START_S_MAX = 60.0
KEPT_OPEN_S = 3600
"""Longer than any client keeps a connection: else it could close just when a request is sent."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """One message brought to a bank, by the counter that measures real time."""

    institution: str
    order_id: str
    fault: str | None
    """The code of what went wrong; None where an answer came."""
    sent_s: float
    answered_s: float
    held_minor: int | None
    """What the bank says it holds; None where no answer came."""


class _Timed:
    """Brings messages to banks and writes down how long that took."""

    def __init__(self, client: BankClient) -> None:
        self._client = client
        self.log: list[Delivered] = []

    def deliver(self, endpoint: str, order: Order, keys: Keys) -> Delivery:
        """Send it and return the answer, or what went wrong."""
        began_s = time.perf_counter()
        found = self._client.deliver(endpoint, order, keys)
        held = found.answer.amount_held_minor if isinstance(found, Answered) else None
        fault = None if isinstance(found, Answered) else found.code
        ended_s = time.perf_counter()
        self.log.append(Delivered(order.institution, order.order_id, fault, began_s, ended_s, held))
        return found


@dataclass(slots=True)
class Lockstep:
    """A centre in lockstep with a clock; a context manager that serves while it is open.

    Django must be set up for the same home.
    """

    home: Home
    clock: Callable[[], int]
    chance: Random
    """Ids and waits come from it, so that a seed replays a day."""
    timeouts: Timeouts
    """For its messages to banks; met by what is dead, never by a busy machine."""
    centre: Centre = field(init=False)
    _writer: LedgerWriter = field(init=False)
    _bank: _Timed = field(init=False)
    _http: httpx.Client = field(init=False)
    _pool: ThreadPoolExecutor = field(init=False)
    _reached: dict[str, Reached] = field(default_factory=dict)
    """Whom messages are brought to, as of the last that was connected."""
    _port: int = 0
    _stack: ExitStack = field(default_factory=ExitStack)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._writer = stack.enter_context(LedgerWriter.open(self.home.ledger))
            self.centre = self._make_centre()
            client = stack.enter_context(http_client(self.timeouts))
            key = current_key(self.home.keys)
            nonces = BankClient(
                key, client, self.timeouts, self.clock, lambda: secrets.token_urlsafe(16)
            )
            self._bank = _Timed(nonces)
            self._pool = stack.enter_context(ThreadPoolExecutor(BANKS_AT_ONCE))
            set_centre(lambda: self.centre)
            set_public_keys(lambda: dated_keys(self.home.keys))
            self._port = stack.enter_context(_served(self._port))
            self._http = stack.enter_context(
                httpx.Client(base_url=self.url, timeout=self.timeouts.total_s)
            )
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    @property
    def url(self) -> str:
        """Where it answers over HTTP: what stands before /v1."""
        return f"http://127.0.0.1:{self._port}"

    def crash(self) -> int:
        """End with work in hand, as a centre does that is killed, and begin again at once.

        Returns how much work and how many messages it had in hand.
        """
        now_us, to = self.clock(), sorted(self._reached)
        works = due.take(now_us=now_us, lease_us=LEASE_US, limit=AT_ONCE)
        messages = outbox.take(now_us=now_us, lease_us=LEASE_US, limit=AT_ONCE, to=to)
        self._stack.close()
        del self._writer, self.centre
        gc.collect()  # a scan of the ledger that nobody ended keeps it open
        self.__enter__()
        return len(works) + len(messages)

    def connect(self, institution_id: str, kind: str, endpoint: str, key: PublicKey | None) -> str:
        """Enter an institution and return the text of a key with all that its kind may do.

        With an endpoint orders are pushed to it; without, it polls.
        """
        delivery = "push" if endpoint else "poll"
        told = Connection(institution_id, institution_id, kind, delivery, endpoint)
        text = enter_party(self.centre, told, key, self.chance.randbytes, "in lockstep")
        self._reached = reached()
        return text

    def post(self, path: str, body: bytes, api_key: str) -> httpx.Response:
        """Ask the centre over HTTP as a program does, under an idempotency key of its own."""
        headers = {
            "authorization": f"Bearer {api_key}",
            "content-type": "application/json",
            "idempotency-key": self.chance.randbytes(12).hex(),
        }
        return self._http.post(path, content=body, headers=headers)

    def get(self, path: str, api_key: str) -> httpx.Response:
        """Ask the centre something over HTTP as a program does."""
        return self._http.get(path, headers={"authorization": f"Bearer {api_key}"})

    def feed(self, transfers: Sequence[Transfer]) -> None:
        """Write transfers into the centre's ledger."""
        if transfers:
            with self._lock:
                self._writer.append(transfers)

    def pump(self) -> None:
        """Do all that is due by the clock, deliveries included, until nothing is.

        Raises:
            CentreError: `never_at_rest`: each thing done makes another fall due at once.
        """
        for _ in range(ROUNDS_MAX):
            if not any((self._follow(), self._do_due(), self._deliver())):
                return
        raise CentreError(
            "never_at_rest", N_("what is due makes more fall due at the same instant, for ever")
        )

    def seal(self) -> None:
        """Seal what the audit has so far."""
        seal(now_us=self.clock(), key=current_key(self.home.keys), heads=self.home.heads)

    def next_due_us(self) -> int | None:
        """Return when something falls due next that can be done by itself, or None."""
        posted_us = outbox.next_due_us(to=sorted(self._reached))
        times = [at for at in (due.next_due_us(), posted_us) if at is not None]
        return min(times, default=None)

    def delivered_since(self, perf_s: float) -> list[Delivered]:
        """Return what was brought to banks since an instant of `time.perf_counter`, in order."""
        return [row for row in self._bank.log if row.sent_s >= perf_s]

    def _make_centre(self) -> Centre:
        return Centre(
            name=self.home.name,
            country=self.home.country,
            law=Law.load(),
            ledger=self._lend,
            now_us=self.clock,
            new_id=self._new_id,
            person_key=(self.home.keys / "person").read_bytes(),
        )

    def _new_id(self, kind: str) -> str:
        return f"{kind}-{self.clock() // 1000:011x}-{self.chance.randbytes(8).hex()}"

    @contextmanager
    def _lend(self) -> Iterator[LedgerStore]:
        with self._lock:
            yield self._writer

    def _follow(self) -> bool:
        before = self._writer.figures.change
        follow_ledger(self.centre)
        return self._writer.figures.change != before

    def _do_due(self) -> bool:
        works = due.take(now_us=self.clock(), lease_us=LEASE_US, limit=AT_ONCE)
        together = [work for work in works if work.kind in SETTLING_KINDS]
        self._guarded(together, lambda: do_together(self.centre, together))
        for work in works:
            if work.kind not in SETTLING_KINDS:
                self._guarded([work], partial(self._do, work))
        return bool(works)

    def _guarded(self, works: Sequence[DueWork], do: Callable[[], None]) -> None:
        """Do some work; what can't be done now is due again later."""
        try:
            do()
        except HoldfastError as error:
            for work in works:
                due.again(work, now_us=self.clock(), fault=error.code, wait_us=self._wait(work))

    def _do(self, work: DueWork) -> None:
        if work.kind != LEARN:
            do_due(self.centre, self.home.ledger, work)
            return
        # The ledger has one writer, and this one stays open.
        with self._lock:
            learn_transfers(self._writer)
        follow_ledger(self.centre)
        due.finish(work, self.clock())

    def _deliver(self) -> bool:
        """Bring messages to many banks at once, to each one after the other; record all in order."""
        to = reached()
        messages = outbox.take(now_us=self.clock(), lease_us=LEASE_US, limit=AT_ONCE, to=sorted(to))
        ended = ended_among(messages)
        at_bank: dict[str, list[tuple[OutboxMessage, int]]] = {}
        for message in messages:
            if message.kind == HOLD and message.subject in ended:
                outbox.done(message, self.clock())
            else:
                mine = at_bank.setdefault(message.destination, [])
                mine.append((message, self._wait(message)))

        def bring_all(bank: str) -> list[Brought]:
            return [bring(self._bank, message, to[bank], wait) for message, wait in at_bank[bank]]

        brought = [row for rows in self._pool.map(bring_all, at_bank) for row in rows]
        record_brought(self.centre, sorted(brought, key=lambda row: row.message.id))
        return bool(messages)

    def _wait(self, work: DueWork | OutboxMessage) -> int:
        return max(wait_us(work.attempts, self.chance.random()), SECOND_US)


@contextmanager
def _served(port: int) -> Iterator[int]:
    """Answer on a port of loopback, 0 is any that is free, in a thread of its own; say which."""
    listening = socket.create_server(("127.0.0.1", port))
    config = uvicorn.Config(
        BoundedBody(OneThreadHandler(), BODY_BYTES_MAX),
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEPT_OPEN_S,
    )
    server = uvicorn.Server(config)
    sockets: dict[str, Any] = {"sockets": [listening]}
    thread = threading.Thread(target=server.run, kwargs=sockets, daemon=True)
    thread.start()
    ends_s = time.monotonic() + START_S_MAX
    while not server.started:
        if not thread.is_alive() or time.monotonic() > ends_s:
            raise CentreError("server_not_started", N_("the server did not begin to answer"))
        time.sleep(0.01)
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
