"""Buckets: few bits are named, rows tell nothing without the key, and lengths tell nothing of one."""

from __future__ import annotations

import hashlib
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.core.errors import Refused
from holdfast.registry.asking import Question
from holdfast.registry.blind import blind_evaluate, derive_key, output, prove, public_key
from holdfast.registry.buckets import (
    PREFIX_BITS,
    ROW_BYTES,
    STEP,
    Found,
    Tag,
    bits_of,
    check_prefix,
    filled_up,
    find,
    prefix_of,
)
from holdfast.registry.subject import Subject, SubjectKind

KEY, PADDING = derive_key(bytes(32), b"test"), b"p" * 32
PHONE = SubjectKind.PHONE


def _subject(number: int) -> Subject:
    return Subject(PHONE, f"+6681{number:07}")


@cache
def _row(number: int, *, disputed: bool = False) -> bytes:
    return Tag.of(output(KEY, _subject(number).wire)).row(disputed=disputed)


def test_so_many_bits_are_named() -> None:
    """Links 32, accounts 20, phones 16: the first bits of the SHA-256 of the wire form."""
    assert [bits_of(SubjectKind(kind)) for kind in ("link", "account", "phone")] == [32, 20, 16]
    digest = hashlib.sha256(_subject(1).wire).digest()
    assert prefix_of(_subject(1)) == int.from_bytes(digest[:2], "big")
    account = Subject(SubjectKind.ACCOUNT, "TH.THCBC.004.0123456789")
    digest = hashlib.sha256(account.wire).digest()
    assert prefix_of(account) == int.from_bytes(digest[:3], "big") >> 4


def test_people_cannot_be_asked_about() -> None:
    """No citizen finds out by a document's number what is said of another."""
    assert SubjectKind.PERSON not in PREFIX_BITS
    with pytest.raises(Refused) as refused:
        bits_of(SubjectKind.PERSON)
    assert refused.value.code == "check_kind"


@pytest.mark.parametrize("prefix", [-1, 1 << 16])
def test_more_bits_are_refused(prefix: int) -> None:
    """Nobody can be made to name more of a number."""
    check_prefix(PHONE, 0xFFFF)
    with pytest.raises(Refused, match="16 bits"):
        check_prefix(PHONE, prefix)


@settings(max_examples=30)
@given(st.sets(st.integers(0, 300), max_size=80), st.integers(0, 300))
def test_what_is_in_a_bucket_is_found_and_nothing_else(inside: set[int], asked: int) -> None:
    """Rows are found by the output alone, and what is said comes back."""
    rows = [_row(number, disputed=number % 2 == 1) for number in inside]
    bucket = filled_up(rows, PADDING, PHONE, 7)
    found = find(bucket, output(KEY, _subject(asked).wire))
    assert found == (Found(asked % 2 == 1) if asked in inside else None)


@settings(max_examples=15)
@given(st.integers(0, 3 * STEP))
def test_lengths_are_steps(count: int) -> None:
    """A bucket of none is as long as one of 64, and what fills it up is the same each time."""
    rows = [_row(number) for number in range(count)]
    bucket = filled_up(rows, PADDING, PHONE, 7)
    assert len(bucket) == max(1, -(-count // STEP)) * STEP * ROW_BYTES
    assert filled_up(rows[::-1], PADDING, PHONE, 7) == bucket
    assert set(rows) <= {bucket[at : at + ROW_BYTES] for at in range(0, len(bucket), ROW_BYTES)}


@pytest.mark.parametrize("rows", [b"x", bytes(ROW_BYTES * 65_537)])
def test_what_is_no_bucket_is_refused(rows: bytes) -> None:
    """Rows cut short or without bound are told."""
    with pytest.raises(Refused) as refused:
        find(rows, bytes(64))
    assert refused.value.code == "bucket_unreadable"


def _given(question: Question, rows: bytes, key: bytes = KEY) -> dict[str, object]:
    import base64

    asked = base64.b64decode(str(question.body["blinded"]))
    evaluated = blind_evaluate(key, asked)
    proof = prove(key, [asked], [evaluated], lambda count: b"\x05" * count)
    parts = {"rows": rows, "evaluated": evaluated, "proof": proof}
    return {name: base64.b64encode(part).decode() for name, part in parts.items()}


def test_a_question_and_its_answer() -> None:
    """The one who asks finds their number; what was sent tells nothing but the bucket."""
    bucket = filled_up([_row(1), _row(2, disputed=True)], PADDING, PHONE, 7)
    public = public_key(KEY)
    for number, right in ((1, Found(disputed=False)), (2, Found(disputed=True)), (3, None)):
        question = Question.about(_subject(number), bytes([number]) * 64)
        assert question.body.keys() == {"kind", "prefix", "blinded"}
        assert question.read(_given(question, bucket), public) == right
    once, again = (Question.about(_subject(1), bytes([wide]) * 64).body for wide in (1, 2))
    assert once["blinded"] != again["blinded"]


def test_an_answer_by_another_key_is_not_believed() -> None:
    """A centre that answers one asker with a key of its own is found out."""
    question = Question.about(_subject(1), b"w" * 64)
    other = derive_key(bytes(32), b"another")
    with pytest.raises(Refused) as refused:
        question.read(_given(question, b"", other), public_key(KEY))
    assert refused.value.code == "check_proof"


@pytest.mark.parametrize("given_", [{}, {"evaluated": "?", "proof": "", "rows": ""}])
def test_what_is_no_answer_is_refused(given_: dict[str, object]) -> None:
    """Whatever comes instead of an answer is told as such."""
    with pytest.raises(Refused) as refused:
        Question.about(_subject(1), b"w" * 64).read(given_, public_key(KEY))
    assert refused.value.code == "check_unreadable"
