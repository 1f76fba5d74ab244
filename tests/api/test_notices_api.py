"""Notices wait until who is to bring them says that the person was told."""

from __future__ import annotations

from tests.api.conftest import MULE, World

from holdfast.cases.models import Notice, Order
from holdfast.core.instant import HOUR_US
from holdfast.people.role import Scope
from holdfast.records.audit import history
from holdfast.workflows.write_notice import VICTIM, write_notice

CASE = "TH-2026-000001"


def _written(world: World, notice_id: str) -> None:
    write_notice(
        world.test.centre,
        notice_id,
        "TH.AOC",
        VICTIM,
        {"type": "reminder"},
        subject=f"case:{CASE}",
        due_us=world.test.now_us + HOUR_US,
    )


def test_a_notice_waits_until_it_is_brought(world: World) -> None:
    """It is listed until then, saying it twice changes nothing, and the case's history knows."""
    centre = world.caller("TH.AOC", Scope.NOTICES)
    _written(world, "reminder-1")
    listed = centre.get("/v1/notices").json()["items"]
    assert [(row["notice_id"], row["case"]) for row in listed] == [("reminder-1", CASE)]
    for _ in range(2):
        told = centre.post("/v1/notices/reminder-1/brought", {})
        assert (told.status_code, told.json()["brought_at"]) == (200, "2026-11-20T05:00:00Z")
    assert centre.get("/v1/notices").json()["items"] == []
    assert [row.verb for row in history(f"case:{CASE}")] == ["bring_notice"]


def test_who_brings_what(world: World) -> None:
    """An institution sees its own and nobody else's; a key for reading cases opens none."""
    bank = world.caller("TH.THCBC.004")
    reader = world.caller("TH.AOC", Scope.CASES_READ)
    answering = world.caller("TH.AOC", Scope.ORDERS_ANSWER)
    assert reader.get("/v1/notices").json()["code"] == "scope_missing"
    assert answering.get("/v1/notices").json()["code"] == "scope_missing"
    _written(world, "reminder-1")
    for query in ("", "?institution=TH.AOC"):
        assert bank.get(f"/v1/notices{query}").json()["items"] == []
    assert bank.post("/v1/notices/reminder-1/brought", {}).status_code == 404
    assert bank.get("/v1/notices/overdue").status_code == 403
    centre = world.caller("TH.AOC", Scope.NOTICES)
    assert centre.post("/v1/notices/reminder-9/brought", {}).status_code == 404


def test_a_bank_tells_its_holder_and_says_so(world: World) -> None:
    """It finds what to say and until when, without the case; who is late is listed."""
    victims, bank = world.caller("TH.THCBC.002"), world.caller("TH.THCBC.004")
    centre = world.caller("TH.AOC", Scope.NOTICES)
    victims.report("P1")
    order = Order.objects.get(account=MULE)
    world.test.hold(order)
    assert bank.get("/v1/notices").json()["items"] == []
    world.test.work()
    (notice,) = bank.get("/v1/notices").json()["items"]
    assert (notice["recipient"], notice["case"]) == ("holder", None)
    assert notice["due_at"] == "2026-11-21T05:00:00Z"
    assert order.case.number not in str(notice)
    assert notice["says"]["contest_reference"] == order.order_id
    world.test.pass_time(hours=25)
    late = centre.get("/v1/notices/overdue").json()["items"]
    assert late == [{"institution": "TH.THCBC.004", "overdue": 1, "since": notice["due_at"]}]
    there = centre.get("/v1/notices?institution=TH.THCBC.004").json()["items"]
    assert [row["notice_id"] for row in there] == [notice["notice_id"]]
    assert bank.post(f"/v1/notices/{notice['notice_id']}/brought", {}).status_code == 200
    assert centre.get("/v1/notices/overdue").json()["items"] == []
    assert Notice.objects.get(notice_id=notice["notice_id"]).brought_by.startswith("key:TH.THCBC")
