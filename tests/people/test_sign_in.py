"""Signing in is bounded: by name and by address, longer each time, forgotten after a while."""

from __future__ import annotations

import pytest

from holdfast.people.models import SignInTry
from holdfast.people.sign_in import (
    FORGOTTEN_US,
    FREE_TRIES,
    WAIT_FIRST_US,
    WAIT_MAX_US,
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
    assert SignInTry.objects.count() == 2


def test_only_the_beginnings_are_told() -> None:
    """Of a series its first failure, and the one after which one must wait."""
    tries = [begin_try("a", "1", 0) for _ in range(FREE_TRIES)]
    assert [found.is_first for found in tries] == [True, *[False] * (FREE_TRIES - 1)]
    assert [found.begins_waiting for found in tries] == [*[False] * (FREE_TRIES - 1), True]
    assert not begin_try("b", "1", WAIT_FIRST_US).is_first
