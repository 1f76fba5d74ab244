"""People: ids are checked, and only a keyed hash of them is given out."""

from __future__ import annotations

import hashlib
import hmac
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.core.errors import Refused
from holdfast.core.person import KEY_BYTES_MIN, compact_person_id, keyed_hash, person_key

KEY = b"0123456789abcdef0123456789abcdef"


def test_a_person_is_known_by_a_keyed_hash() -> None:
    """The key is HMAC-SHA-256 over country, kind and compact id, after the first two."""
    right = hmac.new(KEY, b"TH.NIDN.1100000000008", hashlib.sha256).hexdigest()
    assert person_key("TH", "NIDN", "1100000000008", KEY) == f"TH.NIDN.{right}"


@pytest.mark.parametrize("text", ["1-1000-00000-00-8", " 1 1000 00000 00 8 ", "๑๑๐๐๐๐๐๐๐๐๐๐๘"])
def test_one_id_written_in_many_ways_is_one_person(text: str) -> None:
    """Separators and the script of the digits do not make another person."""
    assert person_key("TH", "NIDN", text, KEY) == person_key("TH", "NIDN", "1100000000008", KEY)


def test_another_key_gives_another_pseudonym() -> None:
    """Without the key nobody can try ids out."""
    assert person_key("TH", "NIDN", "1100000000008", KEY) != person_key(
        "TH", "NIDN", "1100000000008", KEY[::-1]
    )


def test_a_short_key_is_an_error_of_the_caller() -> None:
    """A key that could be tried out is not taken."""
    assert len(keyed_hash("x", KEY[:KEY_BYTES_MIN])) == 64
    with pytest.raises(ValueError, match="too short"):
        keyed_hash("x", KEY[: KEY_BYTES_MIN - 1])


@pytest.mark.parametrize(
    ("country", "kind", "clear_id", "compact"),
    [
        ("TH", "NIDN", "0010000000000", None),
        ("TH", "TXID", "0-1050-00000-00-4", "0105000000004"),
        ("MY", "NIDN", "900101-14-0000", "900101140000"),
        ("SG", "NIDN", "s1234567d", "S1234567D"),
        ("SG", "NIDN", "T1234567J", "T1234567J"),
        ("SG", "NIDN", "F1234567N", "F1234567N"),
        ("SG", "NIDN", "G1234567X", "G1234567X"),
        ("SG", "NIDN", "M1234567K", "M1234567K"),
        ("SG", "COID", "202100001D", "202100001D"),
        ("SG", "COID", "52000001C", "52000001C"),
        ("SG", "COID", "T20LL0001J", "T20LL0001J"),
        ("ID", "NIDN", "3171010101900001", "3171010101900001"),
        ("ID", "TXID", "01.300.066.6-091.000", "0013000666091000"),
        ("VN", "TXID", "0100000010-001", "0100000010001"),
        ("VN", "NIDN", "001090000001", "001090000001"),
        ("MM", "NIDN", "12/ABCDEF(N)123456", "12ABCDEFN123456"),
        ("LA", "CCPT", "pa 0000000", "PA0000000"),
    ],
)
def test_ids_become_compact(country: str, kind: str, clear_id: str, compact: str | None) -> None:
    """Separators go, letters are capital, and a wrong check digit is found."""
    if compact is None:
        with pytest.raises(Refused):
            compact_person_id(country, kind, clear_id)
    else:
        assert compact_person_id(country, kind, clear_id) == compact


@pytest.mark.parametrize(
    ("country", "kind", "clear_id", "code"),
    [
        ("TH", "NIDN", "1100000000009", "person_check_digit"),
        ("TH", "NIDN", "220000000000", "person_form"),
        ("TH", "NIDN", "9100000000008", "person_form"),
        ("TH", "TXID", "1100000000008", "person_form"),
        ("MY", "NIDN", "901301140000", "person_check_digit"),
        ("SG", "NIDN", "S1234567A", "person_check_digit"),
        ("SG", "NIDN", "X1234567A", "person_form"),
        ("SG", "COID", "202100001A", "person_check_digit"),
        ("SG", "COID", "T20LL0001A", "person_check_digit"),
        ("SG", "COID", "52000001A", "person_check_digit"),
        ("ID", "NIDN", "3171013213900001", "person_check_digit"),
        ("ID", "TXID", "01.300.066.7-091.000", "person_check_digit"),
        ("VN", "TXID", "0100000011", "person_check_digit"),
        ("VN", "NIDN", "000090000001", "person_form"),
        ("TH", "NIDN", "", "text_empty"),
        ("TH", "NIDN", "1\x00", "text_control_character"),
        ("TH", "NIDN", "1" * 65, "text_too_long"),
        ("th", "NIDN", "1100000000008", "person_country_unknown"),
        ("TH", "SSN", "1100000000008", "person_kind_unknown"),
        ("TH", "TH.NIDN", "1100000000008", "person_kind_unknown"),
    ],
)
def test_a_refusal_never_shows_the_id(country: str, kind: str, clear_id: str, code: str) -> None:
    """Errors are logged, so none of them carries a clear id, in sentence or in fields."""
    with pytest.raises(Refused) as refusal:
        person_key(country, kind, clear_id, KEY)
    assert refusal.value.code == code
    if len(clear_id) > 5:
        assert clear_id not in str(refusal.value) + repr(refusal.value.args)


def test_a_refusal_of_an_over_long_id_shows_no_part_of_it() -> None:
    """The beginning of what was typed may be the id."""
    with pytest.raises(Refused) as refusal:
        person_key("TH", "NIDN", "1100000000008" * 6, KEY)
    assert "1100" not in str(refusal.value) + repr(refusal.value.args)


def test_an_unknown_kind_is_told_which_there_are() -> None:
    """The kinds of the country are named, and those that every country has."""
    with pytest.raises(Refused, match="NIDN, TXID, CCPT"):
        compact_person_id("TH", "SSN", "1")


@given(st.integers(10**11, 9 * 10**11 - 1), st.integers(0, 11), st.integers(1, 9))
def test_one_wrong_digit_of_a_thai_id_is_found(stem: int, place: int, shift: int) -> None:
    """A misheard digit is refused, unless its sum folds to the same check digit.

    Sums are modulo 11 and digits are ten, so 0 and 10 share one: those changes pass.
    """
    digits = [int(digit) for digit in str(stem)]
    check = (11 - sum((13 - i) * digit for i, digit in enumerate(digits)) % 11) % 10
    assert compact_person_id("TH", "NIDN", f"{stem}{check}") == f"{stem}{check}"
    digits[place] = (digits[place] + shift) % 10
    other = (11 - sum((13 - i) * digit for i, digit in enumerate(digits)) % 11) % 10
    wrong = "".join(map(str, digits)) + str(check)
    if other != check and wrong[0] != "9":
        with pytest.raises(Refused):
            compact_person_id("TH", "NIDN", wrong)


@given(st.text(max_size=70))
def test_any_text_gives_a_pseudonym_or_a_refusal(text: str) -> None:
    """Whatever is typed as a passport number, nothing but a pseudonym comes out."""
    try:
        key = person_key("MM", "CCPT", text, KEY)
    except Refused as refusal:
        str(refusal)
    else:
        assert re.fullmatch(r"MM\.CCPT\.[0-9a-f]{64}", key)
