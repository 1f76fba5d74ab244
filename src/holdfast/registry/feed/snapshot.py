"""A snapshot: all subjects that stand at a number of the feed, for one institution, in parts.

    manifest   signed: the number, the chain's value there, the digest of all records, the parts
    part       records of 24 bytes: hash of the subject under the institution's key, standing

A part is known by its SHA-256, which the manifest names: whatever was fetched before a break
stays good, and nothing is applied until all parts are there and right.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.core.errors import Refused
from holdfast.core.keys import SigningKey
from holdfast.core.words import N_
from holdfast.registry.feed.chain import CHAIN_BYTES, Place, check_past, fork
from holdfast.registry.feed.digest import DIGEST_BYTES
from holdfast.registry.feed.signed import Asked, Keys, octets, open_signed, sign, unreadable, whole
from holdfast.registry.standing import RECORD_BYTES

KIND = "snapshot"
PART_RECORDS = 262_144
PART_BYTES_MAX = PART_RECORDS * RECORD_BYTES
PARTS_MAX = 1024
MANIFEST_BYTES_MAX = 256 * 1024
_ID = re.compile(r"[0-9a-f]{16,64}", re.ASCII).fullmatch


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a snapshot, and by what it is known."""

    sha256: bytes
    size_bytes: int

    @classmethod
    def of(cls, content: bytes) -> Part:
        """Return the part that these bytes are."""
        return cls(hashlib.sha256(content).digest(), len(content))


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a snapshot is made of."""

    snapshot_id: str
    place: Place
    digest: bytes
    records: int
    at_us: int
    parts: Sequence[Part]


def write_manifest(manifest: Manifest, past: Place, asked: Asked, key: SigningKey) -> bytes:
    """Return a manifest, signed, as the answer to a question.

    `past` is the place up to which the asker has followed the feed, as the centre knows it.
    """
    head = {
        "past": past.number,
        "past_chain": past.chain.hex(),
        "snapshot_id": manifest.snapshot_id,
        "number": manifest.place.number,
        "chain": manifest.place.chain.hex(),
        "digest": manifest.digest.hex(),
        "records": manifest.records,
        "at_us": manifest.at_us,
        "parts": [{"sha256": p.sha256.hex(), "bytes": p.size_bytes} for p in manifest.parts],
    }
    return sign(KIND, asked, head, b"", key)


def read_manifest(message: bytes, asked: Asked, place: Place, keys: Keys, now_us: int) -> Manifest:
    """Return the manifest of a snapshot that leads on from `place`, verified.

    Raises:
        Refused: `snapshot_old` where more was followed already, `feed_gap` where it says of another
            number how the feed was there, `feed_fork` where the feed was another one at ours or
            is at the same number, or as `open_signed`.
    """
    head, _ = open_signed(KIND, message, asked, keys, now_us)
    parts = _parts(head)
    found = Manifest(
        snapshot_id=_snapshot_id(head),
        place=Place(whole(head, "number"), octets(head, "chain", CHAIN_BYTES)),
        digest=octets(head, "digest", DIGEST_BYTES),
        records=whole(head, "records"),
        at_us=whole(head, "at_us"),
        parts=parts,
    )
    if sum(part.size_bytes for part in parts) != found.records * RECORD_BYTES:
        raise unreadable()
    check_past(Place(whole(head, "past"), octets(head, "past_chain", CHAIN_BYTES)), place)
    if found.place.number < place.number:
        raise Refused(
            "snapshot_old",
            N_("the snapshot is of number {found}; here the feed is followed up to {right}"),
            found=found.place.number,
            right=place.number,
        )
    if found.place.number == place.number and found.place.chain != place.chain:
        raise fork(place.number)
    return found


def check_part(part: Part, content: bytes) -> None:
    """Check that a part is the one that the manifest names.

    Raises:
        Refused: `snapshot_cut_short` or `snapshot_tampered`.
    """
    if len(content) < part.size_bytes:
        raise Refused(
            "snapshot_cut_short",
            N_("{found} bytes came of a part of {right}; it is fetched again"),
            found=len(content),
            right=part.size_bytes,
        )
    if hashlib.sha256(content).digest() != part.sha256:
        raise Refused(
            "snapshot_tampered", N_("a part of the snapshot is not the one that was signed")
        )


def _snapshot_id(head: dict[str, object]) -> str:
    value = head.get("snapshot_id")
    if not isinstance(value, str) or _ID(value) is None:
        raise unreadable()
    return value


def _parts(head: dict[str, object]) -> list[Part]:
    values = head.get("parts")
    if not isinstance(values, list) or len(values) > PARTS_MAX:
        raise unreadable()
    parts = []
    for value in values:
        if not isinstance(value, dict):
            raise unreadable()
        part = Part(octets(value, "sha256", DIGEST_BYTES), whole(value, "bytes"))
        if part.size_bytes > PART_BYTES_MAX or part.size_bytes % RECORD_BYTES:
            raise unreadable()
        parts.append(part)
    return parts
