"""An index made whole from the database, beside the one in use, and the two compared."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from holdfast.core.errors import CentreError
from holdfast.registry.index.compiled import Words
from holdfast.registry.index.file import Index, Mapped, add_used, create, set_number, take_place
from holdfast.registry.index.hashing import HashKey
from holdfast.registry.index.header import USED_WORD, WORD_BYTES, Header
from holdfast.registry.index.kernels import (
    HEADER_WORDS,
    copy_listed,
    differing,
    find_all,
    put_all,
)
from holdfast.registry.index.writer import GROWTH, LOAD_MAX, slots_for
from holdfast.registry.standing import Standing, unpacked

if TYPE_CHECKING:
    import pyarrow as pa

Batch = tuple["pa.Array", Words]
"""Wire forms, and their packed standings (`REMOVED` for what is listed no more)."""
DIFFERENCES_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Difference:
    """A subject of which the index says something else than the database."""

    hash: str
    """Of its wire form under the index's key, 32 hexadecimal digits: it names nobody."""
    said: Standing | None
    """By the index."""
    right: Standing | None
    """By the database."""


class Table:
    """A table of slots in the making, in a file or (without one) in memory; it grows as it must."""

    def __init__(
        self, key: HashKey, subjects: int, file: Path | None = None, generation: int = 1
    ) -> None:
        self.key = key
        self._file = file
        self._generation = generation
        self.mapped = self._new(slots_for(subjects))

    def put_many(self, wires: pa.Array, values: Words) -> None:
        """Say how subjects stand; of two values for one subject the later counts.

        Raises:
            CentreError: `index_unwritable` or `index_too_large`.
        """
        hashes = self.key.hashed_all(wires)
        used = int(self.mapped.words[USED_WORD]) + len(hashes)
        if used > LOAD_MAX * self.mapped.header.slots:
            self._grow(used)
        add_used(self.mapped, put_all(self.mapped.words, self.mapped.header.slots, hashes, values))

    def drop(self) -> None:
        """Remove the file of a table that is not to be used."""
        if self._file is not None:
            self._file.unlink(missing_ok=True)

    def _grow(self, used: int) -> None:
        old, self.mapped = self.mapped, self._new(slots_for(int(GROWTH * used)))
        new = self.mapped
        add_used(new, copy_listed(old.words, old.header.slots, new.words, new.header.slots))

    def _new(self, slots: int) -> Mapped:
        header = Header(slots, self.key.name, self._generation)
        if self._file is not None:
            self._file.unlink(missing_ok=True)
            return create(self._file, header)
        words = np.zeros(header.file_bytes // WORD_BYTES, np.uint64)
        header.write(words)
        return Mapped(words, header, 0, None)


def build_index(
    path: Path, key: bytes, batches: Iterable[Batch], *, number: int, subjects: int = 0
) -> None:
    """Make the index at `path` anew from all that the feed said up to `number`.

    Of two standings of one subject the later counts. `subjects` is about how many there are; more
    only take longer. An index that is in use is asked until the new one has its name.

    Raises:
        CentreError: `index_unwritable` or `index_too_large`.
        Refused: `hash_key_length`.
    """
    file = path.with_name(f"{path.name}.{os.getpid()}.new")
    table = Table(HashKey(key), subjects, file, _generation(path) + 1)
    try:
        for wires, values in batches:
            table.put_many(wires, values)
        set_number(table.mapped, number)
        take_place(table.mapped, file, path)
    finally:
        table.drop()


def differences(index: Index, table: Table) -> Iterator[Difference]:
    """Compare an index with a table made from the database, and tell every difference.

    Whoever changes the index meanwhile makes differences that are none: ask again about those.
    """
    mapped, right = index.mapped, table.mapped
    for halves in _differing(mapped, right, only_missing=False):
        yield _difference(halves, mapped, right)
    for halves in _differing(right, mapped, only_missing=True):
        yield _difference(halves, mapped, right)


def _differing(of: Mapped, other: Mapped, *, only_missing: bool) -> Iterator[Words]:
    """Return the hashes in one table that another knows otherwise, or (if asked) not at all."""
    begin = HEADER_WORDS
    while begin:
        places = np.empty(DIFFERENCES_AT_ONCE, np.int64)
        found, begin = differing(
            of.words, of.header.slots, other.words, other.header.slots, only_missing, begin, places
        )
        for place in places[:found]:
            yield of.words[place : place + 2].copy()


def _difference(halves: Words, said: Mapped, right: Mapped) -> Difference:
    return Difference(halves.tobytes().hex(), _standing(said, halves), _standing(right, halves))


def _standing(mapped: Mapped, halves: Words) -> Standing | None:
    value = np.empty(1, np.uint64)
    find_all(mapped.words, mapped.header.slots, halves.reshape(1, 2), value)
    return unpacked(int(value[0]))


def _generation(path: Path) -> int:
    """Return the generation of an index, 0 where there is none or it is not legible."""
    try:
        words = np.fromfile(path, np.uint64, HEADER_WORDS)
        return Header.read(words, path.stat().st_size, path).generation
    except (OSError, CentreError):
        return 0
