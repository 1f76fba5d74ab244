"""The key under which subjects are hashed: SipHash-2-4 with 128 bits of output.

Under a key of 16 bytes that only the house knows nobody else can tell which subject a hash stands
for, nor choose subjects that meet in the index.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Any

import numpy as np

from holdfast.core.errors import Refused
from holdfast.core.words import N_
from holdfast.registry.index.compiled import Octets, Words
from holdfast.registry.index.kernels import hash_all, hash_one

if TYPE_CHECKING:
    import pyarrow as pa

KEY_BYTES = 16
HASH_BYTES = 16
_HALVES = Struct("<QQ").pack


class HashKey:
    """The secret under which subjects are hashed: 16 bytes.

    Raises:
        Refused: `hash_key_length`.
    """

    __slots__ = ("name", "words")

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise Refused(
                "hash_key_length",
                N_("the key of an index has {right} bytes, this has {found}"),
                right=KEY_BYTES,
                found=len(key),
            )
        self.words: Words = np.frombuffer(key, "<u8").astype(np.uint64)
        self.name = int.from_bytes(self.hashed(b"the name of an index key")[:8], "little")
        """By which an index says under which key it was made; it gives nothing of the key away."""

    def hashed(self, message: bytes) -> bytes:
        """Return the hash of one message: 16 bytes."""
        return joined(*hash_one(message, self.words))

    def hashed_all(self, texts: pa.Array, prefix: bytes = b"") -> Words:
        """Return the hashes of an array of text or binary: a row of two numbers each.

        Each text is hashed as if `prefix` (8 bytes at most) stood before it. The buffers of Arrow
        are read where they are. What is null has the hash of the empty text.
        """
        data, offsets = buffers_of(texts)
        hashes = np.empty((len(texts), 2), np.uint64)
        word = np.uint64(int.from_bytes(prefix, "little"))
        hash_all(data, offsets, self.words, word, len(prefix), hashes)
        return hashes


def joined(low: int, high: int) -> bytes:
    """Return a hash as its 16 bytes, of the two numbers by which the index knows it."""
    return _HALVES(low, high)


def buffers_of(texts: pa.Array) -> tuple[Octets, Any]:
    """Return the bytes of a text or binary array, and where each row begins (one more at the end).

    Raises:
        TypeError: it is an array of something else.
    """
    import pyarrow as pa

    wide = texts.type in (pa.large_string(), pa.large_binary())
    if not wide and texts.type not in (pa.string(), pa.binary()):
        msg = f"an array of text or binary is hashed, not of {texts.type}"
        raise TypeError(msg)
    _, places, data = texts.buffers()
    if places is None or not len(texts):
        return np.empty(0, np.uint8), np.zeros(len(texts) + 1, np.int32)
    size = np.int64 if wide else np.int32
    offsets = np.frombuffer(places, size, len(texts) + 1, texts.offset * np.dtype(size).itemsize)
    return np.frombuffer(data or b"", np.uint8), offsets
