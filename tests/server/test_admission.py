"""So many requests are taken at once; a place is free again however its request ended."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from holdfast.api.bounded import App, Message
from holdfast.api.long_poll import PATH
from holdfast.server.admission import Admission, at_the_door

HTTP = {"type": "http", "headers": []}


async def _ask(app: App, scope: dict[str, Any]) -> list[Message]:
    """Ask once and return all that was sent."""
    sent: list[Message] = []

    async def receive() -> Message:
        raise AssertionError  # nothing is read of what is refused

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


async def _fill(places: int, ends: BaseException | None) -> tuple[list[Message], int]:
    """Take all places, ask once more, end those, and ask as often again."""
    begun, free = 0, asyncio.Event()

    async def waits(*_: object) -> None:
        nonlocal begun
        begun += 1
        await free.wait()
        if ends:
            raise ends

    admission = Admission(waits, places)
    asked = [asyncio.create_task(_ask(admission, HTTP)) for _ in range(places)]
    await asyncio.sleep(0)
    refused = await _ask(admission, HTTP)
    free.set()
    await asyncio.gather(*asked, return_exceptions=True)
    assert begun == places
    await asyncio.gather(*[_ask(admission, HTTP) for _ in range(places)], return_exceptions=True)
    return refused, begun


@pytest.mark.parametrize("places", [1, 3])
@pytest.mark.parametrize("ends", [None, ValueError(), asyncio.CancelledError()])
def test_the_next_one_is_told_to_come_again(places: int, ends: BaseException | None) -> None:
    """In the words of the API, without a byte of the request being read."""
    (start, body), begun = asyncio.run(_fill(places, ends))
    headers = dict(start["headers"])
    assert (start["status"], json.loads(body["body"])["code"]) == (503, "server_busy")
    assert headers[b"content-type"] == b"application/problem+json"
    assert headers[b"connection"] == b"close"
    assert int(headers[b"retry-after"]) > 0
    assert begun == 2 * places


def test_what_is_no_request_is_never_refused() -> None:
    """The server's own messages pass."""
    passed: list[str] = []

    async def hears(scope: Any, *_: object) -> None:
        passed.append(scope["type"])

    asyncio.run(_ask(Admission(hears, 0), {"type": "lifespan"}))
    assert passed == ["lifespan"]


def test_who_waits_for_the_feed_keeps_nobody_out() -> None:
    """More wait than there are places, and a report is taken all the same."""
    asked: list[str] = []

    async def notes(scope: Any, *_: object) -> None:
        asked.append(scope["path"])

    async def run() -> None:
        door = at_the_door(notes, lambda: 0, 1)
        feed = HTTP | {"method": "GET", "path": PATH, "query_string": b"after=9&wait=20"}
        waiting = [asyncio.create_task(_ask(door, feed)) for _ in range(3)]
        await asyncio.sleep(0)
        await _ask(door, HTTP | {"method": "GET", "path": "/v1/reports"})
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    asyncio.run(run())
    assert asked == ["/v1/reports"]
