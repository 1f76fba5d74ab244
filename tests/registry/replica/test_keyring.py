"""The centre's keys: one that is known introduces the next, and none that is retired does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from holdfast.core.errors import CentreError, Refused
from holdfast.core.keys import PublicKey, SigningKey
from holdfast.records.introduction import IntroducedKey
from holdfast.registry.replica.keyring import LEARNED_MAX, KeyRing

FIRST, SECOND, THIRD, THIEF = (SigningKey.new(name) for name in ("k-1", "k-2", "k-3", "thief"))
TO_SECOND = IntroducedKey.introduced(FIRST, SECOND, 1_000)
TO_THIRD = IntroducedKey.introduced(SECOND, THIRD, 2_000)
TOLD = {FIRST.key_id: FIRST.public()}


def _body(*keys: IntroducedKey) -> bytes:
    return json.dumps({"items": [key.told() for key in keys]}).encode()


def _ring(folder: Path, told: Mapping[str, PublicKey] = TOLD) -> KeyRing:
    return KeyRing(lambda: told, folder / "centre-keys.json")


def test_who_knows_one_key_knows_the_next(tmp_path: Path) -> None:
    """Over two changes at once; each key before counts no more, also after a new start."""
    ring = _ring(tmp_path)
    assert ring("k-3") is None
    assert ring.learn(_body(TO_SECOND, TO_THIRD))
    assert not ring.learn(_body(TO_SECOND, TO_THIRD))
    for one in (ring, _ring(tmp_path)):
        found = [one(name) for name in ("k-1", "k-2", "k-3")]
        assert [key and key.retired_us for key in found] == [1_000, 2_000, None]
        assert found[2] is not None
        assert (found[2].text, found[2].valid_from_us) == (THIRD.public_base64, 2_000)


@pytest.mark.parametrize(
    "wrong",
    [
        replace(TO_SECOND, valid_from_us=999),
        replace(TO_SECOND, signature=bytes(64)),
        replace(IntroducedKey.introduced(THIEF, SECOND, 1_000), by="k-1"),
        IntroducedKey.introduced(THIEF, SECOND, 1_000),
    ],
    ids=["another time", "no signature", "another's signature", "a key nobody knows"],
)
def test_only_a_key_that_is_known_introduces_another(tmp_path: Path, wrong: IntroducedKey) -> None:
    """What it did not sign just so is not taken in."""
    ring = _ring(tmp_path)
    assert not ring.learn(_body(wrong))
    assert ring("k-2") is None


def test_a_key_introduces_one_other_and_no_second(tmp_path: Path) -> None:
    """Whoever stole a key after it retired brings nobody in by it, at whatever time they write."""
    ring = _ring(tmp_path)
    ring.learn(_body(TO_SECOND))
    for at_us in (0, 1_000, 5_000):
        assert not ring.learn(_body(IntroducedKey.introduced(FIRST, THIEF, at_us)))
    assert ring("thief") is None


def test_a_key_that_the_file_retires_introduces_nobody(tmp_path: Path) -> None:
    """After a leak the new file ends what the old key says, also what was learned by it before."""
    ring = _ring(tmp_path)
    ring.learn(_body(IntroducedKey.introduced(FIRST, THIEF, 1_000)))
    told = {"k-1": FIRST.public(retired_us=1_000), "k-2": SECOND.public(1_000)}
    again = _ring(tmp_path, told)
    assert again("thief") is None
    assert again("k-2") is not None
    assert again.learn(_body(TO_THIRD))


def test_what_was_learned_is_not_forgotten_by_damage(tmp_path: Path) -> None:
    """A key that retired would be believed again; so nothing is followed until a person has looked."""
    _ring(tmp_path).learn(_body(TO_SECOND))
    (tmp_path / "centre-keys.json").write_bytes(b"")
    with pytest.raises(CentreError) as refused:
        _ring(tmp_path)
    assert refused.value.code == "replica_folder_unreadable"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"items": 1}',
        b'{"items": [1]}',
        b'{"items": [{"from_us": -1}]}',
        b"[" * 100_000,
        json.dumps({"items": [{**TO_SECOND.told(), "signature": "?"}]}).encode(),
        json.dumps({"items": [{**TO_SECOND.told(), "public_key": "AAAA"}]}).encode(),
        json.dumps({"items": [TO_SECOND.told()] * (LEARNED_MAX + 1)}).encode(),
    ],
)
def test_what_is_no_introduction_is_refused(tmp_path: Path, body: bytes) -> None:
    """By a code, and nothing is kept of it."""
    with pytest.raises(Refused) as refused:
        _ring(tmp_path).learn(body)
    assert refused.value.code in ("introduction_unreadable", "key_text")
    assert not list(tmp_path.iterdir())
