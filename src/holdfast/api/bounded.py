"""The bounds on bodies at the door of an ASGI server: how long they are, and how long they take."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any

from holdfast.api.problem import (
    PROBLEM_JSON,
    RETRY_AFTER_S,
    document,
    status_of,
    too_long,
    too_slow,
)
from holdfast.core.errors import HoldfastError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

BODY_SECONDS_MAX = 10.0
"""From the first line of a request to the last byte of its body."""


class BoundedBody:
    """An ASGI application in front of another: a longer body is refused as early as it is known.

    Where the length is said, nothing of the body is read; where it is not (chunked), reading ends
    with the first byte beyond the bound. A body that is not there in time is not waited for.
    """

    def __init__(self, app: App, bytes_max: int, seconds_max: float = BODY_SECONDS_MAX) -> None:
        self._app = app
        self._bytes_max = bytes_max
        self._seconds_max = seconds_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if _said_length(scope) > self._bytes_max:
            await refuse(send, too_long(self._bytes_max))
            return
        bounded = _counted(_timely(receive, self._seconds_max), send, self._bytes_max)
        await self._app(scope, *bounded)


def _timely(receive: Receive, seconds_max: float) -> Receive:
    """Return what raises TimeoutError where a body is not whole in time; then it waits for ever."""
    ends_s: float | None = None
    is_whole = False

    async def timely() -> Message:
        nonlocal ends_s, is_whole
        if is_whole:
            return await receive()
        now_s = asyncio.get_running_loop().time()
        ends_s = now_s + seconds_max if ends_s is None else ends_s
        message = await asyncio.wait_for(receive(), ends_s - now_s)
        is_whole = not message.get("more_body", False)
        return message

    return timely


def _counted(receive: Receive, send: Send, bytes_max: int) -> tuple[Receive, Send]:
    """Return a connection that breaks off for the application where the bound is passed."""
    read = 0
    is_begun = is_refused = False

    async def counted() -> Message:
        nonlocal read, is_refused
        try:
            message = await receive()
        except TimeoutError:
            error = too_slow()
        else:
            read += len(message.get("body", b""))
            if read <= bytes_max:
                return message
            error = too_long(bytes_max)
        if not is_begun and not is_refused:
            await refuse(send, error)
        is_refused = True
        return {"type": "http.disconnect"}

    async def sent(message: Message) -> None:
        nonlocal is_begun
        if not is_refused:
            is_begun = True
            await send(message)

    return counted, sent


def _said_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value[:19])
    return 0


async def refuse(send: Send, error: HoldfastError) -> None:
    """Answer with a problem document and close the connection, whatever is still on its way."""
    status = status_of(error)
    body = json.dumps(document(error, status)).encode()
    headers = [
        (b"content-type", PROBLEM_JSON.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.append((b"retry-after", str(RETRY_AFTER_S).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
