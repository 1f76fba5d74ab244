"""The time axis: in order, within its room, and honest."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from holdfast.core.instant import DAY_US, HOUR_US, SECOND_US
from holdfast.documents.trail_axis import TICK_ROOM, lay_out

TIMES = st.lists(st.integers(0, 400 * DAY_US), min_size=1, max_size=80).map(sorted)


@given(times=TIMES, need=st.floats(0, 40), after=st.integers(0, 90 * DAY_US))
def test_events_stand_in_order_within_the_room(times: list[int], need: float, after: int) -> None:
    """Later events never stand left of earlier ones, and all stand between the ends."""
    axis = lay_out(
        times, [need] * len(times), left=200, right=800, tail=30, end_us=times[-1] + after
    )
    assert len(axis.xs) == len(times)
    assert list(axis.xs) == sorted(axis.xs)
    assert axis.xs[0] >= 200
    assert axis.xs[-1] <= 770.01


@given(times=TIMES)
def test_ticks_name_times_of_events_and_do_not_touch(times: list[int]) -> None:
    """Each tick is the exact time of the event it stands at, and ticks have room for their text."""
    axis = lay_out(times, [8.0] * len(times), left=200, right=800, tail=30, end_us=None)
    events = set(zip(axis.xs, times, strict=True))
    assert {(tick.x, tick.time_us) for tick in axis.ticks} <= events
    places = [tick.x for tick in axis.ticks]
    assert all(later - earlier >= TICK_ROOM for earlier, later in pairwise(places))


@given(times=TIMES)
def test_each_new_day_is_named(times: list[int]) -> None:
    """A tick whose day differs from that of the tick before says its day."""
    axis = lay_out(times, [8.0] * len(times), left=200, right=800, tail=30, end_us=None)
    day = -1
    for tick in axis.ticks:
        assert tick.new_day == (tick.time_us // DAY_US != day)
        day = tick.time_us // DAY_US


def test_distance_grows_with_time() -> None:
    """A longer wait is drawn wider than a shorter one."""
    times = [0, 60 * SECOND_US, HOUR_US, DAY_US]
    axis = lay_out(times, [5.0] * 4, left=0, right=600, tail=10, end_us=None)
    gaps = [later - earlier for earlier, later in pairwise(axis.xs)]
    assert gaps == sorted(gaps)
    assert gaps[0] < gaps[2]


def test_needs_are_met_before_time_is_spread() -> None:
    """Two events at one instant keep the distance that their ribbons need."""
    axis = lay_out([0, 0, DAY_US], [20, 33, 5], left=0, right=600, tail=10, end_us=None)
    assert axis.xs[1] - axis.xs[0] == 33


def test_quiet_stretches_are_named_with_their_length() -> None:
    """A stretch much longer than the others is marked, up to the instant of the question too."""
    times = [0, 60 * SECOND_US, 120 * SECOND_US, 3 * DAY_US]
    axis = lay_out(times, [5.0] * 4, left=0, right=600, tail=10, end_us=10 * DAY_US)
    assert [quiet.length_us for quiet in axis.quiet] == [3 * DAY_US - 120 * SECOND_US, 7 * DAY_US]


def test_no_event_no_axis() -> None:
    """Without an event there is nothing to lay out."""
    assert lay_out([], [], left=0, right=600, tail=10, end_us=None).xs == ()
