"""Who keeps the lookup index: one worker at a time, from nothing, and after another has gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.core.errors import CentreError
from holdfast.registry.index.file import Index
from holdfast.registry.index.place import index_file, read_key
from holdfast.registry.models import FeedEntry, FeedOp
from holdfast.server.keep_index import KeptIndex, can_keep_index

pytestmark = pytest.mark.django_db

UNTIL_US = 1_800_000_000_000_000


def write(number: int) -> bytes:
    """Write the feed's next entry, and return the wire form of its subject."""
    phone = f"+6681234567{number}"
    FeedEntry.objects.create(
        number=number,
        at_us=number,
        op=FeedOp.SET,
        subject_kind="phone",
        subject_key=phone,
        tier=30,
        disputed=False,
        until_us=UNTIL_US,
        listing_id="l",
    )
    return f"phone:{phone}".encode()


def is_listed(home: Path, wire: bytes) -> bool:
    """Whether the index of a home says that a subject is listed."""
    return Index.open(index_file(home), read_key(home)).find(wire) is not None


def test_an_index_is_made_and_followed(tmp_path: Path) -> None:
    """From a home without one; then each new entry is applied, and nothing where there is none."""
    assert can_keep_index()
    first = write(1)
    with KeptIndex(tmp_path) as kept:
        kept.follow()
        assert is_listed(tmp_path, first)
        assert not kept.follow()
        second = write(2)
        assert kept.follow()
        assert is_listed(tmp_path, second)


def test_another_waits_and_takes_over(tmp_path: Path) -> None:
    """Two at once would write over each other: the second does nothing until the first has gone."""
    write(1)
    with KeptIndex(tmp_path) as waiting:
        with KeptIndex(tmp_path) as keeping:
            keeping.follow()
            second = write(2)
            assert not waiting.follow()
            assert not is_listed(tmp_path, second)
        assert waiting.follow()
        assert is_listed(tmp_path, second)


def test_an_index_of_a_later_feed_is_told(tmp_path: Path) -> None:
    """The database was set back: nothing is applied, and the worker says why it waits."""
    write(1)
    with KeptIndex(tmp_path) as kept:
        kept.follow()
        assert kept._writer is not None
        kept._writer.set_number(2)
        with pytest.raises(CentreError) as caught:
            kept.follow()
    assert caught.value.code == "index_ahead"
