"""A centre that gives its feed over the API, and a bank whose replica follows it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.workflows.feed_kit import Bank, Feeding, bank_with_replica, serving

from holdfast.api import replicas as api
from holdfast.workflows.make_snapshots import SnapshotMaker


@pytest.fixture(autouse=True)
def _snapshots_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "makers", SnapshotMaker(lambda work: work()))


@pytest.fixture
def feeding(tmp_path: Path, db: None) -> Iterator[Feeding]:
    """A centre whose API gives the feed."""
    with serving(Feeding(tmp_path / "snapshots")) as made:
        yield made


@pytest.fixture
def bank(feeding: Feeding, tmp_path: Path) -> Bank:
    """A bank with a replica that holds nothing yet."""
    return bank_with_replica(feeding, tmp_path / "replica")
