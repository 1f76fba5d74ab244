"""Lists of what waits for somebody, the oldest first, in pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet

from holdfast.api.pages import Item, Page, page, place


def oldest_first(
    rows: QuerySet, limit: int, after: str, shown: Callable[[Any], Item]
) -> Page[Item]:
    """Return the page of rows that follows `after`, in the order in which they were entered.

    Raises:
        Refused: `cursor_wrong`.
    """
    found, start = rows.order_by("id"), place(after)
    if start is not None:
        found = found.filter(id__gt=start[0])
    return page(list(found[: limit + 1]), limit, shown, lambda row: int(row.id))
