"""Make snapshots aside: one at a time in this process, while those who want one ask again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from threading import Lock, Thread

from django.db import connection

from holdfast.registry.feed.snapshot import Manifest
from holdfast.workflows.centre import Centre
from holdfast.workflows.give_snapshot import For, latest_snapshot, make_snapshot

log = logging.getLogger(__name__)


def in_thread(work: Callable[[], None]) -> None:
    """Do some work beside what asked for it, on a database connection of its own."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    Thread(target=run, name="snapshot", daemon=True).start()


class SnapshotMaker:
    """Has snapshots made; `begin` starts a piece of work, in a thread of its own if not said."""

    def __init__(self, begin: Callable[[Callable[[], None]], None] = in_thread) -> None:
        self._begin = begin
        self._busy = Lock()

    def ask(
        self, centre: Centre, folder: Path, whose: For, not_before_us: int = 0
    ) -> Manifest | None:
        """Return an institution's snapshot made at `not_before_us` or later; None: ask again soon.

        Where there is none, and nobody else's is just being made, one is begun.
        """
        found = latest_snapshot(centre, folder, whose)
        if found is not None and found.at_us >= not_before_us:
            return found
        if self._busy.acquire(blocking=False):
            self._begin(lambda: self._make(centre, folder, whose))
            found = latest_snapshot(centre, folder, whose)
        return found if found is not None and found.at_us >= not_before_us else None

    def _make(self, centre: Centre, folder: Path, whose: For) -> None:
        try:
            make_snapshot(centre, folder, whose)
        except Exception:
            log.exception("a snapshot could not be made")
        finally:
            self._busy.release()
