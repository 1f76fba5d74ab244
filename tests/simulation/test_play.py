"""Tests of playing a story: real banks, a centre of one rule, one thing at a time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from tests.simulation.play_kit import (
    BEGINS_US,
    CASH,
    CAST,
    DANG,
    HOLD_US,
    MEE,
    MINUTE_US,
    NOK,
    PLOY,
    OneRule,
    Said,
    call,
    row,
    small_country,
    town_of,
    world_with,
)

from holdfast.banks.agent.faults import AgentFault
from holdfast.banks.messages import AnswerStatus
from holdfast.core.account import bank_of
from holdfast.core.errors import CentreError
from holdfast.core.instant import DAY_US, HOUR_US, SECOND_US
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


def test_a_bank_that_is_cut_off_works_and_gets_the_order_when_it_is_back(tmp_path: Path) -> None:
    """By then its customers have paid the money on, which is told as it is."""
    turns = [_turn(5, Manner.CUT), _turn(55, Manner.WELL)]
    diary, centre = _play(world_with(ROWS, call(10, 0)), tmp_path, *turns)
    assert diary.broken == ()
    assert centre.answers[0].status is AnswerStatus.PARTLY_HELD
    assert diary.held[0].held_minor == 2_300_00
    assert diary.held[0].time_us >= BEGINS_US + 55 * MINUTE_US
    assert diary.blocked == ()
    assert set(diary.met) == {"bank cut: unreachable"}


def test_from_a_dead_bank_nothing_is_paid(tmp_path: Path) -> None:
    """So when it works again the money is still there to be held, and the next mule got nothing."""
    turns = [_turn(5, Manner.DOWN), _turn(55, Manner.WELL)]
    diary, centre = _play(world_with(ROWS, call(10, 0)), tmp_path, *turns)
    assert diary.broken == ()
    assert centre.answers[0].status is AnswerStatus.HELD
    assert diary.held[0].held_minor == 10_000_00
    assert diary.held[0].time_us >= BEGINS_US + 55 * MINUTE_US
    assert [moved.credit for moved in diary.moved] == [CAST[MEE].account]
    assert diary.met["bank down: not paid"] == 1


@pytest.mark.parametrize(
    ("manner", "lapses"), [(Manner.CUT, HOLD_US), (Manner.DOWN, HOLD_US + HOUR_US)]
)
def test_a_bank_that_is_cut_off_lets_go_in_time_and_tells_of_it_later(
    manner: Manner, lapses: int, tmp_path: Path
) -> None:
    """A dead one lets go, too, but only when it works again; both tell the centre then."""
    day = 24 * 60
    turns = [_turn(20, manner), _turn(10 + day + 60, Manner.WELL)]
    diary, centre = _play(world_with(ROWS, call(10, 0)), tmp_path, *turns)
    assert diary.broken == ()
    held_us = BEGINS_US + 10 * MINUTE_US
    assert [(held.time_us - held_us, held.held_minor) for held in diary.held] == [
        (0, 10_000_00),
        (lapses, 0),
    ]
    assert centre.answers[-1].status is AnswerStatus.LAPSED
    assert centre.answers[-1].answered_at_us == held_us + lapses


def test_a_clerk_of_a_bank_that_is_cut_off_answers_and_tells_when_it_is_back(
    tmp_path: Path,
) -> None:
    """What is held is held from the clerk's minute on; the centre hears of it an hour later."""
    turns = [_turn(0, Manner.BY_HAND, minutes=12), _turn(15, Manner.CUT), _turn(75, Manner.WELL)]
    diary, centre = _play(world_with(ROWS, call(10, 0)), tmp_path, *turns)
    assert diary.broken == ()
    assert diary.held[1].held_minor == 10_000_00
    assert diary.held[1].time_us == BEGINS_US + 22 * MINUTE_US
    assert [answer.status for answer in centre.answers][:2] == [
        AnswerStatus.ACKNOWLEDGED,
        AnswerStatus.HELD,
    ]
    assert centre.heard_us[0] >= BEGINS_US + 75 * MINUTE_US


def test_a_silent_bank_costs_no_time_and_a_slow_one_is_not_heard(tmp_path: Path) -> None:
    """A silent bank does nothing; one that answers too late has held, and nobody knows."""
    for name, fault, held_minor in (
        ("silent", AgentFault.SILENT, 2_300_00),
        ("slow", AgentFault.SLOW, 10_000_00),
    ):
        bad = Turn(BEGINS_US, MEES_BANK, Manner.FAULT, 10 * 3600 * SECOND_US, fault)
        turns = [bad, _turn(55, Manner.WELL)]
        diary, centre = _play(world_with(ROWS, call(10, 0)), tmp_path / name, *turns)
        assert diary.broken == ()
        assert diary.held[0].held_minor == held_minor
        assert set(diary.met) == {f"bank {name}: unreachable"}
        assert all(answer.answered_at_us <= diary.held[-1].time_us for answer in centre.answers)
        assert diary.times[0].first_held_s is None


def test_a_bank_that_is_slow_but_in_time_is_heard(tmp_path: Path) -> None:
    """A story's seconds take none: it is as one that answers well."""
    slow = Turn(BEGINS_US, MEES_BANK, Manner.FAULT, 9 * SECOND_US, AgentFault.SLOW)
    diary, _ = _play(world_with(ROWS, call(10, 0)), tmp_path, slow)
    assert diary.met == {"bank slow: answered": 1}
    assert diary.held[0].time_us == BEGINS_US + 10 * MINUTE_US


def test_what_a_bank_confirms_waits_until_it_reaches_the_centre(tmp_path: Path) -> None:
    """A report through a bank that is cut off is made when the line is there again."""
    world = world_with(ROWS, replace(call(10, 0), caller=Caller.BANK))
    turns = [
        _turn(5, Manner.CUT, bank_of(CAST[NOK].account)),
        _turn(22, Manner.WELL, bank_of(CAST[NOK].account)),
    ]
    diary, _ = _play(world, tmp_path, *turns)
    assert diary.broken == ()
    assert diary.held[0].time_us == BEGINS_US + 25 * MINUTE_US
    assert diary.met["bank cut: not reached"] == 3


def test_what_a_centre_refuses_is_told_apart_from_what_breaks(tmp_path: Path) -> None:
    """A refused request is a figure; one that never came back, or failed, is a broken promise."""
    world = world_with(ROWS, replace(call(10, 0), complains_us=BEGINS_US + HOUR_US))
    for name, said, refused, broken in (
        ("refused", Said(409, b"{}"), 1, 0),
        ("failed", Said(500, b"{}"), 0, 1),
        ("gone", httpx.ReadError("gone"), 0, 1),
    ):
        (tmp_path / name).mkdir()
        with town_of(world, tmp_path / name) as (town, centre, clocks):
            centre.instead["/v1/cases/"] = said
            diary = play(world, town, centre, clocks, name="TH.AOC", seed=1)
        assert (len(diary.refused), len(diary.broken)) == (refused, broken), name
        assert "/complaints" in (*diary.refused, *diary.broken)[0]
        assert diary.held[0].held_minor == 10_000_00


def test_reviewers_of_a_scenario_judge_wrongly_only_where_a_line_says_so(tmp_path: Path) -> None:
    """What is stolen is found stolen, and the other way round from the line on."""
    world = world_with(ROWS, call(10, 0))
    for name, turns, approved in (
        ("right", (), True),
        ("wrong", (_turn(5, Manner.MISJUDGE, CENTRE),), False),
    ):
        (tmp_path / name).mkdir()
        with town_of(world, tmp_path / name) as (town, centre, clocks):
            facts = {"account": CAST[MEE].account}
            centre.reviews += [
                {"review_id": f"R-{number}", "kind": "dispute", "subject": "x", "facts": facts}
                for number in range(20)
            ]
            play(world, town, centre, clocks, name="TH.AOC", seed=1, turns=turns)
        assert [told["approve"] for told in centre.decided] == [approved] * 20


def test_a_bank_that_crashes_keeps_its_holds(tmp_path: Path) -> None:
    """What it held before is held after."""
    diary, _ = _play(world_with(ROWS, call(10, 0)), tmp_path, _turn(20, Manner.CRASH))
    assert diary.broken == ()
    assert diary.met == {"bank crash: in hand": 1}
    assert [held.held_minor for held in diary.held] == [10_000_00, 0]
    assert len(diary.blocked) == 1


def test_who_does_not_get_through_to_the_centre_calls_again(tmp_path: Path) -> None:
    """The report is made once it answers."""
    turns = [_turn(8, Manner.DOWN, CENTRE), _turn(16, Manner.WELL, CENTRE)]
    diary, _ = _play(world_with(ROWS, call(10, 0)), tmp_path, *turns)
    assert diary.held[0].time_us == BEGINS_US + 20 * MINUTE_US


@pytest.mark.parametrize(("manner", "works"), [(Manner.CUT, True), (Manner.DOWN, False)])
def test_a_centre_that_is_cut_off_works_and_a_dead_one_does_not(
    manner: Manner, works: bool, tmp_path: Path
) -> None:
    """Neither is told of payments meanwhile; nobody answers the one that asks banks again."""
    world = world_with([*ROWS, row(50, NOK, PLOY, 100)], call(10, 0))
    bad = Turn(BEGINS_US, MEES_BANK, Manner.FAULT, fault=AgentFault.HTTP_500)
    turns = [
        bad,
        _turn(20, manner, CENTRE),
        _turn(90, Manner.WELL),
        _turn(140, Manner.WELL, CENTRE),
    ]
    diary, centre = _play(world, tmp_path, *turns)
    assert diary.broken == ()
    away_us = range(BEGINS_US + 21 * MINUTE_US, BEGINS_US + 140 * MINUTE_US)
    assert any(time_us in away_us for time_us in centre.pumped_us) is works
    assert bool(diary.met.get("centre cut: unreachable")) is works
    assert diary.held[0].time_us >= BEGINS_US + 140 * MINUTE_US
    assert {transfer.transfer_id for transfer in centre.fed} == {
        f"small-{number:05d}" for number in range(1, 5)
    }


def test_customers_of_a_dead_bank_pay_nothing_meanwhile(tmp_path: Path) -> None:
    """Those of others do, to them too, and afterwards all pay again; no satang is lost by it."""
    country = small_country()
    world = world_of(country, story_of(country, 7))
    bank, dies_us, back_us = world.banks[0], world.begins_us + DAY_US, world.begins_us + 2 * DAY_US
    turns = Turn(dies_us, bank, Manner.DOWN), Turn(back_us, bank, Manner.WELL)
    diary, centre = _play(world, tmp_path, *turns)
    assert diary.broken == ()
    paid_us = [paid.time_us for paid in centre.fed if bank_of(paid.debit_account) == bank]
    assert not any(dies_us < time_us < back_us for time_us in paid_us)
    assert any(time_us > back_us for time_us in paid_us)
    assert any(
        dies_us < paid.time_us < back_us and bank_of(paid.credit_account) == bank
        for paid in centre.fed
    )
    assert diary.met["bank down: not paid"] > 0


def test_a_centre_that_can_not_crash_says_so(tmp_path: Path) -> None:
    """A fault that is asked for and does not happen would pass for one that was survived."""
    with pytest.raises(CentreError, match="can't be made to crash"):
        _play(world_with(ROWS, call(10, 0)), tmp_path, _turn(5, Manner.CRASH, CENTRE))


def test_a_reviewer_decides_what_waits_for_a_person(tmp_path: Path) -> None:
    """After some minutes and each thing once."""
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
