"""Verifying: every way of tampering with a sealed audit is found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection
from django.db.models import F, Model
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.records.guards_off import guards_off
from tests.records.sealing import Sealing

from holdfast.core.keys import SigningKey
from holdfast.records.chain import START, chain_step, entry_digest
from holdfast.records.heads import Head
from holdfast.records.models import AuditEntry, SealedEntry, SealedHead
from holdfast.records.signing_key import create_key

pytestmark = pytest.mark.django_db

FIELDS = ("at_us", "actor", "verb", "subject", "basis", "detail_json")
BATCHES = st.lists(st.integers(1, 4), min_size=2, max_size=4)
Tamper = Callable[[Sealing, int], str]
"""Changes something at a position and returns the code by which it must be found."""


def _place(position: int) -> SealedEntry:
    row: SealedEntry = SealedEntry.objects.get(position=position)
    return row


def _set(row: Model, **values: object) -> None:
    type(row).objects.filter(pk=row.pk).update(**values)


def _end() -> int:
    return int(SealedEntry.objects.count())


def _digest(entry: AuditEntry) -> str:
    return entry_digest(**{name: getattr(entry, name) for name in FIELDS})


def _rechain() -> None:
    """Make the chain consistent in itself again, as who can compute but not sign."""
    chain, values = START, {}
    for number, row in enumerate(SealedEntry.objects.order_by("position"), 1):
        entry = AuditEntry.objects.get(id=row.entry_id)
        _set(entry, digest=_digest(entry))
        chain = chain_step(chain, number, row.entry_id, _digest(entry))
        _set(row, position=number, digest=_digest(entry), chain=chain)
        values[number] = chain
    for head in SealedHead.objects.all():
        if head.position in values:
            _set(head, chain=values[head.position])
        else:
            head.delete()


def _resign(key: SigningKey) -> None:
    for row in SealedHead.objects.all():
        head = Head.signed(position=row.position, chain=row.chain, at_us=row.at_us, key=key)
        _set(row, key_id=key.key_id, signature=head.signature)


def change_a_field(sealing: Sealing, position: int) -> str:
    """The simplest."""
    field = FIELDS[position % len(FIELDS)]
    entry = AuditEntry.objects.get(id=_place(position).entry_id)
    _set(entry, **{field: 7 if field == "at_us" else "other"})
    return "audit_entry_changed"


def change_an_entry_and_its_digest(sealing: Sealing, position: int) -> str:
    """Who knows how digests are made."""
    entry = AuditEntry.objects.get(id=_place(position).entry_id)
    entry.actor = "nobody"
    _set(entry, actor="nobody", digest=_digest(entry))
    return "audit_entry_changed"


def change_a_digest_in_the_chain(sealing: Sealing, position: int) -> str:
    """Who knows of the chain, and leaves its values."""
    place = _place(position)
    entry = AuditEntry.objects.get(id=place.entry_id)
    entry.actor = "nobody"
    _set(entry, actor="nobody", digest=_digest(entry))
    _set(place, digest=_digest(entry))
    return "audit_chain_broken"


def change_a_value_of_the_chain(sealing: Sealing, position: int) -> str:
    """A single value."""
    _set(_place(position), chain="0" * 64)
    return "audit_chain_broken"


def remove_an_entry(sealing: Sealing, position: int) -> str:
    """Its place stays."""
    AuditEntry.objects.filter(id=_place(position).entry_id).delete()
    return "audit_entry_missing"


def remove_an_entry_and_its_place(sealing: Sealing, position: int) -> str:
    """In the middle a gap is left, at the end a head that knows of more."""
    is_last = position == _end()
    place = _place(position)
    AuditEntry.objects.filter(id=place.entry_id).delete()
    place.delete()
    return "audit_cut_off" if is_last else "audit_place_missing"


def exchange_what_two_entries_say(sealing: Sealing, position: int) -> str:
    """Both still have a digest that fits, on the other's id."""
    ids = [_place(position).entry_id, _place(position % _end() + 1).entry_id]
    one, other = (AuditEntry.objects.get(id=entry_id) for entry_id in ids)
    assume(one.digest != other.digest)
    for entry, source in ((one, other), (other, one)):
        AuditEntry.objects.filter(id=entry.id).update(
            digest=source.digest, **{name: getattr(source, name) for name in FIELDS}
        )
    return "audit_entry_changed"


def exchange_two_places(sealing: Sealing, position: int) -> str:
    """Reordered: each entry is whole, the order is another."""
    one, other = _place(position), _place(position % _end() + 1)
    _set(one, entry_id=-1)
    _set(other, entry_id=one.entry_id, digest=one.digest)
    _set(one, entry_id=other.entry_id, digest=other.digest)
    return "audit_chain_broken"


def cut_off_the_end(sealing: Sealing, position: int) -> str:
    """Entries, places and heads from a position on; the chain before is whole."""
    places = SealedEntry.objects.filter(position__gte=position)
    AuditEntry.objects.filter(id__in=list(places.values_list("entry_id", flat=True))).delete()
    places.delete()
    SealedHead.objects.filter(position__gte=position).delete()
    return "audit_cut_off"


def rewrite_without_the_key(sealing: Sealing, position: int) -> str:
    """Everything fits in itself; the signatures are of something else."""
    _set(AuditEntry.objects.get(id=_place(position).entry_id), actor="nobody")
    _rechain()
    return "audit_head_signature"


def rewrite_with_the_key(sealing: Sealing, position: int) -> str:
    """The database is perfect; the heads outside know another audit."""
    _set(AuditEntry.objects.get(id=_place(position).entry_id), actor="nobody")
    _rechain()
    _resign(sealing.key)
    return "audit_rewritten"


def rewrite_without_an_entry(sealing: Sealing, position: int) -> str:
    """One entry fewer, all others moved up, signed with the true key."""
    place = _place(position)
    AuditEntry.objects.filter(id=place.entry_id).delete()
    place.delete()
    _rechain()
    _resign(sealing.key)
    return "audit_cut_off"


def sign_with_another_key(sealing: Sealing, position: int) -> str:
    """A key that nobody knows."""
    SealedHead.objects.update(key_id="mine")
    return "audit_head_key_unknown"


def remove_the_heads(sealing: Sealing, position: int) -> str:
    """Inside; the file still has them."""
    SealedHead.objects.all().delete()
    return "audit_head_missing"


def change_a_head(sealing: Sealing, position: int) -> str:
    """Its time; the signature is no longer about it."""
    _set(SealedHead.objects.order_by("position").first(), at_us=F("at_us") + 1)
    return "audit_head_signature"


def lead_a_head_elsewhere(sealing: Sealing, position: int) -> str:
    """Its value; the chain has another there."""
    _set(SealedHead.objects.order_by("position").first(), chain="1" * 64)
    return "audit_head_differs"


def _lines(sealing: Sealing) -> list[bytes]:
    return sealing.heads.read_bytes().splitlines(keepends=True)


def remove_a_line_outside(sealing: Sealing, position: int) -> str:
    """Any line of the file."""
    lines = _lines(sealing)
    del lines[position % len(lines)]
    sealing.heads.write_bytes(b"".join(lines))
    return "audit_heads_behind"


def remove_the_file_outside(sealing: Sealing, position: int) -> str:
    """All of it."""
    sealing.heads.unlink()
    return "audit_heads_behind"


def exchange_two_lines_outside(sealing: Sealing, position: int) -> str:
    """The file is in the order of positions."""
    sealing.heads.write_bytes(b"".join(reversed(_lines(sealing))))
    return "audit_heads_order"


def write_over_a_line_outside(sealing: Sealing, position: int) -> str:
    """What stands there is no head."""
    lines = _lines(sealing)
    lines[position % len(lines)] = b"x" * 3000 + b"\n"
    sealing.heads.write_bytes(b"".join(lines))
    return "audit_heads_line"


def forge_a_line_outside(sealing: Sealing, position: int) -> str:
    """A head of more entries than there are, that this centre never signed."""
    with sealing.heads.open("ab") as file:
        file.write(Head(10**6, "0" * 64, 1, sealing.key.key_id, "AAAA").line())
    return "audit_head_signature"


def give_a_head_another_time(sealing: Sealing, position: int) -> str:
    """Signed by the true key, for the same chain, but not the same as inside."""
    row = SealedHead.objects.order_by("position").first()
    head = Head.signed(position=row.position, chain=row.chain, at_us=1, key=sealing.key)
    sealing.heads.write_bytes(b"".join([head.line(), *_lines(sealing)[1:]]))
    return "audit_heads_unlike"


TAMPERS: list[Tamper] = [
    change_a_field,
    change_an_entry_and_its_digest,
    change_a_digest_in_the_chain,
    change_a_value_of_the_chain,
    remove_an_entry,
    remove_an_entry_and_its_place,
    exchange_what_two_entries_say,
    exchange_two_places,
    cut_off_the_end,
    rewrite_without_the_key,
    rewrite_with_the_key,
    rewrite_without_an_entry,
    sign_with_another_key,
    remove_the_heads,
    change_a_head,
    lead_a_head_elsewhere,
    remove_a_line_outside,
    remove_the_file_outside,
    exchange_two_lines_outside,
    write_over_a_line_outside,
    forge_a_line_outside,
    give_a_head_another_time,
]


@pytest.mark.parametrize("tamper", TAMPERS, ids=lambda tamper: tamper.__name__)
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=BATCHES, data=st.data())
def test_tampering_is_found(
    db: None, sealing: Sealing, tamper: Tamper, batches: list[int], data: st.DataObject
) -> None:
    """Wherever it is done, in an audit of any length; before it nothing is found."""
    sealing.fill(batches)
    assert sealing.problems() == []
    position = data.draw(st.integers(1, sum(batches)))
    with guards_off(connection):
        code = tamper(sealing, position)
    assert code in sealing.codes()


def test_a_problem_names_its_place(sealing: Sealing) -> None:
    """One changed entry is one problem, at its position; all others are whole."""
    sealing.fill([3, 2])
    with guards_off(connection):
        AuditEntry.objects.filter(id=_place(4).entry_id).update(actor="nobody")
    [problem] = sealing.problems()
    assert (problem.file, problem.row) == ("audit", 4)
    assert problem.fields["entry"] == _place(4).entry_id


def test_a_rewritten_audit_is_one_problem(sealing: Sealing) -> None:
    """However many heads come after the first that differs."""
    sealing.fill([2, 1, 1, 1])
    with guards_off(connection):
        rewrite_with_the_key(sealing, 3)
    [problem] = sealing.problems()
    assert (problem.code, problem.file, problem.row) == ("audit_rewritten", "heads.jsonl", 2)


def test_a_copy_from_elsewhere_finds_what_the_own_file_hides(
    sealing: Sealing, tmp_path: Path
) -> None:
    """Who rewrites database and file has not rewritten the copy that somebody else keeps."""
    sealing.fill([2, 2])
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(sealing.heads.read_bytes())
    with guards_off(connection):
        rewrite_with_the_key(sealing, 1)
    sealing.heads.unlink()
    sealing.seal()
    assert sealing.problems() == []
    sealing.heads = copy
    assert sealing.codes() == {"audit_rewritten"}


def test_heads_of_a_retired_key_verify(sealing: Sealing, tmp_path: Path) -> None:
    """Each head by the key it names."""
    sealing.fill([2])
    new = create_key(tmp_path, "th-2")
    sealing.key = new
    sealing.write(1)
    sealing.seal()
    assert sealing.codes() == {"audit_head_key_unknown"}
    sealing.keys["th-2"] = new.private.public_key().public_bytes_raw()
    assert sealing.problems() == []


def test_what_is_not_sealed_yet_is_no_problem(sealing: Sealing) -> None:
    """An empty audit and fresh entries are in order."""
    assert sealing.problems() == []
    sealing.write(2)
    assert sealing.problems() == []
    sealing.seal()
    sealing.write(2)
    assert sealing.problems() == []


def test_what_is_sealed_meanwhile_is_no_problem(sealing: Sealing) -> None:
    """Verifying looks at what was there when it began."""
    from holdfast.records.verify import verify

    sealing.fill([2, 1])
    with guards_off(connection):
        AuditEntry.objects.filter(id=_place(1).entry_id).update(actor="nobody")
    found = verify(heads=sealing.heads, keys=sealing.keys)
    assert next(found).code == "audit_entry_changed"
    sealing.write(3)
    sealing.seal()
    assert list(found) == []


def test_long_audits_are_read_in_pages(sealing: Sealing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is lost or told twice at the edges of pages."""
    monkeypatch.setattr("holdfast.records.verify.PAGE", 2)
    sealing.fill([1, 3, 1, 1, 2, 1])
    assert sealing.problems() == []
    lines = _lines(sealing)
    sealing.heads.write_bytes(b"".join([lines[0], *lines[4:]]))
    [problem] = sealing.problems()
    assert problem.code == "audit_heads_behind"
    assert problem.fields == {"count": 3, "after": 0, "until": 8}


def test_bytes_where_text_belongs_are_a_change(sealing: Sealing) -> None:
    """An embedded database takes them; verifying goes on."""
    sealing.fill([2])
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL keeps the type of a column")
    with guards_off(connection), connection.cursor() as cursor:
        cursor.execute("UPDATE records_auditentry SET actor = x'00ff'")
    assert [problem.code for problem in sealing.problems()] == ["audit_entry_changed"] * 2
