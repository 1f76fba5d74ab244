"""Give a snapshot: all that stands in the registry at a number, to one institution, in files.

    <folder>/<institution>/<renewal of its keys>/<snapshot id>/manifest.json, 0000, 0001, …

A snapshot is made beside and then given its name, so what is there is whole. It is given again
to whoever asks within a day, for deltas lead on from it.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from django.db import connection, transaction

from holdfast.core.errors import Conflict, NotFound
from holdfast.core.instant import DAY_US
from holdfast.core.words import N_
from holdfast.records.applied import applied, lock
from holdfast.registry.feed.chain import Place
from holdfast.registry.feed.digest import digest_of
from holdfast.registry.feed.signed import KEYS_RENEWED
from holdfast.registry.feed.snapshot import PART_BYTES_MAX, Manifest, Part
from holdfast.registry.models import FeedEntry
from holdfast.registry.standing import RECORD_BYTES
from holdfast.workflows.centre import Centre
from holdfast.workflows.confirm_number import begin_digest
from holdfast.workflows.give_delta import BACK_MAX
from holdfast.workflows.read_feed import Sight, newest, place_at
from holdfast.workflows.registry_keys import digest_key, hasher, renewal_name

GOOD_FOR_US = DAY_US
KEPT_MAX = 2
"""Snapshots of an institution that stay: who is just fetching an older one can end."""
MANIFEST_FILE = "manifest.json"
_ROWS_AT_ONCE = 2000
"""Few: rows that live together cost the collector of garbage more than reading them does."""
_RECORD = np.dtype([("low", "<u8"), ("high", "<u8"), ("packed", "<u8")])
_READ = """
    SELECT subject_kind || ':' || subject_key,
        CASE WHEN tier = 0 THEN 0 ELSE
            tier + CASE WHEN disputed THEN 256 ELSE 0 END + (until_us + 999999) / 1000000 * 65536
        END
    FROM {table} WHERE number > %s AND number <= %s ORDER BY number
"""
"""Packs standings as `Standing.packed` does, for ten million objects take a minute to make."""
_ID_LENGTH = 32
_ID = re.compile(rf"[0-9a-f]{{{_ID_LENGTH}}}", re.ASCII).fullmatch
"""Number of the feed and time, 16 digits each."""
_DRAFT = ".new"

Numbers = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class For:
    """For which institution, of which kind, and under which of its keys."""

    institution_id: str
    kind: str
    renewal: int = 0
    """How often its keys were renewed."""

    def within(self, folder: Path) -> Path:
        """Return where its snapshots are."""
        return folder / self.institution_id / str(self.renewal)


def latest_snapshot(centre: Centre, folder: Path, whose: For) -> Manifest | None:
    """Return an institution's newest snapshot, if deltas lead on from it and it is no day old."""
    made = next(_made(whose.within(folder)), None)
    if made is None or newest() - made.place.number > BACK_MAX:
        return None
    return made if 0 <= centre.now_us() - made.at_us < GOOD_FOR_US else None


@dataclass(frozen=True, slots=True)
class Begun:
    """When an institution's last snapshot was begun, at which number, and whether it is whole."""

    number: int
    at_us: int
    is_whole: bool


def last_begun(folder: Path, institution_id: str) -> Begun | None:
    """Return an institution's last snapshot, under whichever keys, also one that was never ended."""
    names = [path.name for path in (folder / institution_id).glob("*/*")]
    found = [
        Begun(int(name[:16], 16), int(name[16:32], 16), is_whole=len(name) == _ID_LENGTH)
        for name in names
        if _ID(name.removesuffix(_DRAFT))
    ]
    return max(found, key=lambda begun: begun.at_us, default=None)


def make_snapshot(centre: Centre, folder: Path, whose: For) -> Manifest:
    """Make a snapshot of all that stands now; takes seconds to a minute for millions.

    Raises:
        OSError: there is no space; nothing is left behind but a draft that the next one removes.
        Conflict: `replica_keys_renewed`: while it was made, the institution got other keys.
    """
    own, at_us = whose.within(folder), centre.now_us()
    place = place_at(centre, newest())
    snapshot_id = f"{place.number:016x}{at_us:016x}"
    # The draft is there from the beginning on: other processes see that one is being made.
    draft = own / f"{snapshot_id}{_DRAFT}"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True, mode=0o700)
    records = memoryview(_records(centre, whose, place.number).tobytes())
    digest = digest_of(digest_key(centre, whose.institution_id, whose.renewal), records)
    parts = [_write(draft / f"{n:04}", part) for n, part in enumerate(_parts(records))]
    count = len(records) // RECORD_BYTES
    made = Manifest(snapshot_id, place, digest, count, at_us, parts)
    (draft / MANIFEST_FILE).write_text(_text(made), encoding="ascii")
    try:
        _begin_digest(whose, place.number, digest)
    except Conflict:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    draft.replace(own / snapshot_id)
    _tidy(own)
    return made


def _begin_digest(whose: For, number: int, digest: bytes) -> None:
    """Say what copies hold at a number, if their keys are still those that it was made under."""
    name = renewal_name(whose.institution_id)
    with transaction.atomic():
        lock(name)
        if applied(name) != whose.renewal:
            raise Conflict(
                KEYS_RENEWED,
                N_(
                    "the keys of {institution} were renewed; this copy begins anew under the new ones"
                ),
                institution=whose.institution_id,
            )
        begin_digest(whose.institution_id, number, digest)


def read_part(folder: Path, whose: For, snapshot_id: str, number: int) -> bytes:
    """Return a part of an institution's snapshot.

    Raises:
        NotFound: `snapshot_unknown`: it is gone, or another's; ask for a new one.
    """
    path = whose.within(folder) / snapshot_id / f"{number:04}"
    if _ID(snapshot_id) is not None and path.is_file():
        return path.read_bytes()
    raise NotFound(
        "snapshot_unknown", N_("this part of a snapshot is not there; ask for a snapshot anew")
    )


def _records(centre: Centre, whose: For, number: int) -> npt.NDArray[Any]:
    """Return a record for each subject that stands at a number, in the order of the hashes."""
    key = hasher(centre, whose.institution_id, whose.renewal)
    chunks = [(key.hashed_all(wires), packed) for wires, packed in _feed(number)]
    hashes = np.concatenate([np.empty((0, 2), np.uint64), *(chunk[0] for chunk in chunks)])
    packed = np.concatenate([np.empty(0, np.uint64), *(chunk[1] for chunk in chunks)])
    # Stable: entries about one subject stay in the feed's order, and the last one says how it is.
    order = np.lexsort((hashes[:, 1], hashes[:, 0]))
    hashes, packed = hashes[order], packed[order]
    is_last = np.ones(len(order), bool)
    is_last[:-1] = (hashes[1:] != hashes[:-1]).any(axis=1)
    stands = is_last & (packed != 0) & _seen(Sight.of(centre, whose.kind), packed)
    records = np.empty(int(stands.sum()), _RECORD)
    records["low"], records["high"] = hashes[stands, 0], hashes[stands, 1]
    records["packed"] = packed[stands]
    return records


def _seen(sight: Sight, packed: Numbers) -> npt.NDArray[np.bool_]:
    if sight.codes is None:
        return np.ones(len(packed), bool)
    return np.isin(packed & np.uint64(0xFF), np.array(sorted(sight.codes), np.uint64))


def _feed(number: int) -> Iterator[tuple[pa.Array, Numbers]]:
    """Yield wire forms and packed standings of the feed in its order, in SQL for its speed."""
    sql = _READ.format(table=connection.ops.quote_name(FeedEntry._meta.db_table))  # noqa: SLF001
    with connection.cursor() as cursor:
        for begin in range(0, number, _ROWS_AT_ONCE):
            cursor.execute(sql, [begin, min(number, begin + _ROWS_AT_ONCE)])
            wires, packed = zip(*cursor.fetchall(), strict=True)
            yield pa.array(wires, pa.string()), np.array(packed, np.uint64)


def _parts(records: memoryview) -> Iterator[bytes]:
    for begin in range(0, len(records), PART_BYTES_MAX):
        yield bytes(records[begin : begin + PART_BYTES_MAX])


def _write(path: Path, content: bytes) -> Part:
    path.write_bytes(content)
    return Part.of(content)


def _text(made: Manifest) -> str:
    return json.dumps(
        {
            "snapshot_id": made.snapshot_id,
            "number": made.place.number,
            "chain": made.place.chain.hex(),
            "digest": made.digest.hex(),
            "records": made.records,
            "at_us": made.at_us,
            "parts": [[part.sha256.hex(), part.size_bytes] for part in made.parts],
        }
    )


def _made(own: Path) -> Iterator[Manifest]:
    """Yield the whole snapshots of an institution, the newest first."""
    for file in sorted(own.glob(f"*/{MANIFEST_FILE}"), key=lambda file: file.parent.name[16:])[
        ::-1
    ]:
        if _ID(file.parent.name) is None:
            continue
        values = json.loads(file.read_text(encoding="ascii"))
        yield Manifest(
            values["snapshot_id"],
            Place(values["number"], bytes.fromhex(values["chain"])),
            bytes.fromhex(values["digest"]),
            values["records"],
            values["at_us"],
            [Part(bytes.fromhex(sha256), size) for sha256, size in values["parts"]],
        )


def _tidy(own: Path) -> None:
    """Remove older snapshots, those under keys that were renewed, and drafts that nobody ended."""
    for made in list(_made(own))[KEPT_MAX:]:
        shutil.rmtree(own / made.snapshot_id, ignore_errors=True)
    others = (folder for folder in own.parent.iterdir() if folder != own)
    for folder in (*own.glob(f"*{_DRAFT}"), *others):
        shutil.rmtree(folder, ignore_errors=True)
