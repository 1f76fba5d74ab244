"""The first page of an index: what its table is, under which key, and how far the feed is applied.

    0 magic   1 version   2 slots   3 name of the key   4 generation   5 checksum of these
    8 number of the feed   9 slots used   12 retired

The first six are written once. The others change while others read: each is one number of 64 bits,
written whole.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from holdfast.core.errors import CentreError
from holdfast.core.words import N_
from holdfast.registry.index.compiled import Words
from holdfast.registry.index.kernels import HEADER_WORDS, SLOT_WORDS, SLOTS_MAX

MAGIC = int.from_bytes(b"HOLDFIDX", "little")
VERSION = 1
WORD_BYTES = 8
NUMBER_WORD = 8
USED_WORD = 9
_FIXED = 5


@dataclass(frozen=True, slots=True)
class Header:
    """What of an index never changes."""

    slots: int
    key_name: int
    """By which hash key its subjects are known, see `HashKey.name`."""
    generation: int
    """One more than that of the index whose place it took."""

    @property
    def file_bytes(self) -> int:
        """How long the file is."""
        return WORD_BYTES * (HEADER_WORDS + SLOT_WORDS * self.slots)

    def write(self, words: Words) -> None:
        """Write it into a file that is otherwise zero."""
        fixed = np.array([MAGIC, VERSION, self.slots, self.key_name, self.generation], np.uint64)
        words[:_FIXED] = fixed
        words[_FIXED] = zlib.crc32(fixed.tobytes())

    @classmethod
    def read(cls, words: Words, file_bytes: int, file: Path) -> Header:
        """Read and check it; `file_bytes` is how long the file is.

        Raises:
            CentreError: `index_damaged` or `index_version`.
        """
        if len(words) < HEADER_WORDS or int(words[0]) != MAGIC:
            raise _damaged(file)
        if int(words[1]) != VERSION:
            raise CentreError(
                "index_version",
                N_("{file} was written by another version; rebuild it from the database"),
                file=file,
            )
        found = cls(*(int(word) for word in words[2:_FIXED]))
        right = zlib.crc32(words[:_FIXED].tobytes())
        is_whole = 0 < found.slots < SLOTS_MAX and file_bytes == found.file_bytes
        if int(words[_FIXED]) != right or not is_whole:
            raise _damaged(file)
        return found


def _damaged(file: Path) -> CentreError:
    return CentreError(
        "index_damaged",
        N_("{file} is not what an index looks like; rebuild it from the database"),
        file=file,
    )
