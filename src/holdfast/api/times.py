"""How fast an institution answers: its own figures, and those of all for the centre."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import BaseModel, Field

from holdfast.api.auth import ApiKey, actor
from holdfast.api.shown import Id, Time, at, at_or_none
from holdfast.cases.times import Spread, times_of
from holdfast.core.errors import NotFound
from holdfast.core.instant import DAY_US, SECOND_US
from holdfast.core.words import N_
from holdfast.people.models import Institution
from holdfast.people.role import Scope
from holdfast.workflows.running import centre

router = Router(tags=["institutions"])

DAYS_MAX = 366
DAYS_DEFAULT = 30


class SpreadShown(BaseModel):
    """How long something took after the order was made, in seconds."""

    count: int = Field(description="How many orders it happened to.")
    p50_s: float | None
    p95_s: float | None

    @classmethod
    def of(cls, spread: Spread) -> SpreadShown:
        """Show a spread."""
        return cls(count=spread.count, p50_s=_seconds(spread.p50_us), p95_s=_seconds(spread.p95_us))


class LeftAfter(BaseModel):
    """What left accounts after the institution had acknowledged the order."""

    currency: str
    amount_minor: int


class TimesShown(BaseModel):
    """An institution's times for the orders of some days."""

    institution: str
    since: Time
    until: Time
    orders: int
    cut: bool = Field(description="Whether there were more orders than are looked at.")
    delivered: SpreadShown
    acknowledged: SpreadShown
    answered: SpreadShown
    held: SpreadShown
    owed: int = Field(description="Orders without an answer now.")
    owed_since: Time | None
    left_after_acknowledgement: list[LeftAfter]


@router.get(
    "/institutions/{institution_id}/times",
    auth=ApiKey(Scope.ORDERS_READ),
    response=TimesShown,
    operation_id="read_times",
    summary="Read an institution's times",
)
def read_times(
    request: HttpRequest,
    institution_id: Id,
    days: Annotated[int, Query(ge=1, le=DAYS_MAX)] = DAYS_DEFAULT,
) -> TimesShown:
    """Return how fast an institution answered in the last days; another's are not shown."""
    who = actor(request)
    known = Institution.objects.filter(institution_id=institution_id).exists()
    if not known or not (who.is_centre or who.institution_id == institution_id):
        raise NotFound(
            "institution_unknown",
            N_("there is no institution {institution} for you"),
            institution=institution_id,
        )
    until_us = centre().now_us() + 1
    since_us = max(until_us - days * DAY_US, 0)
    times = times_of(institution_id, since_us, until_us)
    return TimesShown(
        institution=institution_id,
        since=at(since_us),
        until=at(until_us),
        orders=times.orders,
        cut=times.is_cut,
        delivered=SpreadShown.of(times.delivered),
        acknowledged=SpreadShown.of(times.acknowledged),
        answered=SpreadShown.of(times.answered),
        held=SpreadShown.of(times.held),
        owed=times.owed,
        owed_since=at_or_none(times.owed_since_us),
        left_after_acknowledgement=[
            LeftAfter(currency=currency, amount_minor=amount)
            for currency, amount in times.left_after_ack.items()
        ],
    )


def _seconds(time_us: int | None) -> float | None:
    return None if time_us is None else time_us / SECOND_US
