"""The worker: it signs with the key that is used now, and prunes by what the home says."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import OperationalError, transaction
from tests.workflows.centre_kit import NOON_US

from holdfast.core.instant import DAY_US
from holdfast.records import audit
from holdfast.records.models import DueWork, SealedHead
from holdfast.records.signing_key import CurrentKey, create_key
from holdfast.server import worker
from holdfast.server.clock import SteadyClock
from holdfast.server.home import Home
from holdfast.server.worker import Worker

KEEP_DAYS = 3

pytestmark = pytest.mark.django_db


@pytest.fixture
def at_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Worker:
    """Return a worker that has a key and takes no step by itself."""
    monkeypatch.setattr(worker, "CLOCK", SteadyClock(lambda: NOON_US, lambda: 0))
    create_key(tmp_path / "keys", "th-1")
    (tmp_path / "keys" / "person").write_bytes(bytes(32))
    home = Home(
        folder=tmp_path,
        country="TH",
        name="TH.AOC",
        database="",
        ledger=tmp_path / "ledger",
        heads=tmp_path / "heads.jsonl",
        hosts=(),
        keep_done_days=KEEP_DAYS,
    )
    return Worker(home, CurrentKey(home.keys))


def test_a_new_key_is_signed_with_at_once(at_work: Worker) -> None:
    """Orders and heads: nobody has to begin again after `keys new`."""
    deliveries = worker._Deliveries(at_work)
    for key_id in ("th-1", "th-2"):
        if key_id == "th-2":
            create_key(at_work.home.keys, key_id, NOON_US)
        with transaction.atomic():
            audit.record(at_us=NOON_US, actor="centre", verb="test", subject="case:1")
        assert at_work._seal()
        assert SealedHead.objects.order_by("-position")[0].key_id == key_id
        assert deliveries._bank()._key.key_id == key_id


def test_what_was_done_long_ago_is_pruned(at_work: Worker) -> None:
    """As many days as the home says; only a full batch is followed by the next at once."""
    for number, days in enumerate((KEEP_DAYS - 1, KEEP_DAYS + 1, KEEP_DAYS + 2)):
        DueWork.objects.create(
            kind="k", subject=str(number), due_us=0, done_us=NOON_US - days * DAY_US
        )
    assert not at_work._prune()
    assert DueWork.objects.get().subject == "0"


def test_mergers_are_planned_once_also_after_trouble(
    at_work: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that is gone when a worker begins does not leave a merger unheeded."""
    monkeypatch.setattr(worker, "TROUBLE_S", 0)
    asked: list[object] = []

    def plan(centre: object) -> None:
        asked.append(centre)
        if len(asked) < 3:
            raise OperationalError

    monkeypatch.setattr(worker, "plan_mergers", plan)
    at_work._once(at_work._plan_mergers)
    assert asked == [at_work.centre] * 3


def test_a_step_that_fails_logs_where_and_nobodys_account(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What an error says may be personal; where it arose is enough to mend it."""
    monkeypatch.setattr(worker, "TROUBLE_S", 0)

    account = "TH.THCBC.002.0000000001"

    def step() -> bool:
        raise KeyError(account)

    assert not worker.guarded(step)
    assert "KeyError" in caplog.text
    assert "in step" in caplog.text
    assert account not in caplog.text
