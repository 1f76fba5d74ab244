"""Make snapshots aside: one at a time in this process, while those who want one ask again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Thread

from django.db import connection

from holdfast.core.errors import HoldfastError
from holdfast.core.instant import SECOND_US
from holdfast.core.words import N_
from holdfast.registry.feed.snapshot import Manifest
from holdfast.workflows.centre import Centre
from holdfast.workflows.give_delta import BACK_MAX
from holdfast.workflows.give_snapshot import For, last_begun, latest_snapshot, make_snapshot
from holdfast.workflows.read_feed import newest

log = logging.getLogger(__name__)

AGAIN_US = 600 * SECOND_US
AGAIN_ENTRIES = BACK_MAX // 10
"""An institution's next snapshot is made after so long, or when the feed has gone on so far."""


def in_thread(work: Callable[[], None]) -> None:
    """Do some work beside what asked for it, on a database connection of its own."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    Thread(target=run, name="snapshot", daemon=True).start()


class SnapshotTooSoon(HoldfastError):
    """An institution asks for a newer snapshot too soon after its last one."""

    transient = True


@dataclass(frozen=True, slots=True)
class Wanted:
    """How new a snapshot must be."""

    number: int = 0
    """Of this number of the feed or a later one."""
    not_before_us: int = 0

    def is_met_by(self, found: Manifest | None) -> bool:
        """Whether a snapshot is new enough."""
        if found is None:
            return False
        return found.place.number >= self.number and found.at_us >= self.not_before_us


class SnapshotMaker:
    """Has snapshots made; `begin` starts a piece of work, in a thread of its own if not said."""

    def __init__(self, begin: Callable[[Callable[[], None]], None] = in_thread) -> None:
        self._begin = begin
        self._busy = Lock()

    def ask(self, centre: Centre, folder: Path, whose: For, wanted: Wanted) -> Manifest | None:
        """Return an institution's snapshot that is as wanted; None: ask again soon.

        Where there is none, and nobody else's is just being made, one is begun; but not so soon
        after the last that making them would be all that we do.

        Raises:
            SnapshotTooSoon: `snapshot_too_soon`.
        """
        found = latest_snapshot(centre, folder, whose)
        if wanted.is_met_by(found):
            return found
        if self._busy.locked() or not _may_begin(centre, folder, whose):
            return None
        if self._busy.acquire(blocking=False):
            self._begin(lambda: self._make(centre, folder, whose))
            found = latest_snapshot(centre, folder, whose)
        return found if wanted.is_met_by(found) else None

    def _make(self, centre: Centre, folder: Path, whose: For) -> None:
        try:
            make_snapshot(centre, folder, whose)
        except Exception:
            log.exception("a snapshot could not be made")
        finally:
            self._busy.release()


def _may_begin(centre: Centre, folder: Path, whose: For) -> bool:
    """Whether a snapshot is due; False where one is being made, in another process maybe.

    Raises:
        SnapshotTooSoon: `snapshot_too_soon`.
    """
    last = last_begun(folder, whose.institution_id)
    if last is None or newest() - last.number >= AGAIN_ENTRIES:
        return True
    ago_us = centre.now_us() - last.at_us
    if not 0 <= ago_us < AGAIN_US:
        return True
    if last.is_whole:
        raise SnapshotTooSoon(
            "snapshot_too_soon",
            N_("a snapshot was made for you a moment ago; a newer one is made in {seconds} s"),
            seconds=-(-(AGAIN_US - ago_us) // SECOND_US),
        )
    return False
