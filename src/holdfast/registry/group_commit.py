"""Group commit: many tasks of an event loop wait for one write and one sync."""

from __future__ import annotations

import asyncio
from threading import Condition, Thread

from holdfast.core.errors import CentreError, HoldfastError
from holdfast.core.words import N_
from holdfast.registry.questions import QuestionFiles

WAITING_BYTES_MAX = 64 << 20
"""Of records that wait for a disk that does not keep up; further questions are refused."""


class GroupCommit:
    """Puts records on the disk from one event loop; a thread of its own writes and syncs.

    While one group is being synced the next one gathers, so that a slow disk makes larger groups
    and not a longer queue.
    """

    def __init__(self, files: QuestionFiles) -> None:
        self._files = files
        self._gathered: list[tuple[bytes, asyncio.Future[None]]] = []
        self._bytes = 0
        self._changed = Condition()
        self._is_closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = Thread(target=self._run, name="question-log", daemon=True)

    async def keep(self, record: bytes) -> None:
        """Return once a record is on the disk; raises what `QuestionFiles.write` raises.

        Raises:
            CentreError: also `question_log_behind`: too much waits for the disk already.
        """
        future = asyncio.get_running_loop().create_future()
        with self._changed:
            if self._bytes + len(record) > WAITING_BYTES_MAX or self._is_closed:
                raise CentreError(
                    "question_log_behind",
                    N_("too many questions wait to be put on record; ask again in a moment"),
                )
            self._gathered.append((record, future))
            self._bytes += len(record)
            if self._loop is None:
                self._loop = asyncio.get_running_loop()
                self._thread.start()
            if len(self._gathered) == 1:
                self._changed.notify()
        await future

    def close(self) -> None:
        """Write what waits, and end the file."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        if self._loop is not None:
            self._thread.join()
        self._files.close()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._gathered and not self._is_closed:
                    self._changed.wait()
                group, self._gathered, self._bytes = self._gathered, [], 0
            if not group:
                return
            self._write(group)

    def _write(self, group: list[tuple[bytes, asyncio.Future[None]]]) -> None:
        error: HoldfastError | None = None
        try:
            self._files.write([record for record, _ in group])
        except HoldfastError as found:
            error = found
        assert self._loop is not None  # noqa: S101  (the thread is begun with the loop known)
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(_answer, [future for _, future in group], error)


def _answer(futures: list[asyncio.Future[None]], error: HoldfastError | None) -> None:
    for future in futures:
        if future.done():
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
