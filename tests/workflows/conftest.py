"""What the workflows' tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.records.conftest import _empty_past_the_guards, many
from tests.workflows.centre_kit import TestCentre
from tests.workflows.soundness import assert_sound

from holdfast.cases.stops import Stops
from holdfast.workflows import trace_money

__all__ = ["_empty_past_the_guards", "busy", "many", "world"]


@pytest.fixture
def world(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    db: None,
) -> Iterator[TestCentre]:
    """Lend a centre with an empty ledger and an empty database; all must be sound at the end."""
    monkeypatch.setattr(trace_money, "STOPS", Stops())
    there = TestCentre(tmp_path / "ledger")
    yield there
    there.give_back_ledger()
    assert_sound(there)


@pytest.fixture
def busy(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    many: None,
) -> Iterator[TestCentre]:
    """Lend a centre whose database commits, so that threads see each other's work."""
    monkeypatch.setattr(trace_money, "STOPS", Stops())
    there = TestCentre(tmp_path / "ledger")
    yield there
    assert_sound(there)
