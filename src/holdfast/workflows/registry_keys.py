"""The keys of the registry, each derived from the centre's secret for one use and one holder.

None is kept: who has the centre's secret finds them again, and one that was given to an
institution tells nothing of another's (HMAC-SHA256 as the pseudorandom function).
"""

from __future__ import annotations

import hmac
from functools import lru_cache
from typing import TYPE_CHECKING

from holdfast.workflows.centre import Centre

if TYPE_CHECKING:
    from holdfast.registry.index.hashing import HashKey

HASH_KEY_BYTES = 16


def seal_key(centre: Centre) -> bytes:
    """Return the key of the feed's seals, which nobody but the centre has."""
    return _derived(centre, "feed seals")


def hash_key(centre: Centre, institution_id: str) -> bytes:
    """Return the key under which subjects are hashed for one institution: 16 bytes."""
    return _derived(centre, f"replica hashes {institution_id}")[:HASH_KEY_BYTES]


def hasher(centre: Centre, institution_id: str) -> HashKey:
    """Return what hashes for one institution."""
    return _hasher(hash_key(centre, institution_id))


def digest_key(centre: Centre, institution_id: str) -> bytes:
    """Return the key of the record ids that one institution proves by what it holds: 32 bytes."""
    return _derived(centre, f"replica records {institution_id}")


def blind_key(centre: Centre) -> bytes:
    """Return the key of the oblivious function by which citizens ask: 32 bytes."""
    return _blind_key(_derived(centre, "citizens' questions"))


def padding_key(centre: Centre) -> bytes:
    """Return the key from which the rows are made that fill up a bucket."""
    return _derived(centre, "bucket padding")


@lru_cache(maxsize=16)
def _blind_key(seed: bytes) -> bytes:
    from holdfast.registry.blind import derive_key

    return derive_key(seed, b"holdfast registry 1")


@lru_cache(maxsize=1024)
def _hasher(key: bytes) -> HashKey:
    from holdfast.registry.index.hashing import HashKey

    return HashKey(key)


def _derived(centre: Centre, use: str) -> bytes:
    return hmac.digest(centre.person_key, f"holdfast registry 1: {use}".encode(), "sha256")
