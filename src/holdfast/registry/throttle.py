"""A bound on questions that need no key: so many a minute from one address, in one process.

Addresses are kept in memory only, and only as long as they count. So each process of a server counts
for itself, and a restart forgets: who needs one bound over several puts it into the proxy before
them. A row in the database for each question of a stranger would be the costlier attack.
"""

from __future__ import annotations

from collections import OrderedDict
from ipaddress import IPv6Address, IPv6Network, ip_address
from threading import Lock

from holdfast.core.errors import HoldfastError
from holdfast.core.instant import SECOND_US
from holdfast.core.words import N_

ADDRESSES_MAX = 100_000
_IPV6_BITS = 64


class AskedTooOften(HoldfastError):
    """Too many questions came from one address; later the same one is answered."""

    transient = True


class Throttle:
    """Lets `burst` questions through at once, and `a_minute` in the long run."""

    def __init__(self, burst: int, a_minute: int) -> None:
        self._burst = burst
        self._cost_us = 60 * SECOND_US // a_minute
        self._full_us: OrderedDict[str, int] = OrderedDict()
        """By address: when all its tokens are back."""
        self._lock = Lock()

    def take(self, address: str, now_us: int) -> None:
        """Let one question of an address through.

        Raises:
            AskedTooOften: `asked_too_often`.
        """
        whose = _network(address)
        with self._lock:
            full_us = max(self._full_us.get(whose, 0), now_us) + self._cost_us
            wait_us = full_us - now_us - self._burst * self._cost_us
            if wait_us > 0:
                raise AskedTooOften(
                    "asked_too_often",
                    N_("too many questions come from your address; ask again in {seconds} s"),
                    seconds=-(-wait_us // SECOND_US),
                )
            self._full_us[whose] = full_us
            self._full_us.move_to_end(whose)
            while len(self._full_us) > ADDRESSES_MAX:
                self._full_us.popitem(last=False)


CODES = Throttle(burst=20, a_minute=6)
"""Of codes of notices that are looked at, and contests by them, by the API and the pages together."""


def _network(address: str) -> str:
    """Return whose questions are counted together: one IPv4 address, or one IPv6 network."""
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:  # else all of IPv4 would count as one network
            return str(found.ipv4_mapped)
        return str(IPv6Network((found, _IPV6_BITS), strict=False))
    return str(found)
