"""How fast an institution answers, from its orders of a period; computed, never kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.cases.models import Order
from holdfast.cases.queries import UNANSWERED_VALUES

ORDERS_MAX = 100_000
"""How many orders of a period are looked at, the latest first; more is said."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How long something took: of how many orders, half and nineteen of twenty within; in µs."""

    count: int
    p50_us: int | None
    p95_us: int | None


@dataclass(frozen=True, slots=True)
class Times:
    """An institution's times, each from the instant when an order was made."""

    orders: int
    is_cut: bool
    """Whether there were more than `ORDERS_MAX`."""
    delivered: Spread
    acknowledged: Spread
    answered: Spread
    held: Spread
    owed: int
    """Orders without an answer now, whenever they were made."""
    owed_since_us: int | None
    left_after_ack: dict[str, int]
    """What left accounts after the institution had acknowledged the order, by currency."""


def times_of(institution_id: str, since_us: int, until_us: int) -> Times:
    """Return the times of orders made from `since_us` until before `until_us`."""
    mine = Order.objects.filter(institution_id=institution_id)
    rows = list(
        mine.filter(ordered_us__gte=since_us, ordered_us__lt=until_us)
        .order_by("-ordered_us", "-id")
        .values_list(
            "ordered_us",
            "delivered_us",
            "acknowledged_us",
            "answered_us",
            "held_us",
            "currency",
            "left_after_ack_minor",
        )[: ORDERS_MAX + 1]
    )
    looked_at = rows[:ORDERS_MAX]
    unanswered = mine.filter(state__in=UNANSWERED_VALUES).order_by("ordered_us")
    left: dict[str, int] = {}
    for row in looked_at:
        left[row[5]] = left.get(row[5], 0) + row[6]
    return Times(
        orders=len(looked_at),
        is_cut=len(rows) > ORDERS_MAX,
        delivered=_spread(looked_at, 1),
        acknowledged=_spread(looked_at, 2),
        answered=_spread(looked_at, 3),
        held=_spread(looked_at, 4),
        owed=unanswered.count(),
        owed_since_us=unanswered.values_list("ordered_us", flat=True).first(),
        left_after_ack={currency: amount for currency, amount in sorted(left.items()) if amount},
    )


def nearest_rank(ordered: Sequence[int], per_cent: int) -> int | None:
    """Return the smallest value that at least so many per cent of the values do not exceed."""
    if not ordered:
        return None
    return ordered[max(-(-len(ordered) * per_cent // 100), 1) - 1]


def _spread(rows: Sequence[tuple[int, ...]], column: int) -> Spread:
    waits = sorted(max(row[column] - row[0], 0) for row in rows if row[column] is not None)
    return Spread(len(waits), nearest_rank(waits, 50), nearest_rank(waits, 95))
