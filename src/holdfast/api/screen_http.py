"""Bare ASGI: a body read within bounds, and an answer or a problem document sent."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import msgspec

from holdfast.api.bounded import Receive, Send
from holdfast.api.problem import (
    PROBLEM_JSON,
    document,
    of_status,
    speak,
    status_of,
    too_long,
    too_slow,
)
from holdfast.core.errors import HoldfastError
from holdfast.core.words import N_
from holdfast.registry.quota import QuotaSpent

PATH = "/v1/screen"
BODY_SECONDS_MAX = 10.0
_NO_STORE = (b"cache-control", b"no-store")
_STATUS_OF_CODE = {
    "address_unknown": 404,
    "method_not_allowed": 405,
    "request_wrong": 400,
    "question_unreadable": 400,
    "quota_too_small": 422,
    "database_busy": 503,
}


def busy() -> HoldfastError:
    """Return the error of a question that needs the database while it can't be used."""
    return HoldfastError(
        "database_busy", N_("the database is busy; nothing was changed, try again soon")
    )


async def read_body(headers: dict[bytes, bytes], receive: Receive, bytes_max: int) -> bytes:
    """Return a request's body.

    Raises:
        Refused: `body_too_long`.
        HoldfastError: `body_too_slow` or `request_wrong`: it broke off.
    """
    said = headers.get(b"content-length", b"0")
    if said.isdigit() and int(said[:19]) > bytes_max:
        raise too_long(bytes_max)
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        whole: bytes = message.get("body", b"")
        return whole
    try:
        return await asyncio.wait_for(_rest(message, receive, bytes_max), BODY_SECONDS_MAX)
    except TimeoutError:
        raise too_slow() from None


async def _rest(message: Any, receive: Receive, bytes_max: int) -> bytes:
    chunks, length = [], 0
    while message["type"] == "http.request":
        chunks.append(message.get("body", b""))
        length += len(chunks[-1])
        if length > bytes_max:
            raise too_long(bytes_max)
        if not message.get("more_body"):
            return b"".join(chunks)
        message = await receive()
    raise of_status(400)


async def refuse(send: Send, error: HoldfastError, headers: dict[bytes, bytes]) -> None:
    """Answer with a problem document, in the language that the asker reads best."""
    speak(_Headers({"Accept-Language": headers.get(b"accept-language", b"").decode("latin-1")}))
    status = _status(error)
    more: tuple[tuple[bytes, bytes], ...] = ((b"vary", b"Accept-Language"),)
    if status == 401:
        more += ((b"www-authenticate", b'Bearer realm="holdfast"'),)
    if status in {429, 503}:
        wait_s = error.fields.get("wait_s", 1)
        more += ((b"retry-after", str(wait_s).encode()),)
    body = msgspec.json.encode(document(error, status))
    await send_reply(send, status, PROBLEM_JSON.encode(), body, more)


@dataclass(frozen=True, slots=True)
class _Headers:
    """As much of a request as is asked for the language."""

    headers: dict[str, str]


def _status(error: HoldfastError) -> int:
    if error.code in _STATUS_OF_CODE:
        return _STATUS_OF_CODE[error.code]
    return 429 if isinstance(error, QuotaSpent) else status_of(error)


async def send_reply(
    send: Send,
    status: int,
    content_type: bytes,
    body: bytes,
    more: tuple[tuple[bytes, bytes], ...] = (),
) -> None:
    """Answer with a body that nobody on the way may keep."""
    headers = [
        (b"content-type", content_type),
        (b"content-length", str(len(body)).encode()),
        _NO_STORE,
        *more,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
