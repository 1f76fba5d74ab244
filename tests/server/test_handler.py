"""Requests answered each in one thread: whole, apart from each other, and also for nobody."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core import signals
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path

from holdfast.server.handler import REQUESTS_AT_ONCE, OneThreadHandler, StreamsItsAnswer

pytestmark = pytest.mark.urls(__name__)

Message = dict[str, Any]
MANY = 5 * REQUESTS_AT_ONCE
_said: ContextVar[str] = ContextVar("_said", default="nothing")


def echo(request: HttpRequest) -> HttpResponse:
    """Say what was sent, and what was said before in this context."""
    before = _said.get()
    text = request.body.decode()
    _said.set(text)
    return HttpResponse(f"{text} after {before}")


def fail(request: HttpRequest) -> HttpResponse:
    """Break."""
    raise ZeroDivisionError


def stream(request: HttpRequest) -> StreamingHttpResponse:
    """Answer in parts."""
    return StreamingHttpResponse(iter([b"a", b"b"]))


@dataclass
class Crowd:
    """Counts who is in a view at once; the first ones wait for each other."""

    all_in: threading.Barrier = field(default_factory=lambda: threading.Barrier(REQUESTS_AT_ONCE))
    lock: threading.Lock = field(default_factory=threading.Lock)
    inside: int = 0
    most: int = 0
    threads: set[str] = field(default_factory=set)

    def meet(self, request: HttpRequest) -> HttpResponse:
        """Be in with as many as there can be."""
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
            self.threads.add(threading.current_thread().name)
        self.all_in.wait(30)
        with self.lock:
            self.inside -= 1
        return HttpResponse(request.GET["n"])


crowd = Crowd()


def meet(request: HttpRequest) -> HttpResponse:
    """Be in the crowd."""
    return crowd.meet(request)


urlpatterns = [
    path("echo", echo),
    path("fail", fail),
    path("stream", stream),
    path("meet", meet),
]


async def _ask(
    handler: OneThreadHandler, where: str, body: Iterable[Message], query: str = ""
) -> list[Message]:
    """Ask as an ASGI server does, and return what was sent."""
    scope = {
        "type": "http",
        "method": "GET",
        "path": where,
        "query_string": query.encode(),
        "headers": [(b"host", b"testserver")],
    }
    messages, sent = iter(body), []

    async def receive() -> Message:
        return next(messages)

    async def send(message: Message) -> None:
        sent.append(message)

    await handler(scope, receive, send)
    return sent


def _whole(text: str = "") -> list[Message]:
    return [{"type": "http.request", "body": text.encode(), "more_body": False}]


def _text(sent: list[Message]) -> str:
    return b"".join(message.get("body", b"") for message in sent).decode()


def test_a_request_is_answered() -> None:
    """A body in parts is one body; the answer has a status, headers and an end."""
    parts = [
        {"type": "http.request", "body": b"a", "more_body": True},
        {"type": "http.request", "body": b"b", "more_body": False},
    ]
    sent = asyncio.run(_ask(OneThreadHandler(), "/echo", parts))
    assert (sent[0]["type"], sent[0]["status"]) == ("http.response.start", 200)
    assert _text(sent) == "ab after nothing"
    assert not sent[-1].get("more_body", False)


def test_no_request_sees_what_another_left_behind() -> None:
    """Each has a context of its own, though threads are used again: language, say, does not leak."""

    async def all_of_them() -> list[str]:
        handler = OneThreadHandler()
        return [_text(await _ask(handler, "/echo", _whole(str(n)))) for n in range(MANY)]

    assert asyncio.run(all_of_them()) == [f"{n} after nothing" for n in range(MANY)]


def test_an_error_in_a_view_is_an_answer(caplog: pytest.LogCaptureFixture) -> None:
    """The next one is answered as if nothing had been; what was wrong is logged."""

    async def both() -> list[list[Message]]:
        handler = OneThreadHandler()
        return [await _ask(handler, where, _whole("x")) for where in ("/fail", "/echo")]

    failed, answered = asyncio.run(both())
    assert failed[0]["status"] == 500
    assert "ZeroDivisionError" not in _text(failed)
    assert "ZeroDivisionError" in caplog.text
    assert _text(answered) == "x after nothing"


def test_an_answer_in_parts_is_refused_with_words() -> None:
    """Nothing is sent, so the server can say 500; the developer reads why and where."""
    with pytest.raises(StreamsItsAnswer, match=r"/stream: .* return an HttpResponse"):
        asyncio.run(_ask(OneThreadHandler(), "/stream", _whole()))


def test_many_requests_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as there are threads are answered at once, the others behind them, each its own."""
    fresh = Crowd()
    monkeypatch.setitem(globals(), "crowd", fresh)

    async def all_of_them() -> list[list[Message]]:
        handler = OneThreadHandler()
        asked = (_ask(handler, "/meet", _whole(), f"n={n}") for n in range(MANY))
        return await asyncio.gather(*asked)

    assert [_text(sent) for sent in asyncio.run(all_of_them())] == [str(n) for n in range(MANY)]
    assert fresh.most == REQUESTS_AT_ONCE
    assert len(fresh.threads) == REQUESTS_AT_ONCE


def test_who_went_away_before_the_end_asked_nothing() -> None:
    """A body that broke off reaches no view."""
    parts: list[Message] = [
        {"type": "http.request", "body": b"a", "more_body": True},
        {"type": "http.disconnect"},
    ]
    assert asyncio.run(_ask(OneThreadHandler(), "/echo", parts)) == []


def test_what_began_is_done_though_nobody_waits() -> None:
    """The task is cancelled as the server does at its end: the view still comes to its own."""
    begun, may_end, done = threading.Event(), threading.Event(), threading.Event()

    def slow(**_: object) -> None:
        begun.set()
        assert may_end.wait(30)

    def ended(**_: object) -> None:
        done.set()

    async def leave() -> None:
        asking = asyncio.create_task(_ask(OneThreadHandler(), "/echo", _whole("x")))
        while not begun.is_set():
            await asyncio.sleep(0.001)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        may_end.set()

    signals.request_started.connect(slow)
    signals.request_finished.connect(ended)
    try:
        asyncio.run(leave())
        assert done.wait(30)
    finally:
        signals.request_started.disconnect(slow)
        signals.request_finished.disconnect(ended)
