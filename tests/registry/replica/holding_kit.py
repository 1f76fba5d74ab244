"""A replica's folder for tests: entries and snapshots of numbers, without any centre."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

from tests.registry.feed.feed_kit import NOW_US, delta_of, place_after

from holdfast.registry.feed.chain import Place, seal
from holdfast.registry.feed.delta import Delta, Entry
from holdfast.registry.feed.digest import digest_of, record
from holdfast.registry.feed.snapshot import Manifest, Part
from holdfast.registry.index.file import Index
from holdfast.registry.index.place import index_file
from holdfast.registry.replica.holding import HoldingKeys

KEYS = HoldingKeys(bytes(range(16)), bytes(range(32)))
SUBJECTS = 40


def key_hash(subject: int) -> bytes:
    """Return the hash of one of the test's subjects."""
    return (subject * 0x9E3779B97F4A7C15 % 2**64).to_bytes(8, "little") + bytes([subject + 1]) * 8


def feed(seed: int, length: int) -> list[Entry]:
    """Return a feed of chance: subjects are listed, changed and taken off."""
    chance = Random(seed)  # noqa: S311
    entries = []
    for number in range(1, length + 1):
        packed = chance.choice((0, chance.randrange(1, 256) | number << 16))
        subject = chance.randrange(SUBJECTS)
        text = seal(b"seals", number, packed, bytes([subject]))
        entries.append(Entry(NOW_US + number, packed, key_hash(subject), text))
    return entries


def standing_after(entries: Sequence[Entry]) -> dict[bytes, int]:
    """Return the packed standings that some entries lead to."""
    last = {entry.key_hash: entry.packed for entry in entries}
    return {key: packed for key, packed in last.items() if packed}


def deltas(entries: Sequence[Entry], size: int) -> list[Delta]:
    """Return the deltas of so many entries each."""
    found, place = [], Place()
    for begin in range(0, len(entries), size):
        delta = delta_of(entries[begin : begin + size], place)
        found.append(delta)
        place = delta.after
    return found


def snapshot(entries: Sequence[Entry], parts: int) -> tuple[Manifest, list[bytes]]:
    """Return a snapshot after some entries, and the contents of its parts."""
    rows = [record(key, packed) for key, packed in sorted(standing_after(entries).items())]
    contents = [b"".join(rows[place::parts]) for place in range(parts)]
    manifest = Manifest(
        f"{len(entries):016x}",
        place_after(entries),
        digest_of(KEYS.digest_key, b"".join(rows)),
        len(rows),
        NOW_US,
        [Part.of(content) for content in contents],
    )
    return manifest, contents


def held(folder: Path) -> Mapping[bytes, int]:
    """Return what the index in a folder says of all subjects that are listed there."""
    import numpy as np

    index = Index.open(index_file(folder), KEYS.hash_key)
    hashes = [key_hash(subject) for subject in range(SUBJECTS)]
    rows = np.frombuffer(b"".join(hashes), np.uint64).reshape(-1, 2)
    values = index.values_of_hashes(rows).tolist()
    return {key: value for key, value in zip(hashes, values, strict=True) if value & 0xFF}
