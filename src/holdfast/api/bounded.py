"""The bound on bodies at the door of an ASGI server, before anything of one is kept."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from holdfast.api.problem import PROBLEM_JSON, document, status_of, too_long

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class BoundedBody:
    """An ASGI application in front of another: a longer body is refused as early as it is known.

    Where the length is said, nothing of the body is read; where it is not (chunked), reading ends
    with the first byte beyond the bound.
    """

    def __init__(self, app: App, bytes_max: int) -> None:
        self._app = app
        self._bytes_max = bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if _said_length(scope) > self._bytes_max:
            await _refuse(send)
            return
        await self._app(scope, *_counted(receive, send, self._bytes_max))


def _counted(receive: Receive, send: Send, bytes_max: int) -> tuple[Receive, Send]:
    """Return a connection that breaks off for the application where the bound is passed."""
    read = 0
    is_begun = is_refused = False

    async def counted() -> Message:
        nonlocal read, is_refused
        message = await receive()
        read += len(message.get("body", b""))
        if read <= bytes_max:
            return message
        if not is_begun and not is_refused:
            await _refuse(send)
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


async def _refuse(send: Send) -> None:
    error = too_long()
    body = json.dumps(document(error, status_of(error))).encode()
    headers = [
        (b"content-type", PROBLEM_JSON.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status_of(error), "headers": headers})
    await send({"type": "http.response.body", "body": body})
