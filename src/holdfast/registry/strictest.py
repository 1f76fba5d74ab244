"""A subject's standing: the strictest of its listings that stand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from holdfast.registry.standing import Standing


class Said(NamedTuple):
    """What one listing that stands says of its subject."""

    tier_code: int
    disputed: bool
    until_us: int


def strictest(said: Iterable[Said], now_us: int) -> Standing | None:
    """Return how a subject stands by all its listings together, None where none is left.

    Its tier is the strictest; it ends when the last listing of that tier does, and is disputed
    while any of them is contested. What has run out by `now_us` counts no more, also where
    nobody has ended it yet.
    """
    left = [listing for listing in said if listing.until_us > now_us]
    if not left:
        return None
    code = max(listing.tier_code for listing in left)
    of_tier = [listing for listing in left if listing.tier_code == code]
    return Standing(
        code,
        any(listing.disputed for listing in of_tier),
        max(listing.until_us for listing in of_tier),
    )
