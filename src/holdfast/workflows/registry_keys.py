"""The keys of the registry, each derived from the centre's secret for one use and one holder.

None is kept: who has the centre's secret finds them again, and one that was given to an
institution tells nothing of another's (HMAC-SHA256 as the pseudorandom function). Kept is only
how often an institution's keys were renewed.
"""

from __future__ import annotations

import hmac
from functools import lru_cache
from typing import TYPE_CHECKING

from holdfast.records.applied import applied
from holdfast.workflows.centre import Centre

if TYPE_CHECKING:
    from holdfast.registry.index.hashing import HashKey

HASH_KEY_BYTES = 16


def seal_key(centre: Centre) -> bytes:
    """Return the key of the feed's seals, which nobody but the centre has."""
    return _derived(centre, "feed seals")


def renewal_name(institution_id: str) -> str:
    """Return the name under which it is kept how often an institution's keys were renewed."""
    return f"keys:{institution_id}"


def renewal_of(institution_id: str) -> int:
    """Return how often an institution's keys were renewed."""
    return applied(renewal_name(institution_id))


def hash_key(centre: Centre, institution_id: str, renewal: int | None = None) -> bytes:
    """Return the key under which subjects are hashed for one institution: 16 bytes.

    The one after so many renewals; the one in use where none is said.
    """
    return _institutions(centre, "replica hashes", institution_id, renewal)[:HASH_KEY_BYTES]


def hasher(centre: Centre, institution_id: str, renewal: int | None = None) -> HashKey:
    """Return what hashes for one institution, by its `hash_key`."""
    return _hasher(hash_key(centre, institution_id, renewal))


def digest_key(centre: Centre, institution_id: str, renewal: int | None = None) -> bytes:
    """Return the key of the record ids that one institution proves by what it holds: 32 bytes.

    The one after so many renewals; the one in use where none is said.
    """
    return _institutions(centre, "replica records", institution_id, renewal)


def blind_key(centre: Centre, number: int) -> bytes:
    """Return a key of the oblivious function by which citizens ask: 32 bytes."""
    return _blind_key(_numbered(centre, "citizens' questions", number))


def padding_key(centre: Centre, number: int) -> bytes:
    """Return the key from which the rows are made that fill up a bucket under a key.

    Not the same under two: the rows that two buckets share would be known to stand for nothing.
    """
    return _numbered(centre, "bucket padding", number)


@lru_cache(maxsize=16)
def _blind_key(seed: bytes) -> bytes:
    from holdfast.registry.blind import derive_key

    return derive_key(seed, b"holdfast registry 1")


@lru_cache(maxsize=1024)
def _hasher(key: bytes) -> HashKey:
    from holdfast.registry.index.hashing import HashKey

    return HashKey(key)


def _institutions(centre: Centre, use: str, institution_id: str, renewal: int | None) -> bytes:
    number = renewal_of(institution_id) if renewal is None else renewal
    return _numbered(centre, f"{use} {institution_id}", number)


def _numbered(centre: Centre, use: str, number: int) -> bytes:
    return _derived(centre, f"{use} {number}" if number else use)


def _derived(centre: Centre, use: str) -> bytes:
    return hmac.digest(centre.person_key, f"holdfast registry 1: {use}".encode(), "sha256")
