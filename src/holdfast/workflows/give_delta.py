"""Give a delta: what has changed in the registry since a number, to one institution."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from holdfast.core.errors import Conflict
from holdfast.core.keys import SigningKey
from holdfast.core.words import N_
from holdfast.registry.feed.chain import following
from holdfast.registry.feed.delta import ENTRIES_MAX, Delta, Entry, write_delta
from holdfast.registry.feed.signed import Asked
from holdfast.workflows.centre import Centre
from holdfast.workflows.read_feed import (
    Row,
    Sight,
    links,
    newest,
    numbers_before,
    packed_at,
    place_at,
    rows,
)
from holdfast.workflows.registry_keys import hasher

BACK_MAX = 1_000_000
"""Who is more entries behind takes a snapshot, which is less to carry and sooner applied."""


def give_delta(centre: Centre, asked: Asked, kind: str, after: int, key: SigningKey) -> bytes:
    """Return the signed entries after a number, at most 10,000, for an institution of a kind.

    Of an entry that changes nothing for that kind only its seal is told, not its subject.

    Raises:
        Conflict: `feed_ahead` where the centre's feed does not go as far, `feed_trimmed` where it
            goes so much further that a snapshot is to be fetched.
    """
    last = newest()
    check_after(after, last)
    if last - after > BACK_MAX:
        raise Conflict(
            "feed_trimmed",
            N_("from number {after} on too much has changed for a delta; fetch a snapshot"),
            after=after,
        )
    entries = list(rows(after, min(last, after + ENTRIES_MAX)))
    before = place_at(centre, after)
    sealed = links(centre, entries)
    hashes = _hashes(centre, asked, entries)
    sight = Sight.of(centre, kind)
    hidden = _hidden(sight, entries)
    told = [
        Entry(
            row.at_us,
            sight.shown(row.packed),
            link.seal[: len(key_hash)] if row.number in hidden else key_hash,
            link.seal,
        )
        for row, key_hash, link in zip(entries, hashes, sealed, strict=True)
    ]
    delta = Delta(before, following(before, sealed), last, centre.now_us(), told)
    return write_delta(delta, asked, key)


def _hidden(sight: Sight, entries: list[Row]) -> set[int]:
    """Return the numbers of entries whose subject the kind may see neither before nor after."""
    if sight.codes is None:
        return set()
    before = numbers_before([row.number for row in entries if not sight.shown(row.packed)])
    packed = packed_at(list(before.values()))
    return {number for number, former in before.items() if not sight.shown(packed.get(former, 0))}


def _hashes(centre: Centre, asked: Asked, entries: list[Row]) -> list[bytes]:
    if not entries:
        return []
    wires = pa.array([row.wire for row in entries], pa.binary())
    key = hasher(centre, asked.institution_id, asked.renewal)
    found = key.hashed_all(wires).astype("<u8", copy=False)
    return [bytes(row) for row in np.ascontiguousarray(found).view(np.uint8)]


def check_after(after: int, last: int) -> None:
    """Check that the feed goes as far as an asker has followed it.

    Raises:
        Conflict: `feed_ahead`.
    """
    if after > last:
        raise Conflict(
            "feed_ahead",
            N_("the feed ends at number {last}; {after} is not there yet, or no more"),
            last=last,
            after=after,
        )
