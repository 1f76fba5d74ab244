"""One time for several processes: eight bytes of a file that all of them have in memory."""

from __future__ import annotations

import mmap
from pathlib import Path
from types import TracebackType
from typing import Self

_BYTES = 8
"""So many, at an aligned place, are written and read as one by every processor we run on."""


class SharedClock:
    """A clock that stands still until one process sets it; called, it tells the time.

    Microseconds since 1970 UTC. A context manager that lets go of the file.
    """

    def __init__(self, path: Path) -> None:
        """Open the clock in a file, made at 1970 where it is missing.

        Raises:
            OSError: the file can't be made or mapped.
        """
        with path.open("ab+") as file:
            if file.tell() < _BYTES:
                file.truncate(_BYTES)
            self._map = mmap.mmap(file.fileno(), _BYTES)
        self._cells = memoryview(self._map).cast("q")

    def __call__(self) -> int:
        """Return the time."""
        return self._cells[0]

    def set(self, time_us: int) -> None:
        """Set the time for all who have this clock."""
        self._cells[0] = time_us

    def close(self) -> None:
        """Let go of the file."""
        self._cells.release()
        self._map.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
