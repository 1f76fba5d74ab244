"""Bring the feed into the lookup index; make the index anew from it, or compare the two."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from holdfast.core.errors import CentreError
from holdfast.core.words import N_
from holdfast.registry.index.build import Batch, Difference, Table, build_index, differences
from holdfast.registry.index.file import Index
from holdfast.registry.index.hashing import HashKey
from holdfast.registry.index.kernels import REMOVED
from holdfast.registry.index.place import index_file, make_key, read_key
from holdfast.registry.index.writer import IndexWriter
from holdfast.registry.models import FeedEntry
from holdfast.registry.standing import Standing

AT_ONCE = 10_000
"""Entries that become visible, and are on the disk, before the index's number counts them."""
ROUNDS_MAX = 5


def apply_feed(index: IndexWriter) -> int:
    """Put the feed's entries that are new into the index; return the number applied so far.

    Raises:
        CentreError: `index_ahead`: the database was set back; `feed_gap`; or `index_unwritable`,
            where no space is left to grow.
    """
    while True:
        # Asked anew each time: another process may have made the index anew meanwhile.
        number = index.number
        batch, last = _batch(number, number + AT_ONCE)
        if batch is None:
            _check_not_ahead(number)
            return number
        index.put_many(*batch)
        index.set_number(last)


def rebuild_index(
    home: Path, chance: Callable[[int], bytes], advance: Callable[[int], object]
) -> int:
    """Make the index of a centre's home anew from the feed; return the number it has applied.

    The index in use is asked until the new one is whole, and a worker goes on with the new one.
    The key is made where there is none. `advance` is told how many entries were read.

    Raises:
        CentreError: `feed_gap`, `index_unwritable` or `index_too_large`.
    """
    number = _last()
    file = index_file(home)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = make_key(home, chance)
    build_index(file, key, _batches(0, number, advance), number=number, subjects=number)
    return number


def verify_index(home: Path, advance: Callable[[int], object]) -> Iterator[Difference]:
    """Tell of what subjects the index says something else than the feed.

    What a worker applies meanwhile is caught up with before anything is told.

    Raises:
        CentreError: as `Index.open` and `read_key`; or `feed_gap`.
    """
    key = read_key(home)
    index = Index.open(index_file(home), key)
    table = Table(HashKey(key), subjects=index.number)
    read = 0
    found: list[Difference] = []
    for _ in range(ROUNDS_MAX):
        number = index.number
        for batch in _batches(read, number, advance):
            table.put_many(*batch)
        read = number
        found = list(differences(index, table))
        if not found or index.number == number:
            break
    yield from found


def _check_not_ahead(number: int) -> None:
    """Refuse to wait for numbers that would then be given to other entries."""
    last = _last()
    if number > last:
        raise CentreError(
            "index_ahead",
            N_("the index has applied number {number}, the feed ends at {last}; rebuild the index"),
            number=number,
            last=last,
        )


def _last() -> int:
    row = FeedEntry.objects.order_by("-number").values_list("number", flat=True).first()
    return int(row or 0)


def _batches(after: int, until: int, advance: Callable[[int], object]) -> Iterator[Batch]:
    while after < until:
        batch, last = _batch(after, min(after + AT_ONCE, until))
        if batch is None:
            raise _gap(after)
        advance(last - after)
        yield batch
        after = last


def _batch(after: int, until: int) -> tuple[Batch | None, int]:
    """Return the entries after one number up to another, and the last one's number."""
    import pyarrow as pa

    rows = FeedEntry.objects.filter(number__gt=after, number__lte=until).order_by("number")
    wires: list[bytes] = []
    values: list[int] = []
    for number, kind, key, tier, disputed, until_us in rows.values_list(
        "number", "subject_kind", "subject_key", "tier", "disputed", "until_us"
    ):
        after += 1
        if number != after:
            raise _gap(after - 1)
        wires.append(f"{kind}:{key}".encode())
        values.append(Standing(tier, disputed, until_us).packed() if tier else REMOVED)
    if not wires:
        return None, after
    return (pa.array(wires, pa.binary()), np.array(values, np.uint64)), after


def _gap(number: int) -> CentreError:
    return CentreError(
        "feed_gap",
        N_("the feed has no entry after number {number} where there must be one"),
        number=number,
    )
