"""Money: exact reading, exact writing, and sharing out without losing a unit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.core.errors import Refused
from holdfast.core.money import (
    AMOUNT_MINOR_MAX,
    Money,
    allocate,
    exponent,
    format_minor,
    parse_amount,
    parse_minor,
    positive,
)

CURRENCIES = st.sampled_from(["THB", "IDR", "VND", "JPY", "BHD", "CLF"])
AMOUNTS = st.integers(-AMOUNT_MINOR_MAX, AMOUNT_MINOR_MAX)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("605.72", "THB", 60572),
        ("605.7", "THB", 60570),
        ("605", "THB", 60500),
        ("0.01", "THB", 1),
        ("007.50", "THB", 750),
        ("-3.05", "THB", -305),
        ("-0.05", "THB", -5),
        ("0", "THB", 0),
        ("150000", "VND", 150000),
        ("1.234", "BHD", 1234),
        ("1.2", "BHD", 1200),
        ("10000000000000000.00", "THB", AMOUNT_MINOR_MAX),
    ],
)
def test_decimal_text_becomes_minor_units(text: str, currency: str, minor: int) -> None:
    """Major units with up to as many decimals as the currency has become whole minor units."""
    assert parse_minor(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency", "code"),
    [
        ("", "THB", "amount_not_decimal"),
        (".", "THB", "amount_not_decimal"),
        (".50", "THB", "amount_not_decimal"),
        ("5.", "THB", "amount_not_decimal"),
        ("5.", "VND", "amount_not_decimal"),
        ("+5", "THB", "amount_not_decimal"),
        (" 5", "THB", "amount_not_decimal"),
        ("5\n", "THB", "amount_not_decimal"),
        ("1,234.56", "THB", "amount_not_decimal"),
        ("1e3", "THB", "amount_not_decimal"),
        ("nan", "THB", "amount_not_decimal"),
        ("1_000", "THB", "amount_not_decimal"),
        ("๑๐๐", "THB", "amount_not_decimal"),
        ("１００.００", "THB", "amount_not_decimal"),
        ("1.2.3", "THB", "amount_not_decimal"),
        ("9" * 31, "THB", "amount_not_decimal"),
        ("605.725", "THB", "amount_too_fine"),
        ("605.720", "THB", "amount_too_fine"),
        ("1.0", "VND", "amount_too_fine"),
        ("10000000000000000.01", "THB", "amount_too_large"),
        ("-10000000000000000.01", "THB", "amount_too_large"),
        ("5", "thb", "currency_unknown"),
        ("5", "", "currency_unknown"),
        ("5", "XXX", "currency_unknown"),
    ],
)
def test_what_is_no_amount_is_refused(text: str, currency: str, code: str) -> None:
    """No rounding, no guessing of separators, no digits of other scripts, no overflow."""
    with pytest.raises(Refused) as refusal:
        parse_minor(text, currency)
    assert refusal.value.code == code
    assert str(refusal.value)


@pytest.mark.parametrize("text", ["0", "0.00", "-0.01", "-5"])
def test_a_transfer_moves_money_one_way(text: str) -> None:
    """An amount of nothing or less is refused where money is said to move."""
    with pytest.raises(Refused) as refusal:
        parse_amount(text, "THB")
    assert refusal.value.code == "amount_not_positive"
    assert text in str(refusal.value)


def test_a_positive_amount_within_bounds_is_kept() -> None:
    """The bounds themselves are taken, one beyond is not."""
    assert positive(1, "x") == 1
    assert positive(AMOUNT_MINOR_MAX, "x") == AMOUNT_MINOR_MAX
    with pytest.raises(Refused) as refusal:
        positive(AMOUNT_MINOR_MAX + 1, "x")
    assert refusal.value.code == "amount_too_large"


@pytest.mark.parametrize(
    ("minor", "currency", "text", "grouped"),
    [
        (0, "THB", "0.00", "0.00"),
        (5, "THB", "0.05", "0.05"),
        (-5, "THB", "-0.05", "-0.05"),
        (123456789, "THB", "1234567.89", "1,234,567.89"),
        (-123456, "VND", "-123456", "-123,456"),
        (1234, "BHD", "1.234", "1.234"),
    ],
)
def test_minor_units_are_written_in_major_units(
    minor: int, currency: str, text: str, grouped: str
) -> None:
    """All decimals are shown, commas only where asked for."""
    assert format_minor(minor, currency) == text
    assert format_minor(minor, currency, grouped=True) == grouped


@given(AMOUNTS, CURRENCIES)
def test_what_is_written_is_read(minor: int, currency: str) -> None:
    """Writing and reading an amount gives the same minor units, in every currency."""
    assert parse_minor(format_minor(minor, currency), currency) == minor


@given(st.text(max_size=40) | st.text("0123456789.-,e ", max_size=40), CURRENCIES)
def test_any_text_is_an_amount_or_refused(text: str, currency: str) -> None:
    """Nothing raises anything but a refusal, and what is read means what was written."""
    try:
        minor = parse_minor(text, currency)
    except Refused as refusal:
        str(refusal)
    else:
        whole, _, fraction = format_minor(minor, currency).lstrip("-").partition(".")
        given_whole, _, given_fraction = text.lstrip("-").partition(".")
        assert int(whole) == int(given_whole)
        assert fraction == given_fraction.ljust(exponent(currency), "0")


@given(
    st.lists(st.integers(0, 10**15), min_size=1, max_size=12).filter(any), st.integers(0, 10**15)
)
def test_sharing_out_loses_nothing(weights: list[int], amount: int) -> None:
    """Shares sum to the amount, stay within one unit of the exact share, never turn negative."""
    shares = allocate(amount, weights)
    total = sum(weights)
    assert sum(shares) == amount
    for share, weight in zip(shares, weights, strict=True):
        assert share in {amount * weight // total, amount * weight // total + 1}
        assert weight or not share


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any), st.data())
def test_no_share_exceeds_its_weight(weights: list[int], data: st.DataObject) -> None:
    """While no more is shared than there is, nobody gives more than he has."""
    amount = data.draw(st.integers(0, sum(weights)))
    for share, weight in zip(allocate(amount, weights), weights, strict=True):
        assert share <= weight


@pytest.mark.parametrize(
    ("amount", "weights", "shares"),
    [
        (1, [1, 1, 1], [1, 0, 0]),
        (2, [1, 1, 1], [1, 1, 0]),
        (10, [1, 1, 2], [3, 2, 5]),
        (5, [0, 3, 3], [0, 3, 2]),
        (7, [5, 3, 2], [4, 2, 1]),
        (0, [], []),
        (0, [0, 0], [0, 0]),
    ],
)
def test_units_left_over_go_to_the_largest_remainders(
    amount: int, weights: list[int], shares: list[int]
) -> None:
    """Ties go to the earlier weight, so that the same question has one answer."""
    assert allocate(amount, weights) == shares


@pytest.mark.parametrize(("amount", "weights"), [(-1, [1]), (1, [2, -1]), (1, []), (1, [0, 0])])
def test_what_cannot_be_shared_is_an_error_of_the_caller(amount: int, weights: list[int]) -> None:
    """Negative money and money without anyone to give it to are mistakes of the program."""
    with pytest.raises(ValueError, match="cannot share"):
        allocate(amount, weights)


def test_money_is_reckoned_in_one_currency() -> None:
    """Sums, differences and comparisons of one currency are exact, of two are refused."""
    baht, more = Money.parse("1.25", "THB"), Money(75, "THB")
    assert baht + more == Money(200, "THB")
    assert baht - more == Money(50, "THB")
    assert more < baht
    assert more <= Money(75, "THB")
    assert not baht <= more
    assert str(baht) == "1.25 THB"
    assert Money(100, "THB").allocate([1, 2]) == [Money(33, "THB"), Money(67, "THB")]
    for reckon in (Money.__add__, Money.__sub__, Money.__lt__, Money.__le__):
        with pytest.raises(Refused) as refusal:
            reckon(baht, Money(75, "USD"))
        assert refusal.value.code == "currency_mixed"


def test_money_has_a_known_currency() -> None:
    """Money of an unknown currency cannot be made."""
    with pytest.raises(Refused) as refusal:
        Money(1, "ZZZ")
    assert refusal.value.code == "currency_unknown"
