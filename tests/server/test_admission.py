"""So many requests are taken at once; a place is free again however its request ended."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from holdfast.api.bounded import App, Message
from holdfast.server.admission import Admission

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
