"""Pruning takes what is done and old, in small batches, and nothing that is still to be done."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st
from tests.workflows.centre_kit import NOON_US, TestCentre, account, pay

from holdfast.core.instant import DAY_US, SECOND_US
from holdfast.people.models import OneTimeLink, Staff
from holdfast.records import due, idempotency, outbox
from holdfast.records.models import AuditEntry, DueWork, IdempotencyKey, OutboxMessage
from holdfast.registry.question_keeping import question_folder
from holdfast.workflows.prune import SPENT_KEPT_US, prune, prune_questions

KEEP_US = 90 * DAY_US
OLD_US, YOUNG_US = NOON_US - KEEP_US - 1, NOON_US - KEEP_US

Rows = st.SearchStrategy[dict[str, object]]
ends = st.sampled_from((None, 0, OLD_US, YOUNG_US, NOON_US))
messages: Rows = st.builds(
    dict,
    done_us=ends,
    given_up_us=st.sampled_from((None, OLD_US)),
    taken_until_us=st.sampled_from((0, NOON_US + 1)),
    last_fault=st.sampled_from(("", "timeout")),
)
works: Rows = st.builds(dict, done_us=ends, attempts=st.integers(0, 3))


@contextmanager
def _undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.django_db
@given(st.lists(messages, max_size=12), st.lists(works, max_size=12), st.integers(1, 4))
def test_nothing_that_is_to_be_done_is_pruned(
    letters: list[dict[str, object]], tasks: list[dict[str, object]], limit: int
) -> None:
    """Just what ended before the time goes, however small the batches, and then no more."""
    with _undone():
        for number, values in enumerate(letters):
            OutboxMessage.objects.create(
                message_id=str(number), kind="k", created_us=0, due_us=0, **values
            )
        for number, values in enumerate(tasks):
            DueWork.objects.create(kind="k", subject=str(number), due_us=0, **values)
        stays = [
            [number for number, row in enumerate(rows) if row["done_us"] not in (0, OLD_US)]
            for rows in (letters, tasks)
        ]
        removed = 0
        while count := prune(NOON_US, KEEP_US, limit):
            assert count <= 2 * limit
            removed += count
        left = [
            list(OutboxMessage.objects.values_list("message_id", flat=True).order_by("id")),
            list(DueWork.objects.values_list("subject", flat=True).order_by("id")),
        ]
        assert [[int(name) for name in names] for names in left] == stays
        assert removed == len(letters) + len(tasks) - sum(map(len, stays))


@pytest.mark.django_db
def test_messages_of_an_order_that_stands_stay(tmp_path: Path) -> None:
    """Who polls can be given them again; when the order has ended long ago, nobody asks."""
    world = TestCentre(tmp_path / "ledger")
    world.write([pay("P", account(1, 1), account(2, 2), 100)])
    (order,) = world.report("P").orders
    message = OutboxMessage.objects.get(subject=order.order_id)
    outbox.done(message, world.now_us)
    assert prune(world.now_us + 200 * DAY_US, KEEP_US) == 0
    world.pass_time(hours=24)
    world.work()
    before = OutboxMessage.objects.filter(done_us=None).count()
    assert before
    OutboxMessage.objects.filter(id=message.id).update(done_us=0)
    assert prune(world.now_us + KEEP_US, KEEP_US) == 0
    later_us = world.now_us + 200 * DAY_US
    assert prune(later_us, KEEP_US) >= 1
    assert OutboxMessage.objects.filter(done_us=None).count() == before
    assert not OutboxMessage.objects.filter(id=message.id).exists()
    order.refresh_from_db()
    assert order.body == message.body


@pytest.mark.django_db
def test_work_that_is_planned_anew_stays() -> None:
    """Done long ago, it is due again; pruned, it can be planned as if it never had been."""
    for subject in ("a", "b"):
        due.plan(kind="k", subject=subject, due_us=0)
        (work,) = due.take(now_us=1, lease_us=1, limit=1)
        assert due.finish(work, 1)
    due.plan(kind="k", subject="a", due_us=NOON_US)
    assert prune(NOON_US, KEEP_US) == 1
    due.plan(kind="k", subject="b", due_us=NOON_US)
    assert DueWork.objects.filter(done_us=None).count() == 2


@pytest.mark.django_db
def test_keys_of_requests_stay_and_spent_signatures_go() -> None:
    """A request is known for the life of its case, a nonce as long as a signature is believed."""
    now_us = NOON_US + 2 * SPENT_KEPT_US
    for key, status, at_us in (
        ("request", 201, 0),
        ("nonce old", 0, now_us - SPENT_KEPT_US - 1),
        ("nonce young", 0, now_us - SPENT_KEPT_US),
    ):
        with transaction.atomic():
            idempotency.keep(
                institution="b",
                key=key,
                request=b"",
                status=status,
                body="",
                subject="case:1",
                at_us=at_us,
            )
    assert prune(now_us, KEEP_US) == 1
    assert set(IdempotencyKey.objects.values_list("key", flat=True)) == {"request", "nonce young"}


@pytest.mark.django_db
def test_sessions_and_links_that_have_ended_go() -> None:
    """Those that still open something stay."""
    staff = Staff.objects.create(username="a")
    for number, ends_us in enumerate((NOON_US - KEEP_US - 1, NOON_US - KEEP_US, NOON_US + 1)):
        OneTimeLink.objects.create(token_sha256=str(number), staff=staff, expires_us=ends_us)
    for name, late_s in (("ended", -1), ("open", 1)):
        until = datetime.fromtimestamp(NOON_US // SECOND_US + late_s, UTC)
        Session.objects.create(session_key=name, session_data="", expire_date=until)
    assert prune(NOON_US, KEEP_US) == 2
    assert OneTimeLink.objects.count() == 2
    assert Session.objects.get().session_key == "open"


@pytest.mark.django_db
def test_questions_are_kept_for_their_time_and_the_audit_says_what_went(tmp_path: Path) -> None:
    """Which files, and how much, is on record before they go; young ones stay."""
    world = TestCentre(tmp_path / "ledger")
    folder = question_folder(tmp_path)
    folder.mkdir(parents=True)
    for name, at_us in (("a", OLD_US), ("b", OLD_US), ("c", YOUNG_US)):
        (folder / f"{name}.questions").write_bytes(b"12")
        os.utime(folder / f"{name}.questions", ns=(at_us * 1000, at_us * 1000))
    world.now_us = NOON_US
    assert prune_questions(world.centre, tmp_path, KEEP_US) == 2
    assert [file.name for file in folder.iterdir()] == ["c.questions"]
    entry = AuditEntry.objects.get(verb="prune_questions")
    told = {"files": 2, "bytes": 4, "first": "a.questions", "last": "b.questions"}
    assert json.loads(entry.detail_json) == told
    assert prune_questions(world.centre, tmp_path, KEEP_US) == 0
    assert AuditEntry.objects.filter(verb="prune_questions").count() == 1
