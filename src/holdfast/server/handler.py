"""Django behind an ASGI server: each request is answered in one thread, from end to end."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Any

from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.http import HttpRequest, HttpResponse
from django.urls import set_script_prefix

REQUESTS_AT_ONCE = 12
"""Fewer than the database gives connections to one process; others wait without one."""


class StreamsItsAnswer(TypeError):
    """A view of ours returns a response in parts, which `OneThreadHandler` can't send."""


class OneThreadHandler(ASGIHandler):  # type: ignore[misc]  # Django tells no types
    """Answers over ASGI with Django's middleware and views for threads.

    Django's own handler goes to a thread and back for every piece of middleware that knows no
    event loop, and none of ours does; that cost as much as taking a report.
    """

    def __init__(self) -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)
        self._threads = ThreadPoolExecutor(REQUESTS_AT_ONCE, thread_name_prefix="request")

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request; who asked and went away is not waited for, but what began is done.

        Raises:
            StreamsItsAnswer: a view's response is not whole; the ASGI server says 500.
        """
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        with body:
            request, refused = self.create_request(scope, body)
            response = refused
            if request is not None:
                loop, context = asyncio.get_running_loop(), copy_context()
                work = partial(context.run, self._answer, scope, request)
                response = await loop.run_in_executor(self._threads, work)
            await self.send_response(response, send)

    def _answer(self, scope: Any, request: HttpRequest) -> HttpResponse:
        """Return a whole answer and give its database connection back."""
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=type(self), scope=scope)
        response = self.get_response(request)
        response.close()
        if response.streaming:
            msg = f"{request.path}: this server sends whole answers; return an HttpResponse"
            raise StreamsItsAnswer(msg)
        return response
