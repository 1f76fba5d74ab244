"""Text from outside is shown as it is, or as what it hides."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.documents.visible_text import cut, cut_middle, cut_to_width, text_width, visible, wrap


@given(text=st.text())
def test_nothing_hidden_is_left(text: str) -> None:
    """No control, format, surrogate or separator sign comes through."""
    hidden = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert not [sign for sign in visible(text) if unicodedata.category(sign) in hidden]


@given(text=st.text(st.characters(categories=["L", "N", "P", "S", "Mn", "Mc", "Zs"])))
def test_plain_text_stays_as_it_is(text: str) -> None:
    """Letters, digits, marks and signs of any script are not touched."""
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb", "a⟨202E⟩b"),
        ("\x1b[31m", "⟨001B⟩[31m"),
        ("a\nb", "a⟨000A⟩b"),
        ("\ufffe", "⟨FFFE⟩"),
        ("\U000e0041", "⟨E0041⟩"),
    ],
)
def test_hidden_signs_are_named(text: str, shown: str) -> None:
    """What would hide or reorder is written as its number."""
    assert visible(text) == shown


def test_word_breaks_of_asian_scripts_stay_in_words_only() -> None:
    """A zero-width space is part of a Khmer name, but never of an identifier."""
    assert visible("ក\u200bខ", words=True) == "ក\u200bខ"
    assert visible("12\u200b34") == "12⟨200B⟩34"


@given(text=st.text(max_size=60), limit=st.integers(4, 40))
def test_cutting_keeps_within_the_limit_and_says_so(text: str, limit: int) -> None:
    """A text within the limit stays; a longer one is shorter than the limit and shows the cut."""
    for shorten in (cut, cut_middle):
        short = shorten(text, limit)
        assert len(short) <= limit
        assert short == text or "…" in short


def test_no_letter_is_parted_from_its_mark() -> None:
    """A Thai tone mark is cut off together with its consonant."""
    assert cut("\u0e01\u0e49" * 4, 4) == "\u0e01\u0e49…"
    assert cut_middle("\u0e01\u0e49" * 6, 7)[-1] == "\u0e49"
    assert "…\u0e49" not in cut_middle("\u0e01\u0e49" * 6, 7)


@given(text=st.text(st.characters(codec="ascii", min_codepoint=33), max_size=40))
def test_cut_to_width_fits(text: str) -> None:
    """What is cut to a width is no wider than that."""
    assert text_width(cut_to_width(text, 80, 10), 10) <= 80 or len(text) <= 1


def test_words_without_spaces_are_broken_between_syllables() -> None:
    """Thai words too wide for a line go on in the next one, and no sign is lost or parted."""
    text = "เงินที่ถูกโอนออกไปแล้วยังอยู่ในบัญชีนี้" * 3
    lines = wrap(text, 100, 10)
    assert len(lines) > 3
    assert "".join(lines) == text
    assert not [line for line in lines if line[0] in "ะาำๆ" or line[-1] in "เแโใไ"]
    assert not [line for line in lines if unicodedata.category(line[0]) == "Mn"]


@given(words=st.lists(st.text("abcdefg", min_size=1, max_size=12), max_size=30))
def test_wrapping_keeps_every_word_in_order(words: list[str]) -> None:
    """Lines hold all the words in their order, and none is wider than it must be."""
    lines = wrap(" ".join(words), 100, 10)
    assert " ".join(lines).split() == words
    assert all(text_width(line, 10) <= 100 for line in lines if " " in line)
