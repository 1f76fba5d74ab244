"""The server with the registry's parts and without them."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import Any

import pytest

from holdfast.api.bounded import Message, Scope
from holdfast.core.errors import Refused
from holdfast.server.screening import WithoutScreening

MISSING = Refused("extra_missing", "parts are missing")


async def beyond(scope: Any, receive: Any, send: Any) -> None:
    """Answer for all that is no question."""
    await send({"type": "beyond", "path": scope["path"]})


def spoken(scope: Scope, *received: Message) -> list[Message]:
    """Return what a server without screening sends on one connection."""
    sent: list[Message] = []
    coming = list(received)

    async def receive() -> Message:
        return coming.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(WithoutScreening(beyond, MISSING)(scope, receive, send))
    return sent


@pytest.mark.parametrize("path", ["/v1/screen", "/v1/screen/phone/%2B66812345678"])
def test_a_question_is_told_why_nobody_answers(path: str) -> None:
    """503 with a problem document that names what is missing."""
    begun, body = spoken({"type": "http", "path": path, "headers": []})
    told = json.loads(body["body"])
    assert (begun["status"], told["code"]) == (503, "screening_missing")
    assert "parts are missing" in told["detail"]


def test_all_else_is_answered() -> None:
    """Reports and orders need no registry; a path that only begins alike is none of it."""
    for path in ("/v1/reports", "/v1/screening"):
        assert spoken({"type": "http", "path": path, "headers": []}) == [
            {"type": "beyond", "path": path}
        ]


def test_the_lifespan_is_answered() -> None:
    """A server that passes it begins and ends."""
    said = spoken({"type": "lifespan"}, {"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})
    assert [message["type"] for message in said] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]


PROGRAM = """
import sys
OURS = "numba rbcl rapidfuzz openpyxl python_calamine pythainlp uvloop httptools"
for name in OURS.split():
    sys.modules[name] = None
from holdfast.server.asgi import application
import holdfast.server.worker, holdfast.cli.centre
from django.urls import get_resolver
assert get_resolver().url_patterns
print(type(application).__name__)
"""


def test_a_centre_begins_without_the_registrys_parts() -> None:
    """Nothing on the way to its first answer imports one of them."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False
    )
    assert done.stdout == "WithoutScreening\n", done.stderr
    assert "holdfast[registry]" in done.stderr
