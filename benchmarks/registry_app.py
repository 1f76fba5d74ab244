"""What `registry_http` has a server run: the screening endpoint, or one with a part replaced.

HOLDFAST_BENCH_PART says which: `whole`; `unsynced`, where records are written and not synced;
`unrecorded`, where nothing is put on record;
`constant`, a bare answer of the same length; `postgresql` or `redis`, where standings come from
there instead of the index, at the address in HOLDFAST_BENCH_PEER.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "holdfast.server.settings")
django.setup(set_prefix=False)

from benchmarks.registry_peers import PostgresPeer, RedisPeer  # noqa: E402
from holdfast.api.screen_app import ScreenHome, WithScreening, screen_endpoint  # noqa: E402
from holdfast.registry.group_commit import GroupCommit  # noqa: E402
from holdfast.registry.index.file import Index  # noqa: E402
from holdfast.server.runtime import CLOCK  # noqa: E402

CONSTANT = b"x" * 320


async def constant(scope: Any, receive: Any, send: Any) -> None:
    """Answer without doing anything: what server, network and load generator cost."""
    if scope["type"] != "http":
        return
    await receive()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"320")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": CONSTANT})


def _asks(peer: PostgresPeer | RedisPeer) -> None:
    """Have every index asked at a peer instead; hashing stays the same."""

    def value_and_hash(self: Index, wire: bytes) -> tuple[int, int, int]:
        digest = self.key.hashed(wire)
        low, high = (int.from_bytes(half, "little") for half in (digest[:8], digest[8:]))
        return peer.one(digest), low, high

    Index.value_and_hash = value_and_hash  # type: ignore[method-assign]


async def _kept(_self: GroupCommit, _record: bytes) -> None:
    """Put nothing on record."""


def _application() -> Any:
    part = os.environ.get("HOLDFAST_BENCH_PART", "whole")
    if part == "constant":
        return constant
    if part == "unsynced":
        os.fdatasync = lambda fd: None  # noqa: ARG005  (its own name for it)
    if part == "unrecorded":
        GroupCommit.keep = _kept  # type: ignore[assignment, method-assign]
    if part == "postgresql":
        _asks(PostgresPeer(os.environ["HOLDFAST_BENCH_PEER"]))
    if part == "redis":
        _asks(RedisPeer(os.environ["HOLDFAST_BENCH_PEER"]))
    folder = Path(os.environ["HOLDFAST_HOME"])
    home = ScreenHome(folder, "TH", b"", CLOCK, secrets.token_bytes)
    return WithScreening(screen_endpoint(home))


application = _application()
