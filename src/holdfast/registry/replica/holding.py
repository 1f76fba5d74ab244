"""What a replica holds, in a folder of its own; whoever dies midway goes on where he was.

    registry/index the subjects under the institution's key, read by any number of processes
    state          number, chain, digest, and the rows of the delta that led there
    state.next     the same of a snapshot, until its index has its place
    incoming/      parts of a snapshot that is being fetched

A delta is put down in `state` before the index is touched, and applied again where the index has
not its number: to apply it twice changes nothing. A snapshot becomes an index beside, which takes
its place at once; `state.next` says by which generation that index is known.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

from holdfast.core.errors import CentreError, Refused
from holdfast.core.words import N_
from holdfast.registry.feed.chain import Place
from holdfast.registry.feed.delta import Delta, Entry, entries_of, rows_of
from holdfast.registry.feed.digest import EMPTY, changed, combined, digest_of
from holdfast.registry.feed.snapshot import Manifest, Part, check_part
from holdfast.registry.index.file import add_used, create, set_number, take_place
from holdfast.registry.index.hashing import HashKey
from holdfast.registry.index.header import Header
from holdfast.registry.index.kernels import HEADER_WORDS, REMOVED, SLOT_WORDS, put_all
from holdfast.registry.index.place import index_file
from holdfast.registry.index.writer import IndexWriter, slots_for
from holdfast.registry.replica.whole_file import write_whole
from holdfast.registry.standing import RECORD_BYTES

STATE, INCOMING = "state", "incoming"
_TIER = 0xFF


@dataclass(frozen=True, slots=True)
class HoldingKeys:
    """The secrets of the institution: what subjects are hashed by, and what records are proved by."""

    hash_key: bytes = field(repr=False)
    digest_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class State:
    """How far the feed was followed, and what was about to be done."""

    place: Place = Place()  # noqa: RUF009  (it is frozen)
    digest: bytes = EMPTY
    before: int = 0
    """The number that the index has where `rows` are still to be applied."""
    generation: int = 0
    """Of a snapshot: that of the index made of it."""
    rows: bytes = b""

    def to_bytes(self) -> bytes:
        """Return it as it is kept."""
        head = {
            "number": self.place.number,
            "chain": self.place.chain.hex(),
            "digest": self.digest.hex(),
            "before": self.before,
            "generation": self.generation,
        }
        return json.dumps(head).encode() + b"\n" + self.rows

    @classmethod
    def read(cls, file: Path) -> Self | None:
        """Return what is kept, None where nothing is or it is not legible."""
        try:
            line, _, rows = file.read_bytes().partition(b"\n")
            head = json.loads(line)
            place = Place(head["number"], bytes.fromhex(head["chain"]))
            digest = bytes.fromhex(head["digest"])
            return cls(place, digest, head["before"], head["generation"], rows)
        except (OSError, ValueError, KeyError, TypeError):
            return None


class Holding:
    """A replica's folder, opened by the one process that changes it."""

    def __init__(self, folder: Path, keys: HoldingKeys, index: IndexWriter, state: State) -> None:
        self._folder = folder
        self._keys = keys
        self._index = index
        self._state = state
        self.needs_snapshot = False
        """Whether what is held can't be relied on, and is to be fetched anew."""

    @classmethod
    def open(cls, folder: Path, keys: HoldingKeys) -> Self:
        """Open a folder, made if it is missing, and end what was begun in it.

        Raises:
            CentreError: `index_busy`: another process keeps this replica; `index_key_wrong` or
                `index_unwritable`.
        """
        path = index_file(folder)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            _make_index(path, keys, [], number=0, generation=1)
        try:
            index = IndexWriter.open(path, keys.hash_key)
        except CentreError as error:
            if error.code not in ("index_damaged", "index_version"):
                raise
            _make_index(path, keys, [], number=0, generation=1)
            index = IndexWriter.open(path, keys.hash_key)
        opened = cls(folder, keys, index, State.read(folder / STATE) or State())
        opened._recover()
        return opened

    def close(self) -> None:
        """Let another process keep this replica."""
        self._index.close()

    @property
    def place(self) -> Place:
        """How far the feed was followed."""
        return self._state.place

    @property
    def digest(self) -> bytes:
        """XOR of the ids of all records held, as they were counted in and out."""
        return self._state.digest

    def apply(self, delta: Delta) -> None:
        """Apply a delta that follows; then it is on the disk.

        Raises:
            CentreError: `index_unwritable`; what was held before stays.
        """
        if not delta.entries:
            return
        self._keep(
            State(
                delta.after,
                self._digest_after(delta.entries),
                before=delta.before.number,
                rows=rows_of(delta.entries),
            )
        )
        self._apply_rows(delta.entries)

    def missing_parts(self, manifest: Manifest) -> list[int]:
        """Return which parts of a snapshot are still to be fetched; those of others are removed."""
        own = self._incoming(manifest)
        for other in (self._folder / INCOMING).glob("*"):
            if other != own:
                shutil.rmtree(other, ignore_errors=True)
        own.mkdir(parents=True, exist_ok=True, mode=0o700)
        return [
            number
            for number, part in enumerate(manifest.parts)
            if not _is_whole(own / _part_name(number), part)
        ]

    def put_part(self, manifest: Manifest, number: int, content: bytes) -> None:
        """Keep a part that is the right one.

        Raises:
            Refused: `snapshot_cut_short` or `snapshot_tampered`.
            CentreError: `index_unwritable`.
        """
        check_part(manifest.parts[number], content)
        write_whole(self._incoming(manifest) / _part_name(number), content)

    def apply_snapshot(self, manifest: Manifest) -> None:
        """Hold what a snapshot says, whose parts are all there, instead of what was held.

        Raises:
            Refused: `snapshot_tampered` where a part is not what it was, `snapshot_digest` where
                the parts together are not what the manifest says.
            CentreError: `index_unwritable`; what was held before stays.
        """
        generation = self._index.generation + 1
        files = [self._incoming(manifest) / _part_name(n) for n in range(len(manifest.parts))]
        parts = [_checked(file, part) for file, part in zip(files, manifest.parts, strict=True)]
        digest = combined([digest_of(self._keys.digest_key, part) for part in parts])
        if digest != manifest.digest:
            raise Refused(
                "snapshot_digest",
                N_("the snapshot's records are not those that it is said to have"),
            )
        state = State(manifest.place, digest, before=manifest.place.number, generation=generation)
        write_whole(self._folder / f"{STATE}.next", state.to_bytes())
        path = index_file(self._folder)
        _make_index(path, self._keys, parts, manifest.place.number, generation)
        self._adopt_next()
        shutil.rmtree(self._folder / INCOMING, ignore_errors=True)
        self.needs_snapshot = False

    def prove(self) -> bool:
        """Whether the records in the index are those that were counted; reads all of it."""
        mapped = self._index.mapped
        table = mapped.words[HEADER_WORDS:].reshape(-1, SLOT_WORDS)
        records = table[(table[:, 2] & np.uint64(_TIER)) != 0]
        return digest_of(self._keys.digest_key, records.tobytes()) == self.digest

    def _recover(self) -> None:
        """End what a process that died had begun."""
        following = State.read(self._folder / f"{STATE}.next")
        if following is not None and following.generation == self._index.generation:
            self._adopt_next()
        (self._folder / f"{STATE}.next").unlink(missing_ok=True)
        number = self._index.number
        if number == self.place.number:
            return
        if number == self._state.before:
            self._apply_rows(entries_of(self._state.rows))
        else:
            self.needs_snapshot = True

    def _adopt_next(self) -> None:
        file = self._folder / f"{STATE}.next"
        found = State.read(file)
        if found is not None:
            file.replace(self._folder / STATE)
            self._state = found

    def _digest_after(self, entries: Sequence[Entry]) -> bytes:
        hashes = _numbers(entries)[:, :2]
        values = self._index.values_of_hashes(np.ascontiguousarray(hashes))
        known = {
            entry.key_hash: _listed(int(value))
            for entry, value in zip(entries, values, strict=True)
        }
        digest = self._state.digest
        for entry in entries:
            before = known[entry.key_hash]
            digest = changed(self._keys.digest_key, digest, entry.key_hash, before, entry.packed)
            known[entry.key_hash] = entry.packed
        return digest

    def _apply_rows(self, entries: Sequence[Entry]) -> None:
        last = {entry.key_hash: entry for entry in entries}
        numbers = _numbers(list(last.values()))
        values = np.where(numbers[:, 2] == 0, np.uint64(REMOVED), numbers[:, 2])
        self._index.put_hashes(np.ascontiguousarray(numbers[:, :2]), values)
        self._index.set_number(self.place.number)

    def _keep(self, state: State) -> None:
        write_whole(self._folder / STATE, state.to_bytes())
        self._state = state

    def _incoming(self, manifest: Manifest) -> Path:
        return self._folder / INCOMING / manifest.snapshot_id


def keep_place(folder: Path) -> None:
    """Keep of a folder's state only how far the feed was followed, so that all is fetched anew.

    The feed is the same under any keys: one whose past is another is still found out by it.

    Raises:
        CentreError: `index_unwritable`.
    """
    found = State.read(folder / STATE)
    if found is not None:
        kept = State(found.place, before=found.place.number)
        write_whole(folder / STATE, kept.to_bytes())


def _listed(value: int) -> int:
    """Return a slot's value as a record has it: 0 where its subject is not listed."""
    return value if value & _TIER else 0


def _numbers(entries: Sequence[Entry]) -> Any:
    """Return a row of three numbers for each entry: both halves of the hash, and the standing."""
    rows = b"".join(entry.key_hash + entry.packed.to_bytes(8, "little") for entry in entries)
    return np.frombuffer(rows, "<u8").reshape(-1, 3).astype(np.uint64)


def _make_index(
    path: Path, keys: HoldingKeys, parts: Sequence[bytes], number: int, generation: int
) -> None:
    """Make an index of records beside the one that is used, and give it its name."""
    file = path.with_name(f"{path.name}.snapshot")
    file.unlink(missing_ok=True)
    records = sum(len(part) for part in parts) // RECORD_BYTES
    mapped = create(file, Header(slots_for(records), HashKey(keys.hash_key).name, generation))
    for part in parts:
        table = np.frombuffer(part, "<u8").reshape(-1, 3).astype(np.uint64)
        hashes = np.ascontiguousarray(table[:, :2])
        values = np.ascontiguousarray(table[:, 2])
        add_used(mapped, put_all(mapped.words, mapped.header.slots, hashes, values))
    set_number(mapped, number)
    take_place(mapped, file, path)


def _checked(file: Path, part: Part) -> bytes:
    content = file.read_bytes()
    check_part(part, content)
    return content


def _is_whole(file: Path, part: Part) -> bool:
    try:
        check_part(part, file.read_bytes())
    except (OSError, Refused):
        return False
    return True


def _part_name(number: int) -> str:
    return f"{number:04}"
