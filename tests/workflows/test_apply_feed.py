"""The feed in the index: applied, gone on with, made anew, and compared."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from holdfast.core.errors import CentreError
from holdfast.registry.index.file import Index
from holdfast.registry.index.place import index_file, key_file, read_key
from holdfast.registry.index.writer import IndexWriter
from holdfast.registry.models import FeedEntry, FeedOp
from holdfast.registry.standing import Standing
from holdfast.workflows import apply_feed as module
from holdfast.workflows.apply_feed import apply_feed, rebuild_index, verify_index

pytestmark = pytest.mark.django_db

UNTIL_US = 1_800_000_000_000_000
PHONES = [f"+6681234567{number}" for number in range(10)]


def write(rows: Iterable[tuple[int, str, int]]) -> None:
    """Write entries of the feed: number, phone, tier (0 takes it off)."""
    for number, phone, tier in rows:
        FeedEntry.objects.create(
            number=number,
            at_us=number,
            op=FeedOp.SET if tier else FeedOp.RETRACT,
            subject_kind="phone",
            subject_key=phone,
            tier=tier,
            disputed=False,
            until_us=UNTIL_US if tier else 0,
            listing_id="l",
        )


def chance(count: int) -> bytes:
    """Return bytes."""
    return bytes(range(count))


def tiers(home: Path) -> list[int]:
    """Return in which tier each phone is by the index, 0 where it is in none."""
    index = Index.open(index_file(home), read_key(home))
    found = [index.find(f"phone:{phone}".encode()) for phone in PHONES]
    assert all(one is None or one == Standing(one.tier, False, UNTIL_US) for one in found)
    return [one.tier if one else 0 for one in found]


def quiet(_: int) -> None:
    """Show no progress."""


def test_the_index_follows_the_feed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From nothing, in several lots, the last entry of each subject counts; then it goes on."""
    monkeypatch.setattr(module, "AT_ONCE", 3)
    assert rebuild_index(tmp_path, chance, quiet) == 0
    with IndexWriter.open(index_file(tmp_path), read_key(tmp_path)) as index:
        assert apply_feed(index) == 0
        write((n + 1, PHONES[n], 10) for n in range(8))
        write([(9, PHONES[0], 50), (10, PHONES[1], 0)])
        assert apply_feed(index) == 10
        assert tiers(tmp_path) == [50, 0, 10, 10, 10, 10, 10, 10, 0, 0]
        write([(11, PHONES[1], 20)])
        assert apply_feed(index) == 11
    assert tiers(tmp_path)[1] == 20
    assert not list(verify_index(tmp_path, quiet))


def test_made_anew_it_says_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside a writer that is open, which goes on with the new file; the key stays the same."""
    monkeypatch.setattr(module, "AT_ONCE", 4)
    rebuild_index(tmp_path, chance, quiet)
    key = key_file(tmp_path).read_text()
    assert key_file(tmp_path).stat().st_mode & 0o777 == 0o600
    with IndexWriter.open(index_file(tmp_path), read_key(tmp_path)) as index:
        write((n + 1, PHONES[n], 10) for n in range(9))
        seen: list[int] = []
        assert rebuild_index(tmp_path, bytes, seen.append) == 9
        assert sum(seen) == 9
        assert key_file(tmp_path).read_text() == key
        write([(10, PHONES[9], 30)])
        assert apply_feed(index) == 10
    assert tiers(tmp_path) == [*9 * [10], 30]


def test_what_differs_is_told(tmp_path: Path) -> None:
    """Spoiled slots are found with what the feed says of them; making it anew mends all."""
    write((n + 1, PHONES[n], 10) for n in range(5))
    rebuild_index(tmp_path, chance, quiet)
    with IndexWriter.open(index_file(tmp_path), read_key(tmp_path)) as index:
        index.put(f"phone:{PHONES[0]}".encode(), Standing(50, False, UNTIL_US))
        index.remove(f"phone:{PHONES[1]}".encode())
        index.put(f"phone:{PHONES[9]}".encode(), Standing(20, False, UNTIL_US))
    found = {
        (one.said.tier if one.said else 0, one.right.tier if one.right else 0)
        for one in verify_index(tmp_path, quiet)
    }
    assert found == {(50, 10), (0, 10), (20, 0)}
    rebuild_index(tmp_path, chance, quiet)
    assert not list(verify_index(tmp_path, quiet))


def test_a_feed_that_was_set_back_is_not_waited_for(tmp_path: Path) -> None:
    """After a restore the next entries would get numbers that the index thinks it has applied."""
    write([(1, PHONES[0], 10)])
    rebuild_index(tmp_path, chance, quiet)
    with IndexWriter.open(index_file(tmp_path), read_key(tmp_path)) as index:
        index.set_number(2)
        with pytest.raises(CentreError) as caught:
            apply_feed(index)
    assert caught.value.code == "index_ahead"


def test_a_feed_with_a_gap_is_not_gone_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the feed has fewer entries than its last number says, no index is made of it."""
    write([(1, PHONES[0], 10)])
    monkeypatch.setattr(module, "_last", lambda: 3)
    with pytest.raises(CentreError) as caught:
        rebuild_index(tmp_path, chance, quiet)
    assert caught.value.code == "feed_gap"
    assert not index_file(tmp_path).exists()
