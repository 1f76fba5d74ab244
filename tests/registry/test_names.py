"""Names are hints: which candidates are shown, in what order, and why."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.core.errors import Refused
from holdfast.registry.names import NAME_CHARS_MAX, Reason, hints, in_latin, plain_name


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("นางสาวสุดารัตน์  ศรีสุข", "สุดารัตน์ ศรีสุข"),
        ("นาย สมชาย ใจดี", "สมชาย ใจดี"),
        ("เเดง ใจดี", "แดง ใจดี"),
        ("Mr. SOMCHAI  Jaidee", "somchai jaidee"),
        ("นายก", "นายก"),
    ],
)
def test_titles_and_spelling_do_not_count(text: str, plain: str) -> None:
    """Titles, case, spaces and the two ways of typing one vowel make no other name."""
    assert plain_name(text) == plain


@pytest.mark.parametrize(
    ("thai", "latin"),
    [("สมชาย", "somchai"), ("ประยุทธ์", "prayut"), ("สุดารัตน์", "sudarat"), ("กิตติพงษ์", "kittiphong")],
)
def test_thai_is_heard_as_the_royal_institute_writes_it(thai: str, latin: str) -> None:
    """Transcriptions are those of the Royal Thai General System."""
    assert in_latin(thai) == latin


def test_each_candidate_comes_with_its_reason() -> None:
    """The same name first, then the same in another script, then what is much alike."""
    found = hints(
        "สมชาย ใจดี",
        ["Somchai Chaidi", "นายสมชาย ใจดี", "ใจดี สมชาย", "Somchay Jaidee", "Preecha Thong"],
    )
    reasons = {hint.name: hint.reason for hint in found}
    assert reasons == {
        "นายสมชาย ใจดี": Reason.SAME,
        "ใจดี สมชาย": Reason.OTHER_ORDER,
        "Somchai Chaidi": Reason.SAME_SOUND,
        "Somchay Jaidee": Reason.LIKE_SOUND,
    }
    assert found[-1].name == "Somchay Jaidee"


def test_a_first_name_alone_is_a_part() -> None:
    """One word finds all who bear it, and says that it is only a part."""
    (hint,) = hints("สมชาย", ["สมชาย ใจดี"])
    assert hint.reason is Reason.PART


@pytest.mark.parametrize("text", ["", "  ", "นาย", "x" * (NAME_CHARS_MAX + 1)])
def test_what_is_no_name_is_refused(text: str) -> None:
    """Nothing, a title alone, or a page of text is no name."""
    with pytest.raises(Refused, match="letters besides its title"):
        plain_name(text)


@given(st.text(st.characters(categories=["L", "M", "Zs"]), min_size=1, max_size=40))
def test_every_name_finds_itself(text: str) -> None:
    """Whatever is a name at all is a hint to itself, with full likeness."""
    try:
        plain_name(text)
    except Refused:
        return
    assert [hint.likeness for hint in hints(text, [text])] == [1.0]
