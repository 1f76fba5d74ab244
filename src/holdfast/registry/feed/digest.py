"""Proof of sync as Pix has it: an id for each record, and the XOR of all ids as the digest.

An id is an HMAC-SHA256 of the record under a key that only the two sides know, so whoever finds
the right digest holds the very records. Both sides keep it up to date record by record: what
goes in and what goes out are the same operation. Banco Central do Brasil, DICT API, "CID" and
"VSync".
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable

DIGEST_BYTES = 32
EMPTY = bytes(DIGEST_BYTES)
"""The digest of no records."""


def record_id(key: bytes, record: bytes) -> bytes:
    """Return the id of one record: HMAC-SHA256."""
    return hmac.digest(key, record, "sha256")


def combined(ids: Iterable[bytes]) -> bytes:
    """Return the XOR of ids, in whatever order; an id that comes twice takes itself out again."""
    total = 0
    for one in ids:
        total ^= int.from_bytes(one, "big")
    return total.to_bytes(DIGEST_BYTES, "big")


def record(key_hash: bytes, packed: int) -> bytes:
    """Return the bytes of a record: what subject, and how it stands."""
    return key_hash + packed.to_bytes(8, "little")


def changed(key: bytes, digest: bytes, key_hash: bytes, before: int, after: int) -> bytes:
    """Return the digest after a subject's standing went from one packed value to another.

    0 stands for a subject that is not listed, which is no record.
    """
    ids = [record_id(key, record(key_hash, packed)) for packed in (before, after) if packed]
    return combined([digest, *ids])


def digest_of(key: bytes, records: bytes | memoryview) -> bytes:
    """Return the digest of many records of 24 bytes, one behind the other.

    Raises:
        Refused: `extra_missing`, where the compiler is not installed.
    """
    from holdfast.registry.feed.record_ids import combined_ids

    return combined_ids(key, records)
