"""Listed alone: how much an institution listed of late without a second person, and when that is much.

What comes in parts counts as one: a file in several, and a file as single requests.
"""

from __future__ import annotations

from django.db.models import QuerySet

from holdfast.core.instant import HOUR_US
from holdfast.registry.models import Listing
from holdfast.workflows.centre import Centre


def is_bulk(centre: Centre, institution_id: str, more: int) -> bool:
    """Whether an institution's files, with so many more, would list more than the law's few alone."""
    by_file = _alone(centre, institution_id).exclude(batch="")
    return _count(by_file) + more > _number(centre, "bulk_listings")


def is_flood(centre: Centre, institution_id: str, more: int = 1) -> bool:
    """Whether, with so many more, one by one or by file, it lists more alone than the law lets it."""
    return _count(_alone(centre, institution_id)) + more > _number(centre, "alone_listings")


def _alone(centre: Centre, institution_id: str) -> QuerySet[Listing]:
    since_us = centre.now_us() - _number(centre, "bulk_window_hours") * HOUR_US
    return Listing.objects.filter(
        institution_id=institution_id, needs_second=False, listed_us__gt=since_us
    )


def _number(centre: Centre, name: str) -> int:
    day = centre.law.local_day(centre.country, centre.now_us())
    return centre.law.registry_number(centre.country, name, day)


def _count(rows: QuerySet[Listing]) -> int:
    count: int = rows.count()
    return count
