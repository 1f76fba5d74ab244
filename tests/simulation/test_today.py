"""Tests of today's process: who is frozen, how soon, for how long, and what it lets go."""

from __future__ import annotations

from dataclasses import fields

import pytest

from holdfast.core.instant import HOUR_US, SECOND_US
from holdfast.simulation.country import CountrySize, make_country
from holdfast.simulation.events import Diary, Held
from holdfast.simulation.scenario import open_scenario, parse_scenario, scenario_names
from holdfast.simulation.score import score_of
from holdfast.simulation.story import story_of
from holdfast.simulation.today import play_today
from holdfast.simulation.today_page import TodayPage, today_page, today_parameters
from holdfast.simulation.world import World, world_of, world_of_cast

MINUTE_US = 60 * SECOND_US


def world_told(text: str) -> World:
    """Return the world of a scenario."""
    scenario = parse_scenario(text, "told")
    return world_of_cast(scenario.story, scenario.cast, scenario.begins_us)


def played(text: str, seed: int = 1) -> Diary:
    """Play a scenario under today's process."""
    return play_today(world_told(text), seed)


def held_on(diary: Diary, account: str) -> list[Held]:
    """Return what was frozen on an account, by the end of its number."""
    return [held for held in diary.held if held.account.endswith(account)]


CHAIN = """
people A at 004, mule M at 006, mule N at 025, merchant S at 002, exchange X at 014, person P at 011
10:00 A has 1,000
10:00 M has 70
10:00 P has 40
10:05 A pays M 900 as job scam
10:10 M pays N 500
10:15 N pays P 100
10:20 N buys 50 at S
10:21 N buys 60 at X
11:00 A reports
"""
"""Accounts end in 2 for A, 3 for M, 4 for N, 5 for S, 6 for X and 7 for P."""


def test_every_parameter_names_its_source_and_is_used() -> None:
    """The page has what the process reads, and says on what each number rests."""
    assert [field.name for field in fields(TodayPage)] == list(today_parameters())
    for name, entry in today_parameters().items():
        assert entry.keys() == {"value", "source"}, name
        assert entry["source"].strip(), name


def test_whole_accounts_are_frozen_link_by_link() -> None:
    """Each bank gets to it a link later; with the mule's own money, a shop and a person too."""
    page = today_page()
    diary = played(CHAIN)
    call_us = diary.reported[0].call.time_us
    first = {name: held_on(diary, name)[0] for name in "3457"}
    soonest_us = (page.hotline_minutes[0] + page.link_minutes[0]) * MINUTE_US
    latest_us = (page.hotline_minutes[1] + page.link_minutes[1]) * MINUTE_US
    assert soonest_us <= first["3"].time_us - call_us <= latest_us
    for earlier, later in (("3", "4"), ("4", "5"), ("4", "7")):
        link_us = first[later].time_us - first[earlier].time_us
        assert page.link_minutes[0] * MINUTE_US <= link_us <= page.link_minutes[1] * MINUTE_US
    assert (first["3"].held_minor, first["3"].stolen_minor) == (47_000, 40_000)
    assert (first["4"].held_minor, first["4"].stolen_minor) == (29_000, 29_000)
    assert (first["7"].held_minor, first["7"].innocent) == (14_000, True)
    assert first["5"].innocent


def test_an_exchange_is_not_frozen() -> None:
    """Whoever keeps the money of thousands is not stopped by an alert."""
    assert held_on(played(CHAIN), "6") == []


def test_at_night_nobody_gets_to_it() -> None:
    """A call in the evening is answered in the morning, and the money goes on leaving."""
    diary = played(CHAIN.replace("11:00 A reports", "20:00 A reports\n23:00 M draws 300 cash"))
    opens_us = diary.reported[0].call.time_us + 13 * HOUR_US
    assert diary.held[0].time_us >= opens_us + today_page().link_minutes[0] * MINUTE_US
    assert diary.moved[-1].amount_minor == 30_000
    assert diary.moved[-1].after_notice


def test_a_frozen_account_pays_nothing() -> None:
    """Neither a mule nor an innocent can pay; whoever is paid is frozen with more."""
    diary = played(
        CHAIN + "12:30 M draws 100 cash\n12:40 P pays A 20\n12:45 A pays P 30\n12:50 P pays S 1\n"
    )
    assert [(row.asked_minor, row.paid_minor, row.innocent) for row in diary.blocked] == [
        (10_000, 0, False),
        (2_000, 0, True),
        (100, 0, True),
    ]
    assert max(held.held_minor for held in held_on(diary, "7")) == 17_000


def test_a_freeze_ends_by_the_clock() -> None:
    """An innocent waits for days; a mule's freeze ends after 72 hours unless the police know."""
    until_day_9 = "day 9 10:00 the story ends"
    without = played(CHAIN + until_day_9)
    page, call_us = today_page(), without.reported[0].call.time_us
    ends = {name: held_on(without, name)[-1] for name in "37"}
    assert all(held.held_minor == 0 for held in ends.values())
    assert ends["3"].time_us == call_us + int(page.hold_hours * HOUR_US)
    assert ends["7"].time_us <= call_us + page.hold_hours * HOUR_US
    complaint = played(f"{CHAIN}14:00 A complains to the police\n{until_day_9}")
    first, last = held_on(complaint, "7")[0], held_on(complaint, "7")[-1]
    hours = (last.time_us - first.time_us) / HOUR_US
    assert page.release_hours[0] <= hours <= page.release_hours[1]
    assert held_on(complaint, "3")[-1].time_us == call_us + (3 + 168) * HOUR_US


def test_no_more_is_followed_than_came() -> None:
    """What a mule paid out beyond the victim's money alerts nobody."""
    diary = played(
        "people A at 004, mule M at 006, person P at 011, person Q at 002\n"
        "10:00 A has 100\n10:00 M has 500\n10:00 P has 1\n10:00 Q has 1\n"
        "10:05 A pays M 100 as job scam\n10:06 M pays P 100\n10:07 M pays Q 50\n10:30 A reports\n"
    )
    assert held_on(diary, "4")
    assert not held_on(diary, "5")


def test_a_false_report_freezes_a_shop() -> None:
    """Nobody looks into a quarrel before the account is frozen."""
    scenario = open_scenario("false-claim")
    world = world_of_cast(scenario.story, scenario.cast, scenario.begins_us)
    harm = score_of(play_today(world, 1)).harm
    assert harm.false_reports_that_froze == 1
    assert harm.blocked_payments > 0


@pytest.mark.parametrize("name", scenario_names())
def test_the_same_seed_gives_the_same_diary(name: str) -> None:
    """Every scenario can be played, the same each time, and its score is whole."""
    scenario = open_scenario(name)
    world = world_of_cast(scenario.story, scenario.cast, scenario.begins_us)
    diary = play_today(world, 5)
    assert diary == play_today(world, 5)
    score = score_of(diary)
    assert score.reports == len(scenario.story.calls)
    stolen_minor = sum(row.amount_minor for row in scenario.story.rows if row.is_claim)
    assert score.stolen_minor == stolen_minor
    assert score.held_minor + sum(row.amount_minor for row in score.missed) == stolen_minor


def test_a_country_can_be_played() -> None:
    """Among everyday payments innocents are frozen too, and the diary keeps to time order."""
    size = CountrySize(customers=400, merchants=20, transfers=6_000, scams=12, days=6)
    country = make_country(3, size)
    diary = play_today(world_of(country, story_of(country, 3)), 3)
    score = score_of(diary)
    assert score.reports == len(diary.reported) > 0
    assert 0 < score.held_minor <= score.stolen_minor
    assert score.harm.innocents > 0
    for entries in (diary.held, diary.moved, diary.blocked):
        times = [entry.time_us for entry in entries]
        assert times == sorted(times)
