"""Snapshots: the manifest is verified as a whole, and each part by its own digest."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from tests.registry.feed.feed_kit import ASKED, KEY, NOW_US, OTHER_KEY, keys

from holdfast.core.errors import Refused
from holdfast.registry.feed.chain import Place
from holdfast.registry.feed.snapshot import (
    PART_BYTES_MAX,
    Manifest,
    Part,
    check_part,
    read_manifest,
    write_manifest,
)

CONTENT = bytes(range(24)) * 4
MANIFEST = Manifest(
    snapshot_id="0123456789abcdef",
    place=Place(9, b"c" * 32),
    digest=b"d" * 32,
    records=8,
    at_us=NOW_US,
    parts=[Part.of(CONTENT), Part.of(CONTENT)],
)


def _code(manifest: Manifest, place: Place) -> str:
    with pytest.raises(Refused) as refused:
        read_manifest(write_manifest(manifest, place, ASKED, KEY), ASKED, place, keys, NOW_US)
    return refused.value.code


def test_a_manifest_is_read_as_it_was_written() -> None:
    """All that it says comes back, for a replica that holds nothing and for one behind."""
    for place in (Place(), Place(8, b"x" * 32), MANIFEST.place):
        message = write_manifest(MANIFEST, place, ASKED, KEY)
        assert read_manifest(message, ASKED, place, keys, NOW_US) == MANIFEST


def test_a_snapshot_from_before_is_refused() -> None:
    """Nobody is brought back to where a subject was still listed, or not yet."""
    assert _code(MANIFEST, Place(10, b"c" * 32)) == "snapshot_old"


def test_another_past_is_refused() -> None:
    """A snapshot at our number with another chain is a fork."""
    assert _code(MANIFEST, Place(9, b"x" * 32)) == "feed_fork"


@pytest.mark.parametrize(
    ("ours", "code"), [(Place(5, b"x" * 32), "feed_fork"), (Place(4, b"p" * 32), "feed_gap")]
)
def test_a_snapshot_of_a_feed_that_was_another_is_refused(ours: Place, code: str) -> None:
    """However much later it is: the centre's signed word on our number must be our chain."""
    message = write_manifest(MANIFEST, Place(5, b"p" * 32), ASKED, KEY)
    with pytest.raises(Refused) as refused:
        read_manifest(message, ASKED, ours, keys, NOW_US)
    assert refused.value.code == code


def test_a_manifest_by_a_retired_key_is_refused() -> None:
    """Deltas and snapshots are believed by the same keys."""
    message = write_manifest(MANIFEST, Place(), ASKED, OTHER_KEY)
    with pytest.raises(Refused, match="retired"):
        read_manifest(message, ASKED, Place(), keys, NOW_US)


def test_a_manifest_of_another_question_is_refused() -> None:
    """A manifest that was kept from earlier is a replay."""
    message = write_manifest(MANIFEST, Place(), replace(ASKED, nonce="old"), KEY)
    with pytest.raises(Refused) as refused:
        read_manifest(message, ASKED, Place(), keys, NOW_US)
    assert refused.value.code == "feed_replayed"


@pytest.mark.parametrize(
    "change",
    [
        {"records": 9},
        {"parts": [Part(b"s" * 32, PART_BYTES_MAX + 24)], "records": PART_BYTES_MAX // 24 + 1},
        {"parts": [Part(b"s" * 32, 23), Part(b"s" * 32, 25)], "records": 2},
        {"snapshot_id": "../../etc"},
    ],
    ids=["miscounted", "too long a part", "half a record", "a path for an id"],
)
def test_a_manifest_that_makes_no_sense_is_refused(change: dict[str, object]) -> None:
    """What would lead outside of bounds or folders is told as unreadable, signed or not."""
    assert _code(replace(MANIFEST, **change), Place()) == "feed_unreadable"  # type: ignore[arg-type]


def test_parts_are_known_by_their_digest() -> None:
    """A part cut short and a part that was touched are told apart; the right one passes."""
    part = Part(hashlib.sha256(CONTENT).digest(), len(CONTENT))
    check_part(part, CONTENT)
    for content, code in (
        (CONTENT[:-1], "snapshot_cut_short"),
        (CONTENT[::-1], "snapshot_tampered"),
    ):
        with pytest.raises(Refused) as refused:
            check_part(part, content)
        assert refused.value.code == code
