"""Money: integer minor units of an ISO 4217 currency, and how a sum is shared out exactly."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from holdfast.core.errors import Refused
from holdfast.core.words import N_

AMOUNT_MINOR_MAX = 10**18
"""The largest amount or balance accepted from outside, in minor units; it fits 64 bits."""

_DECIMAL = re.compile(r"(-?\d{1,30})(?:\.(\d{1,30}))?", re.ASCII).fullmatch
_GROUPED = re.compile(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?", re.ASCII).fullmatch
_POWER = re.compile(r"-?\d+(?:\.\d+)?[eE][+-]?\d+", re.ASCII).fullmatch


@cache
def exponent(currency: str) -> int:
    """Return the number of decimals of an ISO 4217 currency code (THB 2, VND 0).

    Raises:
        Refused: `currency_unknown` where the code is not in the table of schemes.
    """
    from holdfast.core.schemes import currencies

    try:
        return currencies()[currency]
    except KeyError:
        raise Refused(
            "currency_unknown",
            N_("{value!r} is not a currency of ISO 4217; three capital letters such as THB are"),
            value=currency[:40],
        ) from None


def parse_minor(text: str, currency: str) -> int:
    """Read decimal text in major units ("605.72") as minor units of `currency`.

    Raises:
        Refused: `amount_not_decimal`, `amount_too_fine` or `amount_too_large`;
            `currency_unknown` as in `exponent`.
    """
    decimals = exponent(currency)
    whole, point, fraction = text.partition(".")
    digits = whole + fraction
    if (
        digits.isdigit()
        and digits.isascii()
        and len(digits) <= 18
        and len(fraction) == decimals
        and whole
        and (decimals or not point)
    ):  # the common form, in half the time that the expression below takes
        return int(digits)
    found = _DECIMAL(text)
    if found is None:
        raise _not_decimal(text)
    whole, fraction = found.groups("")
    if len(fraction) > decimals:
        raise Refused(
            "amount_too_fine",
            N_("{value!r} has {found} decimals, but {currency} has {allowed}"),
            value=text[:40],
            found=len(fraction),
            currency=currency,
            allowed=decimals,
        )
    return bounded(int(whole + fraction.ljust(decimals, "0")), text)


def _not_decimal(text: str) -> Refused:
    if _GROUPED(text):
        return Refused(
            "amount_not_decimal",
            N_("{value!r} has commas between its thousands; write {right}"),
            value=text[:40],
            right=text.replace(",", "")[:40],
        )
    if _POWER(text):
        return Refused(
            "amount_not_decimal",
            N_("{value!r} is written as a power of ten; write all its digits, like 1234.56"),
            value=text[:40],
        )
    return Refused(
        "amount_not_decimal",
        N_("{value!r} is not a plain decimal number; write it like 1234.56"),
        value=text[:40],
    )


def parse_amount(text: str, currency: str) -> int:
    """Read the amount of a transfer as minor units: as `parse_minor`, and above zero.

    Raises:
        Refused: `amount_not_positive`, and those of `parse_minor`.
    """
    amount_minor = parse_minor(text, currency)
    return amount_minor if amount_minor > 0 else positive(amount_minor, text)


def positive(amount_minor: int, shown: object) -> int:
    """Return `amount_minor` if it is above zero and within bounds.

    Raises:
        Refused: `amount_not_positive` or `amount_too_large`, naming what was `shown`.
    """
    if amount_minor <= 0:
        raise Refused(
            "amount_not_positive",
            N_("the amount {value!r} is not above zero; money moves one way in a transfer"),
            value=str(shown)[:40],
        )
    return bounded(amount_minor, shown)


def bounded(amount_minor: int, shown: object) -> int:
    """Return `amount_minor`, of either sign, if it is within `AMOUNT_MINOR_MAX`.

    Raises:
        Refused: `amount_too_large`, naming what was `shown`.
    """
    if abs(amount_minor) > AMOUNT_MINOR_MAX:
        raise Refused(
            "amount_too_large",
            N_("{value!r} is above the largest amount taken, {limit} minor units"),
            value=str(shown)[:40],
            limit=AMOUNT_MINOR_MAX,
        )
    return amount_minor


def format_minor(amount_minor: int, currency: str, *, grouped: bool = False) -> str:
    """Write minor units as decimal text in major units, with thousands commas if `grouped`."""
    decimals = exponent(currency)
    sign = "-" if amount_minor < 0 else ""
    whole, fraction = divmod(abs(amount_minor), 10**decimals)
    text = f"{whole:,}" if grouped else str(whole)
    return f"{sign}{text}.{fraction:0{decimals}d}" if decimals else f"{sign}{text}"


def allocate(amount: int, weights: Sequence[int]) -> list[int]:
    """Share `amount` out in proportion to `weights` by largest remainder.

    Each share is `floor(amount · weight / total)`; the units left over go one each to the
    largest remainders, ties to the earlier weight. The shares always sum to `amount`, and
    while `amount` is at most the total no share exceeds its weight.

    Raises:
        ValueError: a negative amount or weight, or an amount to share among no weight at all.
    """
    total = sum(weights)
    if amount < 0 or any(weight < 0 for weight in weights) or (amount and not total):
        msg = f"cannot share {amount} among weights {list(weights)}"
        raise ValueError(msg)
    if not total:
        return [0] * len(weights)
    shares, remainders = [], []
    for position, weight in enumerate(weights):
        share, remainder = divmod(amount * weight, total)
        shares.append(share)
        remainders.append((-remainder, position))
    for _, position in sorted(remainders)[: amount - sum(shares)]:
        shares[position] += 1
    return shares


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of one currency in its minor units; sums of two currencies are refused."""

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        exponent(self.currency)

    @classmethod
    def parse(cls, text: str, currency: str) -> Money:
        """Read decimal text in major units; raises as `parse_minor`."""
        return cls(parse_minor(text, currency), currency)

    def __add__(self, other: Money) -> Money:
        return Money(self.amount_minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount_minor - self._same(other), self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount_minor < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount_minor <= self._same(other)

    def __str__(self) -> str:
        return f"{format_minor(self.amount_minor, self.currency)} {self.currency}"

    def allocate(self, weights: Sequence[int]) -> list[Money]:
        """Share this sum out in proportion to `weights`; see `allocate`."""
        return [Money(share, self.currency) for share in allocate(self.amount_minor, weights)]

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise Refused(
                "currency_mixed",
                N_("{left} and {right} are of two currencies and cannot be reckoned together"),
                left=str(self),
                right=str(other),
            )
        return other.amount_minor
