"""Stops behind the API: for the centre's people only, and two of them to end one."""

from __future__ import annotations

from typing import Any

import pytest
from tests.api.conftest import SECOND, World

from holdfast.people.role import Scope

STOP = {
    "account": SECOND,
    "kind": "merchant",
    "source": "register of firms 0105",
    "since": "2026-11-19T05:00:00Z",
}


def test_entered_listed_and_ended_by_two(world: World) -> None:
    """It is listed with its source until another person has agreed that it ends."""
    one = world.caller("TH.AOC", Scope.REVIEWS_DECIDE, Scope.CASES_READ)
    other = world.caller("TH.AOC", Scope.REVIEWS_DECIDE)
    made = one.post("/v1/stops", STOP)
    assert made.status_code == 201
    stop = made.json()
    assert {key: stop[key] for key in STOP} == STOP
    assert one.post("/v1/stops", STOP).json()["code"] == "stop_known"
    assert one.get(f"/v1/stops?account={SECOND}").json()["items"] == [stop]
    assert one.get("/v1/stops?account=TH.THCBC.004.1").json()["items"] == []
    asked = one.post(f"/v1/stops/{stop['stop_id']}/end", {"reason": "a front"})
    assert (asked.status_code, asked.json()["case"]) == (202, None)
    decision = f"/v1/reviews/{asked.json()['review_id']}/decision"
    word = {"approve": True, "reason": "seen"}
    assert one.post(decision, word).json()["code"] == "own_request"
    assert one.get("/v1/reviews").json()["items"][0]["kind"] == "stop_end"
    assert other.post(decision, word).status_code == 200
    assert one.get("/v1/stops").json()["items"] == []
    ended = one.post(f"/v1/stops/{stop['stop_id']}/end", {"reason": "again"})
    assert ended.json()["code"] == "stop_ended"


@pytest.mark.parametrize(
    "wrong", [{"kind": "none"}, {"source": ""}, {"since": "tomorrow"}, {"account": "0123"}]
)
def test_what_is_no_stop(world: World, wrong: dict[str, Any]) -> None:
    """Each field is checked."""
    one = world.caller("TH.AOC", Scope.REVIEWS_DECIDE)
    assert one.post("/v1/stops", STOP | wrong).status_code == 422


def test_an_account_that_can_be_none_is_refused(world: World) -> None:
    """A NUL, which PostgreSQL takes in no text."""
    one = world.caller("TH.AOC", Scope.CASES_READ)
    assert one.get("/v1/stops?account=%00").json()["code"] == "fields_wrong"


def test_stops_are_the_centres_alone(world: World) -> None:
    """A bank neither reads nor enters them: who is a merchant is not for sale."""
    bank = world.caller("TH.THCBC.006")
    assert bank.get("/v1/stops").status_code == 403
    assert bank.post("/v1/stops", STOP).status_code == 403
    assert bank.post("/v1/stops/stop-1/end", {"reason": "x"}).status_code == 403
