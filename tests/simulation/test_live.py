"""Tests of people and banks in real time: what they do is told, and banks' books decide."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tests.simulation.play_kit import (
    BEGINS_US,
    CASH,
    DANG,
    MEE,
    MINUTE_US,
    NOK,
    OneRule,
    Said,
    call,
    row,
    town_of,
    world_with,
)

from holdfast.banks.agent.faults import AgentFault
from holdfast.banks.deadline import Timeouts, http_client
from holdfast.simulation.callers import Callers
from holdfast.simulation.chance import Purpose, plain_stream
from holdfast.simulation.events import Exit, Manner, Turn
from holdfast.simulation.live import Live, What, behave
from holdfast.simulation.play import Clocks
from holdfast.simulation.world import World

pytestmark = pytest.mark.enable_socket


@dataclass(slots=True)
class Scene:
    """A live world with its clock in a test's hands."""

    live: Live
    centre: OneRule
    clocks: Clocks

    def at(self, minute: float) -> list[tuple[What, int, str]]:
        """Go on to a minute of the story and return what happened, with amounts in baht."""
        now_us = BEGINS_US + int(minute * MINUTE_US)
        self.clocks.banks.set(now_us)
        self.clocks.centre.set(now_us)
        self.centre.pump()
        return [(one.what, one.amount_minor // 100, one.other) for one in self.live.step(now_us)]


@pytest.fixture
def world() -> World:
    """Return a world where Nok is robbed by Mee, who passes it on to Dang and draws cash."""
    return world_with(
        [
            row(0, NOK, MEE, 1000, claim=True),
            row(2, MEE, DANG, 800),
            row(8, MEE, CASH, 200),
            row(9, DANG, CASH, 700),
        ],
        call(5, 0),
    )


@pytest.fixture
def scene(world: World, tmp_path: Path) -> Iterator[Scene]:
    """Run its banks."""
    with (
        town_of(world, tmp_path) as (town, centre, clocks),
        http_client(Timeouts(2.0, 2.0, 3.0)) as client,
    ):
        clocks.banks.set(BEGINS_US)
        clocks.centre.set(BEGINS_US)
        keys = {
            bank: centre.connect(bank, "bank", site.endpoint, site.key)
            for bank, site in town.sites.items()
        }
        for desk in town.desks.values():
            desk.meet(centre.url, "key", client, clocks.banks)
        chance = plain_stream(1, Purpose.HANDS)
        callers = Callers(centre, "TH.AOC", keys, chance, right_share=1.0)
        yield Scene(Live(world, town, centre, callers, chance), centre, clocks)


def test_what_people_and_banks_do_is_told_when_it_happens(scene: Scene, world: World) -> None:
    """A payment, its way on, the report, the hold, and what the hold stops."""
    mee, dang, cash = world.names[MEE], world.names[DANG], world.names[CASH]
    assert scene.at(1) == [(What.PAID, 1000, mee)]
    assert scene.at(3) == [(What.PASSED_ON, 800, dang)]
    [reported] = scene.at(5)
    assert reported[:2] == (What.REPORTED, 1000)
    assert scene.at(6) == [(What.HELD, 500, "")], "Mee had 300 baht, and 200 are left"
    assert scene.at(8) == [(What.STOPPED, 200, "")]
    assert scene.at(9) == [(What.GONE, 700, cash)]
    assert [transfer.amount_minor for transfer in scene.centre.fed] == [100_000, 80_000]


def test_the_way_out_is_told(scene: Scene) -> None:
    """Cash is told of as cash."""
    scene.clocks.banks.set(BEGINS_US + 10 * MINUTE_US)
    happened = scene.live.step(BEGINS_US + 10 * MINUTE_US)
    assert {one.exit for one in happened if one.what is What.GONE} == {Exit.CASH}


def test_who_answers_by_hand_answers_minutes_later(scene: Scene) -> None:
    """First the order is told of, then what a person holds; the centre is answered."""
    town = scene.live.town
    behave(town, [Turn(0, bank, Manner.BY_HAND) for bank in town.banks])
    scene.at(5)
    assert scene.at(5.1) == [(What.ORDERED, 0, "")]
    assert scene.at(5.2) == []
    answered = [scene.at(minute) for minute in range(6, 22)]
    assert [one[0] for some in answered for one in some if one[0] is What.HELD] == [What.HELD]
    assert scene.centre.answers[-1].amount_held_minor > 0


def test_where_a_bank_never_answers_nothing_is_held(scene: Scene) -> None:
    """Orders that come to it are taken by nobody."""
    town = scene.live.town
    behave(town, [Turn(0, bank, Manner.FAULT, fault=AgentFault.SILENT) for bank in town.banks])
    scene.at(5)
    assert scene.at(6) == []


def test_a_hold_that_lapses_is_let_go(scene: Scene) -> None:
    """The bank lets go by itself, and that is told."""
    scene.at(5)
    assert scene.at(6)[0][0] is What.HELD
    assert (What.FREED, 0, "") in scene.at(25 * 60)


def test_who_is_not_answered_calls_again(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A centre that is busy, or away, hears of it a little later."""

    def busy(*_: object) -> Said:
        return Said(503, b'{"code": "server_busy"}')

    def away(*_: object) -> Said:
        raise httpx.ConnectError("away")

    scene.at(4)
    for failing, minute in ((busy, 5), (away, 5.4)):
        with monkeypatch.context() as patched:
            patched.setattr(OneRule, "post", failing)
            assert scene.at(minute) == [(What.NOT_TAKEN, 1000, "")]
    assert scene.at(6)[0][0] is What.REPORTED
