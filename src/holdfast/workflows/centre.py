"""What every verb of the centre is given: who we are, the law, the ledger, the time, new ids."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from holdfast.law.law import Law
from holdfast.ledger.store import LedgerStore
from holdfast.people.actor import Actor, centre_itself


@dataclass(frozen=True, slots=True)
class Centre:
    """A centre at work; time and chance come in here, so that a test can choose them."""

    name: str
    """Such as TH.AOC; what banks see as the issuer of orders."""
    country: str
    law: Law
    ledger: Callable[[], AbstractContextManager[LedgerStore]]
    """Lends the ledger for reading, caught up with its writer, to one user at a time."""
    now_us: Callable[[], int]
    new_id: Callable[[str], str]
    """Returns an id nobody has had, with a kind's name before it: `order` → `order-…`."""
    person_key: bytes
    """Under which ids of people are hashed."""

    @property
    def itself(self) -> Actor:
        """The actor of what happens because its time has come."""
        return centre_itself(self.name)
