"""A bank's own holds behind the API: told, shown to it and the centre, let go."""

from __future__ import annotations

from tests.api.conftest import MULE, Caller, World

from holdfast.people.role import Scope

HELD = {
    "reference": "S-1",
    "account": MULE,
    "amount_minor": 300_00,
    "currency": "THB",
    "since": "2026-11-20T04:55:00Z",
}


def test_told_shown_and_let_go(world: World) -> None:
    """The answer says when the law ends it; the same again is the same; once let go it has ended."""
    bank = world.caller("TH.THCBC.004")
    told = bank.post("/v1/own-holds", HELD)
    assert told.status_code == 201
    own = told.json()
    assert (own["basis"], own["expires_at"]) == ("bank_suspicion", "2026-11-27T04:55:00Z")
    assert bank.post("/v1/own-holds", HELD).json() == own
    other = bank.post("/v1/own-holds", HELD | {"amount_minor": 1})
    assert (other.status_code, other.json()["code"]) == (409, "own_hold_reused")
    assert bank.get("/v1/own-holds").json()["items"] == [own]
    centre = world.caller("TH.AOC", Scope.ORDERS_READ)
    assert centre.get("/v1/own-holds").json()["items"] == [own]
    address = f"/v1/own-holds/{own['own_hold_id']}/end"
    ended = bank.post(address, {"reason": "nothing_found"}).json()
    assert (ended["state"], ended["amount_left_minor"]) == ("released", 0)
    assert bank.post(address, {"reason": "nothing_found"}).json()["code"] == "own_hold_ended"


def test_nobody_elses(world: World) -> None:
    """Another bank sees none, ends none, and tells of none in accounts that it does not keep."""
    bank, other = world.caller("TH.THCBC.004"), world.caller("TH.THCBC.006")
    own = bank.post("/v1/own-holds", HELD).json()
    assert other.get("/v1/own-holds").json()["items"] == []
    assert other.post(f"/v1/own-holds/{own['own_hold_id']}/end", {"reason": "x"}).status_code == 404
    assert other.post("/v1/own-holds", HELD).json()["code"] == "own_hold_account"
    reader = world.caller("TH.THCBC.004", Scope.ORDERS_READ)
    assert reader.post("/v1/own-holds", HELD).status_code == 403


def test_a_claim_on_the_same_money(world: World, sender: Caller) -> None:
    """The order is held from the start, names the reference, and the own hold names the order."""
    bank = world.caller("TH.THCBC.004")
    bank.post("/v1/own-holds", HELD)
    sender.report("P1")
    (order,) = bank.get("/v1/hold-orders").json()["items"]
    assert (order["takes_over"], order["now"]["state"]) == ("S-1", "held")
    (own,) = bank.get("/v1/own-holds").json()["items"]
    assert (own["state"], own["orders"]) == ("ordered", [order["order_id"]])


def test_an_order_that_waits_is_named(world: World, sender: Caller) -> None:
    """The bank had not told of its hold when the order was made: it is to answer that order."""
    sender.report("P1")
    bank = world.caller("TH.THCBC.004")
    (order,) = bank.get("/v1/hold-orders").json()["items"]
    own = bank.post("/v1/own-holds", HELD).json()
    assert (own["unanswered"], own["orders"]) == ([order["order_id"]], [])
