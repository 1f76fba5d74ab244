"""Buckets: how somebody asks about one number without saying which.

Who asks names the first bits of the SHA-256 of the subject, so few that many numbers have them, and
gets all rows of that bucket. A row is made of the oblivious function's output for a subject, which
nobody finds without the centre's key: 16 bytes by which the subject is recognised, and one byte
that says what is said of it, hidden under another byte of the output. So a bucket can't be read by
trying numbers: each number tried is a question to the centre.

Buckets are filled up with rows of no subject to a multiple of 64, for their length would tell how
many of some numbers are listed, and change when one is.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from holdfast.core.errors import Refused
from holdfast.core.words import N_
from holdfast.registry.subject import Subject, SubjectKind

PREFIX_BITS: Mapping[SubjectKind, int] = {
    SubjectKind.PHONE: 16,  # some thousand of a country's numbers in each bucket
    SubjectKind.PROXY: 16,
    SubjectKind.HANDLE: 16,
    SubjectKind.ACCOUNT: 20,
    SubjectKind.WALLET: 20,
    SubjectKind.LINK: 32,  # there are more links than anybody can try; Safe Browsing has 32 too
}
"""How many bits are named; kinds that are not here can't be asked about by citizens."""
TAG_BYTES = 16
ROW_BYTES = TAG_BYTES + 1
STEP = 64
ROWS_MAX = 64 * 1024
REPORTED, DISPUTED = 1, 3
_MASK_AT = TAG_BYTES


@dataclass(frozen=True, slots=True)
class Tag:
    """What of an oblivious output stands in a row."""

    tag: bytes
    mask: int
    """The byte under which it is hidden what is said."""

    @classmethod
    def of(cls, output: bytes) -> Tag:
        """Return what an output of 64 bytes gives."""
        return cls(output[:TAG_BYTES], output[_MASK_AT])

    def row(self, *, disputed: bool) -> bytes:
        """Return the row of a subject that is reported."""
        return self.tag + bytes([self.mask ^ (DISPUTED if disputed else REPORTED)])


@dataclass(frozen=True, slots=True)
class Found:
    """That a subject is reported; never that anything is proven."""

    disputed: bool


def bits_of(kind: SubjectKind) -> int:
    """Return how many bits of a subject's hash are named.

    Raises:
        Refused: `check_kind`: citizens can't ask about this kind.
    """
    if kind not in PREFIX_BITS:
        raise Refused(
            "check_kind",
            N_("about a {kind} nobody can ask here; {right} can be asked about"),
            kind=kind.value,
            right=", ".join(PREFIX_BITS),
        )
    return PREFIX_BITS[kind]


def prefix_of(subject: Subject) -> int:
    """Return the number of a subject's bucket.

    Raises:
        Refused: `check_kind`.
    """
    digest = int.from_bytes(hashlib.sha256(subject.wire).digest()[:8], "big")
    return digest >> 64 - bits_of(subject.kind)


def check_prefix(kind: SubjectKind, prefix: int) -> None:
    """Check that a number is that of a bucket.

    Raises:
        Refused: `check_kind` or `check_prefix`.
    """
    bits = bits_of(kind)
    if not 0 <= prefix < 1 << bits:
        raise Refused(
            "check_prefix",
            N_("of a {kind} the first {bits} bits of the hash are named, and no more"),
            kind=kind.value,
            bits=bits,
        )


def filled_up(rows: Sequence[bytes], key: bytes, kind: SubjectKind, prefix: int) -> bytes:
    """Return a bucket's rows with as many others that its number is a multiple of 64, in order.

    The others are the same each time, or whoever asks twice would know them.
    """
    missing = -len(rows) % STEP if rows else STEP
    others = [_other(key, kind, prefix, number) for number in range(missing)]
    return b"".join(sorted([*rows, *others]))


def find(rows: bytes, output: bytes) -> Found | None:
    """Return what a bucket says of the subject whose output this is, None where it says nothing.

    Raises:
        Refused: `bucket_unreadable`.
    """
    if len(rows) % ROW_BYTES or len(rows) > ROWS_MAX * ROW_BYTES:
        raise Refused("bucket_unreadable", N_("what came is no bucket of a registry"))
    wanted = Tag.of(output)
    for at in range(0, len(rows), ROW_BYTES):
        if hmac.compare_digest(rows[at : at + TAG_BYTES], wanted.tag):
            return Found(disputed=rows[at + TAG_BYTES] ^ wanted.mask == DISPUTED)
    return None


def _other(key: bytes, kind: SubjectKind, prefix: int, number: int) -> bytes:
    return hmac.digest(key, f"{kind}:{prefix}:{number}".encode(), "sha256")[:ROW_BYTES]
