"""What tells whether the clock is right when a process begins: all that was written before."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.db import connection, transaction

from holdfast.core.errors import CentreError
from holdfast.core.instant import HOUR_US
from holdfast.ledger.store.folder import ACKNOWLEDGED_FILE
from holdfast.people.actor import CENTRE_ITSELF
from holdfast.records import audit
from holdfast.records.models import AuditEntry, SealedHead
from holdfast.server.clock import HEARTBEAT_FILE, Witness, check_start, read_heartbeat
from holdfast.server.home import Home


def check_clock(home: Home, now_us: int, *, is_right: bool) -> None:
    """Check the clock by which a process is about to begin; a person may say that it is right.

    What they say is heeded and recorded, where it made a difference.

    Raises:
        CentreError: `clock_went_back`, `clock_jumped`, `clock_apart` or `clock_far_ahead`.
    """
    try:
        check_start(
            now_us,
            written(home),
            alive_us=alive_us(home),
            jumped_us=jumped_us(home),
            database_us=database_us(),
            ahead_us_max=home.clock_ahead_hours * HOUR_US,
        )
    except CentreError as error:
        if not is_right:
            raise
        with transaction.atomic():
            audit.record(
                at_us=now_us,
                actor=CENTRE_ITSELF,
                verb="say_clock_is_right",
                subject=f"institution:{home.name}",
                detail={"against": error.code},
            )


def written(home: Home) -> Iterator[Witness]:
    """Yield what was written before, each the newest of its kind.

    Files that a centre at work writes again and again, so that a time which was wrong once does
    not stand there for ever. What was last is asked for, not what says the latest time: an entry
    that a wrong clock dated ahead is followed by others.
    """
    beat = read_heartbeat(home.folder)
    if beat is not None:
        yield Witness(HEARTBEAT_FILE, beat.at_us)
    entry = AuditEntry.objects.order_by("-id").first()
    if entry is not None:
        yield Witness("audit", entry.at_us)
    for path in (home.heads, home.ledger / ACKNOWLEDGED_FILE, *_embedded(home)):
        if path.exists():
            yield Witness(path.name, path.stat().st_mtime_ns // 1000)


def alive_us(home: Home) -> int | None:
    """Return when a worker was last at work, None if none ever was.

    Only by what workers write, whose clock was checked when they began: an import or a copy, made
    while the clock was wrong, bears witness to nothing.
    """
    beat = read_heartbeat(home.folder)
    head = SealedHead.objects.order_by("-position").first()
    times = [found.at_us for found in (beat, head) if found is not None]
    return max(times, default=None)


def jumped_us(home: Home) -> int:
    """Return how far the clock has jumped for the worker that is at work now; 0 if none is.

    Two processes of one centre, each by a clock of its own, would not agree when a hold ends.
    """
    beat = read_heartbeat(home.folder)
    if beat is None or not beat.jumped_us:
        return 0
    try:
        os.kill(beat.pid, 0)
    except ProcessLookupError:
        return 0
    except PermissionError:
        pass  # another user's: it is there
    return beat.jumped_us


def database_us() -> int | None:
    """Return the time of the database's machine, None where that is this machine for sure."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
        return int(cursor.fetchone()[0])


def _embedded(home: Home) -> Iterator[Path]:
    parts = urlsplit(home.database)
    if parts.scheme == "sqlite":
        name = unquote(parts.path[1:])
        yield from (Path(name), Path(f"{name}-wal"))
