"""Signing in, bounded: after a few failures each further try must wait, longer each time.

Failures are counted by name, whether anybody has that name or not, and by address. Each try
counts as failed until it has succeeded, so that a hundred at once are a hundred.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from django.db import transaction
from django.db.models import F

from holdfast.core.instant import SECOND_US
from holdfast.people.models import SignInTry

FREE_TRIES = 5
WAIT_FIRST_US = 30 * SECOND_US
WAIT_MAX_US = 15 * 60 * SECOND_US
FORGOTTEN_US = 3600 * SECOND_US
"""After the last failure; longer than the longest wait."""


@dataclass(frozen=True, slots=True)
class Try:
    """Whether a password may be looked at now, and how often it went wrong before."""

    wait_us: int
    """Until the next try is let through; 0 if this one is."""
    failures: tuple[int, ...] = ()
    """With this try, under the name and from the address."""

    @property
    def is_first(self) -> bool:
        """Whether no series of failures was under way."""
        return all(count == 1 for count in self.failures)

    @property
    def begins_waiting(self) -> bool:
        """Whether the next try of the name or the address must wait, and this one need not."""
        return FREE_TRIES in self.failures


def begin_try(name: str, address: str, now_us: int) -> Try:
    """Count a try as failed, or say how long to wait; what is told to wait is not counted."""
    keys = _keys(name, address)
    with transaction.atomic():
        SignInTry.objects.filter(last_us__lt=now_us - FORGOTTEN_US).delete()
        for key in keys:
            SignInTry.objects.get_or_create(who=key, defaults={"last_us": now_us})
        # In one order, so that two tries never wait for each other.
        rows = SignInTry.objects.select_for_update().filter(who__in=keys).order_by("who")
        found = {row.who: row for row in rows}
        wait_us = max((_free_us(row) - now_us for row in found.values()), default=0)
        if wait_us > 0:
            return Try(wait_us)
        for row in found.values():
            row.failures += 1
            row.last_us = now_us
            row.save(update_fields=["failures", "last_us"])
    return Try(0, tuple(row.failures for row in found.values()))


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


def _keys(name: str, address: str) -> tuple[str, str]:
    said = " ".join(name.casefold().split())
    return (
        f"name:{sha256(said.encode()).hexdigest()}",
        f"address:{sha256(address.encode()).hexdigest()}",
    )
