"""The centre of this process: what its home says, with a clock, new ids and the ledger."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import RLock

from holdfast.core.errors import LedgerBusy, LedgerError
from holdfast.core.instant import SECOND_US
from holdfast.core.keys import PublicKey
from holdfast.core.words import N_
from holdfast.law.law import Law
from holdfast.ledger.store import LedgerStore
from holdfast.records.signing_key import current_key, dated_keys
from holdfast.server.clock import SteadyClock, counter_us
from holdfast.server.home import Home, this_home
from holdfast.workflows.centre import Centre
from holdfast.workflows.running import FeedHouse

CLOCK = SteadyClock()
LENT_S_MAX = 10.0


class LentLedger:
    """The ledger opened for reading once in this process, lent to one user at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._store: LedgerStore | None = None
        self._caught_up_us = 0
        self._lock = RLock()

    @contextmanager
    def lend(self) -> Iterator[LedgerStore]:
        """Lend the ledger, caught up with its writer; one that fails is opened anew next time.

        Raises:
            LedgerError: it is missing, damaged or of another version.
            LedgerBusy: `ledger_lent`: another user has not given it back. Who waits may hold rows
                of the database that this user waits for, which no database can see.
        """
        if not self._lock.acquire(timeout=LENT_S_MAX):
            raise LedgerBusy(
                "ledger_lent",
                N_("the ledger is in use in this process; the same call can succeed later"),
            )
        try:
            try:
                if self._store is None:
                    self._store = LedgerStore.open(self._folder)
                elif self._is_behind(self._store):
                    self._store.catch_up()
                    self._caught_up_us = counter_us()
            except LedgerError:
                self.close()
                raise
            yield self._store
        finally:
            self._lock.release()

    def _is_behind(self, store: LedgerStore) -> bool:
        """Whether the writer has acknowledged more; to catch up costs milliseconds, to ask few µs.

        Once a second it is caught up with all the same, because the writer tidies up its files
        without acknowledging anything.
        """
        is_late = counter_us() - self._caught_up_us >= SECOND_US
        return is_late or store.acknowledged() != store.figures.change

    def close(self) -> None:
        """Let go of the ledger."""
        with self._lock:
            if self._store is not None:
                self._store.close()
                self._store = None


def new_id(kind: str) -> str:
    """Return an id nobody has had: by time, so that rows lie in the order they came in."""
    return f"{kind}-{CLOCK() // 1000:011x}-{secrets.token_hex(8)}"


@cache
def centre() -> Centre:
    """Return the centre that this process works for."""
    return centre_of(this_home())


def order_keys() -> list[PublicKey]:
    """Return the public keys that this centre's orders were ever signed with, and when."""
    return dated_keys(this_home().keys)


def feed_house() -> FeedHouse:
    """Return with what the registry's feed is signed, and where its snapshots are kept."""
    home = this_home()
    return FeedHouse(current_key(home.keys), home.folder / "registry" / "snapshots")


def centre_of(home: Home) -> Centre:
    """Return the centre that a home describes."""
    return Centre(
        name=home.name,
        country=home.country,
        law=Law.load(),
        ledger=LentLedger(home.ledger).lend,
        now_us=CLOCK,
        new_id=new_id,
        person_key=(home.keys / "person").read_bytes(),
    )
