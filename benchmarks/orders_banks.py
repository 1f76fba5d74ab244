"""A hundred banks in one process: most hold at once, some answer by hand, some never answer.

They keep when each order arrived and what stood in it, so that all can be checked afterwards.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from random import Random

from benchmarks.orders_http import Client, Message, read_message, written
from benchmarks.orders_world import bank_name
from holdfast.banks.messages.answer import AnswerStatus, HoldAnswer
from holdfast.banks.signing import RequestHead, sign_request, sign_response
from holdfast.core.keys import SigningKey

TRIES_MAX = 10
AGAIN_S = 2.0
"""How long a bank waits whose answer the centre has no time for."""


class Manner(Enum):
    """How a bank answers."""

    AT_ONCE = "at once"  # holds, and says so in the answer to the order
    BY_HAND = "by hand"  # says it has the order; somebody holds it minutes later
    SILENT = "silent"  # takes the order and never answers


@dataclass(frozen=True, slots=True)
class Bank:
    """One bank: where it listens, how it signs, how it answers, and its key to the centre."""

    name: str
    key: SigningKey
    manner: Manner
    port: int = 0
    api_key: str = ""


@dataclass(frozen=True, slots=True)
class Arrival:
    """An order as it arrived at a bank, for the first time."""

    at_s: float
    """By the clock that the load is sent by."""
    institution: str
    message: Message


@dataclass(slots=True)
class Banks:
    """All banks; amounts in minor units."""

    by_hand_s: tuple[float, float]
    """Between how many seconds a person at a bank needs."""
    banks: list[Bank] = field(default_factory=list)
    arrived: dict[str, Arrival] = field(default_factory=dict)
    """By order id."""
    repeats: int = 0
    """How often an order arrived again."""
    answering_s: list[float] = field(default_factory=list)
    """How long a bank that answers at once took."""
    by_hand: dict[str, int] = field(default_factory=dict)
    """HTTP status of each answer by hand, 0 until it was given."""
    centre: Client | None = None
    _servers: list[asyncio.Server] = field(default_factory=list)
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _chance: Random = field(default_factory=lambda: Random(7))  # noqa: S311

    async def start(self, count: int, silent: int, by_hand: int) -> None:
        """Let all banks listen, each on a port of its own."""
        for number in range(count):
            manner = Manner.AT_ONCE if number >= silent + by_hand else Manner.BY_HAND
            manner = Manner.SILENT if number < silent else manner
            name = bank_name(number)
            bank = Bank(name, SigningKey.new(f"{name}-1"), manner)
            self.banks.append(bank)
            served = partial(self._serve, number)
            server = await asyncio.start_server(served, "127.0.0.1", 0)
            self._servers.append(server)
            self.banks[number] = Bank(name, bank.key, manner, server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Let go of the ports and of all connections."""
        for task in self._tasks:
            task.cancel()
        for server in self._servers:
            server.close()
        for writer in list(self._open):
            writer.close()
        while self._open:
            await asyncio.sleep(0.01)

    def manner_of(self, institution: str) -> Manner:
        """Return how an institution answers."""
        return next(bank.manner for bank in self.banks if bank.name == institution)

    async def _serve(
        self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._open.add(writer)
        try:
            while (request := await read_message(reader)) is not None:
                begin_s = time.monotonic()
                bank = self.banks[number]
                order = json.loads(request.body)
                self._note(bank, order, request, begin_s)
                if bank.manner is Manner.SILENT:
                    await reader.read()
                    break
                writer.write(self._answer(bank, order, request))
                self.answering_s.append(time.monotonic() - begin_s)
        except ConnectionError:
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    def _note(self, bank: Bank, order: dict[str, object], request: Message, at_s: float) -> None:
        order_id = str(order["order_id"])
        if order_id in self.arrived:
            self.repeats += 1
            return
        self.arrived[order_id] = Arrival(at_s, bank.name, request)
        if bank.manner is Manner.BY_HAND:
            self.by_hand[order_id] = 0
            task = asyncio.get_running_loop().create_task(self._answer_later(bank, order))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _answer(self, bank: Bank, order: dict[str, object], request: Message) -> bytes:
        status = 200 if bank.manner is Manner.AT_ONCE else 202
        body = _answer_to(order, is_held=status == 200)
        head = RequestHead("POST", request.path, request.headers)
        now_us = time.time_ns() // 1000
        headers = sign_response(status, body, head, bank.key, now_us, secrets.token_urlsafe(12))
        return written(f"HTTP/1.1 {status} OK", headers, body)

    async def _answer_later(self, bank: Bank, order: dict[str, object]) -> None:
        await asyncio.sleep(self._chance.uniform(*self.by_hand_s))
        assert self.centre is not None
        order_id = str(order["order_id"])
        path = f"/v1/hold-orders/{order_id}/answers"
        body, tries = _answer_to(order, is_held=True), 0
        while not self.by_hand[order_id]:
            now_us, nonce = time.time_ns() // 1000, secrets.token_urlsafe(12)
            headers = sign_request("POST", path, body, bank.key, now_us, nonce)
            headers["authorization"] = f"Bearer {bank.api_key}"
            answer = await self.centre.post(path, headers, body)
            tries += 1
            if answer.status < 500 or tries == TRIES_MAX:
                self.by_hand[order_id] = answer.status
            else:
                await asyncio.sleep(AGAIN_S)


def _answer_to(order: dict[str, object], *, is_held: bool) -> bytes:
    """Return the answer that holds all that was ordered, or says only that the order is there."""
    now_us = time.time_ns() // 1000
    amount = order["amount_minor"]
    assert isinstance(amount, int)
    return HoldAnswer(
        answer_id=f"{'held' if is_held else 'ack'}-{order['order_id']}",
        order_id=str(order["order_id"]),
        institution=str(order["institution"]),
        status=AnswerStatus.HELD if is_held else AnswerStatus.ACKNOWLEDGED,
        amount_held_minor=amount if is_held else 0,
        currency=str(order["currency"]),
        answered_at_us=now_us,
        held_at_us=now_us if is_held else None,
    ).to_bytes()
