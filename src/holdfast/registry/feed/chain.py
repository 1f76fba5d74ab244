"""The chain of the feed: its value at a number fixes every entry up to there, and their order.

    seal(n)  = HMAC-SHA256 under the centre's own key of n, the standing and the subject
    chain(0) = SHA-256 of a fixed text
    chain(n) = SHA-256 of chain(n-1), n, the time and seal(n)

Seals tell nothing of a subject, so every replica can follow the chain, and it is one chain for
all: two institutions that compare its values know whether the centre tells both the same.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass

from holdfast.core.errors import Refused
from holdfast.core.words import N_

CHAIN_BYTES = SEAL_BYTES = 32
START = hashlib.sha256(b"holdfast registry chain 1").digest()
"""The chain's value before the first entry."""


@dataclass(frozen=True, slots=True)
class Link:
    """What the chain takes in of an entry."""

    number: int
    at_us: int
    seal: bytes


@dataclass(frozen=True, slots=True)
class Place:
    """How far somebody has followed the feed, and the chain's value there."""

    number: int = 0
    chain: bytes = START


def seal(key: bytes, number: int, packed: int, wire: bytes) -> bytes:
    """Return what stands for an entry in the chain: 32 bytes that only the centre can make."""
    text = number.to_bytes(8, "little") + packed.to_bytes(8, "little") + wire
    return hmac.digest(key, text, "sha256")


def following(place: Place, links: Iterable[Link]) -> Place:
    """Return the place after some entries, which follow it number by number.

    Raises:
        ValueError: they do not; whoever calls has not looked.
    """
    number, chain = place.number, place.chain
    for link in links:
        if link.number != number + 1:
            msg = f"entry {link.number} does not follow {number}"
            raise ValueError(msg)
        number = link.number
        numbers = number.to_bytes(8, "little") + link.at_us.to_bytes(8, "little")
        chain = hashlib.sha256(chain + numbers + link.seal).digest()
    return Place(number, chain)


def check_past(told: Place, ours: Place) -> None:
    """Check that what came goes on from where we are, in the feed that we followed.

    Raises:
        Refused: `feed_gap` or `feed_fork`.
    """
    if told.number != ours.number:
        raise Refused(
            "feed_gap",
            N_("what came goes on from number {found}; we hold the feed up to {right}"),
            found=told.number,
            right=ours.number,
        )
    if told.chain != ours.chain:
        raise fork(ours.number)


def fork(number: int) -> Refused:
    """Return the error for a feed whose past is not the one that was followed."""
    return Refused(
        "feed_fork",
        N_(
            "up to number {number} the centre's feed is not the one that was followed here; "
            "ask the centre's keepers before anything is taken"
        ),
        number=number,
    )
