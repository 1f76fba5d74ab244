"""Accounts: one canonical form, and refusals that say what would be right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.core.account import ACCOUNT_LENGTH_MAX, Account, bank_of, parse_account
from holdfast.core.errors import Refused

VALID = [
    "TH.THCBC.004.0123456789",
    "TH.THCBC.000.CASH",
    "TH.THCBC.004.1",
    "TH.THCBC.004.a-B_9",
    "TH.THCBC.004." + "9" * 43,
    "SG.SGIBG.7171.001",
    "MY.MY.MBBEMYKL.112233445566",
    "PH.PH.BOPIPHMM.001",
    "ID.ID.014.1",
    "VN.VN.970436.1",
    "KH.BICFI.ABCDKHPP.1",
    "TH.BICFI.ABCDTHBK123.1",
    "GB.GBDSC.200000.55779911",
]


@pytest.mark.parametrize("text", VALID)
def test_a_canonical_account_is_kept_as_it_is(text: str) -> None:
    """Parsing returns the text itself: leading zeros and the case of letters count."""
    assert parse_account(text) == text
    assert str(Account.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("", "account_form", "TH.THCBC.004.0123456789"),
        ("0123456789", "account_form", "four parts"),
        ("TH.THCBC.004", "account_form", "four parts"),
        ("TH.THCBC.004.1.2", "account_form", "four parts"),
        ("TH.THCBC..1", "account_form", "four parts"),
        ("ZZ.THCBC.004.1", "account_country_unknown", "ISO 3166"),
        ("th.THCBC.004.1", "account_country_unknown", "TH, in capitals"),
        (" TH.THCBC.004.1", "account_country_unknown", "TH, in capitals"),
        ("TH.thcbc.004.1", "account_scheme_unknown", "THCBC, BICFI"),
        ("TH.USABA.021000021.1", "account_scheme_unknown", "an account with unknown scheme"),
        ("KH.KHXXX.1.1", "account_scheme_unknown", "BICFI would be"),
        ("TH.THCBC.4.1", "account_member_form", "004"),
        ("TH.THCBC.0004.1", "account_member_form", "004"),
        ("TH.THCBC.๐๐๔.1", "account_member_form", "004"),
        ("TH.BICFI.ABCDTHBKXXX.1", "account_member_form", "without XXX"),
        ("TH.BICFI.ABCDTHB.1", "account_member_form", "business identifier"),
        ("TH.THCBC.004.012-3-45678-9", "account_number_form", "0123456789"),
        ("TH.THCBC.004.012 345", "account_number_form", "012345"),
        ("TH.THCBC.004.๑๒๓", "account_number_form", "1 to 43"),
        ("TH.THCBC.004.-1a", "account_number_form", "1 to 43"),
        ("TH.THCBC.004.1\n", "account_number_form", "as 1"),
        ("TH.THCBC.004.1\0", "account_number_form", "1 to 43"),
        ("TH.THCBC.004." + "9" * 44, "account_number_form", "1 to 43"),
        ("TH.THCBC.004." + "9" * 100, "account_too_long", "at most 80"),
    ],
)  # fmt: skip
def test_a_refusal_says_what_would_be_right(text: str, code: str, says: str) -> None:
    """Each way to be wrong has its stable code and a sentence that helps."""
    with pytest.raises(Refused) as refusal:
        parse_account(text)
    assert refusal.value.code == code
    assert says in str(refusal.value)


def test_two_banks_may_use_one_number() -> None:
    """The number alone is never the key."""
    assert parse_account("TH.THCBC.004.1") != parse_account("TH.THCBC.014.1")


def test_the_bank_of_an_account_is_what_stands_before_its_number() -> None:
    """The institution is country, scheme and member."""
    assert bank_of("TH.THCBC.004.0123456789") == "TH.THCBC.004"


@given(st.text(max_size=ACCOUNT_LENGTH_MAX + 20))
def test_any_text_is_an_account_or_refused(text: str) -> None:
    """Nothing from outside raises anything but a refusal whose sentence can be shown."""
    try:
        key = parse_account(text)
    except Refused as refusal:
        str(refusal)
    else:
        assert key == text


@given(
    st.from_regex(r"[0-9]{3}", fullmatch=True).filter(str.isascii),
    st.text("0123456789ABCxyz", min_size=1, max_size=43),
)
def test_every_number_of_a_thai_bank_survives(member: str, number: str) -> None:
    """Whatever digits and letters a bank uses come back unchanged, part by part."""
    account = Account.parse(f"TH.THCBC.{member}.{number}")
    assert account == Account("TH", "THCBC", member, number)
    assert bank_of(str(account)) == f"TH.THCBC.{member}"
