"""What is taken for canonical unread is what the parser would give back unchanged."""

from __future__ import annotations

from contextlib import suppress

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.core.errors import Refused
from holdfast.core.schemes import table
from holdfast.registry.canonical import canonical_of, is_canonical, pattern_of
from holdfast.registry.merged import successors
from holdfast.registry.subject import SubjectKind, parse_subject

CALLED = r"\+(66|60|65|62|63|84|856|855|95|673|670)[0-9]{6,11}"
"""Numbers of the countries matched, in use or not: to draw from their own patterns takes minutes."""
MANY = 150


def right(kind: SubjectKind, text: str) -> bool:
    """Return whether the parser gives a text back unchanged."""
    with suppress(Refused):
        return parse_subject(kind, text, "TH").key == text
    return False


@pytest.mark.parametrize("kind", [kind for kind in SubjectKind if pattern_of(kind)])
@settings(max_examples=MANY)
@given(data=st.data())
def test_what_fits_is_canonical(kind: SubjectKind, data: st.DataObject) -> None:
    """Any text that a pattern fits is one that the parser gives back; both engines agree on it."""
    pattern = CALLED if kind is SubjectKind.PHONE else pattern_of(kind)
    assert pattern is not None
    ascii_only = st.characters(max_codepoint=127)
    text = data.draw(st.from_regex(pattern, fullmatch=True, alphabet=ascii_only))
    fits = is_canonical(kind, text)
    assert canonical_of(kind, pa.array([text]))[0] == fits
    assert not fits or right(kind, text)


@pytest.mark.parametrize("kind", SubjectKind)
@settings(max_examples=MANY)
@given(text=st.text(max_size=30))
def test_nothing_else_is_taken_for_it(kind: SubjectKind, text: str) -> None:
    """Whatever is written, what is taken for canonical is what the parser gives back."""
    fits = is_canonical(kind, text)
    assert canonical_of(kind, pa.array([text, None])).tolist() == [fits, False]
    assert not fits or right(kind, text)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (SubjectKind.LINK, "http://example.com"),
        (SubjectKind.LINK, "http://EXAMPLE.com/"),
        (SubjectKind.LINK, "http://example.com/a/../b"),
        (SubjectKind.LINK, "http://example.com//b"),
        (SubjectKind.LINK, "http://example.com/a%20b"),
        (SubjectKind.LINK, "http://example.com/a#b"),
        (SubjectKind.LINK, "http://3232235777/"),
        (SubjectKind.LINK, "http://1.2.3.0x4/"),
        (SubjectKind.LINK, "http://example.com/" + 1000 * "a"),
        (SubjectKind.PHONE, "+660812345678"),
        (SubjectKind.PHONE, "0812345678"),
        (SubjectKind.PHONE, "+698812345678"),
        (SubjectKind.ACCOUNT, "TH.THCBC.004.012-345"),
        (SubjectKind.ACCOUNT, "TH.THCBC.04.0123456789"),
        (SubjectKind.ACCOUNT, "TH.THCBC.004.0123456789\n"),
        (SubjectKind.PROXY, "TH.PROMPTPAY.NIDN.1100000000008"),
    ],
)
def test_what_must_be_read_is_read(kind: SubjectKind, text: str) -> None:
    """Second forms, near misses and personal ids go to the parser."""
    assert not is_canonical(kind, text)
    assert not canonical_of(kind, pa.array([text]))[0]


def test_accounts_of_merged_banks_are_read_anew() -> None:
    """An account under the code of a bank that was merged is known by its successor's."""
    for bank in successors():
        assert not is_canonical(SubjectKind.ACCOUNT, f"{bank}.0123456789")
        assert not canonical_of(SubjectKind.ACCOUNT, pa.array([f"{bank}.0123456789"]))[0]


def test_the_examples_of_the_tables_need_no_parser() -> None:
    """Nearly every scheme's own example is taken unread, so that the pattern is of use."""
    examples = [row["example"] for row in table("clearing")["schemes"].values()]
    unread = canonical_of(SubjectKind.ACCOUNT, pa.array(examples)).sum()
    assert unread >= len(examples) - 1
    assert is_canonical(SubjectKind.PHONE, "+66812345678")
    assert is_canonical(SubjectKind.PROXY, "TH.PROMPTPAY.MBNO.+66812345678")
    assert is_canonical(SubjectKind.LINK, "https://shop.example.com/pay/now.html?id=1")
