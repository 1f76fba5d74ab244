"""Ed25519 keys (RFC 8032): one to sign with, many to verify by.

A private key is a PEM file (PKCS #8) named after its id; a public key travels as base64 of its
32 bytes.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from holdfast.core.errors import Refused
from holdfast.core.words import N_

_KEY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,79}", re.ASCII).fullmatch


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The private key that a house signs with now."""

    key_id: str
    private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def new(cls, key_id: str) -> SigningKey:
        """Make a key from the machine's own randomness.

        Raises:
            Refused: `key_id_form`.
        """
        return cls(check_key_id(key_id), Ed25519PrivateKey.generate())

    @classmethod
    def read(cls, path: Path) -> SigningKey:
        """Read a private key; its id is the name of the file without `.pem`.

        Raises:
            Refused: `key_unreadable` or `key_id_form`.
        """
        try:
            key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
            raise _unreadable(path) from None
        if not isinstance(key, Ed25519PrivateKey):
            raise _unreadable(path)
        return cls(check_key_id(path.stem), key)

    def write(self, folder: Path) -> Path:
        """Write the key where only its owner can read it; an existing file is never replaced.

        Raises:
            FileExistsError: there is a key of this name.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / f"{self.key_id}.pem"
        text = self.private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        return path

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message: 64 bytes."""
        return self.private.sign(message)

    @property
    def public_base64(self) -> str:
        """The 32 bytes of the public half, base64."""
        return self.public().text

    def public(self, valid_from_us: int = 0, retired_us: int | None = None) -> PublicKey:
        """Return the public half."""
        return PublicKey(self.key_id, self.private.public_key(), valid_from_us, retired_us)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that a house is known by, and when it was in use."""

    key_id: str
    key: Ed25519PublicKey
    valid_from_us: int = 0
    retired_us: int | None = None
    """From then on nothing received is believed by this key; what came before still is."""

    @classmethod
    def parse(
        cls, key_id: str, text: str, valid_from_us: int = 0, retired_us: int | None = None
    ) -> PublicKey:
        """Read base64 of 32 bytes.

        Raises:
            Refused: `key_text` or `key_id_form`.
        """
        try:
            raw = base64.b64decode(text, validate=True)
            key = Ed25519PublicKey.from_public_bytes(raw)
        except (binascii.Error, ValueError):
            raise Refused(
                "key_text",
                N_("the public key {key_id} is not base64 of the 32 bytes of an Ed25519 key"),
                key_id=key_id[:80],
            ) from None
        return cls(check_key_id(key_id), key, valid_from_us, retired_us)

    @property
    def text(self) -> str:
        """Return base64 of the 32 bytes."""
        return base64.b64encode(self.key.public_bytes_raw()).decode()


def check_key_id(key_id: str) -> str:
    """Return the id of a key, which names a file and stands in a header.

    Raises:
        Refused: `key_id_form`.
    """
    if _KEY_ID(key_id) is None:
        raise Refused(
            "key_id_form",
            N_("{value!r} is not the id of a key; letters, digits and . _ : - are, 80 at most"),
            value=key_id[:80],
        )
    return key_id


def _unreadable(path: Path) -> Refused:
    return Refused(
        "key_unreadable",
        N_("{file} is not a private Ed25519 key in PEM that this program may read"),
        file=path,
    )
