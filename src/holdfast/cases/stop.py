"""What kind of account a trail ends at."""

from __future__ import annotations

from enum import Enum


class StopKind(Enum):
    """Why following money on from an account would harm the innocent, or means nothing."""

    MERCHANT = "merchant"  # who was paid for goods in good faith
    CASH = "cash"  # where cash is drawn or paid in
    GOVERNMENT = "government"  # an authority
    EXCHANGE = "exchange"  # digital assets, or a payment firm: ask there
    FOREIGN = "foreign"  # the money is abroad: ask the centre there
    NONE = "none"  # no stop any more: it takes an earlier fact back
