"""The database is killed and stays away: nothing acknowledged is lost, and all goes on by itself.

`HOLDFAST_DATABASE_GONE_S` says for how many seconds it is gone, 30 if it isn't set.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker
from tests.services.inside import inside
from tests.services.judging import come_to_rest, judge
from tests.services.postgres import NotInstalled, Postgres, a_postgres
from tests.services.processes import PATIENCE_S, Processes, until
from tests.services.reporting import Acknowledged, Reporter
from tests.services.town import VICTIMS, Running, make_town

from holdfast.cases.models import Report

GONE_S = float(os.environ.get("HOLDFAST_DATABASE_GONE_S", "30"))

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket]


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    """Run a PostgreSQL server that may be killed."""
    try:
        with a_postgres(durable=True) as server:
            yield server
    except NotInstalled as missing:
        pytest.skip(str(missing))


@pytest.fixture
def running(
    postgres: Postgres, processes: Processes, tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> Iterator[Running]:
    """Run a centre on that server."""
    town = make_town(tmp_path / "town", django_db_blocker, postgres.url())
    started = Running(town, processes)
    with inside(town.home, django_db_blocker):
        try:
            yield started
        finally:
            started.kill()


def test_a_database_that_is_gone_is_waited_for(running: Running, postgres: Postgres) -> None:
    """Killed while reports come in, it is missed by server and worker, and nothing by the banks."""
    running.add_agents()
    running.add_server()
    running.add_worker()
    running.start()
    reporter = Reporter(running.url, running.town.bearer)

    def file(number: int) -> Acknowledged:
        time.sleep(number * 0.1)
        return reporter.report(f"key-{number}", [f"P{number}"], GONE_S + PATIENCE_S)

    with ThreadPoolExecutor(VICTIMS) as pool:
        reports = [pool.submit(file, number) for number in range(VICTIMS)]
        until(lambda: Report.objects.count() >= VICTIMS // 3, "the first reports")
        postgres.stop(signal.SIGQUIT)
        connection.close()
        time.sleep(GONE_S)
        assert [report for report in reports if not report.done()] != []
        postgres.start()
        acknowledged = [report.result() for report in reports]
    assert all(program.runs for program in running.everyone())
    come_to_rest(running.town)
    judge(running.town, acknowledged)
