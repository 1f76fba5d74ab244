"""Answers told by hand, for the pictures and tables."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.documents.told import crowded_story, exposure, long_story, small_story

from holdfast.trail.answer import Answer


@pytest.fixture
def small() -> Answer:
    """One claim over three banks."""
    return small_story().answer()


@pytest.fixture
def long() -> Answer:
    """Three claims, thirty transfers, six banks."""
    return long_story().answer()


@pytest.fixture
def crowded() -> Answer:
    """Twelve claims, hundreds of transfers and accounts."""
    return crowded_story().answer()


@pytest.fixture
def exposed() -> Answer:
    """What `poison` answers."""
    return exposure()


@pytest.fixture(scope="session")
def golden() -> Path:
    """The folder of the outputs that are kept word for word."""
    return Path(__file__).resolve().parents[1] / "golden"
