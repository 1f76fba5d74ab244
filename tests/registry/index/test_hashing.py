"""The keyed hash of the index: the authors' published vectors, and Arrow's arrays read in place."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.core.errors import Refused
from holdfast.registry.index.hashing import KEY_BYTES, HashKey

VECTORS = (Path(__file__).parent / "siphash_128.txt").read_text(encoding="ascii").split()
"""Of the reference code's vectors.h: the hash of the bytes 0, 1, … n-1 for n = 0 … 63."""
KEY = HashKey(bytes(range(KEY_BYTES)))
PREFIXES = (b"", b"link:", b"phone:", b"account:")


@pytest.mark.parametrize("length", range(64))
def test_it_is_siphash_2_4_with_128_bits(length: int) -> None:
    """Each length from 0 to 63 gives the hash that the authors publish."""
    assert KEY.hashed(bytes(range(length))).hex() == VECTORS[length]


@given(st.lists(st.text(max_size=40) | st.none()), st.sampled_from(PREFIXES), st.integers(0, 3))
def test_arrays_hash_as_their_rows_do(texts: list[str | None], prefix: bytes, begin: int) -> None:
    """Any array, also a slice of one, wide or not, text or binary, hashes as its rows one by one."""
    right = [KEY.hashed(prefix + (text or "").encode()) for text in texts][begin:]
    array = pa.array(texts, pa.string())
    for kind in (pa.string(), pa.large_string(), pa.binary(), pa.large_binary()):
        found = KEY.hashed_all(array.cast(kind)[begin:], prefix)
        assert [row.tobytes() for row in found] == right


def test_keys_tell_hashes_apart() -> None:
    """Another key gives other hashes, and is known by another name."""
    other = HashKey(bytes(KEY_BYTES))
    assert other.hashed(b"phone:+66812345678") != KEY.hashed(b"phone:+66812345678")
    assert other.name != KEY.name


def test_a_key_of_another_length_is_refused() -> None:
    """A key has 16 bytes, no fewer and no more."""
    with pytest.raises(Refused) as caught:
        HashKey(b"short")
    assert caught.value.code == "hash_key_length"


def test_only_text_and_binary_are_hashed() -> None:
    """An array of numbers is a mistake of the caller, said at once."""
    with pytest.raises(TypeError, match="int64"):
        KEY.hashed_all(pa.array([1, 2]))
