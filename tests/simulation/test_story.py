"""Tests of the story of a country: who notices, calls, complains or lies."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.simulation.play_kit import SMALL

from holdfast.core.instant import DAY_US
from holdfast.law.law import Law
from holdfast.simulation.country import Country, CountrySize, make_country
from holdfast.simulation.events import Caller, Exit, Part, Story
from holdfast.simulation.parameters import parameters
from holdfast.simulation.story import story_of
from holdfast.simulation.truth import Truth
from holdfast.simulation.world import world_of


@pytest.fixture(scope="module")
def country() -> Country:
    """Return a country with scams enough to count them."""
    return make_country(7, CountrySize(customers=5_000, transfers=20_000, scams=600))


@pytest.fixture(scope="module")
def story(country: Country) -> Story:
    """Return its story."""
    return story_of(country, 7)


def test_the_same_seed_tells_the_same_story_and_another_seed_another() -> None:
    """Of a country that is made anew, too."""
    first = story_of(make_country(7, SMALL), 7)
    assert story_of(make_country(7, SMALL), 7) == first
    assert story_of(make_country(7, SMALL), 8) != first


def test_all_types_of_scam_are_those_of_the_law_on_that_day() -> None:
    """A report with an unknown type would be refused."""
    law = Law.load()
    day = law.local_day("TH", SMALL.first_day_us)
    kinds = parameters().scam_kinds
    assert len(kinds) == 14
    for kind in kinds:
        assert law.scam_type("TH", kind.name, day) is not None
        assert len(kind.notice) == len(parameters().notice_minutes)


def test_callers_tell_of_their_own_payments_that_were_made_before(story: Story) -> None:
    """Each call is about rows of one payer, after the last of them."""
    assert story.calls
    for call in story.calls:
        rows = [story.rows[place] for place in call.rows]
        assert len({row.debit for row in rows}) == 1
        assert call.time_us > max(row.time_us for row in rows)
        assert {row.scam for row in rows} == {call.scam}
        is_true = call.caller is not Caller.FALSE
        assert all(row.is_claim is is_true for row in rows)
        assert call.time_us < story.ends_us


def test_shares_are_near_those_of_the_parameters(story: Story) -> None:
    """Who reports, through whom, who complains, who is confirmed, who lies."""
    page = parameters()
    victims = {(row.scam, row.debit) for row in story.rows if row.is_claim}
    true = [call for call in story.calls if call.caller is not Caller.FALSE]
    through_bank = [call for call in true if call.caller is Caller.BANK]
    assert 0.75 < len(true) / len(victims) < 0.92
    assert abs(len(through_bank) / len(true) - page.through_bank_share) < 0.06
    complaints = sum(call.complains_us is not None for call in true) / len(true)
    assert abs(complaints - page.complaint_share) < 0.06
    confirmed = sum(call.confirms_us is not None for call in true if call not in through_bank)
    assert confirmed / (len(true) - len(through_bank)) > 0.88
    assert 3 <= len(story.calls) - len(true) <= 25


def test_some_notice_within_minutes_and_some_after_half_a_day(story: Story) -> None:
    """The mixture is there."""
    delays_us = [
        call.time_us - story.rows[call.rows[-1]].time_us
        for call in story.calls
        if call.caller is not Caller.FALSE
    ]
    hours = Counter(delay_us // (DAY_US // 24) for delay_us in delays_us)
    assert hours[0] > len(delays_us) / 8
    assert sum(count for hour, count in hours.items() if hour >= 8) > len(delays_us) / 8


def test_a_story_is_paid_as_planned_and_all_stolen_money_is_accounted_for(
    country: Country, story: Story
) -> None:
    """Every way out is met, and mules hold what has not left."""
    world = world_of(country, story)
    truth = Truth(story, world.parts)
    for row in story.rows:
        truth.execute(row, row.amount_minor, 2**62)
    exits: Counter[Exit] = Counter()
    for scam in {row.scam for row in story.rows if row.is_claim}:
        gone = truth.gone(scam)
        assert truth.stolen(scam) == truth.reachable(scam) + sum(gone.values())
        exits.update(gone)
    assert set(exits) == set(Exit) - {Exit.UNKNOWN}
    assert all(truth.stolen(call.scam) == 0 for call in story.calls if call.caller is Caller.FALSE)
    assert world.parts[-1] is Part.ABROAD
    assert len(world.parts) == len(world.names) == len(world.openings_minor)
