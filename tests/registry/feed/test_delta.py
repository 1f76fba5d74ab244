"""Deltas: what is right is read back, and whatever else comes is refused by a code of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.registry.feed.feed_kit import (
    ASKED,
    NOW_US,
    OTHER_KEY,
    delta_of,
    entry,
    keys,
    message_of,
    place_after,
)

from holdfast.core.errors import Refused
from holdfast.core.keys import SigningKey
from holdfast.registry.feed.chain import Place, following
from holdfast.registry.feed.delta import ENTRIES_MAX, Delta, entries_of, read_delta, rows_of
from holdfast.registry.feed.signed import KEYS_RENEWED, Asked

FIRST = [entry(number) for number in (1, 2, 3)]
START = Place()


def _read(message: bytes, place: Place = START, now_us: int = NOW_US) -> Delta:
    return read_delta(message, ASKED, place, keys, now_us)


def _code(message: bytes, place: Place = START) -> str:
    with pytest.raises(Refused) as refused:
        _read(message, place)
    return refused.value.code


def test_a_delta_is_read_as_it_was_written() -> None:
    """Entries, places and times come back, and where it leads is where the entries lead."""
    assert _read(message_of(FIRST)) == delta_of(FIRST)


def test_an_empty_delta_is_a_sign_of_life() -> None:
    """Nothing new leads nowhere else, and tells the centre's time."""
    found = _read(message_of([]))
    assert (found.before, found.after, found.at_us) == (START, START, NOW_US)


@given(st.integers(0, 6), st.integers(0, 6))
def test_in_however_many_deltas_the_feed_leads_to_one_place(first: int, second: int) -> None:
    """Two deltas in a row lead where one over both leads."""
    entries = [entry(number) for number in range(1, first + second + 1)]
    middle = _read(message_of(entries[:first])).after
    assert _read(message_of(entries[first:], middle), middle).after == place_after(entries)


def test_a_gap_is_refused() -> None:
    """What goes on from a later or an earlier number than ours is not taken."""
    later = place_after(FIRST)
    assert _code(message_of([entry(4)], later)) == "feed_gap"
    assert _code(message_of(FIRST), later) == "feed_gap"


def test_a_fork_is_refused() -> None:
    """The same number with another past is not our feed."""
    ours = place_after([entry(1, packed=9), *FIRST[1:]])
    assert _code(message_of([entry(4)], place_after(FIRST)), ours) == "feed_fork"


def test_an_old_answer_is_refused() -> None:
    """An answer to an earlier question does not pass for an answer to this one."""
    old = message_of(FIRST, asked=replace(ASKED, nonce="nonce-0"))
    assert _code(old) == "feed_replayed"


@pytest.mark.parametrize(
    "asked", [replace(ASKED, institution_id="TH.THCBC.011"), replace(ASKED, centre="MY.NSRC")]
)
def test_what_is_for_another_is_refused(asked: Asked) -> None:
    """Another institution's delta holds other hashes; another centre's is not ours to take."""
    assert _code(message_of(FIRST, asked=asked)) == "feed_not_ours"


def test_what_is_for_other_keys_of_ours_is_refused() -> None:
    """Its hashes are of other keys: nothing in it could be found, and all would be called free."""
    assert _code(message_of(FIRST, asked=replace(ASKED, renewal=1))) == KEYS_RENEWED


def test_keys_that_are_retired_or_unknown_are_refused() -> None:
    """Only a key in use makes a feed."""
    assert _code(message_of(FIRST, key=OTHER_KEY)) == "feed_key_retired"
    assert _code(message_of(FIRST, key=SigningKey.new("TH.AOC-9"))) == "feed_key_unknown"


def test_a_key_is_retired_by_the_centres_time_where_our_clock_is_behind() -> None:
    """A replica whose clock stands still does not go on believing a retired key."""
    with pytest.raises(Refused, match="retired"):
        _read(message_of(FIRST, key=OTHER_KEY), now_us=0)


@given(st.data())
def test_a_delta_cut_short_is_refused(data: st.DataObject) -> None:
    """However little is missing at the end, nothing is taken."""
    message = message_of(FIRST)
    length = data.draw(st.integers(0, len(message) - 1))
    assert _code(message[:length]) == "feed_cut_short"


@given(st.data())
def test_a_delta_that_was_touched_is_refused(data: st.DataObject) -> None:
    """Whichever bit is turned over, nothing is taken."""
    message = bytearray(message_of(FIRST))
    place = data.draw(st.integers(0, len(message) - 1))
    message[place] ^= 1 << data.draw(st.integers(0, 7))
    assert _code(bytes(message)).startswith("feed_")
    message += b"more"
    assert _code(bytes(message)).startswith("feed_")


def test_rows_that_were_touched_do_not_fit_the_signature() -> None:
    """A standing that was changed on the way is told as tampering."""
    message = bytearray(message_of(FIRST))
    message[-100] ^= 1
    assert _code(bytes(message)) == "feed_tampered"


def test_a_head_that_says_more_than_its_entries_is_refused() -> None:
    """Even signed, entries must lead where the head says."""
    from tests.registry.feed.feed_kit import KEY

    from holdfast.registry.feed.delta import write_delta

    wrong = replace(delta_of(FIRST), entries=FIRST[:2])
    assert _code(write_delta(wrong, ASKED, KEY)) == "feed_chain_broken"


@pytest.mark.parametrize(
    "message", [b"[]\n", b"{}\n", b"\xff\n", b'{"kind":"delta"}\n', b"[" * 70_000 + b"\n"]
)
def test_what_is_no_delta_is_refused(message: bytes) -> None:
    """Other bytes are told as such, without an error of this program."""
    assert _code(message) == "feed_unreadable"


def test_rows_are_bounded() -> None:
    """Rows of another length, or more than a delta has, are refused."""
    rows = rows_of(FIRST)
    assert entries_of(rows) == FIRST
    for wrong in (rows[:-1], bytes(64 * (ENTRIES_MAX + 1))):
        with pytest.raises(Refused):
            entries_of(wrong)


def test_the_chain_takes_entries_in_their_order_only() -> None:
    """Who skips an entry is told at once; two orders never have the same value."""
    from holdfast.registry.feed.chain import Link

    one, two = Link(1, 5, b"a" * 32), Link(2, 5, b"b" * 32)
    with pytest.raises(ValueError, match="follow"):
        following(START, [two])
    swapped = [Link(1, 5, two.seal), Link(2, 5, one.seal)]
    assert following(START, [one, two]) != following(START, swapped)
