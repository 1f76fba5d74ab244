"""At the door of an ASGI server: who follows the feed waits here, in no thread, until it goes on.

A question of `/v1/registry/feed` is handed on as soon as the feed has a number after the one asked
about, or its `wait` is over; whether the one who asks may know is decided behind. One look at the
database serves all who wait.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs

from holdfast.api.bounded import App, Receive, Scope, Send

log = logging.getLogger(__name__)

PATH = "/v1/registry/feed"
WAIT_S_MAX = 20
WAITING_MAX = 500
"""Beyond so many nobody waits: the answer comes at once, and they ask again."""
LOOK_S = 0.1
_NUMBER_LENGTH_MAX = 19


class FeedWait:
    """An ASGI application in front of another; `newest` returns the feed's last number."""

    def __init__(self, app: App, newest: Callable[[], int]) -> None:
        self._app = app
        self._newest = newest
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="feed")
        self._waiting = 0
        self._last = 0
        self._turn: asyncio.Event | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] == "http" and scope["path"] == PATH:
            after, wait_s = _asked(scope.get("query_string", b""))
            if wait_s and self._waiting < WAITING_MAX:
                await self._wait(after, wait_s)
        await self._app(scope, receive, send)

    async def _wait(self, after: int, wait_s: float) -> None:
        loop = asyncio.get_running_loop()
        ends_s = loop.time() + wait_s
        self._waiting += 1
        try:
            while self._last <= after and (left_s := ends_s - loop.time()) > 0:
                if self._turn is None:
                    self._turn = asyncio.Event()
                    loop.create_task(self._look(self._turn))  # noqa: RUF006  (ends by itself)
                await _until(self._turn, left_s)
        finally:
            self._waiting -= 1

    async def _look(self, turn: asyncio.Event) -> None:
        """Look once for all who wait, a moment from now, and wake them."""
        await asyncio.sleep(LOOK_S)
        try:
            self._last = await asyncio.get_running_loop().run_in_executor(
                self._thread, self._newest
            )
        except Exception as error:  # noqa: BLE001  (whoever waits goes on waiting)
            log.warning("the feed can't be looked at: %s", type(error).__name__)
        finally:
            self._turn = None
            turn.set()


async def _until(turn: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(turn.wait(), seconds)
    except TimeoutError:
        return


def _asked(query: bytes) -> tuple[int, float]:
    """Return what a question says; no wait where it can't be read, which is refused behind."""
    try:
        values = parse_qs(query.decode("ascii"), max_num_fields=10)
    except ValueError:
        return 0, 0.0
    numbers = [values.get(name, [""])[0] for name in ("after", "wait")]
    if not all(text.isdigit() and len(text) <= _NUMBER_LENGTH_MAX for text in numbers):
        return 0, 0.0
    return int(numbers[0]), float(min(int(numbers[1]), WAIT_S_MAX))
