"""Tests of playing a story: real banks, a centre of one rule, one thing at a time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.simulation.play_kit import (
    BEGINS_US,
    CASH,
    DANG,
    HOLD_US,
    MEE,
    MINUTE_US,
    NOK,
    PLOY,
    OneRule,
    call,
    row,
    small_country,
    town_of,
    world_with,
)

from holdfast.banks.messages import AnswerStatus
from holdfast.core.errors import CentreError
from holdfast.simulation.events import CENTRE, Caller, Diary, Manner, Turn
from holdfast.simulation.play import play
from holdfast.simulation.story import story_of
from holdfast.simulation.world import World, world_of

pytestmark = pytest.mark.enable_socket
ROWS = [
    row(0, NOK, MEE, 10_000, claim=True),
    row(30, MEE, DANG, 8_000),
    row(32, DANG, CASH, 7_000),
]
MEES_BANK = "TH.THCBC.006"


def _play(world: World, folder: Path, *turns: Turn) -> tuple[Diary, OneRule]:
    folder.mkdir(exist_ok=True)
    with town_of(world, folder) as (town, centre, clocks):
        diary = play(world, town, centre, clocks, name="TH.AOC", seed=1, turns=turns)
    return diary, centre


def _turn(minute: float, manner: Manner, who: str = MEES_BANK, minutes: float = 0) -> Turn:
    return Turn(BEGINS_US + int(minute * MINUTE_US), who, manner, int(minutes * MINUTE_US))


def test_money_that_is_still_there_at_the_call_is_held_until_its_time_ends(tmp_path: Path) -> None:
    """Held in full at the call, let go a day later; in between the mule pays on only own money."""
    diary, centre = _play(world_with(ROWS, call(10, 0)), tmp_path)
    assert diary.broken == ()
    [reported] = diary.reported
    assert (reported.stolen_minor, reported.holdable_minor) == (10_000_00, 10_000_00)
    held_us = BEGINS_US + 10 * MINUTE_US
    assert [(held.time_us, held.held_minor, held.stolen_minor) for held in diary.held] == [
        (held_us, 10_000_00, 10_000_00),
        (held_us + HOLD_US, 0, 10_000_00),
    ]
    assert {held.scam for held in diary.held} == {"job-0001"}
    [blocked] = diary.blocked
    assert (blocked.asked_minor, blocked.paid_minor, blocked.innocent) == (8_000_00, 300_00, False)
    assert [answer.status for answer in centre.answers] == [AnswerStatus.HELD, AnswerStatus.LAPSED]
    [times] = diary.times
    assert times.first_order_s is not None
    assert times.first_held_s is not None
    assert 0 < times.first_order_s <= times.first_held_s


def test_the_centre_is_told_of_payments_in_order_once_and_not_at_once(tmp_path: Path) -> None:
    """The switch needs its seconds; in the end all that was paid is told, which is two of three."""
    _, centre = _play(world_with(ROWS, call(10, 0)), tmp_path)
    times_us = [transfer.time_us for transfer in centre.fed]
    assert times_us == sorted(times_us)
    assert len({transfer.transfer_id for transfer in centre.fed}) == len(times_us) == 2


def test_a_false_call_stops_the_payments_of_somebody_honest(tmp_path: Path) -> None:
    """The harm is written down: whose account, how much, which payment failed."""
    rows = [row(0, NOK, PLOY, 700, "false-0001"), row(60, PLOY, DANG, 1_500, "other-0001")]
    diary, _ = _play(
        world_with(rows, call(10, 0, scam="false-0001", caller=Caller.FALSE)), tmp_path
    )
    assert diary.broken == ()
    assert [(held.held_minor, held.stolen_minor, held.innocent) for held in diary.held] == [
        (700_00, 0, True),
        (0, 0, True),
    ]
    [blocked] = diary.blocked
    assert (blocked.asked_minor, blocked.paid_minor, blocked.innocent) == (1_500_00, 0, True)


def test_a_bank_that_answers_by_hand_holds_after_its_minutes(tmp_path: Path) -> None:
    """It acknowledges at once, and posts its answer when its clerk has decided."""
    turns = [_turn(0, Manner.BY_HAND, minutes=12)]
    diary, centre = _play(world_with(ROWS, call(10, 0)), tmp_path, *turns)
    assert diary.broken == ()
    assert [answer.status for answer in centre.answers] == [
        AnswerStatus.ACKNOWLEDGED,
        AnswerStatus.HELD,
        AnswerStatus.LAPSED,
    ]
    assert diary.held[1].time_us == BEGINS_US + 22 * MINUTE_US
    assert diary.held[1].held_minor == 10_000_00


@pytest.mark.parametrize("manner", [Manner.DOWN, Manner.CUT])
def test_a_bank_that_is_away_gets_the_order_when_it_is_back(manner: Manner, tmp_path: Path) -> None:
    """By then the money has left, which is told as it is."""
    turns = [_turn(5, manner), _turn(55, Manner.WELL)]
    diary, centre = _play(world_with(ROWS, call(10, 0)), tmp_path, *turns)
    assert diary.broken == ()
    assert centre.answers[0].status is AnswerStatus.PARTLY_HELD
    assert diary.held[0].held_minor == 2_300_00
    assert diary.held[0].time_us >= BEGINS_US + 55 * MINUTE_US
    assert diary.blocked == ()


def test_a_bank_that_crashes_keeps_its_holds(tmp_path: Path) -> None:
    """What it held before is held after."""
    diary, _ = _play(world_with(ROWS, call(10, 0)), tmp_path, _turn(20, Manner.CRASH))
    assert diary.broken == ()
    assert [held.held_minor for held in diary.held] == [10_000_00, 0]
    assert len(diary.blocked) == 1


def test_who_does_not_get_through_to_the_centre_calls_again(tmp_path: Path) -> None:
    """The report is made once it answers."""
    turns = [_turn(8, Manner.DOWN, CENTRE), _turn(16, Manner.WELL, CENTRE)]
    diary, _ = _play(world_with(ROWS, call(10, 0)), tmp_path, *turns)
    assert diary.held[0].time_us == BEGINS_US + 20 * MINUTE_US


def test_a_centre_that_can_not_crash_says_so(tmp_path: Path) -> None:
    """A fault that is asked for and does not happen would pass for one that was survived."""
    with pytest.raises(CentreError, match="can't be made to crash"):
        _play(world_with(ROWS, call(10, 0)), tmp_path, _turn(5, Manner.CRASH, CENTRE))


def test_a_reviewer_decides_what_waits_for_a_person(tmp_path: Path) -> None:
    """After some minutes and each thing once; about stolen money mostly as the truth is."""
    world = world_with(ROWS, call(10, 0))
    waits: list[dict[str, object]] = [
        {"review_id": "R-1", "kind": "overheld", "subject": "x", "facts": {}},
        {"review_id": "R-2", "kind": "stop", "subject": "x", "facts": {}},
        {"review_id": "R-3", "kind": "dispute", "subject": "x", "facts": {"account": "unknown"}},
    ]
    with town_of(world, tmp_path) as (town, centre, clocks):
        centre.reviews += waits
        play(world, town, centre, clocks, name="TH.AOC", seed=1)
    decided = [said for said in centre.asked if "/decision" in said]
    assert sorted(decided) == [
        f"/v1/reviews/{review}/decision by key of centre TH.AOC" for review in ("R-1", "R-3")
    ]


def test_the_same_seed_leads_to_the_same_diary(tmp_path: Path) -> None:
    """Of a whole country with two banks, one of them answering by hand; times aside."""
    country = small_country()
    world = world_of(country, story_of(country, 7))
    turn = Turn(world.begins_us, world.banks[0], Manner.BY_HAND)
    first, centre = _play(world, tmp_path / "1", turn)
    again, _ = _play(world, tmp_path / "2", turn)
    assert first.broken == ()
    assert first.reported
    assert first.held
    assert replace(first, times=()) == replace(again, times=())
    said = "".join(centre.asked)
    assert "/complaints by key of police" in said
    assert "/confirmation by key of bank" in said
    assert "/v1/reports by key of bank" in said
    assert "/v1/reports by key of centre TH.AOC" in said
