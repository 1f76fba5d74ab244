"""Signing in, bounded: after a few failures each further try must wait, longer each time.

Failures are counted by name, whether anybody has that name or not, and by address. Each try
counts as failed until it has succeeded, so that a hundred at once are a hundred. Who comes with ever
new names and addresses is not kept one by one: beyond a number a minute they are only counted.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import IPv6Address, IPv6Network, ip_address

from django.db import transaction
from django.db.models import F

from holdfast.core.instant import SECOND_US
from holdfast.people.models import SignInTry, Staff

FREE_TRIES = 5
WAIT_FIRST_US = 30 * SECOND_US
WAIT_MAX_US = 15 * 60 * SECOND_US
FORGOTTEN_US = 3600 * SECOND_US
"""After the last failure; longer than the longest wait."""
NEW_A_MINUTE = 30
"""So many tries a minute under names or from addresses that were not known are kept by themselves."""
MINUTE_US = 60 * SECOND_US
_EVERYBODY = "new"


@dataclass(frozen=True, slots=True)
class Flood:
    """How many tries were too many to be kept by themselves."""

    beyond: int = 0
    """In this minute, with this try; 0 if this one is kept by itself."""
    before: int = 0
    """In the minute of the tries before this one, where that has ended just now."""


@dataclass(frozen=True, slots=True)
class Try:
    """Whether a password may be looked at now, and how often it went wrong before."""

    wait_us: int
    """Until the next try is let through; 0 if this one is."""
    failures: tuple[int, ...] = ()
    """With this try, under the name and from the address."""
    flood: Flood = Flood()

    @property
    def is_first(self) -> bool:
        """Whether no series of failures was under way; in a flood that is not known."""
        return not self.flood.beyond and all(count == 1 for count in self.failures)

    @property
    def begins_waiting(self) -> bool:
        """Whether the next try of the name or the address must wait, and this one need not."""
        return FREE_TRIES in self.failures


def begin_try(name: str, address: str, now_us: int) -> Try:
    """Count a try as failed, or say how long to wait; what is told to wait is not counted."""
    keys: Sequence[str] = _keys(name, address)
    with transaction.atomic():
        old = SignInTry.objects.filter(last_us__lt=now_us - FORGOTTEN_US)
        old.exclude(who=_EVERYBODY).delete()
        known = set(SignInTry.objects.filter(who__in=keys).values_list("who", flat=True))
        flood = Flood() if len(known) == len(keys) else _count_new(now_us)
        if flood.beyond:
            keys = _few_keys(name, keys, known)
        for key in keys:
            SignInTry.objects.get_or_create(who=key, defaults={"last_us": now_us})
        # In one order, so that two tries never wait for each other.
        rows = list(SignInTry.objects.select_for_update().filter(who__in=keys).order_by("who"))
        wait_us = max((_free_us(row) - now_us for row in rows), default=0)
        if wait_us > 0:
            return Try(wait_us, flood=flood)
        for row in rows:
            row.failures += 1
            row.last_us = now_us
            row.save(update_fields=["failures", "last_us"])
    return Try(0, tuple(row.failures for row in rows), flood)


def succeeded(name: str, address: str) -> None:
    """Take a try back: the name's failures are forgotten, the address's others are not."""
    by_name, by_address = _keys(name, address)
    SignInTry.objects.filter(who=by_name).delete()
    SignInTry.objects.filter(who=by_address, failures__gt=0).update(failures=F("failures") - 1)


def _free_us(row: SignInTry) -> int:
    """Return from when on a try is let through."""
    late = row.failures - FREE_TRIES
    if late < 0:
        return 0
    wait_us = min(WAIT_FIRST_US << min(late, 20), WAIT_MAX_US)
    free_us: int = row.last_us + wait_us
    return free_us


def _count_new(now_us: int) -> Flood:
    """Count a try under a name or from an address that is not known, among those of this minute."""
    SignInTry.objects.get_or_create(who=_EVERYBODY, defaults={"last_us": now_us})
    row = SignInTry.objects.select_for_update().get(who=_EVERYBODY)
    before = 0
    if not 0 <= now_us - row.last_us < MINUTE_US:
        before = max(row.failures - NEW_A_MINUTE, 0)
        row.failures, row.last_us = 0, now_us
    row.failures += 1
    row.save(update_fields=["failures", "last_us"])
    return Flood(max(row.failures - NEW_A_MINUTE, 0), before)


def _few_keys(name: str, keys: Sequence[str], known: Collection[str]) -> list[str]:
    """Return under what a try of a flood is counted: by what is known, else together with others.

    The names of our people are few, and each goes on being counted by itself, so that no flood
    covers the guessing of a password or keeps them out. The others share some counts, by which
    they are made to wait alike: nobody learns which names are somebody's.
    """
    by_name = keys[0]
    few = [key for key in keys if key in known]
    if by_name not in known:
        is_ours = Staff.objects.filter(username=name).exists()
        few.append(by_name if is_ours else f"names:{by_name.removeprefix('name:')[:2]}")
    return few


def _keys(name: str, address: str) -> tuple[str, str]:
    said = " ".join(name.casefold().split())
    return (
        f"name:{sha256(said.encode()).hexdigest()}",
        f"address:{sha256(_network(address).encode()).hexdigest()}",
    )


def _network(address: str) -> str:
    """Return what one caller has to themselves: an IPv6 network of 64 bits, else an address."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return address
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(IPv6Network((int(found) >> 64 << 64, 64)))
