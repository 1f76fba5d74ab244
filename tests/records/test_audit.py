"""Writing the audit."""

from __future__ import annotations

import json

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from holdfast.core.errors import Refused
from holdfast.records import audit
from holdfast.records.chain import canonical, chain_step, entry_digest
from holdfast.records.models import AuditEntry

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=2), inner),
    max_leaves=8,
)
FIELDS = {
    "at_us": 5,
    "actor": "staff:1",
    "verb": "hold_money",
    "subject": "case:TH-2026-000001",
    "basis": "TH.decree",
    "detail_json": "{}",
}


@pytest.mark.django_db
def test_an_entry_keeps_what_was_told_of_it() -> None:
    """All fields, the detail as canonical JSON, and the digest of all of them."""
    entry = audit.record(
        at_us=5,
        actor="staff:1",
        verb="hold_money",
        subject="case:1",
        basis="b",
        detail={"z": 1, "a": [None, "ก"]},
    )
    kept = AuditEntry.objects.get(id=entry.id)
    assert (kept.at_us, kept.actor, kept.verb, kept.subject, kept.basis) == (
        5,
        "staff:1",
        "hold_money",
        "case:1",
        "b",
    )
    assert kept.detail_json == '{"a":[null,"ก"],"z":1}'
    assert kept.detail == {"z": 1, "a": [None, "ก"]}
    assert kept.digest == entry_digest(
        at_us=5,
        actor="staff:1",
        verb="hold_money",
        subject="case:1",
        basis="b",
        detail_json=kept.detail_json,
    )


@pytest.mark.django_db(transaction=True)
def test_an_entry_outside_a_transaction_is_refused() -> None:
    """It would stay when the change is rolled back, or be missing when it isn't."""
    with pytest.raises(transaction.TransactionManagementError):
        audit.record(at_us=1, actor="a", verb="v", subject="s")
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_entry_goes_with_its_change() -> None:
    """A change that is rolled back leaves no entry."""
    with transaction.atomic():
        audit.record(at_us=1, actor="a", verb="kept", subject="s")
    with transaction.atomic():
        audit.record(at_us=1, actor="a", verb="undone", subject="s")
        transaction.set_rollback(True)
    assert [entry.verb for entry in audit.history("s")] == ["kept"]


@pytest.mark.django_db
def test_a_history_is_paged_in_order_and_of_one_subject() -> None:
    """Each page begins after the last id of the one before."""
    wanted = [
        audit.record(at_us=n, actor="a", verb="v", subject=f"case:{n % 2}").id for n in range(10)
    ][1::2]
    first = audit.history("case:1", limit=3)
    second = audit.history("case:1", after_id=first[-1].id, limit=3)
    assert [entry.id for entry in first + second] == wanted
    assert audit.history("case:1", limit=-1) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("actor", ""),
        ("actor", "a" * 201),
        ("verb", "a\nb"),
        ("subject", "a\0"),
        ("basis", "b" * 201),
        ("subject", "\ud800"),
    ],
)
def test_a_field_without_form_is_refused(field: str, value: str) -> None:
    """Both engines refuse alike, whatever they themselves would take."""
    fields = {"actor": "a", "verb": "v", "subject": "s", "basis": ""} | {field: value}
    with pytest.raises(Refused) as caught:
        audit.record(at_us=1, **fields)  # type: ignore[arg-type]
    assert caught.value.code == "audit_field_form"
    assert caught.value.fields["field"] == field


def test_a_detail_has_an_end() -> None:
    """An entry is no place for documents."""
    with pytest.raises(Refused) as caught:
        canonical({"x": "ก" * 30_000})
    assert caught.value.code == "audit_detail_too_long"


@pytest.mark.parametrize("detail", [{"x": 1.5}, {1: "x"}, {"x": [b"y"]}, {"x": {"y": object()}}])
def test_a_detail_without_one_text_is_refused(detail: dict[str, object]) -> None:
    """Floats, bytes and keys that are no text would have several texts, or none."""
    with pytest.raises(TypeError):
        canonical(detail)


@pytest.mark.parametrize("text", ["\0", "\ud800"])
def test_a_text_that_no_database_keeps_is_refused(text: str) -> None:
    """NUL and half characters, in keys too."""
    with pytest.raises(ValueError, match=r"NUL|surrogates"):
        canonical({"x": text})
    with pytest.raises(ValueError, match=r"NUL|surrogates"):
        canonical({text: 1})


@given(st.dictionaries(st.text("abcd", max_size=3), VALUES))
def test_equal_details_have_one_text(detail: dict[str, object]) -> None:
    """Whatever order keys were written in; and the text reads back as the detail."""
    text = canonical(detail)
    assert canonical(dict(reversed(detail.items()))) == text
    assert json.loads(text) == detail


@pytest.mark.parametrize("field", FIELDS)
def test_the_digest_is_about_every_field(field: str) -> None:
    """A change of one of them gives another digest."""
    changed = FIELDS | {field: 6 if field == "at_us" else f"{FIELDS[field]}x"}
    assert entry_digest(**FIELDS) != entry_digest(**changed)  # type: ignore[arg-type]


def test_what_moves_from_field_to_field_is_another_entry() -> None:
    """The borders between fields are part of the digest."""
    moved = FIELDS | {"actor": "staff:", "verb": "1hold_money"}
    assert entry_digest(**FIELDS) != entry_digest(**moved)  # type: ignore[arg-type]


def test_a_step_is_about_place_entry_and_all_before() -> None:
    """Another predecessor, position, id or digest gives another value."""
    steps = {
        chain_step("a", 1, 1, "d"),
        chain_step("b", 1, 1, "d"),
        chain_step("a", 2, 1, "d"),
        chain_step("a", 1, 2, "d"),
        chain_step("a", 1, 1, "e"),
        chain_step("a", 11, 1, "d"),
        chain_step("a", 1, 11, "d"),
    }
    assert len(steps) == 7


@pytest.mark.django_db
def test_several_entries_are_written_in_their_order() -> None:
    """As each would be by itself, whatever order their times are in; none is as good as some."""
    made = [
        audit.entry(at_us=at_us, actor="a", verb="v", subject=f"case:{at_us}", detail={"n": at_us})
        for at_us in (3, 1, 2)
    ]
    audit.record_all(made)
    audit.record_all([])
    alone = audit.record(at_us=3, actor="a", verb="v", subject="case:3", detail={"n": 3})
    kept = list(AuditEntry.objects.order_by("id"))
    assert [entry.at_us for entry in kept] == [3, 1, 2, 3]
    assert kept[0].digest == alone.digest == kept[3].digest
    assert kept[1].detail == {"n": 1}
    assert len({entry.digest for entry in kept}) == 3


@pytest.mark.django_db(transaction=True)
def test_several_entries_outside_a_transaction_are_refused() -> None:
    """They must come and go with what they are about."""
    made = audit.entry(at_us=1, actor="a", verb="v", subject="s", detail={})
    with pytest.raises(transaction.TransactionManagementError):
        audit.record_all([made])
    assert not AuditEntry.objects.exists()


def test_an_entry_that_is_not_written_yet_is_judged_already() -> None:
    """Nothing can be among several that could not be written by itself."""
    with pytest.raises(Refused) as caught:
        audit.entry(at_us=1, actor="", verb="v", subject="s", detail={})
    assert caught.value.code == "audit_field_form"
