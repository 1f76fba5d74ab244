"""Codes: read as people write them, checked against slips, told apart from each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.core.errors import Refused
from holdfast.registry.code import (
    ALPHABET,
    code_hash,
    contest_code,
    countersign,
    read_code,
    receipt,
)

KEY = b"only for tests, 32 bytes long .."
IDS = st.text("abc0123456789-", min_size=1, max_size=20)


@given(IDS, st.integers(1, 99))
def test_a_code_is_read_however_it_is_written(listing_id: str, number: int) -> None:
    """Small, in one piece, with blanks, with the signs that are misread."""
    code = contest_code(KEY, listing_id, number)
    for written in (code.lower(), code.replace("-", ""), f" {code.replace('-', ' ')} "):
        assert read_code(written) == code
    assert read_code(code.replace("1", "l").replace("0", "O")) == code


@given(IDS, st.integers(0, 13), st.sampled_from(ALPHABET))
def test_any_slip_of_one_sign_is_found(listing_id: str, place: int, sign: str) -> None:
    """Also a swap of two neighbours in the secret part."""
    bare = contest_code(KEY, listing_id, 1).replace("-", "")
    if bare[place] != sign:
        with pytest.raises(Refused):
            read_code(bare[:place] + sign + bare[place + 1 :])
    if place < 11 and bare[place] != bare[place + 1]:
        with pytest.raises(Refused):
            read_code(bare[:place] + bare[place + 1] + bare[place] + bare[place + 2 :])


@given(IDS, IDS)
def test_codes_differ_by_listing_number_and_key(one: str, other: str) -> None:
    """None can be told from another without the key."""
    code = contest_code(KEY, one, 1)
    assert contest_code(KEY, one, 2) != code
    assert contest_code(b"another key, 32 bytes long ......", one, 1) != code
    assert (contest_code(KEY, other, 1) == code) == (one == other)


def test_what_is_kept_and_said_tells_nothing_of_the_code() -> None:
    """A hash, four digits, the number of a receipt: each is of its own making."""
    code = contest_code(KEY, "listing-1", 1)
    sign = countersign(KEY, code)
    assert (len(sign), sign.isdigit()) == (4, True)
    assert len({code_hash(KEY, code), receipt(KEY, code), sign}) == 3
    assert countersign(b"another key, 32 bytes long ......", code) != sign
