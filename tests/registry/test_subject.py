"""Subjects: one text each, whoever writes it, and nobody's clear id."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.core.errors import Refused
from holdfast.registry.merged import successor_of, successors
from holdfast.registry.subject import Subject, SubjectKind, parse_subject

KEY = b"only for tests, 32 bytes long .."
SEALED = "TH.NIDN." + "0f" * 32


@pytest.mark.parametrize(
    ("kind", "text", "key"),
    [
        ("account", "TH.THCBC.004.0123456789", "TH.THCBC.004.0123456789"),
        ("account", "TH.THCBC.065.0123456789", "TH.THCBC.011.0123456789"),
        ("proxy", "TH.PROMPTPAY.MBNO.+66812345678", "TH.PROMPTPAY.MBNO.+66812345678"),
        ("phone", "081-234-5678", "+66812345678"),
        ("phone", "0066812345678", "+66812345678"),
        ("link", "HTTP://Example.COM/a/../b", "http://example.com/b"),
        ("wallet", "T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb", "TRON:T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb"),
        ("person", SEALED, SEALED),
        ("handle", "LINE @GetRich", "line:@getrich"),
        ("handle", "line:@getrich", "line:@getrich"),
        ("handle", "telegram / GetRich", "telegram:getrich"),
    ],
)
def test_one_text_each(kind: str, text: str, key: str) -> None:
    """However it is written; read again it stays, and the wire form names the kind."""
    found = parse_subject(kind, text, "TH")
    assert found == Subject(SubjectKind(kind), key)
    assert parse_subject(kind, key, "TH") == found
    assert found.wire == f"{kind}:{key}".encode()


def test_the_same_number_at_two_banks_is_two_subjects() -> None:
    """And a phone is not the proxy that bears its number."""
    found = {
        parse_subject("account", f"TH.THCBC.{bank}.0123456789", "TH").wire
        for bank in ("004", "014")
    }
    found.add(parse_subject("phone", "+66812345678", "TH").wire)
    found.add(parse_subject("proxy", "TH.PROMPTPAY.MBNO.+66812345678", "TH").wire)
    assert len(found) == 4


@pytest.mark.parametrize(
    ("kind", "text"),
    [("person", "TH.NIDN.1100000000008"), ("proxy", "TH.PROMPTPAY.NIDN.1100000000008")],
)
def test_ids_of_people_are_sealed(kind: str, text: str) -> None:
    """With the key the clear id becomes its hash; without, it is refused and not shown."""
    with pytest.raises(Refused) as refused:
        parse_subject(kind, text, "TH")
    assert refused.value.code == "subject_person_clear"
    assert "1100000" not in str(refused.value)
    sealed = parse_subject(kind, text, "TH", KEY)
    assert "1100000" not in sealed.key
    assert parse_subject(kind, sealed.key, "TH") == sealed
    assert parse_subject(kind, sealed.key, "TH", KEY) == sealed


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        ("car", "x", "subject_kind_unknown"),
        ("person", "somchai", "subject_person_form"),
        ("handle", "getrich", "subject_handle_form"),
        ("handle", "@getrich", "subject_handle_form"),
        ("handle", "x" * 201, "text_too_long"),
        ("link", "http://example.com/" + "a" * 1000, "subject_too_long"),
        ("phone", "08A-234-5678", "phone_unreadable"),
        ("account", "0123456789", "account_form"),
    ],
)
def test_what_is_no_subject_is_refused(kind: str, text: str, code: str) -> None:
    """Each by its code."""
    with pytest.raises(Refused) as refused:
        parse_subject(kind, text, "TH")
    assert refused.value.code == code


@given(st.sampled_from(SubjectKind), st.text(max_size=80))
def test_whatever_is_written_is_read_or_refused(kind: SubjectKind, text: str) -> None:
    """What is read is read again as itself."""
    try:
        found = parse_subject(kind, text, "TH", KEY)
    except Refused:
        return
    assert parse_subject(kind, found.key, "TH", KEY) == found


def test_merged_banks_lead_somewhere() -> None:
    """No successor was merged in turn without its own successor being known."""
    assert successors()
    assert all(last not in successors() for last in successors().values())
    assert successor_of("TH.THCBC.004") == "TH.THCBC.004"
