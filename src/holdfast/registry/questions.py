"""The question log: every answer that the registry gave is on record before it leaves.

Each process writes files of its own. Records that come while one group is being synced make the
next group: one write and one sync for all of them. A group carries a digest over itself and the
group before it, so that nothing in the middle can be changed or taken out unseen.

    file    head, group, group, …, end     (a file of a process that died has no end)
    head    magic, name of the hash key, digest of the file before it by the same process
    group   mark, length, digest, records (each a length and a MessagePack array)
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from struct import Struct

import msgspec

from holdfast.core.errors import CentreError
from holdfast.core.on_disk import sync
from holdfast.core.words import N_

SEGMENT_BYTES = 64 << 20
"""Space that is taken at once: what is written into it needs no more, and syncs faster."""
SUFFIX = ".questions"
MIXED = "mixed"
_MAGIC = b"HOLDFQL1"
_MARK = b"\xffQG\xff"
"""Before a group; no text contains it."""
_END = b"\xffQE\xff"
_HEAD = Struct("<8sQ32s")
_GROUP = Struct("<4sI32s")
_LENGTH = Struct("<I")
_NOTHING = bytes(32)


class Question(msgspec.Struct, frozen=True, array_like=True):
    """What was asked and answered; of subjects and end customers only keyed hashes are kept."""

    id: str
    at_us: int
    asker: str
    """The actor: institution and key."""
    purpose: str
    reference: str
    """The asker's own, such as the end-to-end id of the payment intended."""
    customer: str
    """The asker's pseudonym of the end customer asked for; empty where there is none."""
    kind: str
    """Of the subjects; `MIXED` where there are several."""
    data_version: int
    hashes: bytes
    """16 bytes of each subject, under the key that the file's head names."""
    values: bytes
    """8 bytes of each subject: the packed standing answered, 0 for not listed."""

    def encoded(self) -> bytes:
        """Return it as it stands in a group."""
        data = msgspec.msgpack.encode(self)
        return _LENGTH.pack(len(data)) + data


class QuestionFiles:
    """The files of one process; not for several threads at once."""

    def __init__(self, folder: Path, name: str, key_name: int) -> None:
        """Write into `folder`, into files that begin with `name`, which no process had before."""
        self._folder = folder
        self._name = name
        self._key_name = key_name
        self._handle: int | None = None
        self._at = 0
        self._count = 0
        self._digest = _NOTHING

    def write(self, records: list[bytes]) -> None:
        """Put a group of encoded questions on the disk; it is there when this returns.

        Raises:
            CentreError: `question_log_unwritable`: then none of them counts as on record.
        """
        payload = b"".join(records)
        room = _GROUP.size + len(payload) + _GROUP.size
        try:
            if self._handle is None or self._at + room > SEGMENT_BYTES:
                self._next(_HEAD.size + room)
            digest = sha256(self._digest + payload).digest()
            self._put(_GROUP.pack(_MARK, len(payload), digest) + payload)
        except OSError as error:
            self._abandon()
            raise CentreError(
                "question_log_unwritable",
                N_("questions can't be put on record ({why}), so that none is answered"),
                why=error.strerror or type(error).__name__,
            ) from None
        self._digest = digest

    def close(self) -> None:
        """End the file, so that nothing can be taken off its tail unseen."""
        if self._handle is None:
            return
        self._put(_GROUP.pack(_END, 0, sha256(self._digest + _END).digest()))
        os.ftruncate(self._handle, self._at)
        os.fsync(self._handle)
        os.close(self._handle)
        self._handle = None

    def _put(self, data: bytes) -> None:
        assert self._handle is not None  # noqa: S101  (a file is open before anything is put)
        written = 0
        while written < len(data):
            written += os.pwrite(self._handle, data[written:], self._at + written)
        os.fdatasync(self._handle)
        self._at += len(data)

    def _next(self, room: int) -> None:
        """Go over to a new file, whose head carries the digest of the one before."""
        self.close()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = self._folder / f"{self._name}-{self._count + 1:06}{SUFFIX}"
        head = _HEAD.pack(_MAGIC, self._key_name, self._digest)
        self._handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(self._handle, fcntl.LOCK_SH)  # in use, however old its last question gets
        self._at = 0
        try:
            os.posix_fallocate(self._handle, 0, max(SEGMENT_BYTES, room))
            self._put(head)
        except OSError:
            file.unlink()
            raise
        self._count += 1
        self._digest = sha256(head).digest()
        sync(self._folder)

    def _abandon(self) -> None:
        """Leave a file whose tail is not known to be whole; the next group begins another."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with a file of the log."""

    file: Path
    at_byte: int
    code: str
    """`cut_short`: its process died while writing, the group was never answered for;
    `open`: it has no end, its process still writes or died; `damaged`: it was changed since."""


def read_questions(folder: Path) -> Iterator[Question]:
    """Yield every question on record, file by file; a tail that was never synced is left out.

    Raises:
        CentreError: `question_log_damaged`: a file was changed since it was written.
    """
    for file in files_of(folder):
        for found in _read(file):
            if isinstance(found, Question):
                yield found
            elif found.code == "damaged":
                raise CentreError(
                    "question_log_damaged",
                    N_("{file} is not as it was written, from byte {place} on"),
                    file=file,
                    place=found.at_byte,
                )


def verify_questions(folder: Path) -> Iterator[Flaw]:
    """Yield what is wrong with the log's files, also what a crash explains."""
    for file in files_of(folder):
        yield from (found for found in _read(file) if isinstance(found, Flaw))


def files_of(folder: Path) -> list[Path]:
    """Return the files of a log, in the order of their names."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def _read(file: Path) -> Iterator[Question | Flaw]:
    data = memoryview(file.read_bytes())
    if len(data) < _HEAD.size or bytes(data[:8]) != _MAGIC:
        yield Flaw(file, 0, "damaged" if any(data) else "cut_short")
        return
    digest, at = sha256(data[: _HEAD.size]).digest(), _HEAD.size
    while True:
        mark, length, said = _group_at(data, at)
        begin, end = at + _GROUP.size, at + _GROUP.size + length
        if mark == _END:
            is_whole = said == sha256(digest + _END).digest() and begin == end == len(data)
            if not is_whole:
                yield Flaw(file, at, "damaged")
            return
        following = sha256(digest + data[begin:end]).digest()
        if mark != _MARK or following != said:
            yield Flaw(file, at, _why_unfinished(data, at))
            return
        yield from _records(data[begin:end])
        digest, at = following, end


def _group_at(data: memoryview, at: int) -> tuple[bytes, int, bytes]:
    if at + _GROUP.size > len(data):
        return b"", 0, b""
    mark, length, said = _GROUP.unpack_from(data, at)
    return mark, length, said


def _why_unfinished(data: memoryview, at: int) -> str:
    """Tell a file without an end from a torn last group, and both from one that was changed."""
    rest = bytes(data[at:])
    if not any(rest):
        return "open"
    return "damaged" if _MARK in rest[1:] or _END in rest else "cut_short"


def _records(payload: memoryview) -> Iterator[Question]:
    at = 0
    while at < len(payload):
        (length,) = _LENGTH.unpack_from(payload, at)
        at += _LENGTH.size
        yield msgspec.msgpack.decode(payload[at : at + length], type=Question)
        at += length
