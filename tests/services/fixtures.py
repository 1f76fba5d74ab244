"""What tests with real processes share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker
from tests.services.inside import inside
from tests.services.processes import Processes, some_processes
from tests.services.town import Running, Town, copied, drop_database, make_town


@pytest.fixture(scope="session")
def processes() -> Iterator[Processes]:
    """Start programs; all have ended when the tests have."""
    with some_processes() as started:
        yield started


@pytest.fixture(scope="session")
def template(
    tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[Town]:
    """Make the town that others are copies of."""
    town = make_town(tmp_path_factory.mktemp("town"), django_db_blocker)
    yield town
    drop_database(town)


@pytest.fixture
def town(template: Town, tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[Town]:
    """Copy the town for one test, which works inside its home."""
    with (
        copied(template, tmp_path / "town") as copy,
        inside(copy.home, django_db_blocker),
    ):
        yield copy


@pytest.fixture
def running(town: Town, processes: Processes) -> Iterator[Running]:
    """Run programs of the copied town; all are killed after the test."""
    started = Running(town, processes)
    try:
        yield started
    finally:
        started.kill()
