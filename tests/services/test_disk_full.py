"""A full disk in the middle of orders: what can't be kept is refused, and all goes on later."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pytest_django import DjangoDbBlocker
from tests.services.inside import inside
from tests.services.judging import come_to_rest, judge
from tests.services.processes import Processes
from tests.services.reporting import Reporter
from tests.services.town import DATABASE, VICTIMS, Running, Town, copied

from holdfast.cases.models import Case, Claim, Report
from holdfast.records.models import IdempotencyKey

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket]
DISK_MIB = 48


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a few megabytes, made of memory."""
    if DATABASE:
        pytest.skip("the database is on another machine's disk")
    place = tmp_path / "disk"
    place.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", str(place)]
    try:
        done = subprocess.run(["mount", *options], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("this system has no mount command")
    if done.returncode:
        pytest.skip(f"a disk can't be mounted here: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture
def running(
    small_disk: Path, template: Town, processes: Processes, django_db_blocker: DjangoDbBlocker
) -> Iterator[Running]:
    """Run a centre whose home is on that disk."""
    with copied(template, small_disk / "town") as town, inside(town.home, django_db_blocker):
        started = Running(town, processes)
        try:
            yield started
        finally:
            started.kill()


def _fill(file: Path) -> None:
    """Take all the space that is left."""
    with file.open("ab", buffering=0) as ballast:
        size = 1 << 20
        while size:
            try:
                ballast.write(bytes(size))
            except OSError:
                size //= 2


def _counts() -> list[int]:
    return [model.objects.count() for model in (Report, Case, Claim, IdempotencyKey)]


def test_a_full_disk_refuses_reports_and_loses_none(running: Running, small_disk: Path) -> None:
    """Filled while orders are on their way: a report is refused whole, and taken when there is room."""
    running.add_agents()
    running.add_server()
    running.add_worker()
    running.start()
    reporter = Reporter(running.url, running.town.bearer)
    reports = [reporter.report(f"key-{number}", [f"P{number}"]) for number in range(3)]
    _fill(small_disk / "ballast")
    taken: list[httpx.Response] = []
    refused: list[httpx.Response] = []
    for number in range(3, VICTIMS):
        response = reporter.ask(f"key-{number}", [f"P{number}"])
        assert response is not None
        (taken if response.status_code == 201 else refused).append(response)
    before = _counts()
    assert [response.json()["code"] for response in refused] == ["database_busy"] * len(refused)
    assert refused
    assert Report.objects.count() == len(reports) + len(taken)
    assert reporter.ask("key-9", ["P9"]) is not None
    assert _counts() == before
    (small_disk / "ballast").unlink()
    reports += [reporter.report(f"key-{number}", [f"P{number}"]) for number in range(3, VICTIMS)]
    assert all(program.runs for program in running.everyone())
    come_to_rest(running.town)
    judge(running.town, reports)
