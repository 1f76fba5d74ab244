"""What the tests of the screening endpoint share: a registry with an index, and who asks it."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from holdfast.api.screen_app import ScreenHome, WithScreening, screen_endpoint
from holdfast.core.instant import SECOND_US
from holdfast.law.law import Law
from holdfast.people.keys import issue_key
from holdfast.people.models import Institution
from holdfast.people.role import Scope
from holdfast.registry.index.build import build_index
from holdfast.registry.index.place import index_file, make_key
from holdfast.registry.standing import Standing

NOW_US = 1_795_000_000_000_000
UNTIL_US = NOW_US + 30 * SECOND_US
MULE, CLEAN = "TH.THCBC.004.0000000001", "TH.THCBC.004.0000000002"
PHONE = "+66812345678"
PAYMENT = {"purpose": "payment", "reference": "E2E-1", "customer": "c-77"}
QUERY = "purpose=payment&reference=E2E-1&customer=c-77"


def tier_code(name: str) -> int:
    """Return the code of one of Thailand's tiers."""
    return Law.load().tier("TH", name, Law.load().local_day("TH", NOW_US)).code


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body's value."""
        return json.loads(self.body)


@dataclass
class World:
    """An endpoint, and keys that ask it."""

    folder: Path
    now_us: int = NOW_US
    chance: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def __post_init__(self) -> None:
        self.home = ScreenHome(
            self.folder, "TH", b"a key of people" * 2, lambda: self.now_us, self.random
        )
        self.endpoint = screen_endpoint(self.home)
        self.app = WithScreening(self.endpoint)

    def random(self, count: int) -> bytes:
        """Return bytes that differ each time."""
        return next(self.chance).to_bytes(count, "big")

    def key(self, name: str, kind: str, *scopes: Scope) -> str:
        """Return a new key of an institution."""
        institution, _ = Institution.objects.get_or_create(
            institution_id=name, defaults={"name": name, "kind": kind, "created_us": 1}
        )
        return issue_key(institution, scopes or (Scope.REGISTRY_ASK,), "k", 1, self.random)

    def ask(
        self, key: str, method: str, path: str, body: bytes = b"", kind: str = "application/json"
    ) -> Answer:
        """Send one request."""
        return self.loop.run_until_complete(self._ask(key, method, path, body, kind))

    def post(self, shown: str, /, **values: Any) -> Answer:
        """Ask in JSON, showing a key."""
        return self.ask(shown, "POST", "/v1/screen", json.dumps(values).encode())

    async def _ask(self, key: str, method: str, path: str, body: bytes, kind: str) -> Answer:
        sent: list[Any] = []
        where, _, query = path.partition("?")
        headers = [(b"content-type", kind.encode()), (b"authorization", f"Bearer {key}".encode())]
        scope = {
            "type": "http",
            "method": method,
            "path": where,
            "raw_path": where.encode(),
            "query_string": query.encode(),
            "headers": headers,
        }
        parts = [body[begin : begin + 100] for begin in range(0, len(body), 100)] or [b""]

        async def receive() -> dict[str, Any]:
            chunk = parts.pop(0)
            return {"type": "http.request", "body": chunk, "more_body": bool(parts)}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], told, sent[1]["body"])

    def reread(self) -> None:
        """Let the endpoint read its keys anew and settle, as it does twice a second."""
        self.loop.run_until_complete(self.endpoint._read_keys())
        self.loop.run_until_complete(self.endpoint._parts.charging.settle())


@pytest.fixture
def world(tmp_path: Path, transactional_db: None) -> Iterator[World]:
    """Return an endpoint that knows a mule account, a phone, and an account that ran out."""
    key = make_key(tmp_path, lambda count: bytes(range(count)))
    index_file(tmp_path).parent.mkdir()
    standings = {
        f"account:{MULE}": Standing(tier_code("dark_grey"), disputed=True, until_us=UNTIL_US),
        f"phone:{PHONE}": Standing(tier_code("black"), disputed=False, until_us=UNTIL_US * 2),
        "account:TH.THCBC.004.0000000003": Standing(tier_code("black"), False, NOW_US),
        "account:TH.THCBC.004.0000000004": Standing(tier_code("dark_brown"), False, UNTIL_US),
    }
    wires = pa.array([wire.encode() for wire in standings], pa.binary())
    values = np.array([standing.packed() for standing in standings.values()], np.uint64)
    build_index(index_file(tmp_path), key, [(wires, values)], number=9)
    made = World(tmp_path)
    yield made
    made.loop.run_until_complete(asyncio.sleep(0))
    made.endpoint.close()
    made.loop.run_until_complete(asyncio.sleep(0))
    made.loop.close()


@pytest.fixture
def bank(world: World) -> str:
    """Return a key of a bank."""
    return world.key("TH.THCBC.004", "bank")
