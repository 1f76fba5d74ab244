"""Long lists in pages: a cursor says after which row to go on, so inserts shift nothing."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

from ninja import Query
from pydantic import BaseModel, Field

from holdfast.core.errors import Refused
from holdfast.core.words import N_

LIMIT_MAX = 200
LIMIT_DEFAULT = 50
_NUMBER_MAX = 2**63 - 1

Item = TypeVar("Item")
Row = TypeVar("Row")

Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX, description="How many items at most.")]
After = Annotated[
    str, Query(max_length=100, description="`next` of the page before; opaque, empty at first.")
]


class Page(BaseModel, Generic[Item]):
    """A part of a list; `next` is handed back as `after`, and null where the list ends."""

    items: list[Item]
    next: Annotated[str | None, Field(description="Where the next page begins.")]


def cursor(*numbers: int) -> str:
    """Write a place in a list as opaque text."""
    text = ".".join(str(number) for number in numbers)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def place(text: str, parts: int = 1) -> tuple[int, ...] | None:
    """Read what `cursor` wrote; None where a list begins.

    Raises:
        Refused: `cursor_wrong`.
    """
    if not text:
        return None
    try:
        padded = text + "=" * (-len(text) % 4)
        words = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii").split(".")
        numbers = tuple(int(word) for word in words if word.isdigit() and len(word) <= 19)
    except (binascii.Error, ValueError):
        numbers = ()
    if len(numbers) != parts or any(number > _NUMBER_MAX for number in numbers):
        raise Refused("cursor_wrong", N_("after is not what next of a page said; begin anew"))
    return numbers


def page(
    rows: Sequence[Row], limit: int, shown: Callable[[Row], Item], place_of: Callable[[Row], int]
) -> Page[Item]:
    """Make a page of rows of which one more than `limit` was fetched, to know whether more follow."""
    more = len(rows) > limit
    kept = rows[:limit]
    following = cursor(place_of(kept[-1])) if more else None
    return Page(items=[shown(row) for row in kept], next=following)
