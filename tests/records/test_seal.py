"""Sealing, also when it is interrupted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.db import connection
from tests.records.guards_off import guards_off
from tests.records.sealing import Sealing

from holdfast.core.errors import CentreError
from holdfast.core.instant import HOUR_US
from holdfast.records import seal as sealer
from holdfast.records.chain import entry_digest
from holdfast.records.heads import LINE_BYTES_MAX, Head
from holdfast.records.models import AuditEntry, SealedEntry, SealedHead

pytestmark = pytest.mark.django_db


def test_nothing_is_sealed_where_nothing_is_new(sealing: Sealing) -> None:
    """Neither at the beginning nor a second time; no head is made of nothing."""
    assert sealing.seal() is None
    sealing.write(3)
    head = sealing.seal()
    assert head is not None
    assert head.position == 3
    assert sealing.seal() is None
    assert (SealedEntry.objects.count(), SealedHead.objects.count()) == (3, 1)
    assert sealing.problems() == []


def test_a_head_is_copied_outside(sealing: Sealing) -> None:
    """One line a head, the same values as in the database."""
    sealing.fill([2, 1])
    lines = [json.loads(line) for line in sealing.heads.read_bytes().splitlines()]
    assert [line["position"] for line in lines] == [2, 3]
    row = SealedHead.objects.get(position=3)
    assert lines[1] == {
        "position": 3,
        "chain": row.chain,
        "at_us": sealing.now_us,
        "key_id": "th-1",
        "signature": row.signature,
    }


def test_a_limit_is_kept_and_the_rest_comes_later(sealing: Sealing) -> None:
    """Each time the oldest come first."""
    ids = sealing.write(5)
    positions = []
    while head := sealing.seal(limit=2):
        positions.append(head.position)
    assert positions == [2, 4, 5]
    assert list(SealedEntry.objects.order_by("position").values_list("entry_id", flat=True)) == ids
    assert sealing.problems() == []


def _commit_late(entry_id: int) -> None:
    """Write an entry whose id was given out before others that are sealed by now."""
    fields = {"at_us": 1, "actor": "slow", "verb": "v", "subject": "s", "basis": ""}
    digest = entry_digest(**fields, detail_json="{}")  # type: ignore[arg-type]
    AuditEntry.objects.create(id=entry_id, **fields, detail_json="{}", digest=digest)


def test_an_entry_committed_late_comes_behind(sealing: Sealing) -> None:
    """It keeps the place where the sealer saw it, and is no problem."""
    sealing.write(1)
    [skipped, _] = sealing.write(2)
    with guards_off(connection):
        AuditEntry.objects.filter(id=skipped).delete()
    sealing.seal()
    _commit_late(skipped)
    assert sealing.problems() == []
    sealing.seal()
    assert SealedEntry.objects.get(position=3).entry_id == skipped
    assert sealing.problems() == []


def test_an_entry_committed_far_too_late_is_told(sealing: Sealing) -> None:
    """Sealing does not search all that ever was; verifying does, and a longer search seals it."""
    [skipped, _] = sealing.write(2)
    with guards_off(connection):
        AuditEntry.objects.filter(id=skipped).delete()
    sealing.seal()
    sealing.now_us += 2 * HOUR_US
    _commit_late(skipped)
    sealing.write(1)
    sealing.seal()
    [problem] = sealing.problems()
    assert (problem.code, problem.fields) == ("audit_entry_unsealed", {"entry": skipped})
    assert sealing.seal(late_us=3 * HOUR_US) is not None
    assert sealing.problems() == []


def test_a_sealer_killed_before_the_copy_is_made_good(
    sealing: Sealing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database has the head; the next run, even without news, copies it."""
    sealing.fill([2])
    with monkeypatch.context() as patch:
        patch.setattr(sealer, "append", _killed)
        for _ in range(2):
            sealing.write(1)
            with pytest.raises(KeyboardInterrupt):
                sealing.seal()
    [problem] = sealing.problems()
    assert problem.code == "audit_heads_behind"
    assert problem.fields == {"count": 2, "after": 2, "until": 4}
    assert sealing.seal() is None
    assert sealing.problems() == []
    assert len(sealing.heads.read_bytes().splitlines()) == 3


def test_a_sealer_killed_before_its_commit_leaves_nothing(
    sealing: Sealing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows and head come together or not at all."""
    sealing.fill([2])
    sealing.write(2)
    with monkeypatch.context() as patch:
        patch.setattr(Head, "signed", _killed)
        with pytest.raises(KeyboardInterrupt):
            sealing.seal()
    assert SealedEntry.objects.count() == 2
    assert sealing.seal() is not None
    assert sealing.problems() == []


@pytest.mark.parametrize("left", [1, 50, -1])
def test_a_line_torn_by_a_kill_is_written_whole(sealing: Sealing, left: int) -> None:
    """Wherever it was torn; nothing else of the file changes."""
    sealing.fill([2, 1])
    whole = sealing.heads.read_bytes()
    begin = whole.index(b"\n") + 1
    sealing.heads.write_bytes(whole[:begin] + whole[begin:][:left])
    assert {"audit_heads_torn", "audit_heads_behind"} <= sealing.codes()
    sealing.seal()
    assert sealing.heads.read_bytes() == whole
    assert sealing.problems() == []


def test_a_first_line_torn_by_a_kill_is_written_whole(sealing: Sealing) -> None:
    """As any other."""
    sealing.fill([2])
    whole = sealing.heads.read_bytes()
    sealing.heads.write_bytes(whole[:40])
    sealing.seal()
    assert sealing.heads.read_bytes() == whole


def test_a_new_place_outside_gets_all_heads(sealing: Sealing, tmp_path: Path) -> None:
    """A second copy can be begun at any time."""
    sealing.fill([2, 1, 1])
    whole = sealing.heads.read_bytes()
    sealing.heads = tmp_path / "elsewhere" / "heads.jsonl"
    sealing.seal()
    assert sealing.heads.read_bytes() == whole


def test_a_database_that_lost_its_end_is_not_sealed_on(sealing: Sealing) -> None:
    """As after an old backup was restored: new heads would hide what is gone."""
    sealing.fill([2, 2])
    with guards_off(connection):
        SealedHead.objects.filter(position=4).delete()
        SealedEntry.objects.filter(position__gt=2).delete()
    with pytest.raises(CentreError) as caught:
        sealing.seal()
    assert caught.value.code == "audit_heads_ahead"
    assert str(caught.value)
    assert SealedHead.objects.count() == 1


@pytest.mark.parametrize("line", [b"no head\n", b"x" * 5 * LINE_BYTES_MAX, b"{}\n"])
def test_a_file_that_ends_in_no_head_is_not_written_to(sealing: Sealing, line: bytes) -> None:
    """A person has to look what it is; nothing is cut off but a torn line."""
    sealing.fill([2])
    with sealing.heads.open("ab") as file:
        file.write(line)
    before = sealing.heads.read_bytes()
    sealing.write(1)
    with pytest.raises(CentreError) as caught:
        sealing.seal()
    assert caught.value.code == "audit_heads_differ"
    assert sealing.heads.read_bytes() == before


def test_a_head_that_differs_stops_sealing(sealing: Sealing) -> None:
    """The database's own was changed."""
    sealing.fill([2])
    with guards_off(connection):
        SealedHead.objects.update(at_us=5)
    with pytest.raises(CentreError) as caught:
        sealing.seal()
    assert caught.value.code == "audit_heads_differ"


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b'"x"',
        b"{",
        b"\xff",
        b"[" * 500,
        b'{"position":true,"chain":"","at_us":1,"key_id":"","signature":""}',
        b'{"position":1,"chain":"","at_us":1,"key_id":"","signature":"","more":1}',
        b'{"position":1,"chain":null,"at_us":1,"key_id":"","signature":""}',
    ],
)
def test_a_line_is_a_head_or_nothing(line: bytes) -> None:
    """Whatever stands there."""
    assert Head.parse(line) is None


def _killed(*_args: object, **_words: object) -> None:
    raise KeyboardInterrupt
