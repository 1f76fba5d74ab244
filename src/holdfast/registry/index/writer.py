"""The one who changes an index while others read it."""

from __future__ import annotations

import errno
import os
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np

from holdfast.core.errors import CentreError
from holdfast.core.words import N_
from holdfast.registry.index.compiled import Words
from holdfast.registry.index.file import (
    Index,
    Mapped,
    add_used,
    create,
    locked,
    set_number,
    take_place,
    unwritable,
)
from holdfast.registry.index.hashing import HashKey
from holdfast.registry.index.header import NUMBER_WORD, USED_WORD, Header
from holdfast.registry.index.kernels import (
    REMOVED,
    RETIRED_WORD,
    SLOTS_MAX,
    copy_listed,
    put_all,
    store_word,
)
from holdfast.registry.standing import Standing

if TYPE_CHECKING:
    import pyarrow as pa

LOAD_NEW = 0.6
"""Share of the slots that are used in a new file: a miss then looks at four slots."""
LOAD_GROWING = 0.72
"""From here on a larger file is made beside."""
LOAD_MAX = 0.8
"""Beyond this a miss looks at more than a dozen slots: nothing is put until there is room."""
GROWTH = 4 / 3
"""A larger file has room for so many times what is used: it is 0.45 full, 53 bytes a subject."""
SLOTS_MIN = 1 << 12


class IndexBusy(CentreError):
    """Another process writes to this index."""

    transient = True


def slots_for(subjects: int) -> int:
    """Return how many slots a new table has.

    Raises:
        CentreError: `index_too_large`.
    """
    slots = max(SLOTS_MIN, int(subjects / LOAD_NEW) + 1)
    if slots >= SLOTS_MAX:
        raise CentreError(
            "index_too_large",
            N_("an index has room for {limit} subjects, not for {found}"),
            limit=int(SLOTS_MAX * LOAD_NEW),
            found=subjects,
        )
    return slots


@dataclass(slots=True)
class _Growth:
    """A larger file in the making: filled by a thread, while changes are put down for it."""

    file: Path
    old: Mapped
    new: Mapped
    thread: Thread = field(init=False)
    missed: list[tuple[Words, Words]] = field(default_factory=list)
    is_whole: bool = False

    def __post_init__(self) -> None:
        self.thread = Thread(target=self._copy, name="index-growth", daemon=True)
        self.thread.start()

    def _copy(self) -> None:
        old, new = self.old, self.new
        add_used(new, copy_listed(old.words, old.header.slots, new.words, new.header.slots))
        new.sync()
        self.is_whole = True


class IndexWriter(Index):
    """An index open for changing; readers see each change at once.

    Where another process has made the index anew, changes go into the new file, and `number` is
    what that one has applied: ask for it before what is to be applied next.
    """

    _writable = True
    _locks: ExitStack
    _growth: _Growth | None = None

    @classmethod
    def open(cls, path: Path, key: bytes) -> Self:
        """Open the index at `path` for changing.

        Raises:
            IndexBusy: `index_busy`: another process writes to it, transient.
            CentreError: `index_missing`, `index_damaged`, `index_version` or `index_key_wrong`.
            Refused: `hash_key_length`.
        """
        hash_key = HashKey(key)
        with ExitStack() as locks:
            try:
                locks.enter_context(locked(path.with_name(f"{path.name}.writer"), wait=False))
            except BlockingIOError:
                raise IndexBusy(
                    "index_busy", N_("another process writes to the index {file}"), file=path
                ) from None
            _remove_left_over(path)
            with locked(path.with_name(f"{path.name}.swap")):
                mapped = Mapped.open(path, hash_key, writable=True)
                # Whoever meant to put another file in its place died before.
                store_word(mapped.words, RETIRED_WORD, np.uint64(0))
            opened = cls(path, hash_key, mapped)
            opened._locks = locks.pop_all()
        return opened

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let others write; a larger file in the making is left to the next writer to make."""
        if self._growth is not None:
            self._growth.thread.join()
            self._growth.file.unlink(missing_ok=True)
            self._growth = None
        self._locks.close()

    def put(self, wire: bytes, standing: Standing) -> None:
        """Say how a subject stands from now on; raises as `put_many`."""
        self._put_value(wire, standing.packed())

    def remove(self, wire: bytes) -> None:
        """Say that a subject is listed no more; raises as `put_many`."""
        self._put_value(wire, REMOVED)

    def put_many(self, wires: pa.Array, values: Words) -> None:
        """Say how subjects stand from now on by packed standings; `REMOVED` takes one off.

        Raises:
            CentreError: `index_unwritable`: no space is left for a larger file; or
                `index_too_large`.
        """
        self.put_hashes(self.key.hashed_all(wires), values)

    def put_hashes(self, hashes: Words, values: Words) -> None:
        """Say how subjects stand from now on by their hashes; raises as `put_many`."""
        self._make_room(len(hashes))
        _put(self.mapped, hashes, values)
        if self._growth is not None:
            self._growth.missed.append((hashes, values))

    def set_number(self, number: int) -> None:
        """Say that the feed is applied up to `number`, once all changes before are on the disk.

        Raises:
            CentreError: `index_unwritable`, where a larger file was to take its place.
        """
        set_number(self.mapped, number)
        if self._growth is not None and not self._growth.thread.is_alive():
            self._end_growth()

    @property
    def used(self) -> int:
        """How many slots are used, by what is listed and by what once was."""
        return int(self.mapped.words[USED_WORD])

    def _put_value(self, wire: bytes, value: int) -> None:
        hashes = np.frombuffer(self.key.hashed(wire), np.uint64).reshape(1, 2)
        self.put_hashes(hashes, np.array([value], np.uint64))

    def _make_room(self, coming: int) -> None:
        mapped = self.mapped
        used = int(mapped.words[USED_WORD]) + coming
        if used > LOAD_GROWING * mapped.header.slots and self._growth is None:
            self._growth = self._begin_growth(mapped, used)
        if used > LOAD_MAX * mapped.header.slots:
            self._end_growth()
            self._make_room(coming)

    def _begin_growth(self, mapped: Mapped, used: int) -> _Growth:
        """Begin to copy what is listed into a larger file; what is not needs no slot there."""
        header = Header(slots_for(int(GROWTH * used)), self.key.name, mapped.header.generation + 1)
        file = self.path.with_name(f"{self.path.name}.{os.getpid()}.new")
        return _Growth(file, mapped, create(file, header))

    def _end_growth(self) -> None:
        """Put the larger file in the place of this one, with all that was changed meanwhile."""
        growth, self._growth = self._growth, None
        if growth is None:
            return
        growth.thread.join()
        if not growth.is_whole:
            growth.file.unlink(missing_ok=True)
            raise unwritable(growth.file, OSError(errno.EIO, os.strerror(errno.EIO)))
        for hashes, values in growth.missed:
            _put(growth.new, hashes, values)
        set_number(growth.new, int(growth.old.words[NUMBER_WORD]))
        if not take_place(growth.new, growth.file, self.path, instead_of=growth.old):
            growth.file.unlink(missing_ok=True)


def _put(mapped: Mapped, hashes: Words, values: Words) -> None:
    """Put standings into a table; who is killed on the way leaves too many slots counted, not too few."""
    add_used(mapped, len(hashes))
    added = put_all(mapped.words, mapped.header.slots, hashes, values)
    add_used(mapped, added - len(hashes))


def _remove_left_over(path: Path) -> None:
    """Remove files in the making whose process has died."""
    for file in path.parent.glob(f"{path.name}.*.new"):
        process = file.name.split(".")[-2]
        if process.isdigit() and not Path(f"/proc/{process}").exists():
            file.unlink(missing_ok=True)
