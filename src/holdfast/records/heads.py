"""Signed heads of the audit, and the file outside the database that they are copied to.

    {"position":17,"chain":"…","at_us":…,"key_id":"…","signature":"…"}

One line a head, in the order of positions. The file only grows; whoever keeps a copy of it
elsewhere, or of its last line, can tell a rewritten audit from the true one.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from holdfast.core.on_disk import sync
from holdfast.records.chain import head_text

LINE_BYTES_MAX = 1000
_TYPES = {"position": int, "chain": str, "at_us": int, "key_id": str, "signature": str}


class Signer(Protocol):
    """What signs: a key with an id, see `SigningKey`."""

    @property
    def key_id(self) -> str:
        """The id of its public half."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the signature: 64 bytes."""
        ...


@dataclass(frozen=True, slots=True)
class Head:
    """The chain's value at a position, signed; the time in microseconds since 1970 UTC."""

    position: int
    chain: str
    at_us: int
    key_id: str
    signature: str
    """64 bytes, base64."""

    @classmethod
    def signed(cls, *, position: int, chain: str, at_us: int, key: Signer) -> Head:
        """Return a head with its signature."""
        text = head_text(position=position, chain=chain, at_us=at_us, key_id=key.key_id)
        signature = base64.b64encode(key.sign(text)).decode()
        return cls(position, chain, at_us, key.key_id, signature)

    @classmethod
    def parse(cls, line: bytes) -> Head | None:
        """Return the head in a line of the file, None if it is none."""
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            return None
        if not isinstance(values, dict) or values.keys() != _TYPES.keys():
            return None
        if any(type(values[name]) is not kind for name, kind in _TYPES.items()):
            return None
        return cls(**values)

    def line(self) -> bytes:
        """Return the head as a line of the file."""
        return json.dumps(asdict(self), separators=(",", ":")).encode() + b"\n"

    def is_signed_by(self, public: bytes) -> bool:
        """Whether the signature is that of a public key's owner."""
        text = head_text(
            position=self.position, chain=self.chain, at_us=self.at_us, key_id=self.key_id
        )
        try:
            signature = base64.b64decode(self.signature, validate=True)
            Ed25519PublicKey.from_public_bytes(public).verify(signature, text)
        except (binascii.Error, ValueError, InvalidSignature):
            return False
        return True


@contextmanager
def locked_for_writing(path: Path) -> Iterator[BinaryIO]:
    """Open the file, made if it is missing; others that lock it wait."""
    path.parent.mkdir(parents=True, exist_ok=True)
    is_new = not path.exists()
    with path.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if is_new:
            sync(path.parent)
        yield file


@contextmanager
def locked_for_reading(path: Path) -> Iterator[None]:
    """Hold off writers for a moment; a missing file has none."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        yield
        return
    with file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


def drop_torn_line(file: BinaryIO) -> None:
    """Cut off what was written of a line when its writer was killed; it stands in the database."""
    begin, tail = _tail(file)
    end = tail.rfind(b"\n") + 1
    if end < len(tail) and (end or not begin):
        file.truncate(begin + end)
        os.fsync(file.fileno())


def last_line(file: BinaryIO) -> bytes:
    """Return the last line, nothing if the file is empty."""
    _, tail = _tail(file)
    return tail.splitlines(keepends=True)[-1] if tail else b""


def append(file: BinaryIO, heads: Iterable[Head]) -> None:
    """Add heads to the file and return when they are on the disk."""
    written = 0
    for head in heads:
        written += file.write(head.line())
    if written:
        file.flush()
        os.fsync(file.fileno())


def read_lines(path: Path, size: int) -> Iterator[tuple[int, bytes]]:
    """Yield the file's lines with their numbers from 1, as far as the first `size` bytes go.

    A line is cut after `LINE_BYTES_MAX` bytes: no head is as long.
    """
    with path.open("rb") as file:
        number = 0
        while size > 0:
            line = file.readline(min(size, LINE_BYTES_MAX))
            if not line:
                return
            size -= len(line)
            number += 1
            yield number, line


def _tail(file: BinaryIO) -> tuple[int, bytes]:
    """Return the end of the file, two lines at least, and where it begins."""
    begin = max(0, file.seek(0, os.SEEK_END) - 2 * LINE_BYTES_MAX)
    file.seek(begin)
    return begin, file.read()
