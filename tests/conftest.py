"""How all tests run: Hypothesis without a stopwatch, and the same examples on every CI run.

Tests that keep something work in a centre of their own: on SQLite in memory, or on the database
that HOLDFAST_TEST_DATABASE names.

A deadline would fail a test because a machine is busy. On a developer's machine examples are
new each time; CI repeats its own, so that chance decides about no submission.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "holdfast",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.load_profile("holdfast")


def _make_home() -> Path:
    """Make the home of the centre that these tests work in."""
    home = Path(tempfile.mkdtemp(prefix="holdfast-tests-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    (home / "keys").mkdir()
    (home / "keys" / "django").write_text("only for tests", encoding="ascii")
    database = os.environ.get("HOLDFAST_TEST_DATABASE")
    lines = ['country = "TH"', 'name = "TH.AOC"', 'hosts = ["testserver", "127.0.0.1"]']
    lines += [f'database = "{database}"'] if database else []
    (home / "centre.toml").write_text("\n".join(lines), encoding="utf-8")
    return home


os.environ["HOLDFAST_HOME"] = str(_make_home())
os.environ["DJANGO_SETTINGS_MODULE"] = "holdfast.server.settings"
# Here, because conftest files of folders import models before pytest would have set Django up.
django.setup()

from django.db import connection  # noqa: E402

from holdfast.core.words import set_language  # noqa: E402


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Let go of the pool's idle connections before PostgreSQL drops the test's database.

    They end a moment after their pool is closed, and the drop waits for nobody.
    """
    yield
    with django_db_blocker.unblock():
        if connection.vendor != "postgresql":
            return
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture(autouse=True)
def _speaks_english() -> Iterator[None]:
    """Let no test leave its language to the next."""
    yield
    set_language("en")
