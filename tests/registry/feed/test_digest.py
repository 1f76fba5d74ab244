"""The digest of what a copy holds: Pix's published values, and vectors of our own."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.registry.feed.digest import EMPTY, changed, combined, digest_of, record, record_id

PUBLISHED = Path(__file__).resolve().parents[4] / "shared" / "data" / "pix" / "sync_vectors.json"
needs_published = pytest.mark.skipif(not PUBLISHED.exists(), reason="the published data is absent")
KEY = bytes(range(32))
RECORDS = st.dictionaries(
    st.binary(min_size=16, max_size=16), st.integers(1, 2**64 - 1), max_size=30
)


@needs_published
def test_ids_are_those_that_are_published() -> None:
    """The id of Pix's example comes out to the byte."""
    told = json.loads(PUBLISHED.read_text(encoding="utf-8"))["cid"]
    found = record_id(bytes(told["request_id_bytes"]), told["attributes"].encode())
    assert found.hex() == told["hmac_sha256_hex"]


@needs_published
def test_digests_are_those_that_are_published() -> None:
    """Pix's three ids and the empty set give the digests that it prints."""
    told = json.loads(PUBLISHED.read_text(encoding="utf-8"))["vsync"]
    assert combined(map(bytes.fromhex, told["cids"])).hex() == told["xor_hex"]
    assert combined([]).hex() == told["empty_hex"]


def test_vectors_of_our_own() -> None:
    """Two records under a known key: ids found with another program (openssl dgst -hmac)."""
    one, two = record(bytes(16), 1), record(bytes([255]) * 16, 0x0102030405060708)
    assert two.hex() == "ff" * 16 + "0807060504030201"
    assert (
        record_id(KEY, one).hex()
        == "255bedc585c00b0794993fe3417befebd44840c28c1d56113a79b8d99b27f234"
    )
    assert (
        record_id(KEY, two).hex()
        == "83145cf86dc5611e6fe26f7dadaadf599870b3eb5f4e39920fe10f3ebe313941"
    )
    assert digest_of(KEY, one + two) == combined([record_id(KEY, one), record_id(KEY, two)])


@given(RECORDS)
def test_at_once_or_one_by_one_the_digest_is_the_same(records: dict[bytes, int]) -> None:
    """The order in which records come does not matter, nor in how many steps."""
    rows = b"".join(record(key, packed) for key, packed in records.items())
    digest = EMPTY
    for key, packed in reversed(records.items()):
        digest = changed(KEY, digest, key, 0, packed)
    assert digest_of(KEY, rows) == digest


@given(RECORDS, st.binary(min_size=16, max_size=16), st.integers(1, 2**64 - 1))
def test_what_goes_in_and_out_again_leaves_nothing(
    records: dict[bytes, int], key: bytes, packed: int
) -> None:
    """Listed, changed, taken off: the digest is what it was."""
    digest = digest_of(KEY, b"".join(record(*item) for item in records.items()))
    once = changed(KEY, digest, key, 0, packed)
    other = changed(KEY, once, key, packed, 5)
    assert once != digest
    assert changed(KEY, other, key, 5, 0) == digest


@given(st.binary(max_size=300))
def test_the_compiled_hash_is_sha_256(message: bytes) -> None:
    """Ours and the system's agree on every message, hence on every padding and length."""
    from holdfast.registry.feed.record_ids import sha256

    assert sha256(message) == hashlib.sha256(message).digest()
