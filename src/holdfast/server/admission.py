"""How many requests are taken at once: who comes when all places are taken is told so at once."""

from __future__ import annotations

from collections.abc import Callable

from holdfast.api.bounded import App, BoundedBody, Receive, Scope, Send, refuse
from holdfast.api.long_poll import FeedWait
from holdfast.api.problem import BODY_BYTES_MAX
from holdfast.core.errors import CentreError
from holdfast.core.words import N_


class Admission:
    """An ASGI application in front of another: beyond a number at once, requests are refused.

    Nothing is read of a request that is refused, and its connection is closed. The ASGI server
    may have a bound of its own, on connections; it must be higher, for it speaks no problem
    documents. Connections on which nothing is asked take no place here.
    """

    def __init__(self, app: App, at_once_max: int) -> None:
        self._app = app
        self._at_once_max = at_once_max
        self._at_once = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; all run in one event loop, so counting needs no lock."""
        if self._at_once >= self._at_once_max and scope["type"] == "http":
            await refuse(send, _busy())
            return
        self._at_once += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._at_once -= 1


def at_the_door(app: App, newest: Callable[[], int], at_once_max: int) -> App:
    """Return an application behind its bounds; who waits for the feed takes no place meanwhile.

    Anybody can wait there, before a key is looked at: with places, they would keep reports out.
    `newest` returns the feed's last number.
    """
    return FeedWait(Admission(BoundedBody(app, BODY_BYTES_MAX), at_once_max), newest)


def _busy() -> CentreError:
    return CentreError(
        "server_busy",
        N_("the server has as many requests in hand as it can take; send this one again soon"),
    )
