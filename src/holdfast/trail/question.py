"""What is asked of a trail: which claims, by which rule, until when, within which bounds."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from enum import Enum


class Rule(Enum):
    """Which money leaves an account first."""

    FIFO = "fifo"  # the oldest (Clayton's case, 1816)
    LIFO = "lifo"  # the newest
    PRO_RATA = "pro-rata"  # from every origin in proportion (the rolling charge)
    POISON = "poison"  # no amounts: whatever exposed money could have reached


class HoldKind(Enum):
    """What a line of the holds file says."""

    HOLD = "hold"  # a bank confirms that it holds an amount of a claim
    RELEASE = "release"  # that hold has ended


@dataclass(frozen=True, slots=True)
class HoldEvent:
    """A hold that a bank confirmed, or its release (which needs no account, claim, amount)."""

    time_us: int
    kind: HoldKind
    hold_id: str
    account: str = ""
    claim: str = ""
    amount_minor: int = 0


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far an engine may go before it answers `truncated`; None is without bound."""

    accounts: int | None = None
    transfers: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One question; it is stored with its answer, because each part of it is a choice."""

    claims: tuple[str, ...]
    """Transfer ids of the victims' payments, in the order that breaks ties."""
    rule: Rule = Rule.FIFO
    as_of_us: int | None = None
    """Transfers at this instant count, later ones do not exist."""
    max_hops: int | None = None
    min_amount_minor: int = 1
    stops: Container[str] = frozenset()
    """Accounts at which following on would harm the innocent or means nothing."""
    holds: tuple[HoldEvent, ...] = ()
    ignore_balances: bool = False
    """Reckon as if no bank reported any balance; opening balances still count."""
    bounds: Bounds = field(default_factory=Bounds)
