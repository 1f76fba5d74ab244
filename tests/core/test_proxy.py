"""Proxies: canonical text, the institution where it counts, and the time they held."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.core.errors import Refused
from holdfast.core.proxy import Proxy, parse_promptpay, parse_proxy

KEY = b"0123456789abcdef"


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("081-234-5678", "TH.PROMPTPAY.MBNO.+66812345678"),
        ("๐๘๑ ๒๓๔ ๕๖๗๘", "TH.PROMPTPAY.MBNO.+66812345678"),
        ("+66-81-234-5678", "TH.PROMPTPAY.MBNO.+66812345678"),
        ("66812345678", "TH.PROMPTPAY.MBNO.+66812345678"),
        ("0066812345678", "TH.PROMPTPAY.MBNO.+66812345678"),
        ("1-1000-00000-00-8", "TH.PROMPTPAY.NIDN.1100000000008"),
        ("140000000000001", "TH.PROMPTPAY.EWAL.140000000000001"),
    ],
)
def test_a_promptpay_id_is_told_by_its_form(text: str, canonical: str) -> None:
    """A mobile number in each of its writings, a national id and an e-wallet are told apart."""
    assert str(parse_promptpay(text)) == canonical
    assert parse_proxy(canonical) == canonical


@pytest.mark.parametrize("text", ["", "x", "12345", "1" * 14, "1" * 16, "1" * 41, "0\0" + "1" * 9])
def test_what_is_no_promptpay_id_is_refused_unseen(text: str) -> None:
    """The sentence names the three forms and never shows what might be a personal id."""
    with pytest.raises(Refused) as refusal:
        parse_promptpay(text)
    if len(text) > 4:
        assert text not in str(refusal.value) + repr(refusal.value.args)


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("", "proxy_form", "TH.PROMPTPAY.MBNO.+66812345678"),
        ("+66812345678", "proxy_form", "four parts"),
        ("TH.PROMPTPAY.MBNO.", "proxy_form", "four parts"),
        ("TH.PAYNOW.MBNO.+66812345678", "proxy_scheme_unknown", "TH.PROMPTPAY.MBNO"),
        ("th.PROMPTPAY.MBNO.+66812345678", "proxy_scheme_unknown", "TH.PROMPTPAY.MBNO"),
        ("TH.PROMPTPAY.MBNO.0812345678", "proxy_value_form", "+66812345678"),
        ("TH.PROMPTPAY.MBNO.0066812345678", "proxy_value_form", "+66812345678"),
        ("TH.PROMPTPAY.MBNO.+66๘12345678", "proxy_value_form", "+66812345678"),
        ("TH.PROMPTPAY.MBNO.+66812345678\n", "proxy_value_form", "+66812345678"),
        ("TH.PROMPTPAY.NIDN.110000000000", "proxy_value_form", "13 digits"),
        ("ID.BIFAST.EMAL.Somebody@example.com", "proxy_value_form", "small letters"),
        ("ID.BIFAST.EMAL.a\0b@example.com", "proxy_value_form", "small letters"),
        ("PH.INSTAPAY.MBNO.+639171234567", "proxy_institution_form", "ABCDPHM1"),
        ("PH.INSTAPAY.MBNO.gcash.+639171234567", "proxy_institution_form", "ABCDPHM1"),
        ("TH.PROMPTPAY.NIDN." + "1" * 200, "proxy_too_long", "at most 200"),
    ],
)
def test_a_refusal_says_what_would_be_right(text: str, code: str, says: str) -> None:
    """Each way to be wrong has its stable code and a sentence that helps."""
    with pytest.raises(Refused) as refusal:
        parse_proxy(text)
    assert refusal.value.code == code
    assert says in str(refusal.value)


def test_a_value_may_have_dots() -> None:
    """Only the first three dots part the text: an e-mail address keeps its own."""
    proxy = Proxy.parse("PH.INSTAPAY.EMAL.ABCDPHM1.a.b@example.com.ph")
    assert (proxy.institution, proxy.value) == ("ABCDPHM1", "a.b@example.com.ph")


def test_in_the_philippines_the_institution_is_part_of_the_identity() -> None:
    """One mobile number registered at two institutions is two proxies."""
    one = Proxy.parse("PH.INSTAPAY.MBNO.ABCDPHM1.+639171234567")
    other = Proxy.parse("PH.INSTAPAY.MBNO.WXYZPHM1.+639171234567")
    assert one != other
    assert str(one) != str(other)


def test_a_personal_value_is_sealed_and_no_other() -> None:
    """A national id leaves only as a keyed hash; a mobile number as it is."""
    personal = parse_promptpay("1100000000008")
    assert personal.personal
    assert "1100000000008" not in personal.sealed(KEY)
    assert personal.sealed(KEY).startswith("TH.PROMPTPAY.NIDN.")
    assert personal.sealed(KEY) != parse_promptpay("1200000000008").sealed(KEY)
    mobile = parse_promptpay("0812345678")
    assert not mobile.personal
    assert mobile.sealed(KEY) == str(mobile)


def test_a_proxy_holds_for_its_time() -> None:
    """The beginning counts, the end does not, and what is unknown is open."""
    proxy = Proxy.parse("TH.PROMPTPAY.MBNO.+66812345678", valid_from_us=10, valid_until_us=20)
    assert [proxy.valid_at(time_us) for time_us in (9, 10, 19, 20)] == [False, True, True, False]
    assert parse_promptpay("0812345678").valid_at(0)


def test_a_period_ends_after_it_begins() -> None:
    """An empty or turned period is refused."""
    for end in (10, 9):
        with pytest.raises(Refused) as refusal:
            Proxy.parse("TH.PROMPTPAY.MBNO.+66812345678", valid_from_us=10, valid_until_us=end)
        assert refusal.value.code == "proxy_period"


@given(st.text(max_size=60) | st.text("TH.PROMYNIDBE+6081@", max_size=60))
def test_any_text_is_a_proxy_or_refused(text: str) -> None:
    """Nothing from outside raises anything but a refusal."""
    try:
        canonical = parse_proxy(text)
    except Refused as refusal:
        str(refusal)
    else:
        assert canonical == text
