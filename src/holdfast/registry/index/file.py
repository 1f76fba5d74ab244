"""An index open for looking up, by many processes, or for changing, by one.

A writer changes slots in place; readers see each change at once and need no lock. What has been
changed is on the disk before the feed's number says so, hence after a loss of power what the
number counts is there, and going on from it repairs the rest: a slot half on the disk has a hash
that no subject has, or a standing that is written again.

A new file takes the place of the old in two steps: the old one is marked retired, and then loses
its name. A reader that meets the mark looks which file has the name; so whoever dies between the
steps leaves readers that look in vain, but never one that stays with a file of the past.
"""

from __future__ import annotations

import fcntl
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from holdfast.core.errors import CentreError
from holdfast.core.on_disk import sync
from holdfast.core.words import N_
from holdfast.registry.index.compiled import Words
from holdfast.registry.index.hashing import HashKey
from holdfast.registry.index.header import NUMBER_WORD, USED_WORD, WORD_BYTES, Header
from holdfast.registry.index.kernels import (
    MOVED,
    RETIRED_WORD,
    find_all,
    find_one,
    store_word,
)
from holdfast.registry.standing import Standing, unpacked

if TYPE_CHECKING:
    import pyarrow as pa

_MADV_POPULATE_READ = 22
"""Of Linux 5.14 and later; the library of this Python does not name it yet."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """A file of an index in memory; it stays there as long as anybody uses it."""

    words: Words
    header: Header
    inode: int
    map: mmap.mmap | None
    """None where it is no file at all."""

    @classmethod
    def open(cls, path: Path, key: HashKey, *, writable: bool = False) -> Self:
        """Map a file.

        Raises:
            CentreError: `index_missing`, `index_damaged`, `index_version` or `index_key_wrong`.
        """
        try:
            handle = os.open(path, os.O_RDWR if writable else os.O_RDONLY)
        except FileNotFoundError:
            raise CentreError(
                "index_missing",
                N_("there is no index at {file}; build it from the database"),
                file=path,
            ) from None
        try:
            status = os.fstat(handle)
            access = mmap.ACCESS_WRITE if writable else mmap.ACCESS_READ
            mapped = mmap.mmap(handle, 0, access=access) if status.st_size else None
        finally:
            os.close(handle)
        words = np.frombuffer(mapped or b"", np.uint64, status.st_size // WORD_BYTES)
        header = Header.read(words, status.st_size, path)
        if header.key_name != key.name:
            raise CentreError(
                "index_key_wrong",
                N_("{file} was made under another key; rebuild it, or give the key it has"),
                file=path,
            )
        found = cls(words, header, status.st_ino, mapped)
        found.advise(mmap.MADV_RANDOM)
        return found

    @property
    def retired(self) -> bool:
        """Whether another file has its name, or is about to."""
        return bool(self.words[RETIRED_WORD])

    def advise(self, how: int) -> None:
        """Tell the system how the file is going to be read."""
        if self.map is not None:
            self.map.madvise(how)

    def sync(self) -> None:
        """Have what was written on the disk before anything else is done."""
        if self.map is not None:
            self.map.flush()


class Index:
    """An index open for looking up; never blocked, and never left with a file of the past."""

    _writable = False

    def __init__(self, path: Path, key: HashKey, mapped: Mapped) -> None:
        self.path = path
        self.key = key
        self._key_words = key.words
        self._set(mapped)

    @classmethod
    def open(cls, path: Path, key: bytes) -> Self:
        """Open the index at `path`, whose subjects are hashed under `key` (16 bytes).

        Raises:
            CentreError: `index_missing`, `index_damaged`, `index_version` or `index_key_wrong`.
            Refused: `hash_key_length`.
        """
        hash_key = HashKey(key)
        return cls(path, hash_key, Mapped.open(path, hash_key))

    @property
    def number(self) -> int:
        """The number of the feed up to which every answer that is asked for now is right."""
        return int(self.mapped.words[NUMBER_WORD])

    @property
    def generation(self) -> int:
        """How often the index was made anew."""
        return self.mapped.header.generation

    def find(self, wire: bytes) -> Standing | None:
        """Return how a subject stands by its wire form; None where it is not listed."""
        return unpacked(self.value(wire))

    def value(self, wire: bytes) -> int:
        """Return the packed standing of a subject by its wire form, 0 where it never had one."""
        return self.value_and_hash(wire)[0]

    def value_and_hash(self, wire: bytes) -> tuple[int, int, int]:
        """Return the packed standing of a subject, and the two halves of its hash."""
        words, slots = self._table
        found: tuple[int, int, int] = find_one(words, slots, wire, self._key_words)
        if found[0] != MOVED:
            return found
        hashes = np.array([found[1:]], np.uint64)
        return int(self.values_of_hashes(hashes)[0]), *found[1:]

    def find_many(self, wires: pa.Array, prefix: bytes = b"") -> Words:
        """Return the packed standings of an array of wire forms, 0 where one never had any.

        With a `prefix`, such as `account:`, that stands before each, the array has the keys alone.
        """
        return self.values_of_hashes(self.key.hashed_all(wires, prefix))

    def values_of_hashes(self, hashes: Words) -> Words:
        """Return the packed standings of subjects by their hashes, a row of two numbers each."""
        mapped = self.mapped
        values = np.empty(len(hashes), np.uint64)
        find_all(mapped.words, mapped.header.slots, hashes, values)
        return values

    def warm(self) -> None:
        """Read the whole file into memory and this process, so that no question waits for a disk.

        Takes seconds where gigabytes are read; a system older than this only begins to read.
        """
        try:
            self.mapped.advise(_MADV_POPULATE_READ)
        except OSError:
            self.mapped.advise(mmap.MADV_WILLNEED)

    def _set(self, mapped: Mapped) -> None:
        self._mapped = mapped
        self._table = (mapped.words, mapped.header.slots)

    @property
    def mapped(self) -> Mapped:
        """The file to be asked; where the one at hand is retired, that which has the name now."""
        mapped = self._mapped
        if mapped.retired and self.path.stat().st_ino != mapped.inode:
            mapped = Mapped.open(self.path, self.key, writable=self._writable)
            self._set(mapped)
        return mapped


def create(path: Path, header: Header) -> Mapped:
    """Make a file for a table without any subject; all its space is taken now.

    Raises:
        CentreError: `index_unwritable`.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            # Space that is missing only when a page is written would end the process.
            os.posix_fallocate(handle, 0, header.file_bytes)
            mapped = mmap.mmap(handle, header.file_bytes)
            inode = os.fstat(handle).st_ino
        finally:
            os.close(handle)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise unwritable(path, error) from None
    words = np.frombuffer(mapped, np.uint64)
    header.write(words)
    return Mapped(words, header, inode, mapped)


def set_number(mapped: Mapped, number: int) -> None:
    """Say that the feed is applied up to `number`, after all that was put before is on the disk."""
    mapped.sync()
    store_word(mapped.words, NUMBER_WORD, np.uint64(number))


def add_used(mapped: Mapped, added: int) -> None:
    """Count slots that are used from now on."""
    store_word(mapped.words, USED_WORD, np.uint64(int(mapped.words[USED_WORD]) + added))


def take_place(new: Mapped, file: Path, path: Path, instead_of: Mapped | None = None) -> bool:
    """Give a new file the name of an index; readers go over to it with their next question.

    With `instead_of`, only where that file still has the name. Returns whether it was done.

    Raises:
        CentreError: `index_unwritable`.
    """
    try:
        new.sync()
        with locked(path.with_name(f"{path.name}.swap")):
            if instead_of is not None and path.stat().st_ino != instead_of.inode:
                return False
            _retire(path)
            file.replace(path)
            sync(path.parent)
    except OSError as error:
        raise unwritable(path, error) from None
    return True


def _retire(path: Path) -> None:
    """Mark the file that has the name now."""
    with suppress(FileNotFoundError), path.open("r+b") as old:
        old.seek(8 * RETIRED_WORD)
        old.write((1).to_bytes(8, "little"))


@contextmanager
def locked(file: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold a lock that ends with the process; its file stays.

    Raises:
        BlockingIOError: another holds it and `wait` is false.
    """
    handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(handle)


def unwritable(path: Path, error: OSError) -> CentreError:
    """Return the error of an index that can't be written, such as for want of space."""
    return CentreError(
        "index_unwritable",
        N_("the index {file} can't be written: {why}"),
        file=path,
        why=error.strerror or type(error).__name__,
    )
