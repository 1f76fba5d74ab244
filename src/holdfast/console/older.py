"""Lists a page at a time, the newest first; the next page begins where this one ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

ROWS = 50
_ID_DIGITS_MAX = 18


def page_of(rows: QuerySet[Any], request: HttpRequest) -> list[Any]:
    """Return the rows that the request's page shows."""
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) <= _ID_DIGITS_MAX:
        rows = rows.filter(id__lt=int(before))
    return list(rows.order_by("-id")[:ROWS])


def older_than(shown: Sequence[Any], request: HttpRequest) -> str:
    """Return the query of the page after this one; nothing where this one was not full."""
    if len(shown) < ROWS:
        return ""
    query = request.GET.copy()
    query["before"] = str(shown[-1].id)
    return str(query.urlencode())
