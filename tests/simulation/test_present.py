"""Tests of a country at an instant: past and future meet there, and balances agree."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.simulation.play_kit import SMALL

from holdfast.core.errors import Refused
from holdfast.core.instant import DAY_US, SECOND_US, parse_instant
from holdfast.simulation.present import NOTICE_S, UNTOLD, Present, present_of, still_of

NOW_US = parse_instant("2026-11-21T16:00:00+07:00")
RATE = 30


@pytest.fixture(scope="module")
def present() -> Present:
    """Return a small country with thirty reports an hour ahead."""
    return present_of(3, SMALL, NOW_US, RATE)


def test_the_past_ends_now_and_everything_else_comes_later(present: Present) -> None:
    """No payment of either is on the wrong side, and no id is given twice."""
    transfers = list(present.past.transfers())
    assert NOW_US - SMALL.days * DAY_US <= transfers[0].time_us
    assert transfers[-1].time_us < NOW_US
    assert all(row.time_us >= NOW_US for row in present.world.story.rows)
    assert not any(transfer.transfer_id.startswith(present.world.id_head) for transfer in transfers)


@pytest.mark.parametrize("is_still", [True, False])
def test_balances_after_the_past_are_those_the_world_begins_with(
    is_still: bool, present: Present
) -> None:
    """Every account's opening balance and payments lead to what its bank's book begins with."""
    found = still_of(3, SMALL, NOW_US) if is_still else present
    balances = Counter(found.past.openings)
    for transfer in found.past.transfers():
        balances[transfer.debit_account] -= transfer.amount_minor
        balances[transfer.credit_account] += transfer.amount_minor
    world = found.world
    for place in world.kept:
        assert balances[world.names[place]] == world.openings_minor[place]
    needs = world.plan.needs_minor
    if not is_still:
        assert all(world.openings_minor[place] >= need for place, need in needs.items())


def test_victims_call_soon_and_as_often_as_asked(present: Present) -> None:
    """But for the scam that whoever plays reports, whose payment is the first."""
    story = present.world.story
    least_us, most_us = (int(seconds * SECOND_US) for seconds in NOTICE_S)
    for call in story.calls:
        paid_us = max(story.rows[row].time_us for row in call.rows)
        assert least_us <= call.time_us - paid_us <= most_us
        assert call.confirms_us is None or call.confirms_us > call.time_us
    assert UNTOLD not in {call.scam for call in story.calls}
    first = next(row for row in story.rows if row.is_claim)
    assert (first.scam, first.time_us) == (UNTOLD, NOW_US + SECOND_US)
    assert 0.8 < len(story.calls) / (24 * RATE) < 1.2


def test_the_same_seed_and_instant_give_the_same(present: Present) -> None:
    """Another seed gives another country."""
    again = present_of(3, SMALL, NOW_US, RATE)
    assert again.world.story == present.world.story
    assert again.world.openings_minor == present.world.openings_minor
    assert present_of(4, SMALL, NOW_US, RATE).world.story != present.world.story


@pytest.mark.parametrize("rate", [0, -1, 10**6])
def test_rates_that_cannot_be_played_are_refused(rate: int) -> None:
    """The error says which can."""
    with pytest.raises(Refused, match="from 1 to") as caught:
        present_of(3, SMALL, NOW_US, rate)
    assert caught.value.code == "reports_per_hour_impossible"
