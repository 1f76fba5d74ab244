"""`holdfast check`: each part is found well when it is, and unwell when it is not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.db import OperationalError, connections, transaction
from tests.workflows.centre_kit import TestCentre, account, pay, told

from holdfast.cases.models import BankAnswer, LearnedTransfer, Order
from holdfast.core.instant import DAY_US, HOUR_US, SECOND_US
from holdfast.people.actor import centre_itself
from holdfast.people.models import Institution
from holdfast.records import audit, due, outbox
from holdfast.records.applied import advance
from holdfast.records.seal import seal
from holdfast.records.signing_key import create_key, current_key
from holdfast.registry.index.place import key_file
from holdfast.registry.models import FeedEntry, FeedOp, Replica, Retraction
from holdfast.server import health
from holdfast.server.clock import HEARTBEAT_FILE, Heartbeat, Witness, write_heartbeat
from holdfast.server.health import LATE_US, MINUTE_US, Finding, examine
from holdfast.server.home import Home
from holdfast.server.keep_index import KeptIndex
from holdfast.server.witnesses import written
from holdfast.workflows.follow_ledger import follow_ledger
from holdfast.workflows.read_feed import newest
from holdfast.workflows.retract_entry import open_retractions
from holdfast.workflows.take_report import take_report
from holdfast.workflows.trace_money import LEDGER

SUBJECTS = [
    "database",
    "ledger",
    "worker",
    "outbox",
    "connected",
    "due",
    "index",
    "replicas",
    "audit",
    "clock",
    "keys",
    "disk",
]
BANK = "TH.THCBC.004"


class Installation(NamedTuple):
    """A centre that is well, and its home."""

    world: TestCentre
    home: Home

    def finding(self, subject: str, later_us: int = 0) -> Finding:
        """Return what is found of a part, now or later."""
        found = {row.subject: row for row in examine(self.home, self.world.now_us + later_us)}
        assert list(found) == SUBJECTS
        return found[subject]

    def beat(self, at_us: int = 0, jumped_us: int = 0) -> None:
        """Let the worker have been at work, so long ago (below zero) or now."""
        beat = Heartbeat(self.world.now_us + at_us, 1, jumped_us)
        write_heartbeat(self.home.folder, beat)


class Usage(NamedTuple):
    """What the system says of a disk."""

    total: int
    used: int
    free: int


@pytest.fixture
def well(tmp_path: Path, db: None, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """Return a centre in which nothing is left to be done."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(9, 0, 3 * 1024**3))
    # The clocks of the database and of files are real ones; these stories have their own day.
    monkeypatch.setattr(health, "database_us", lambda: None)
    monkeypatch.setattr(health, "written", _written_by_us)
    world = TestCentre(tmp_path / "ledger")
    home = Home(
        tmp_path, "TH", "TH.AOC", "", tmp_path / "ledger", tmp_path / "heads.jsonl", ("localhost",)
    )
    Institution.objects.create(
        institution_id=BANK, name=BANK, kind="bank", delivery="push", created_us=0
    )
    create_key(home.keys, "th-1")
    (home.keys / "public.json").chmod(0o644)
    installation = Installation(world, home)
    installation.beat()
    return installation


def _written_by_us(home: Home) -> Iterator[Witness]:
    """Yield what was written by the stories' clock."""
    return (found for found in written(home) if found.name in (HEARTBEAT_FILE, "audit"))


def seal_all(well: Installation) -> None:
    """Seal the audit as a worker does."""
    seal(now_us=well.world.now_us, key=current_key(well.home.keys), heads=well.home.heads)


def test_all_is_well_at_first(well: Installation) -> None:
    """Each part has a finding, in this order, and says what was seen."""
    found = list(examine(well.home, well.world.now_us))
    assert [row.subject for row in found] == SUBJECTS
    assert [row.subject for row in found if not row.well] == []
    assert all(str(row) and "{" not in str(row) for row in found)


def test_what_is_unwell_has_a_remedy(well: Installation) -> None:
    """Nobody is left alone with a bad finding."""
    (well.home.folder / "heartbeat.json").unlink()
    assert well.finding("worker").remedy


def test_a_database_that_is_gone(well: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """What needs it says so, and what does not is looked at all the same."""

    def gone(*_: Any, **__: Any) -> Any:
        raise OperationalError

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(type(connections["default"]), "cursor", gone)
        found = {row.subject: row for row in examine(well.home, well.world.now_us)}
    assert list(found) == SUBJECTS
    unwell = [subject for subject in SUBJECTS if not found[subject].well]
    assert unwell == [
        "database",
        "ledger",
        "outbox",
        "connected",
        "due",
        "index",
        "replicas",
        "audit",
        "clock",
    ]
    assert "centre.toml" in found["database"].remedy


def test_a_ledger_that_nobody_follows(well: Installation) -> None:
    """Changes that were not applied are counted, and none is left when they were."""
    well.world.write([pay("P1", account(2, 1), account(4, 1), 500_00, -30)])
    found = well.finding("ledger")
    assert not found.well
    assert found.fields["behind"] == 1
    follow_ledger(well.world.centre)
    assert well.finding("ledger").well


def test_a_ledger_that_is_an_older_copy(well: Installation) -> None:
    """Whether it lacks what was followed, or has other changes there by now; and what to do."""
    well.world.follow(pay("P1", account(2, 1), account(4, 1), 500_00, -30))
    shutil.rmtree(well.home.ledger)
    for number in range(2):
        found = well.finding("ledger")
        assert not found.well
        assert ("follow-anew" in found.remedy) == (number > 0)
        well.world.write([pay(f"P{number + 2}", account(2, 1), account(4, 1), 5_00, -30)])
    assert not well.finding("ledger").well


def test_transfers_that_were_never_written(well: Installation) -> None:
    """What institutions told of must get into the ledger."""
    order = make_order(well)
    kept = BankAnswer.objects.create(
        institution_id=BANK, answer_id="a", order=order, received_us=1, body="", outcome="heeded"
    )
    LearnedTransfer.objects.create(transfer_id="T", answer=kept, transfer={})
    found = well.finding("ledger")
    assert (found.well, found.fields["waiting"]) == (False, 1)


def test_a_ledger_that_is_missing(well: Installation) -> None:
    """Its error is told in place of the finding, and the others are there."""
    shutil.rmtree(well.home.ledger)
    assert not well.finding("ledger").well
    assert well.finding("database").well


@pytest.mark.parametrize(("silent_s", "is_well"), [(0, True), (29, True), (31, False)])
def test_a_worker_that_fell_silent(well: Installation, silent_s: int, is_well: bool) -> None:
    """Its sign of life is at most half a minute old."""
    well.beat(-silent_s * SECOND_US)
    assert well.finding("worker").well is is_well


@pytest.mark.parametrize("jumped_us", [DAY_US, -HOUR_US])
def test_a_jump_is_no_silence(well: Installation, jumped_us: int) -> None:
    """Where the machine's clock has jumped, the clock is unwell and the worker is not."""
    well.beat(-jumped_us, jumped_us)
    assert well.finding("worker").well
    assert not well.finding("clock").well


@pytest.mark.parametrize(("minutes", "is_well"), [(9, True), (11, False)])
def test_a_message_that_nobody_takes(well: Installation, minutes: int, is_well: bool) -> None:
    """An institution that has not taken its order for ten minutes must be called."""
    make_order(well)
    assert outbox.waiting(now_us=well.world.now_us).open == 1
    assert well.finding("outbox", minutes * MINUTE_US).well is is_well


def test_messages_that_are_fetched_may_wait(well: Installation) -> None:
    """Whoever polls comes when it likes."""
    Institution.objects.update(delivery="poll")
    make_order(well)
    assert well.finding("outbox", HOUR_US).well


def test_orders_that_no_way_leads_out(well: Installation) -> None:
    """An order to an institution that nobody has connected is told by its name, at once."""
    assert well.finding("connected").well
    make_order(well)
    Institution.objects.update(closed_us=1)
    found = well.finding("connected")
    assert not found.well
    assert found.fields["count"] == 1
    assert str(found.fields["names"]).startswith("TH.")


@pytest.mark.parametrize(("late_us", "is_well"), [(LATE_US - 1, True), (LATE_US + 1, False)])
def test_work_that_is_late(well: Installation, late_us: int, is_well: bool) -> None:
    """What is later than two minutes shows that nobody does it."""
    due.plan(kind="trace", subject="claim-1", due_us=well.world.now_us)
    assert well.finding("due", late_us).well is is_well


def _retracted(well: Installation) -> Any:
    """Write the feed's next entry."""
    return FeedEntry.objects.create(
        number=newest() + 1,
        at_us=well.world.now_us,
        op=FeedOp.RETRACT,
        subject_kind="phone",
        subject_key="+66812345678",
        tier=0,
        disputed=False,
        until_us=0,
        listing_id="listing-1",
    )


def test_an_index_that_is_missing_behind_or_ahead(well: Installation) -> None:
    """How far it is; an entry that is not in it two minutes later shows that nobody keeps it."""
    _retracted(well)
    missing = well.finding("index")
    assert (missing.well, missing.fields) == (False, {"last": 1})
    with KeptIndex(well.home.folder) as kept:
        kept.follow()
        assert well.finding("index", DAY_US).fields == {"number": 1, "last": 1}
        assert well.finding("index", DAY_US).well
        _retracted(well)
        assert well.finding("index", LATE_US).well
        assert not well.finding("index", LATE_US + 1).well
        kept.follow()
        assert well.finding("index", DAY_US).well
        assert kept._writer is not None
        kept._writer.set_number(3)
        ahead = well.finding("index")
        assert not ahead.well
        assert "set back" in ahead.remedy
    key_file(well.home.folder).unlink()
    assert not well.finding("index").well


def test_where_no_index_can_be_kept(well: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the parts of `holdfast[registry]` nobody expects one."""
    _retracted(well)
    monkeypatch.setattr(health, "can_keep_index", lambda: False)
    assert well.finding("index").well


def test_retractions_that_are_overdue_by_name(well: Installation) -> None:
    """A copy of the registry that still lists who was taken off is named, once it is late."""
    Replica.objects.create(
        replica_id=f"{BANK}:main", institution_id=BANK, kind="bank", connected_us=0
    )
    entry = _retracted(well)
    with transaction.atomic():
        open_retractions(well.world.centre, [entry])
    due_us = Retraction.objects.get().due_us - well.world.now_us
    assert well.finding("replicas", due_us).well
    late = well.finding("replicas", due_us + 1)
    assert not late.well
    assert late.fields == {"count": 1, "names": f"{BANK}:main"}


def test_entries_that_nobody_seals(well: Installation) -> None:
    """An entry is sealed within two minutes, and the heads outside agree."""
    record(well)
    assert well.finding("audit").well
    assert not well.finding("audit", LATE_US + 1).well
    seal_all(well)
    assert well.finding("audit", LATE_US + 1).well


@pytest.mark.parametrize("harm", ["lost", "rubbish", "behind", "ahead"])
def test_heads_that_do_not_agree(well: Installation, harm: str) -> None:
    """A file of heads that has less or more than the database must be looked at."""
    for _ in range(2):
        record(well)
        seal_all(well)
    lines = well.home.heads.read_bytes().splitlines(keepends=True)
    ahead = json.dumps(json.loads(lines[-1]) | {"position": 3}).encode() + b"\n"
    harmed = {
        "lost": [],
        "rubbish": [b"{\n"],
        "behind": lines[:1],
        "ahead": [*lines, ahead],
    }
    well.home.heads.write_bytes(b"".join(harmed[harm]))
    assert not well.finding("audit").well


def test_a_clock_before_the_workers(well: Installation) -> None:
    """Now can't be before the worker was last at work."""
    well.beat(HOUR_US)
    assert not well.finding("clock").well


def test_a_clock_before_an_audit_entry(well: Installation) -> None:
    """A worker that starts now would be refused; how far it is can be read."""
    with transaction.atomic():
        audit.record(
            at_us=well.world.now_us + HOUR_US, actor="centre", verb="test", subject="case:1"
        )
    found = well.finding("clock")
    assert (found.well, found.fields["seconds"]) == (False, 3600)


@pytest.mark.parametrize("apart_s", [-40, 40])
def test_a_clock_apart_from_the_databases(
    well: Installation, monkeypatch: pytest.MonkeyPatch, apart_s: int
) -> None:
    """The database's machine is a witness."""
    monkeypatch.setattr(health, "database_us", lambda: well.world.now_us + apart_s * SECOND_US)
    found = well.finding("clock")
    assert (found.well, found.fields["seconds"]) == (False, 40)


def test_keys_that_others_can_read(well: Installation) -> None:
    """A private key is its owner's alone; the public ones are everybody's."""
    (well.home.keys / "th-1.pem").chmod(0o640)
    found = well.finding("keys")
    assert (found.well, found.fields["count"]) == (False, 1)


def test_a_centre_without_a_signing_key(well: Installation) -> None:
    """Nothing could be ordered."""
    (well.home.keys / "th-1.pem").unlink()
    assert not well.finding("keys").well


def test_a_disk_that_is_nearly_full(well: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two gibibytes are wanted, which is time enough to make room."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(9, 0, 2 * 1024**3))
    assert not well.finding("disk").well


def record(well: Installation) -> None:
    """Write an entry of the audit."""
    with transaction.atomic():
        audit.record(at_us=well.world.now_us, actor="centre", verb="test", subject="case:1")


def make_order(well: Installation) -> Order:
    """Let a report make an order, as if the ledger had been followed."""
    well.world.write([pay("P1", account(2, 1), account(4, 1), 500_00, -30)])
    take_report(well.world.centre, told("P1"), centre_itself("TH.AOC"))
    with transaction.atomic():
        advance(LEDGER, 0, 1)
    seal_all(well)
    made: Order = Order.objects.get()
    return made
