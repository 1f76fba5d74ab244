"""How contests fare, in figures: one's own, to the centre those of each institution."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import BaseModel, ConfigDict, Field

from holdfast.api.auth import ApiKey, actor
from holdfast.api.shown import Time, at
from holdfast.core.instant import DAY_US
from holdfast.people.role import Scope
from holdfast.registry.contest_figures import contest_figures
from holdfast.workflows.running import centre

router = Router(tags=["registry contests"])
DAYS_DEFAULT, DAYS_MAX = 365, 3660

DaysAsked = Annotated[
    int, Query(ge=1, le=DAYS_MAX, description="Of contests opened in the last so many days.")
]


class ContestFiguresShown(BaseModel):
    """How the contests of an institution's listings fare."""

    model_config = ConfigDict(from_attributes=True)

    institution_id: str = Field(description="Empty where all are counted together, at the end.")
    contests: int
    open: int
    overdue: int
    decided: int
    upheld: int
    rejected: int
    moot: int = Field(description="Their listing ended otherwise before anybody decided.")
    upheld_percent: float | None = Field(description="Of the decided.")
    median_hours: float | None = Field(description="Within how long half of the answers came.")
    p90_hours: float | None = Field(description="Within how long nine of ten came.")
    suspended: int = Field(
        description="Listings that were suspended because nobody decided in time."
    )


class ContestFiguresList(BaseModel):
    """The figures of every institution that the caller may see."""

    since: Time
    items: list[ContestFiguresShown]


@router.get(
    "/registry/contest-figures",
    auth=ApiKey(Scope.REGISTRY_LIST, Scope.REGISTRY_APPROVE, Scope.REGISTRY_CONTEST),
    response=ContestFiguresList,
    operation_id="read_contest_figures",
    summary="How contests fare",
)
def read_contest_figures(
    request: HttpRequest, days: DaysAsked = DAYS_DEFAULT
) -> ContestFiguresList:
    """Return how many contests wait, how long answers took and how many listings were wrong."""
    who = actor(request)
    since_us = centre().now_us() - days * DAY_US
    found = contest_figures(since_us, None if who.is_centre else who.institution_id)
    return ContestFiguresList(
        since=at(since_us), items=[ContestFiguresShown.model_validate(row) for row in found]
    )
