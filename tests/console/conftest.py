"""What the tests of the registry's pages share: a centre, and its people at their browsers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.console.desk_kit import Desk
from tests.workflows.centre_kit import TestCentre

from holdfast.cases.stops import Stops
from holdfast.console import public_views
from holdfast.registry.throttle import Throttle
from holdfast.workflows import running, trace_money


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, db: None) -> Iterator[Desk]:
    """A centre with nothing listed, from which nobody has asked yet."""
    monkeypatch.setattr(trace_money, "STOPS", Stops())
    monkeypatch.setattr(public_views, "CODES", Throttle(burst=20, a_minute=6))
    made = Desk(TestCentre(tmp_path / "ledger"))
    before = running.centre
    running.set_centre(lambda: made.world.centre)
    yield made
    running.set_centre(before)
