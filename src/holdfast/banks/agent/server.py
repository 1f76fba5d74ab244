"""The agent's HTTP side: three POSTs, everything bounded, every response signed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from holdfast.banks.agent.book import Book, Taken
from holdfast.banks.agent.faults import SLOW_S, AgentFault
from holdfast.banks.agent.outbox import Outbox
from holdfast.banks.messages import (
    ORDER_BYTES_MAX,
    AnswerStatus,
    Order,
    parse_extension,
    parse_order,
    parse_release,
)
from holdfast.banks.messages.fields import to_json
from holdfast.banks.signing import JSON, Keys, RequestHead, sign_response, verify_request
from holdfast.core.errors import Conflict, Forbidden, HoldfastError, NotFound, Refused
from holdfast.core.keys import SigningKey
from holdfast.core.words import N_

PROBLEM_JSON = "application/problem+json"
BODY_S_MAX = 10.0
"""Seconds in which a request's body must have come."""

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
_PARSERS: dict[str, Callable[[bytes], Order]] = {
    "": parse_order,
    "release": parse_release,
    "extension": parse_extension,
}


@dataclass(frozen=True, slots=True)
class Response:
    """A response before it is signed."""

    status: int
    body: bytes
    content_type: str = JSON


@dataclass(frozen=True, slots=True)
class AgentKeys:
    """What the agent signs with, and by what it knows the centre."""

    signing: SigningKey
    centre: Keys
    retired: SigningKey
    """Used by the fault `retired_key` alone."""


class AgentApp:
    """An ASGI application over a book."""

    def __init__(
        self,
        book: Book,
        outbox: Outbox,
        keys: AgentKeys,
        clock: Callable[[], int],
        nonces: Callable[[], str],
        *,
        later: bool = False,
        body_s_max: float = BODY_S_MAX,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Answer by a book and a clock; `sleep` is how the fault `slow` lets seconds pass."""
        self._book = book
        self._outbox = outbox
        self._keys = keys
        self._clock = clock
        self._nonces = nonces
        self._later = later
        self._body_s_max = body_s_max
        self._sleep = sleep
        self._last: tuple[int, dict[str, str], bytes] | None = None

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        head = _head_of(scope)
        faults = self._book.faults()
        body = await _body(receive, self._body_s_max)
        if AgentFault.SILENT in faults:
            await _until_gone(receive)
            return
        if AgentFault.SLOW in faults:
            await self._sleep(faults[AgentFault.SLOW] or SLOW_S)
        response = self._respond(head, body, faults)
        status, headers = response.status, self._signed(response, head, faults)
        content = response.body
        if AgentFault.REPLAY in faults and self._last is not None:
            status, headers, content = self._last
        self._last = status, headers, content
        await _send(send, status, headers, content)

    def _respond(
        self, head: RequestHead, body: bytes | Refused, faults: Mapping[AgentFault, float]
    ) -> Response:
        if AgentFault.HTTP_500 in faults:
            return _problem(500, Refused("fault_asked_for", N_("this fault was asked for")))
        try:
            if isinstance(body, Refused):
                raise body
            taken = self._take(head, body, faults)
        except HoldfastError as error:
            return _problem(_status_of(error), error)
        if AgentFault.RUBBISH in faults:
            return Response(200, b"<html>We will be back soon.</html>")
        return Response(taken.status, taken.answer.to_bytes())

    def _take(self, head: RequestHead, body: bytes, faults: Mapping[AgentFault, float]) -> Taken:
        order_id, parse = _route(head)
        now_us = self._clock()
        verify_request(head.method, head.url, head.headers, body, self._keys.centre, now_us)
        order = parse(body)
        if order_id not in ("", order.order_id):
            raise Refused(
                "order_path",
                N_("the path names the order {order_id}, the body another"),
                order_id=order_id,
            )
        taken = self._book.take(order, now_us, later=self._later)
        if AgentFault.FORGETS in faults:
            self._book.forget(order.order_id)
        return self._spoiled(taken, faults, now_us)

    def _spoiled(self, taken: Taken, faults: Mapping[AgentFault, float], now_us: int) -> Taken:
        """Change an answer as the faults say; the book stays right."""
        answer = taken.answer
        if AgentFault.MORE_THAN_ASKED in faults and answer.amount_held_minor:
            asked_minor = self._book.order(answer.order_id).order.amount_minor
            answer = replace(answer, status=AnswerStatus.HELD, amount_held_minor=2 * asked_minor)
        if AgentFault.ANSWERS_TWICE in faults:
            self._outbox.put(answer, now_us)
            answer = replace(answer, answer_id=f"B{self._nonces()[:40]}")
        if AgentFault.OUT_OF_ORDER in faults:
            late = replace(
                answer,
                answer_id=f"C{answer.answer_id[:50]}",
                status=AnswerStatus.ACKNOWLEDGED,
                amount_held_minor=0,
                held_at_us=None,
                reason=None,
            )
            self._outbox.put(late, now_us)
            answer = late if taken.repeated else answer
        return replace(taken, answer=answer)

    def _signed(
        self, response: Response, head: RequestHead, faults: Mapping[AgentFault, float]
    ) -> dict[str, str]:
        key = self._keys.signing
        if AgentFault.RETIRED_KEY in faults:
            key = self._keys.retired
        if AgentFault.WRONG_SIGNATURE in faults:
            key = SigningKey(key.key_id, Ed25519PrivateKey.generate())
        return sign_response(
            response.status,
            response.body,
            head,
            key,
            self._clock(),
            self._nonces(),
            content_type=response.content_type,
        )


def _head_of(scope: Mapping[str, Any]) -> RequestHead:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    path = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
    query = scope["query_string"].decode("latin-1")
    return RequestHead(scope["method"], f"{path}?{query}" if query else path, headers)


def _route(head: RequestHead) -> tuple[str, Callable[[bytes], Order]]:
    """Return the order's id where the path has one, and what reads the body."""
    path = head.url.partition("?")[0]
    order_id, _, verb = path.rpartition("/hold-orders")[2].removeprefix("/").partition("/")
    if "/hold-orders" not in path or verb not in _PARSERS or bool(order_id) != bool(verb):
        raise NotFound("path_unknown", N_("nothing is under this path; see connect-a-bank"))
    if head.method != "POST":
        raise Refused("method_wrong", N_("orders are sent with POST"))
    if head.headers.get("content-type", "").partition(";")[0].strip() != JSON:
        raise Refused("content_type_wrong", N_("an order is sent as {right}"), right=JSON)
    return order_id, _PARSERS[verb]


async def _body(receive: Receive, seconds_max: float) -> bytes | Refused:
    """Read the body, or say why not; never more than a little beyond the limit is held."""
    body = bytearray()
    try:
        async with asyncio.timeout(seconds_max):
            while True:
                message = await receive()
                body += message.get("body", b"")
                if len(body) > ORDER_BYTES_MAX:
                    return Refused(
                        "body_too_long",
                        N_("an order has at most {limit} bytes; this one has more"),
                        limit=ORDER_BYTES_MAX,
                    )
                if not message.get("more_body"):
                    return bytes(body)
    except TimeoutError:
        return Refused("body_too_slow", N_("the order did not come in time"))


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send(send: Send, status: int, headers: Mapping[str, str], body: bytes) -> None:
    lines = [(name.encode(), value.encode()) for name, value in headers.items()]
    lines.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})


_STATUSES = {
    "path_unknown": 404,
    "method_wrong": 405,
    "body_too_slow": 408,
    "body_too_long": 413,
    "order_too_long": 413,
    "content_type_wrong": 415,
}
_UNSIGNED = frozenset(
    {
        "signature_missing",
        "signature_wrong",
        "signature_too_old",
        "signature_from_future",
        "key_unknown",
        "key_retired",
        "digest_wrong",
        "parts_not_covered",
    }
)


def _status_of(error: HoldfastError) -> int:
    if error.code in _STATUSES:
        return _STATUSES[error.code]
    if error.code in _UNSIGNED:
        return 401
    if isinstance(error, Forbidden):
        return 403
    if isinstance(error, NotFound):
        return 404
    return 409 if isinstance(error, Conflict) else 400


def _problem(status: int, error: HoldfastError) -> Response:
    """Write an error as a problem document (RFC 9457)."""
    values = {
        "type": f"urn:holdfast:problem:{error.code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": str(error),
        "code": error.code,
    }
    return Response(status, to_json(values), PROBLEM_JSON)
