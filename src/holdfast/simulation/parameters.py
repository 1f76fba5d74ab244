"""What the made-up country is like: the numbers of parameters.yaml, read and checked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parent / "parameters.yaml"
Span = tuple[float, float]
"""The least and the most of an even draw."""


class Channel(Enum):
    """How a payment was made."""

    PROMPTPAY = "promptpay"  # account to account, at once
    CARD = "card"  # at a merchant's terminal
    CASH = "cash"  # in or out at a machine or counter
    PAYROLL = "payroll"  # a company's monthly batch
    BILL = "bill"  # with a biller's reference


class Group(Enum):
    """Who can stand on a side of an everyday payment."""

    CUSTOMER = "customer"  # a person, drawn by how active each is
    CONTACT = "contact"  # a person of the payer's own circle
    MERCHANT = "merchant"  # for a person mostly a favourite, else by popularity
    BILLER = "biller"
    CASH = "cash"  # all cash points together
    EXCHANGE = "exchange"
    GOVERNMENT = "government"


class Shape(Enum):
    """How the money of a planted scam moves."""

    CHAIN = "chain"  # from mule to mule, 1 to 6 hops
    SPLIT = "split"  # one mule pays several
    MERGE = "merge"  # several victims pay one mule
    MIX = "mix"  # through a company that pays clean people with clean money too
    LOOP = "loop"  # back to an earlier mule, then on
    BAIT = "bait"  # part is paid back to the victim, who then pays more
    BAIT_OTHER = "bait-other"  # part is paid to another, who becomes a victim
    CASH_OUT = "cash-out"  # drawn at cash machines
    EXCHANGE = "exchange"  # to an exchange, in pieces below its threshold
    PURCHASE = "purchase"  # goods of an honest merchant
    REST = "rest"  # left where it is
    LONE = "lone"  # kept by one who cheats alone, and used up like other money


class End(Enum):
    """Where the last mule of a way takes the money."""

    CASH_OUT = "cash-out"
    EXCHANGE = "exchange"
    PURCHASE = "purchase"
    REST = "rest"  # nowhere, yet


@dataclass(frozen=True, slots=True)
class Bank:
    """A bank by its three digits, and its weight among customers."""

    code: str
    weight: int


@dataclass(frozen=True, slots=True)
class SmallBanks:
    """Banks by running codes, all of weight 1."""

    first: int
    count: int


@dataclass(frozen=True, slots=True)
class PaymentKind:
    """A kind of everyday payment; `baht` is the median, rounded to `unit_satang`."""

    debit: Group
    credit: Group
    channel: Channel
    weight: int
    baht: float
    spread: float
    unit_satang: int


@dataclass(frozen=True, slots=True)
class ScamKind:
    """A police type of scam, how often it is met, what it takes and when it is noticed."""

    name: str
    weight: int
    mean_baht: float
    notice: tuple[int, ...]
    """Weights of the delays in `notice_minutes`."""
    is_lone: bool = False
    """Whether one person cheats, without a gang and its mules."""


@dataclass(frozen=True, slots=True)
class ShapeWeight:
    """How often a shape is planted."""

    shape: Shape
    weight: int


@dataclass(frozen=True, slots=True)
class EndWeight:
    """How often a way ends so."""

    end: End
    weight: int


@dataclass(frozen=True, slots=True)
class Delay:
    """A log-normal delay: its median, and the sigma of its logarithm."""

    minutes: float
    spread: float


@dataclass(frozen=True, slots=True)
class Parameters:
    """The values of parameters.yaml; what each means and rests on is said there."""

    currency: str
    zone_hours: int
    banks: tuple[Bank, ...]
    small_banks: SmallBanks
    account_prefix: str
    cash_account: str
    billers: int
    exchanges: int
    customers_a_company: int
    balance_reported_share: float
    means_spread: float
    activity_spread: float
    employed_share: float
    payroll_share_max: float
    salary_baht: float
    payday_weights: tuple[int, ...]
    payroll_hours: Span
    company_opening_months: float
    opening_baht: float
    opening_spread: float
    merchant_opening_baht: float
    merchant_popularity: float
    institution_opening_baht_a_customer: int
    circle: int
    closeness: float
    favourites: int
    favourite_share: float
    hour_weights: tuple[int, ...]
    weekday_weights: tuple[int, ...]
    cash_note_baht: int
    largest_baht: int
    payments: tuple[PaymentKind, ...]
    scam_kinds: tuple[ScamKind, ...]
    loss_spread: float
    loss_baht: tuple[int, int]
    last_days_without: int
    mules_a_scam: float
    mules_share_max: float
    mules_min: int
    customers_min: int
    mule_opening_baht: float
    mule_recruited_share: float
    mule_activity: Span
    shells_a_scam: float
    shell_opening_baht: tuple[int, int]
    shell_workers: tuple[int, int]
    shapes: tuple[ShapeWeight, ...]
    hop_weights: tuple[int, ...]
    drained_share: Span
    fast_minutes: float
    fast_spread: float
    slow_share: float
    slow_minutes: float
    slow_spread: float
    swept_share: float
    swept_part: Span
    sweep_minutes: float
    sweep_spread: float
    pause_seconds: Span
    further_share: float
    lone_hours: Span
    split_parts: tuple[int, int]
    merge_victims: tuple[int, int]
    merge_minutes: Span
    loop_mules: tuple[int, int]
    bait_part: Span
    bait_back: Span
    bait_hours: Span
    mix_share: Span
    mix_hours: Span
    ends: tuple[EndWeight, ...]
    emptied_share: Span
    cash_piece_baht: int
    cash_pieces_max: int
    exchange_piece_baht: int
    exchange_pieces_max: int
    exchange_in_pieces_share: float
    purchase_pieces: tuple[int, int]
    notice_minutes: tuple[Delay, ...]
    reporting_share: float
    through_bank_share: float
    believed_share: float
    confirm_minutes: Span
    complaint_share: float
    complaint_hours: Span
    false_claims_share: float
    false_claim_baht: tuple[int, int]
    false_claim_hours: Span
    honest_seller_share: float
    abroad_share: float
    abroad_account: str
    feed_seconds: float
    merchants_known_share: float
    by_hand_minutes: Span
    reviewer_minutes: Span
    reviewer_right_share: float

    @property
    def all_banks(self) -> tuple[Bank, ...]:
        """The banks that a country can have, the named ones first."""
        codes = range(self.small_banks.first, self.small_banks.first + self.small_banks.count)
        return (*self.banks, *(Bank(f"{code:03d}", 1) for code in codes))


@cache
def parameter_page() -> dict[str, dict[str, Any]]:
    """Return parameters.yaml as it stands: for each parameter its `value` and `source`."""
    import yaml

    page: dict[str, dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return page


@cache
def parameters() -> Parameters:
    """Return the values of parameters.yaml, checked against their types.

    Raises:
        msgspec.ValidationError: the page lacks a parameter or one is of the wrong type.
    """
    import msgspec

    values = {name: entry["value"] for name, entry in parameter_page().items()}
    return msgspec.convert(values, Parameters)
