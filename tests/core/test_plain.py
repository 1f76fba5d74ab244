"""Text from outside made plain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.core.errors import Refused
from holdfast.core.plain import ascii_digits, plain


def test_invisible_marks_and_outer_blanks_are_dropped() -> None:
    """Direction marks and zero-width spaces come with pasting and mean nothing."""
    assert plain(" \u202a+66\u200b81\u202c ", 20) == "+6681"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "text_empty"),
        (" \u200b ", "text_empty"),
        ("a\0b", "text_control_character"),
        ("a\nb", "text_control_character"),
        ("a\x7fb", "text_control_character"),
        ("a\ud800b", "text_control_character"),
        ("a" * 11, "text_too_long"),
        (" " * 11, "text_too_long"),
    ],
)
def test_what_no_value_contains_is_refused(text: str, code: str) -> None:
    """Nothing, too much, and control characters are refused."""
    with pytest.raises(Refused) as refusal:
        plain(text, 10)
    assert refusal.value.code == code


def test_a_control_character_is_named_with_its_place() -> None:
    """Who cannot see a character is told which one it is and where."""
    with pytest.raises(Refused, match=r"character 2 .* U\+0000"):
        plain("a\0b", 10)


def test_a_secret_is_not_shown() -> None:
    """An over-long secret is refused without a part of it in the sentence or the fields."""
    with pytest.raises(Refused) as refusal:
        plain("1100000000008" * 2, 10, secret=True)
    assert "1100" not in str(refusal.value) + str(refusal.value.fields)


def test_digits_of_every_script_are_read() -> None:
    """Thai, Khmer, Lao, Burmese, Arabic and full-width digits are the digits they are."""
    assert ascii_digits("๐๑๙ ០១៩ ໐໑໙ ၀၁၉ ٠١٩ ０１９＋") == "019 019 019 019 019 019+"


@given(st.text(max_size=50))
def test_plain_text_stays_plain(text: str) -> None:
    """What was made plain once is not changed by being made plain again."""
    try:
        once = plain(text, 40)
    except Refused:
        return
    assert plain(once, 40) == once
