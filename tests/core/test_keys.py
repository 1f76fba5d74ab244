"""Keys: made, written for their owner alone, read again, and told by their public half."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from holdfast.core.errors import Refused
from holdfast.core.keys import PublicKey, SigningKey


def test_a_key_is_written_once_and_read_again(tmp_path: Path) -> None:
    """The file is its owner's alone, carries the id, and is never replaced."""
    key = SigningKey.new("bank-1")
    path = key.write(tmp_path / "keys")
    assert path.stat().st_mode & 0o077 == 0
    again = SigningKey.read(path)
    assert (again.key_id, again.public_base64) == ("bank-1", key.public_base64)
    with pytest.raises(FileExistsError):
        key.write(tmp_path / "keys")


def test_a_signature_is_known_by_the_public_half(tmp_path: Path) -> None:
    """RFC 8032, section 7.1, test 2: the secret signs the octet 72 as published."""
    private = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"
    public = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    signature = (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )

    key = SigningKey("rfc-8032", Ed25519PrivateKey.from_private_bytes(bytes.fromhex(private)))
    assert key.sign(b"\x72").hex() == signature
    assert key.public().key.public_bytes_raw().hex() == public


@pytest.mark.parametrize("key_id", ["", "a/b", "../x", "a b", "x" * 81, "-x", "ก"])
def test_an_id_that_cannot_name_a_file_is_refused(key_id: str) -> None:
    """An id stands in a header and names a file, so it is plain."""
    with pytest.raises(Refused) as refused:
        SigningKey.new(key_id)
    assert refused.value.code == "key_id_form"


@pytest.mark.parametrize("text", ["", "AAAA", "not base64!", "A" * 43])
def test_a_public_key_that_is_none_is_refused(text: str) -> None:
    """Only base64 of 32 bytes is a key."""
    with pytest.raises(Refused) as refused:
        PublicKey.parse("k", text)
    assert refused.value.code == "key_text"


def test_what_is_no_private_key_is_refused(tmp_path: Path) -> None:
    """A torn or foreign file is told, not used."""
    path = tmp_path / "k.pem"
    path.write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    for file in (path, tmp_path / "missing.pem"):
        with pytest.raises(Refused) as refused:
            SigningKey.read(file)
        assert refused.value.code == "key_unreadable"
