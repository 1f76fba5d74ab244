"""The screening endpoint put together for one worker process, alone or beside Django."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from django.db import connection

from holdfast.api.bounded import App, Receive, Scope, Send
from holdfast.api.screen import Parts, ScreenEndpoint
from holdfast.api.screen_http import PATH
from holdfast.api.screen_id import QuestionIds
from holdfast.api.screen_keys import AskerKeys
from holdfast.api.screen_quota import Charging
from holdfast.core.errors import HoldfastError
from holdfast.core.instant import SECOND_US
from holdfast.registry.group_commit import GroupCommit
from holdfast.registry.index.hashing import HashKey
from holdfast.registry.index.place import read_key
from holdfast.registry.question_keeping import question_folder
from holdfast.registry.questions import QuestionFiles
from holdfast.registry.quota import Rules
from holdfast.registry.quota_leases import Leases
from holdfast.registry.quota_store import DatabaseLots
from holdfast.registry.screening import Registry

T = TypeVar("T")

THREADS = 4
"""For the database and for large batches; each has a connection only while it works."""
TRY_AGAIN_US = SECOND_US
SWITCH_S = 0.0002


@dataclass(frozen=True, slots=True)
class ScreenHome:
    """What an endpoint must know of the centre it answers for."""

    folder: Path
    country: str
    person_key: bytes
    now_us: Callable[[], int]
    chance: Callable[[int], bytes]
    """Returns as many random bytes as it is asked for, such as `secrets.token_bytes`."""

    @property
    def questions(self) -> Path:
        """Where questions are put on record."""
        return question_folder(self.folder)


def screen_endpoint(home: ScreenHome) -> ScreenEndpoint:
    """Return the endpoint of one worker process; Django must be set up.

    Raises:
        CentreError: `index_key_missing` or `quota_rules_unreadable`.
        Refused: `extra_missing`.
    """
    in_thread = _Threads()
    key = HashKey(read_key(home.folder))
    worker = home.chance(4)
    name = f"{home.now_us():016}-{os.getpid()}-{worker.hex()}"
    files = QuestionFiles(home.questions, name, key.name)
    rules = Rules.read(own=home.folder / "registry" / "quota.yaml")
    return ScreenEndpoint(
        Parts(
            registry=_Opened(home),
            keys=AskerKeys(home.now_us),
            charging=Charging(Leases(rules, home.now_us), DatabaseLots(), home.now_us, in_thread),
            ids=QuestionIds(key, worker, home.now_us),
            record=GroupCommit(files),
            now_us=home.now_us,
            in_thread=in_thread,
        )
    )


class WithScreening:
    """An ASGI application with the screening endpoint before it; ends with the server's lifespan."""

    def __init__(self, endpoint: ScreenEndpoint, app: App | None = None) -> None:
        """Answer for screening; everything else goes to `app`, or is not found without one."""
        self._endpoint = endpoint
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        path = scope.get("path", "")
        if self._app is None or path == PATH or path.startswith(f"{PATH}/"):
            await self._endpoint(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self._endpoint.start()
                # What the program itself consists of is looked through by no collection any
                # more: a hundred milliseconds in which nobody is answered, every few seconds.
                gc.collect()
                gc.freeze()
                # A thread back from the disk waits no longer for its turn than a sync takes.
                sys.setswitchinterval(SWITCH_S)
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await asyncio.get_running_loop().run_in_executor(None, self._endpoint.close)
                await send({"type": "lifespan.shutdown.complete"})
                return


class _Threads:
    """Threads whose database connections are given back after each piece of work."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="screen")

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]:
        return asyncio.get_running_loop().run_in_executor(self._pool, _with_connection, work)


def _with_connection(work: Callable[[], T]) -> T:
    try:
        return work()
    finally:
        connection.close()


class _Opened:
    """The registry, opened when it is first asked; where that fails it is tried again soon."""

    def __init__(self, home: ScreenHome) -> None:
        self._home = home
        self._registry: Registry | None = None
        self._error: HoldfastError | None = None
        self._tried_us = 0

    def __call__(self) -> Registry:
        if self._registry is not None:
            return self._registry
        now_us = self._home.now_us()
        if self._error is not None and 0 <= now_us - self._tried_us < TRY_AGAIN_US:
            raise self._error
        self._tried_us = now_us
        try:
            home = self._home
            self._registry = Registry.open(home.folder, home.country, home.person_key)
            self._registry.index.warm()
        except HoldfastError as error:
            self._error = error
            raise
        return self._registry
