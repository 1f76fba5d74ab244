"""A replica that lists one number, asked over ASGI as the payment engine asks it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from tests.registry.replica.holding_kit import KEYS

from holdfast.core.instant import DAY_US, SECOND_US
from holdfast.law.law import Law
from holdfast.registry.index.file import Index
from holdfast.registry.index.place import index_file
from holdfast.registry.index.writer import IndexWriter
from holdfast.registry.replica.answering import AnswerApp, Answers
from holdfast.registry.replica.freshness import Freshness
from holdfast.registry.replica.holding import Holding
from holdfast.registry.replica.recording import Recording
from holdfast.registry.screening import Registry
from holdfast.registry.standing import Standing

NOW_US = 1_795_000_000 * SECOND_US
LISTED, FREE = "+66812345678", "+66812345679"


class Machine:
    """A replica that lists one number, and a clock."""

    def __init__(self, folder: Path) -> None:
        Holding.open(folder, KEYS).close()
        with IndexWriter.open(index_file(folder), KEYS.hash_key) as writer:
            packed = Standing(50, disputed=True, until_us=NOW_US + DAY_US).packed()
            wires = pa.array([f"phone:{LISTED}".encode()], pa.binary())
            writer.put_many(wires, pa.array([packed], pa.uint64()).to_numpy())
            writer.set_number(7)
        self.now_us = NOW_US
        self.freshness = Freshness(lambda: self.now_us, 60 * SECOND_US)
        self.freshness.met(NOW_US, NOW_US)
        index = Index.open(index_file(folder), KEYS.hash_key)
        registry = Registry(index, Law.load(), "TH")
        self._answers = Answers(registry, self.freshness, "bank", lambda: self.now_us)
        self.app = AnswerApp(self._answers)

    def record(self, recording: Recording) -> None:
        """Put on record what is asked from now on; all of it by one `run`."""
        self.app = AnswerApp(self._answers, recording)

    def ask(self, method: str, path: str, *parts: bytes) -> tuple[int, bytes]:
        """Ask over ASGI, the body in some parts."""
        return asyncio.run(self._ask(method, path, *parts))

    def run(self, questions: Sequence[tuple[str, str, bytes]]) -> list[tuple[int, bytes]]:
        """Ask one question after the other in one event loop."""

        async def all_of() -> list[tuple[int, bytes]]:
            return [await self._ask(*question) for question in questions]

        return asyncio.run(all_of())

    async def _ask(self, method: str, path: str, *parts: bytes) -> tuple[int, bytes]:
        coming = iter([*parts, b""])
        sent: list[Mapping[str, Any]] = []

        async def receive() -> Mapping[str, Any]:
            body = next(coming)
            return {"type": "http.request", "body": body, "more_body": bool(body)}

        async def send(message: Mapping[str, Any]) -> None:
            sent.append(message)

        scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode()}
        await self.app(scope, receive, send)
        return sent[0]["status"], sent[1]["body"]

    def told(self, method: str, path: str, *parts: bytes) -> Any:
        """Return the JSON of a good answer."""
        status, body = self.ask(method, path, *parts)
        assert status == 200, body
        return json.loads(body)
