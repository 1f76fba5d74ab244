"""The database that a centre's home names, as Django wants to be told."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from holdfast.core.errors import CentreError
from holdfast.core.words import N_

_SQLITE_BEGIN = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=30000;"
    "PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON;"
)
"""What is acknowledged is on the disk; readers don't wait for the writer; no guard is gone around.

`holdfast init` opens the file once, alone, before many may come: the switch to WAL waits for
nobody."""
CONNECTIONS_MAX = 32
"""Of one process: more than a worker's loops and deliveries, which each have one."""
ASKED_BEFORE_PREPARED = 5


def database_of(url: str) -> dict[str, Any]:
    """Return Django's settings for `sqlite:////ABSOLUTE/FILE` or `postgresql://USER:PASSWORD@HOST:PORT/NAME`.

    A socket folder is given as `?host=FOLDER`, other words behind `?` go to the driver.

    Raises:
        CentreError: `database_unknown`.
    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(parts.path[1:]),
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "init_command": _SQLITE_BEGIN},
        }
    if parts.scheme == "postgresql":
        words = dict(parse_qsl(parts.query))
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.removeprefix("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": words.pop("host", parts.hostname or ""),
            "PORT": words.pop("port", str(parts.port or "")),
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {
                # What is asked again and again is planned once a connection, not each time.
                "server_side_binding": True,
                "prepare_threshold": ASKED_BEFORE_PREPARED,
                "pool": {"min_size": 1, "max_size": CONNECTIONS_MAX, "timeout": 10},
                **words,
            },
        }
    raise CentreError(
        "database_unknown",
        N_("a database is sqlite:////ABSOLUTE/FILE or postgresql://USER@HOST/NAME, not {scheme}:"),
        scheme=parts.scheme,
    )
