"""Phone numbers as people write them and machines send them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.core.errors import Refused
from holdfast.core.phone import parse_phone


@pytest.mark.parametrize(
    ("text", "region", "canonical"),
    [
        ("081-234-5678", "TH", "+66812345678"),
        ("081 234 5678", "TH", "+66812345678"),
        ("๐๘๑-๒๓๔-๕๖๗๘", "TH", "+66812345678"),
        ("０８１２３４５６７８", "TH", "+66812345678"),
        ("66812345678", "TH", "+66812345678"),
        ("+66 (0)81 234 5678", "TH", "+66812345678"),
        ("+66812345678", "SG", "+66812345678"),
        ("0066812345678", "TH", "+66812345678"),
        ("0066812345678", "SG", "+66812345678"),
        ("006621234567", "TH", "+6621234567"),
        ("02 123 4567", "TH", "+6621234567"),
        ("tel:+66-81-234-5678", "TH", "+66812345678"),
        ("\u202a+66812345678\u202c", "TH", "+66812345678"),
        ("9123 4567", "SG", "+6591234567"),
        ("0912345678", "VN", "+84912345678"),
        ("+855 12 345 678", "TH", "+85512345678"),
        ("1441", "TH", "TH.1441"),
        ("๑๔๔๑", "TH", "TH.1441"),
        ("191", "TH", "TH.191"),
        ("995", "SG", "SG.995"),
        ("TH.1441", "SG", "TH.1441"),
    ],
)
def test_a_number_has_one_canonical_text(text: str, region: str, canonical: str) -> None:
    """E.164, or a short code with its country; the PromptPay wire form is stripped first."""
    assert parse_phone(text, region) == canonical
    assert parse_phone(canonical, region) == canonical


@pytest.mark.parametrize(
    ("text", "region", "code"),
    [
        ("", "TH", "text_empty"),
        ("call me", "TH", "phone_unreadable"),
        ("+", "TH", "phone_unreadable"),
        ("+999123456", "TH", "phone_unreadable"),
        ("0812345678\0", "TH", "text_control_character"),
        ("0812345678\n0812345679", "TH", "text_control_character"),
        ("+66" + "1" * 60, "TH", "text_too_long"),
        ("+65912345", "TH", "phone_too_short"),
        ("+65912345678901", "TH", "phone_too_long"),
        ("0000000000", "TH", "phone_not_in_use"),
        ("+697812345678", "TH", "phone_from_abroad"),
        ("+698812345678", "TH", "phone_from_abroad"),
        ("0812345678", "th", "phone_region_unknown"),
        ("0812345678", "ZZ", "phone_region_unknown"),
        ("ZZ.1441", "TH", "phone_region_unknown"),
    ],
)
def test_what_is_no_number_is_refused(text: str, region: str, code: str) -> None:
    """Impossible, unused and hostile numbers are refused, each with its own code."""
    with pytest.raises(Refused) as refusal:
        parse_phone(text, region)
    assert refusal.value.code == code
    assert str(refusal.value)


def test_a_refusal_shows_a_number_of_the_same_country() -> None:
    """Who wrote a number of Singapore wrongly is shown one of Singapore."""
    with pytest.raises(Refused, match=r"SG.*\+65"):
        parse_phone("+65912345")


@given(st.integers(0, 99_999_999), st.sampled_from(["06", "08", "09"]), st.sampled_from(" -."))
def test_separators_never_matter(rest: int, prefix: str, separator: str) -> None:
    """A Thai mobile number is one number however it is grouped, dialled or sent."""
    digits = f"{prefix}{rest:08d}"
    try:
        plain = parse_phone(digits)
    except Refused:
        return
    assert plain == f"+66{digits[1:]}"
    assert parse_phone(f"{digits[:3]}{separator}{digits[3:6]}{separator}{digits[6:]}") == plain
    assert parse_phone(f"0066{digits[1:]}") == plain


@given(st.text("0123456789+-. ()TH.๐๙\u200b\0x", max_size=45))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    """Nothing from outside raises anything but a refusal, and the canonical text is stable."""
    try:
        canonical = parse_phone(text)
    except Refused as refusal:
        str(refusal)
    else:
        assert parse_phone(canonical) == canonical
