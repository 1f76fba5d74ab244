"""Group commit: many tasks of an event loop wait for one write and one sync."""

from __future__ import annotations

import asyncio
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any

from holdfast.core.errors import CentreError, HoldfastError
from holdfast.core.words import N_
from holdfast.registry.questions import QuestionFiles

WAITING_BYTES_MAX = 64 << 20
"""Of records that wait for a disk that does not keep up; further questions are refused."""
GATHERS_S_MAX = 0.002
"""How long a group waits for others while more come with each turn of the loop. A write and a sync
cost as much processor as two questions, however many share them."""


class _Kept(asyncio.Future[None]):
    """What all of a group wait for; one that gives up waiting does not end it for the others."""

    def cancel(self, msg: Any | None = None) -> bool:  # noqa: ARG002  (the name is asyncio's)
        return False


class _Group:
    """Records that are written and synced together."""

    __slots__ = ("begun_s", "bytes", "kept", "loop", "records")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.records: list[bytes] = []
        self.bytes = 0
        self.kept = _Kept(loop=loop)
        self.loop = loop
        self.begun_s = loop.time()


class GroupCommit:
    """Puts records on the disk from one event loop; a thread of its own writes and syncs.

    While one group is being synced the next one gathers, so that a slow disk makes larger groups
    and not a longer queue.
    """

    def __init__(self, files: QuestionFiles) -> None:
        self._files = files
        self._gathering: _Group | None = None
        self._is_writing = False
        self._is_closed = False
        self._lock = Lock()
        """Over the four above: the end comes from another thread."""
        self._groups: SimpleQueue[_Group | None] = SimpleQueue()
        self._thread: Thread | None = None

    async def keep(self, record: bytes) -> None:
        """Return once a record is on the disk; raises what `QuestionFiles.write` raises.

        Raises:
            CentreError: also `question_log_behind`: too much waits for the disk already.
        """
        with self._lock:
            group = self._joined(record)
        await group.kept

    def close(self) -> None:
        """Write what waits, and end the file."""
        with self._lock:
            self._is_closed = True
        self._hand_over()
        self._groups.put(None)
        if self._thread is not None:
            self._thread.join()
        self._files.close()

    def _joined(self, record: bytes) -> _Group:
        group = self._gathering
        waiting_bytes = 0 if group is None else group.bytes
        if waiting_bytes + len(record) > WAITING_BYTES_MAX or self._is_closed:
            raise CentreError(
                "question_log_behind",
                N_("too many questions wait to be put on record; ask again in a moment"),
            )
        if group is None:
            group = self._gathering = self._begun()
        group.records.append(record)
        group.bytes += len(record)
        return group

    def _begun(self) -> _Group:
        """Begin a group, which goes to the disk soon if that is idle."""
        loop = asyncio.get_running_loop()
        if self._thread is None:
            self._thread = Thread(target=self._run, args=[loop], name="question-log", daemon=True)
            self._thread.start()
        if not self._is_writing:
            loop.call_soon(self._gather, 0)
        return _Group(loop)

    def _gather(self, before: int) -> None:
        """Hand the group over once a turn of the loop brings nobody else, or its time is over."""
        group = self._gathering
        if group is None:
            return
        count = len(group.records)
        if count > before and group.loop.time() - group.begun_s < GATHERS_S_MAX:
            group.loop.call_soon(self._gather, count)
        else:
            self._hand_over()

    def _hand_over(self) -> None:
        """Have the thread write what gathered."""
        with self._lock:
            group, self._gathering = self._gathering, None
            if group is not None:
                self._is_writing = True
                self._groups.put(group)

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        while (group := self._groups.get()) is not None:
            error: HoldfastError | None = None
            try:
                self._files.write(group.records)
            except HoldfastError as found:
                error = found
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._answer, group, error)

    def _answer(self, group: _Group, error: HoldfastError | None) -> None:
        """Let those of a group go on; first the disk gets the next one."""
        with self._lock:
            self._is_writing = False
        self._gather(0)
        if error is None:
            group.kept.set_result(None)
        else:
            group.kept.set_exception(error)
