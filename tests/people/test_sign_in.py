"""Signing in is bounded: by name and by address, longer each time, forgotten after a while."""

from __future__ import annotations

import pytest

from holdfast.people.models import SignInTry, Staff
from holdfast.people.sign_in import (
    FORGOTTEN_US,
    FREE_TRIES,
    MINUTE_US,
    NEW_A_MINUTE,
    WAIT_FIRST_US,
    WAIT_MAX_US,
    Try,
    begin_try,
    succeeded,
)

pytestmark = pytest.mark.django_db


def _fail(count: int, name: str = "a", address: str = "1") -> None:
    for _ in range(count):
        assert begin_try(name, address, 0).wait_us == 0


def test_after_five_tries_each_must_wait_longer() -> None:
    """Twice as long each time up to a bound; a try that must wait is not counted."""
    _fail(FREE_TRIES)
    now_us, waits = 0, []
    for _ in range(8):
        wait_us = begin_try("a", "1", now_us).wait_us
        assert begin_try("a", "1", now_us).wait_us == wait_us
        waits.append(wait_us)
        now_us += wait_us
        assert begin_try("a", "1", now_us - 1).wait_us == 1
        assert begin_try("a", "1", now_us).wait_us == 0
    assert waits[:3] == [WAIT_FIRST_US, 2 * WAIT_FIRST_US, 4 * WAIT_FIRST_US]
    assert max(waits) == waits[-1] == WAIT_MAX_US


def test_a_name_waits_from_every_address_and_an_address_with_every_name() -> None:
    """However a name is written; who has neither in common with the failures does not wait."""
    _fail(FREE_TRIES)
    assert begin_try(" A ", "2", 0).wait_us
    assert begin_try("b", "1", 0).wait_us
    assert not begin_try("b", "2", 0).wait_us


def test_success_ends_the_series_of_the_name_alone() -> None:
    """Somebody's own success does not free the address from which others were tried."""
    _fail(FREE_TRIES - 1, "victim")
    begin_try("own", "1", 0)
    succeeded("own", "1")
    assert begin_try("victim", "1", 0).wait_us == 0
    assert begin_try("other", "1", 0).wait_us


def test_failures_are_forgotten() -> None:
    """After an hour without any; nothing typed is kept, and nothing is kept for ever."""
    _fail(FREE_TRIES, "secret name")
    assert "secret" not in str(list(SignInTry.objects.values()))
    late_us = FORGOTTEN_US + 1
    assert begin_try("x", "y", late_us).wait_us == 0
    assert set(SignInTry.objects.values_list("failures", flat=True)) == {1}


def test_only_the_beginnings_are_told() -> None:
    """Of a series its first failure, and the one after which one must wait."""
    tries = [begin_try("a", "1", 0) for _ in range(FREE_TRIES)]
    assert [found.is_first for found in tries] == [True, *[False] * (FREE_TRIES - 1)]
    assert [found.begins_waiting for found in tries] == [*[False] * (FREE_TRIES - 1), True]
    assert not begin_try("b", "1", WAIT_FIRST_US).is_first


def _flood(count: int, now_us: int = 0, first: int = 0) -> list[Try]:
    """Let strangers try, each under a name and from an address of their own."""
    numbers = range(first, first + count)
    return [begin_try(f"stranger {n}", f"192.0.2.{n}", now_us) for n in numbers]


def test_strangers_fill_no_table() -> None:
    """Beyond so many a minute they are counted together, and told of once when it begins and ends."""
    tries = _flood(NEW_A_MINUTE + 500)
    assert SignInTry.objects.count() <= 1 + 2 * NEW_A_MINUTE + 256
    assert [found.flood.beyond for found in tries[:NEW_A_MINUTE]] == [0] * NEW_A_MINUTE
    assert [found.flood.beyond for found in tries[NEW_A_MINUTE:]] == list(range(1, 501))
    assert not any(found.is_first for found in tries[NEW_A_MINUTE:])
    begins = [found.begins_waiting for found in tries[NEW_A_MINUTE:]]
    assert sum(begins) <= 256
    (after,) = _flood(1, MINUTE_US, 10_000)
    assert (after.flood.beyond, after.flood.before) == (0, 500)
    (later,) = _flood(1, 2 * MINUTE_US, 10_001)
    assert later.flood.before == 0


def test_a_flood_of_yesterday_is_told_of_too() -> None:
    """Its count waits for the next who comes."""
    _flood(NEW_A_MINUTE + 7)
    assert _flood(1, 24 * FORGOTTEN_US)[0].flood.before == 7


def test_a_flood_covers_no_guessing() -> None:
    """Under the name of one of our people each try counts, from whatever address it comes."""
    Staff.objects.create(username="Somchai")
    _flood(NEW_A_MINUTE)
    for number in range(FREE_TRIES):
        assert not begin_try("Somchai", f"198.51.100.{number}", 0).wait_us
    assert begin_try("Somchai", "203.0.113.1", 0).wait_us


def test_a_flood_keeps_none_of_our_people_out() -> None:
    """Nobody else is counted with them."""
    Staff.objects.create(username="somchai")
    _flood(NEW_A_MINUTE + 2_000)
    mine = begin_try("somchai", "203.0.113.1", 0)
    assert (mine.wait_us, mine.failures) == (0, (1,))


def test_a_flood_tells_nobody_whose_name_is_known() -> None:
    """A name that nobody has must wait after as many tries."""
    _flood(NEW_A_MINUTE)
    waits = [begin_try("nobody", f"198.51.100.{number}", 0).wait_us for number in range(6)]
    assert [wait_us > 0 for wait_us in waits] == [False] * FREE_TRIES + [True]


def test_who_is_known_is_no_flood() -> None:
    """Those who tried before go on being counted by themselves, and fill no minute."""
    _flood(1)
    for _ in range(3):
        assert _flood(1)[0].flood.beyond == 0
    assert SignInTry.objects.get(who="new").failures == 1


def test_one_network_is_one_address() -> None:
    """Whoever has an IPv6 address has 2^64 of them."""
    for number in range(FREE_TRIES):
        assert not begin_try(f"n{number}", f"2001:db8::{number:x}:1", 0).wait_us
    assert begin_try("other", "2001:db8::ffff", 0).wait_us
    assert not begin_try("other", "2001:db8:0:1::1", 0).wait_us
    assert not begin_try("another", "no address", 0).wait_us
    for number in range(FREE_TRIES):
        assert not begin_try(f"m{number}", "::ffff:192.0.2.1", 0).wait_us
    assert begin_try("mapped", "192.0.2.1", 0).wait_us
    assert not begin_try("mapped", "::ffff:192.0.2.2", 0).wait_us
