"""The key that a centre signs with."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from holdfast.core.errors import CentreError, Refused
from holdfast.records.introduction import IntroducedKey
from holdfast.records.signing_key import (
    CurrentKey,
    create_key,
    current_key,
    dated_keys,
    public_keys,
)


def _code(folder: Path) -> str:
    with pytest.raises(CentreError) as caught:
        current_key(folder)
    return caught.value.code


def test_a_key_that_was_made_is_loaded_and_signs(tmp_path: Path) -> None:
    """Only its owner can read it; the public half verifies what it signs."""
    made = create_key(tmp_path / "keys", "th-1")
    loaded = current_key(tmp_path / "keys")
    assert (loaded.key_id, loaded.public_base64) == ("th-1", made.public_base64)
    public = public_keys(tmp_path / "keys")["th-1"]
    Ed25519PublicKey.from_public_bytes(public).verify(loaded.sign(b"x"), b"x")
    assert base64.b64decode(made.public_base64) == public
    assert (tmp_path / "keys" / "th-1.pem").stat().st_mode & 0o777 == 0o600


def test_a_new_key_takes_over_and_the_old_stays_known(tmp_path: Path) -> None:
    """What the old one signed can be verified for ever, its private half is not needed."""
    old = create_key(tmp_path, "th-1")
    new = create_key(tmp_path, "th-2")
    (tmp_path / "th-1.pem").unlink()
    assert current_key(tmp_path).key_id == "th-2"
    assert {
        name: base64.b64encode(key).decode() for name, key in public_keys(tmp_path).items()
    } == {
        "th-1": old.public_base64,
        "th-2": new.public_base64,
    }


def test_a_new_key_is_introduced_by_the_one_before(tmp_path: Path) -> None:
    """Not where that one was taken away, as after a leak, and not where there is none before."""
    first = create_key(tmp_path, "th-1", 1)
    create_key(tmp_path, "th-2", 2)
    (tmp_path / "th-2.pem").unlink()
    create_key(tmp_path, "th-3", 3)
    introduced = [key for key in dated_keys(tmp_path) if isinstance(key, IntroducedKey)]
    assert [(key.key_id, key.by, key.valid_from_us) for key in introduced] == [("th-2", "th-1", 2)]
    assert introduced[0].is_vouched_by(first.public())


def test_a_new_key_is_used_at_once(tmp_path: Path) -> None:
    """Whoever runs need not begin again; the file is read only when it is another."""
    create_key(tmp_path, "th-1")
    used = CurrentKey(tmp_path)
    first = used()
    assert (first.key_id, used()) == ("th-1", first)
    create_key(tmp_path, "th-2")
    assert used().key_id == "th-2"
    assert used() is used()


def test_nothing_is_signed_where_the_key_is_not_known(tmp_path: Path) -> None:
    """The one before may be retired; once the folder is right again, it goes on."""
    with pytest.raises(CentreError):
        CurrentKey(tmp_path)
    create_key(tmp_path, "th-1")
    used = CurrentKey(tmp_path)
    create_key(tmp_path, "th-2")
    (tmp_path / "th-2.pem").chmod(0o644)
    for _ in range(2):
        with pytest.raises(CentreError):
            used()
    (tmp_path / "th-2.pem").chmod(0o600)
    assert used().key_id == "th-2"


def test_an_id_is_used_once(tmp_path: Path) -> None:
    """Whether its private half is still there or not."""
    create_key(tmp_path, "th-1")
    for _ in range(2):
        with pytest.raises(CentreError) as caught:
            create_key(tmp_path, "th-1")
        assert caught.value.code == "signing_key_exists"
        (tmp_path / "th-1.pem").unlink(missing_ok=True)
    (tmp_path / "th-9.pem").write_text("mine")
    with pytest.raises(CentreError):
        create_key(tmp_path, "th-9")
    assert (tmp_path / "th-9.pem").read_text() == "mine"


@pytest.mark.parametrize("key_id", ["", ".x", "a/b", "../x", "a" * 81, "ก"])
def test_an_id_that_can_not_name_a_file_is_refused(tmp_path: Path, key_id: str) -> None:
    """Nothing is written."""
    with pytest.raises(Refused) as caught:
        create_key(tmp_path / "keys", key_id)
    assert caught.value.code == "key_id_form"
    assert not (tmp_path / "keys").exists()


def test_a_missing_key_is_told(tmp_path: Path) -> None:
    """No folder, or no private half of the key used now."""
    assert _code(tmp_path / "keys") == "signing_key_missing"
    assert public_keys(tmp_path / "keys") == {}
    create_key(tmp_path, "th-1")
    (tmp_path / "th-1.pem").unlink()
    assert _code(tmp_path) == "signing_key_missing"


def test_a_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    """Whoever could read it could sign orders."""
    create_key(tmp_path, "th-1")
    (tmp_path / "th-1.pem").chmod(0o640)
    assert _code(tmp_path) == "signing_key_open"


def test_what_is_no_key_of_this_id_is_told(tmp_path: Path) -> None:
    """Broken, of another kind, or another key than the public one that others know."""
    create_key(tmp_path, "th-1")
    path = tmp_path / "th-1.pem"
    other_kind = generate_private_key(SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    create_key(tmp_path / "other", "th-1")
    for content in (b"", b"no key", other_kind, (tmp_path / "other" / "th-1.pem").read_bytes()):
        path.write_bytes(content)
        assert _code(tmp_path) == "signing_key_unreadable"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"current":"a"}',
        '{"current":"a","keys":3}',
        '{"current":"a","keys":{"a":"AAAA"}}',
        '{"current":"a","keys":{"a":"!"}}',
        '{"current":"a","keys":{"a":1}}',
        "[" * 100_000,
    ],
)
def test_broken_public_keys_are_told(tmp_path: Path, text: str) -> None:
    """Verifying without them would call good signatures bad."""
    (tmp_path / "public.json").write_text(text)
    with pytest.raises(CentreError) as caught:
        public_keys(tmp_path)
    assert caught.value.code == "signing_keys_unreadable"


def test_a_key_does_not_show_itself(tmp_path: Path) -> None:
    """Neither in logs nor in the file of public keys."""
    key = create_key(tmp_path, "th-1")
    assert repr(key) == "SigningKey(key_id='th-1')"
    assert json.loads((tmp_path / "public.json").read_text()) == {
        "current": "th-1",
        "introduced": {},
        "keys": {"th-1": key.public_base64},
        "retired_us": {},
        "valid_from_us": {"th-1": 0},
    }


def test_a_key_says_from_when_to_when_it_was_used(tmp_path: Path) -> None:
    """The next one ends it; a file from before there were times says always and not yet."""
    create_key(tmp_path, "th-1", 100)
    create_key(tmp_path, "th-2", 200)
    found = {key.key_id: (key.valid_from_us, key.retired_us) for key in dated_keys(tmp_path)}
    assert found == {"th-1": (100, 200), "th-2": (200, None)}
    values = json.loads((tmp_path / "public.json").read_text())
    del values["valid_from_us"], values["retired_us"]
    (tmp_path / "public.json").write_text(json.dumps(values))
    assert {(key.valid_from_us, key.retired_us) for key in dated_keys(tmp_path)} == {(0, None)}


@pytest.mark.parametrize("times", [3, [], {"a": "x"}, {"a": 1.5}, {"a": True}, {"a": None}])
def test_broken_times_are_told(tmp_path: Path, times: object) -> None:
    """A time that is no whole number of microseconds is not guessed."""
    create_key(tmp_path, "a")
    values = json.loads((tmp_path / "public.json").read_text()) | {"retired_us": times}
    (tmp_path / "public.json").write_text(json.dumps(values))
    with pytest.raises(CentreError) as caught:
        dated_keys(tmp_path)
    assert caught.value.code == "signing_keys_unreadable"
