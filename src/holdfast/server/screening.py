"""The screening endpoint before all else that a server answers, or what is said where it can't be."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable

from holdfast.api.bounded import App, Receive, Scope, Send
from holdfast.api.screen_http import PATH, refuse
from holdfast.core.errors import CentreError, HoldfastError
from holdfast.core.words import N_
from holdfast.server.home import Home

log = logging.getLogger(__name__)


def with_screening(app: App, home: Home, now_us: Callable[[], int]) -> App:
    """Return an application that also answers questions to the registry; Django must be set up.

    Where that is impossible, such as without the parts of `holdfast[registry]`, all else is
    answered, and a question is told why it is not. The server must pass the lifespan.
    """
    try:
        from holdfast.api.screen_app import ScreenHome, WithScreening, screen_endpoint
        from holdfast.registry.index.place import make_key

        make_key(home.folder, secrets.token_bytes)
        person_key = (home.keys / "person").read_bytes()
        asked = ScreenHome(home.folder, home.country, person_key, now_us, secrets.token_bytes)
        return WithScreening(screen_endpoint(asked), app)
    except HoldfastError as error:
        log.warning("the registry can't be asked here: %s", error)
        return WithoutScreening(app, error)


class WithoutScreening:
    """An ASGI application in front of another, which says why no questions are answered."""

    def __init__(self, app: App, why: HoldfastError) -> None:
        self._app = app
        self._why = why

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        path = scope.get("path", "")
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif path == PATH or path.startswith(f"{PATH}/"):
            await refuse(send, _not_answered(self._why), dict(scope["headers"]))
        else:
            await self._app(scope, receive, send)


def _not_answered(why: HoldfastError) -> CentreError:
    return CentreError(
        "screening_missing", N_("this server can't answer questions: {why}"), why=str(why)
    )


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
