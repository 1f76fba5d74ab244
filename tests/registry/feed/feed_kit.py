"""A centre's feed for the tests of both sides: entries, keys, and messages made of them."""

from __future__ import annotations

from collections.abc import Sequence

from holdfast.core.keys import PublicKey, SigningKey
from holdfast.registry.feed.chain import Link, Place, following, seal
from holdfast.registry.feed.delta import Delta, Entry, write_delta
from holdfast.registry.feed.signed import Asked

SEAL_KEY = b"the centre's own key for seals...."
KEY = SigningKey.new("TH.AOC-1")
OTHER_KEY = SigningKey.new("TH.AOC-2")
ASKED = Asked("TH.AOC", "TH.THCBC.004", "nonce-1")
NOW_US = 1_800_000_000_000_000


def entry(number: int, packed: int = 7) -> Entry:
    """Return the entry of a number, about a subject of its own."""
    wire = f"phone:+668{number:08}".encode()
    return Entry(
        NOW_US + number, packed, number.to_bytes(16, "big"), seal(SEAL_KEY, number, packed, wire)
    )


def place_after(entries: Sequence[Entry], start: Place = Place()) -> Place:  # noqa: B008
    """Return where entries lead that follow `start`."""
    return following(
        start,
        [
            Link(number, one.at_us, one.seal)
            for number, one in enumerate(entries, start=start.number + 1)
        ],
    )


def delta_of(entries: Sequence[Entry], start: Place = Place()) -> Delta:  # noqa: B008
    """Return the delta of some entries."""
    after = place_after(entries, start)
    return Delta(start, after, after.number, NOW_US, entries)


def message_of(
    entries: Sequence[Entry],
    start: Place = Place(),  # noqa: B008
    *,
    asked: Asked = ASKED,
    key: SigningKey = KEY,
) -> bytes:
    """Return a signed delta."""
    return write_delta(delta_of(entries, start), asked, key)


def keys(key_id: str) -> PublicKey | None:
    """Find the centre's keys; the second is retired."""
    known = {KEY.key_id: KEY.public(), OTHER_KEY.key_id: OTHER_KEY.public(retired_us=NOW_US)}
    return known.get(key_id)
