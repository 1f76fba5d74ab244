"""How long to wait before trying again: ever longer, and not all at the same moment."""

from __future__ import annotations

from holdfast.core.instant import SECOND_US

WAIT_US_MIN = 2 * SECOND_US
WAIT_US_MAX = 600 * SECOND_US


def wait_us(attempts: int, jitter: float = 0.0) -> int:
    """Return microseconds to wait after so many attempts: 2 s, 4 s, 8 s …, at most 10 minutes.

    `jitter`, from 0 to 1 and drawn by the caller, takes away up to half of it, so that what
    failed together doesn't come back together.
    """
    doublings = min(max(attempts, 1) - 1, 30)
    longest_us = min(WAIT_US_MIN << doublings, WAIT_US_MAX)
    return longest_us - int(longest_us * min(max(jitter, 0.0), 1.0) / 2)
