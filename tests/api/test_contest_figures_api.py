"""Figures of contests over HTTP: each sees its own, the centre all."""

from __future__ import annotations

from tests.api.conftest import Caller, World
from tests.workflows.registry_kit import BANK, LISTER, OTHER_BANK, PHONE, banks, put

from holdfast.people.role import Scope
from holdfast.workflows.contest_listing import contest_subject

PATH = "/v1/registry/contest-figures"


def _whose(caller: Caller, query: str = "") -> list[str]:
    return [row["institution_id"] for row in caller.get(f"{PATH}{query}").json()["items"]]


def test_each_sees_its_own(world: World) -> None:
    """The centre those of each, and all together."""
    banks()
    for who in (BANK, OTHER_BANK):
        put(world.test, actor=who)
    contest_subject(world.test.centre, PHONE, ["it is mine"], LISTER)
    mine = world.caller(BANK.institution_id, Scope.REGISTRY_LIST)
    centre = world.caller("TH.AOC", Scope.REGISTRY_CONTEST)
    assert _whose(mine) == [BANK.institution_id]
    assert _whose(centre) == [BANK.institution_id, OTHER_BANK.institution_id, ""]
    *_, whole = centre.get(PATH).json()["items"]
    assert (whole["contests"], whole["open"], whole["median_hours"]) == (2, 2, None)


def test_only_the_days_asked_for(world: World) -> None:
    """From their beginning, which the answer names; other numbers of days are refused."""
    put(world.test)
    contest_subject(world.test.centre, PHONE, ["it is mine"], LISTER)
    world.test.pass_time(hours=50)
    centre = world.caller("TH.AOC", Scope.REGISTRY_CONTEST)
    assert (_whose(centre, "?days=2"), _whose(centre, "?days=3")) == ([], ["TH.AOC"])
    assert centre.get(f"{PATH}?days=2").json()["since"] == "2026-11-20T07:00:00Z"
    for days in ("0", "3661", "all"):
        assert centre.get(f"{PATH}?days={days}").status_code == 422
    asks = world.caller("TH.THCBC.002", Scope.REGISTRY_ASK)
    assert asks.get(PATH).json()["code"] == "scope_missing"
