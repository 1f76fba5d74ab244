"""Notices wait until somebody of the centre has brought them."""

from __future__ import annotations

from django.db import transaction
from tests.api.conftest import World

from holdfast.people.role import Scope
from holdfast.records import outbox
from holdfast.records.audit import history


def _written(world: World, notice_id: str) -> None:
    with transaction.atomic():
        outbox.post(
            message_id=notice_id,
            kind="notice",
            destination="TH.AOC",
            subject="TH-2026-000001",
            body='{"type": "reminder"}',
            now_us=world.test.now_us,
        )


def test_a_notice_waits_until_it_is_brought(world: World) -> None:
    """It is listed until then, saying it twice changes nothing, and the case's history knows."""
    centre = world.caller("TH.AOC", Scope.NOTICES)
    _written(world, "reminder-1")
    listed = centre.get("/v1/notices").json()["items"]
    assert [row["notice_id"] for row in listed] == ["reminder-1"]
    for _ in range(2):
        assert centre.post("/v1/notices/reminder-1/brought", {}).status_code == 200
    assert centre.get("/v1/notices").json()["items"] == []
    assert [row.verb for row in history("case:TH-2026-000001")] == ["bring_notice"]


def test_notices_are_the_centres_alone(world: World) -> None:
    """A bank sees none, whatever its key may do; an unknown notice is not found."""
    bank = world.caller("TH.THCBC.004")
    reader = world.caller("TH.AOC", Scope.CASES_READ)
    assert reader.get("/v1/notices").json()["code"] == "scope_missing"
    assert bank.get("/v1/notices").status_code == 403
    assert bank.post("/v1/notices/reminder-1/brought", {}).status_code == 403
    centre = world.caller("TH.AOC", Scope.NOTICES)
    assert centre.post("/v1/notices/reminder-9/brought", {}).status_code == 404
