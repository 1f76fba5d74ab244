"""Work in the database of a centre's home, from the test's own process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections
from pytest_django import DjangoDbBlocker

from holdfast.server.database import database_of
from holdfast.server.home import Home


@contextmanager
def inside(home: Home, blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let all that is read and written, in every thread, be of this home's database."""
    wanted = database_of(home.database)
    # A pool is kept for the process, and would be that of the home before.
    wanted["OPTIONS"].pop("pool", None)
    settings, before = connections.settings["default"], connections["default"]
    kept = dict(settings)
    settings.clear()
    settings.update(connections.configure_settings({"default": wanted})["default"])
    del connections["default"]
    try:
        with blocker.unblock():
            yield
    finally:
        connections["default"].close()
        settings.clear()
        settings.update(kept)
        connections["default"] = before
