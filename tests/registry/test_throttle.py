"""The bound on questions without a key: by address, and in bounded memory."""

from __future__ import annotations

import pytest

from holdfast.core.instant import SECOND_US
from holdfast.registry import throttle as room
from holdfast.registry.throttle import AskedTooOften, Throttle

NOW_US = 10**15


def _let_through(throttle: Throttle, address: str, tries: int, later_s: int = 0) -> int:
    count = 0
    for _ in range(tries):
        try:
            throttle.take(address, NOW_US + later_s * SECOND_US)
        except AskedTooOften:
            continue
        count += 1
    return count


def test_so_many_at_once_and_so_many_a_minute() -> None:
    """After a burst one question each so many seconds; after a pause a burst again."""
    throttle = Throttle(burst=5, a_minute=60)
    assert _let_through(throttle, "192.0.2.1", 20) == 5
    assert _let_through(throttle, "192.0.2.1", 20, later_s=3) == 3
    assert _let_through(throttle, "192.0.2.1", 20, later_s=3600) == 5


def test_each_address_by_itself_and_networks_of_ipv6_together() -> None:
    """Who has a whole network of addresses is one asker; all of IPv4 written as IPv6 is none."""
    throttle = Throttle(burst=1, a_minute=60)
    assert _let_through(throttle, "192.0.2.1", 2) == 1
    assert _let_through(throttle, "192.0.2.2", 2) == 1
    assert _let_through(throttle, "2001:db8::1", 2) == 1
    assert _let_through(throttle, "2001:db8::2", 2) == 0
    assert _let_through(throttle, "2001:db8:0:1::2", 2) == 1
    assert _let_through(throttle, "::ffff:192.0.2.3", 2) == 1
    assert _let_through(throttle, "::ffff:192.0.2.4", 2) == 1
    assert _let_through(throttle, "192.0.2.4", 2) == 0
    assert _let_through(throttle, "unknown", 2) == 1
    assert _let_through(throttle, "", 2) == 0


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten thousand askers push out those who asked longest ago."""
    monkeypatch.setattr(room, "ADDRESSES_MAX", 3)
    throttle = Throttle(burst=1, a_minute=60)
    for number in range(10):
        throttle.take(f"192.0.2.{number}", NOW_US)
    assert _let_through(throttle, "192.0.2.9", 1) == 0
    assert _let_through(throttle, "192.0.2.0", 1) == 1
