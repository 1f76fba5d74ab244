"""What centre and bank say to each other: orders one way, answers the other.

All are JSON in UTF-8; times RFC 3339 in UTC, amounts whole minor units with the currency beside
them. Where ISO 20022 has a name for an element, its name is used. Fields that are not known are
left out and counted, so that either side may learn a new one first.
"""

from holdfast.banks.messages.answer import (
    ANSWER_BYTES_MAX,
    ONWARD_ROWS_MAX,
    AccountStatus,
    AnswerStatus,
    HoldAnswer,
    HolderKind,
    Onward,
    RefusalReason,
    answer_of,
    parse_answer,
)
from holdfast.banks.messages.fields import ORDER_BYTES_MAX
from holdfast.banks.messages.order import (
    ExtendOrder,
    HoldOrder,
    Order,
    Payment,
    ReleaseOrder,
    any_order_of,
    order_of,
    parse_extension,
    parse_order,
    parse_release,
)

__all__ = [
    "ANSWER_BYTES_MAX",
    "ONWARD_ROWS_MAX",
    "ORDER_BYTES_MAX",
    "AccountStatus",
    "AnswerStatus",
    "ExtendOrder",
    "HoldAnswer",
    "HoldOrder",
    "HolderKind",
    "Onward",
    "Order",
    "Payment",
    "RefusalReason",
    "ReleaseOrder",
    "answer_of",
    "any_order_of",
    "order_of",
    "parse_answer",
    "parse_extension",
    "parse_order",
    "parse_release",
]
