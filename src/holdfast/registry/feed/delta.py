"""A delta: the entries of the feed after one number up to another, for one institution.

Each subject is known by its hash under the institution's own key. An empty delta is a sign of
life: it says, signed and at a time, that nothing has changed.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.core.errors import Refused
from holdfast.core.keys import SigningKey
from holdfast.core.words import N_
from holdfast.registry.feed.chain import CHAIN_BYTES, Link, Place, check_past, following
from holdfast.registry.feed.signed import Asked, Keys, octets, open_signed, sign, unreadable, whole

KIND = "delta"
ENTRIES_MAX = 10_000
_ROW = struct.Struct("<QQ16s32s")
BYTES_MAX = ENTRIES_MAX * _ROW.size + 4096


@dataclass(frozen=True, slots=True)
class Entry:
    """How a subject stands from a number on, as one institution is told."""

    at_us: int
    packed: int
    """A standing as the index keeps it; 0 where the subject is listed no more."""
    key_hash: bytes
    """The subject under the institution's key: 16 bytes."""
    seal: bytes
    """What the chain takes in: 32 bytes."""


@dataclass(frozen=True, slots=True)
class Delta:
    """Entries that follow `before`, and where that leads."""

    before: Place
    after: Place
    newest: int
    """The last number of the centre's feed when this was given."""
    at_us: int
    """The centre's time then."""
    entries: Sequence[Entry]


def write_delta(delta: Delta, asked: Asked, key: SigningKey) -> bytes:
    """Return a delta, signed, as the answer to a question."""
    head = {
        "from": delta.before.number,
        "to": delta.after.number,
        "before": delta.before.chain.hex(),
        "after": delta.after.chain.hex(),
        "newest": delta.newest,
        "at_us": delta.at_us,
    }
    return sign(KIND, asked, head, rows_of(delta.entries), key)


def rows_of(entries: Sequence[Entry]) -> bytes:
    """Return the entries as a delta has them, 64 bytes each."""
    return b"".join(
        _ROW.pack(entry.at_us, entry.packed, entry.key_hash, entry.seal) for entry in entries
    )


def entries_of(rows: bytes) -> list[Entry]:
    """Read what `rows_of` wrote.

    Raises:
        Refused: `feed_unreadable`.
    """
    if len(rows) % _ROW.size or len(rows) > ENTRIES_MAX * _ROW.size:
        raise unreadable()
    return [Entry(*values) for values in _ROW.iter_unpack(rows)]


def read_delta(message: bytes, asked: Asked, place: Place, keys: Keys, now_us: int) -> Delta:
    """Return the delta that leads on from `place`, all that it says of itself verified.

    Raises:
        Refused: `feed_gap` where it begins elsewhere, `feed_fork` where its past is not ours,
            `feed_chain_broken` where its entries do not lead where it says, or as `open_signed`.
    """
    head, rows = open_signed(KIND, message, asked, keys, now_us)
    before = Place(whole(head, "from"), octets(head, "before", CHAIN_BYTES))
    told = Place(whole(head, "to"), octets(head, "after", CHAIN_BYTES))
    check_past(before, place)
    entries = entries_of(rows)
    links = [
        Link(number, entry.at_us, entry.seal)
        for number, entry in enumerate(entries, start=place.number + 1)
    ]
    after = following(place, links)
    if after != told:
        raise Refused(
            "feed_chain_broken",
            N_("the entries after number {number} do not lead where the centre says"),
            number=place.number,
        )
    newest = whole(head, "newest")
    return Delta(before, after, newest, whole(head, "at_us"), entries)
