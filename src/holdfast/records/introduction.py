"""Introductions: a key that retires vouches for the one that takes its place.

The old key signs both ids, the new public key and the time of the change. Whoever knows the old
one knows the new one by that, and from when on the old one counts no more, without being told by
another way. A key that leaked introduces nobody: whoever has it could do the same.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidSignature

from holdfast.core.errors import Refused
from holdfast.core.keys import PublicKey, SigningKey
from holdfast.core.words import N_

_DOMAIN = b"holdfast key introduction 1\n"
_TIME_US_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class IntroducedKey(PublicKey):
    """A public key with the word of the one before it, which retired as this one began."""

    by: str = ""
    """Id of the key before."""
    signature: bytes = b""
    """By the key before: 64 bytes."""

    @classmethod
    def introduced(cls, old: SigningKey, new: SigningKey, from_us: int) -> Self:
        """Return the new key as the old one introduces it, in use from `from_us` on."""
        text = _text(old.key_id, new.key_id, new.public_base64, from_us)
        public = new.public(from_us)
        return cls(public.key_id, public.key, from_us, None, old.key_id, old.sign(text))

    @classmethod
    def of(cls, public: PublicKey, by: str, signature: str) -> Self:
        """Return a key with its introduction, whose signature is base64.

        Raises:
            Refused: `introduction_unreadable`.
        """
        try:
            octets = base64.b64decode(signature, validate=True)
        except (binascii.Error, ValueError):
            raise unreadable() from None
        return cls(public.key_id, public.key, public.valid_from_us, public.retired_us, by, octets)

    @classmethod
    def read(cls, values: object) -> Self:
        """Read what `told` wrote, from outside; whether it is true says `is_vouched_by`.

        Raises:
            Refused: `introduction_unreadable`, `key_text` or `key_id_form`.
        """
        if not isinstance(values, dict):
            raise unreadable()
        from_us = values.get("from_us")
        words = [values.get(name) for name in ("key_id", "public_key", "by", "signature")]
        if type(from_us) is not int or not 0 <= from_us <= _TIME_US_MAX:
            raise unreadable()
        key_id, text, by, signature = (word if isinstance(word, str) else "" for word in words)
        return cls.of(PublicKey.parse(key_id, text, from_us), by, signature)

    @property
    def signature_base64(self) -> str:
        """The signature as it travels."""
        return base64.b64encode(self.signature).decode()

    def told(self) -> dict[str, str | int]:
        """Return what is told of it, as `read` reads it."""
        return {
            "key_id": self.key_id,
            "public_key": self.text,
            "from_us": self.valid_from_us,
            "by": self.by,
            "signature": self.signature_base64,
        }

    def is_vouched_by(self, old: PublicKey) -> bool:
        """Whether the key before has signed just this."""
        text = _text(old.key_id, self.key_id, self.text, self.valid_from_us)
        try:
            old.key.verify(self.signature, text)
        except InvalidSignature:
            return False
        return old.key_id == self.by


def unreadable() -> Refused:
    """Return the error for what is no introduction of a key."""
    return Refused("introduction_unreadable", N_("what came introduces no key of the centre"))


def _text(by: str, key_id: str, public_key: str, from_us: int) -> bytes:
    return _DOMAIN + json.dumps([by, key_id, public_key, from_us]).encode()
