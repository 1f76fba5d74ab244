"""A worker in the test's own process, as it runs in a centre but less patient."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from holdfast.banks.deadline import Timeouts
from holdfast.ledger.store import LedgerStore
from holdfast.records.signing_key import CurrentKey
from holdfast.server import worker as worker_module
from holdfast.server.home import Home
from holdfast.server.worker import Worker


@contextmanager
def a_worker(home: Home, total_s: float = 1.0) -> Iterator[Worker]:
    """Run all loops of a worker; a bank that takes longer than `total_s` has not answered."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker_module, "TIMEOUTS", Timeouts(total_s, total_s, total_s))
        working = Worker(home, CurrentKey(home.keys))
        # Opened for each use, so that nothing stays open when the test has ended.
        working.centre = replace(working.centre, ledger=lambda: LedgerStore.open(home.ledger))
        working.start()
        try:
            yield working
        finally:
            working.join()
