"""Reviews: what waits for a person at the centre, and what that person decides."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, ConfigDict, Field

from holdfast.api.auth import ApiKey, centre_only
from holdfast.api.idempotent import Done, described, once
from holdfast.api.oldest_first import oldest_first
from holdfast.api.pages import LIMIT_DEFAULT, After, Limit, Page
from holdfast.api.shown import Id, Time, at, at_or_none
from holdfast.cases.models import Review
from holdfast.cases.review import ReviewKind, ReviewState
from holdfast.people.role import Scope
from holdfast.workflows.decide_review import decide_review
from holdfast.workflows.running import centre

router = Router(tags=["reviews"])

StateAsked = Annotated[
    ReviewState, Query(description="Only those that stand so; the open ones if left out.")
]


class ReviewShown(BaseModel):
    """Something that waits for a person, or what was decided about it."""

    review_id: str
    case: str | None = Field(description="Null where it is about an account that no case owns.")
    kind: ReviewKind
    subject: str
    facts: dict[str, Any]
    state: ReviewState
    asked_by: str
    opened_at: Time
    decided_at: Time | None
    decided_by: str | None
    reason: str | None

    @classmethod
    def of(cls, review: Review) -> ReviewShown:
        """Show a review."""
        return cls(
            review_id=review.review_id,
            case=review.case.number if review.case else None,
            kind=ReviewKind(review.kind),
            subject=review.subject,
            facts=review.facts,
            state=ReviewState(review.state),
            asked_by=review.asked_by,
            opened_at=at(review.opened_us),
            decided_at=at_or_none(review.decided_us),
            decided_by=review.decided_by or None,
            reason=review.reason or None,
        )


class Decision(BaseModel):
    """What a person decides, and why."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    approve: bool = Field(strict=True)
    reason: Annotated[str, Field(min_length=1, max_length=500)]


@router.get(
    "/reviews",
    auth=ApiKey(Scope.REVIEWS_DECIDE),
    response=Page[ReviewShown],
    operation_id="list_reviews",
    summary="List reviews",
)
def list_reviews(
    request: HttpRequest,
    state: StateAsked = ReviewState.OPEN,
    limit: Limit = LIMIT_DEFAULT,
    after: After = "",
) -> Any:
    """Return what waits for a person at the centre, the oldest first."""
    centre_only(request)
    found = Review.objects.filter(state=state.value).select_related("case")
    return oldest_first(found, limit, after, ReviewShown.of)


@router.post(
    "/reviews/{review_id}/decision",
    auth=ApiKey(Scope.REVIEWS_DECIDE),
    response=ReviewShown,
    operation_id="decide_review",
    summary="Decide a review",
    openapi_extra=described(),
)
def decide(request: HttpRequest, review_id: Id, told: Decision) -> HttpResponse:
    """Decide as the centre; nobody decides what they asked for themselves."""
    who = centre_only(request)

    def work() -> Done:
        review = decide_review(centre(), review_id, who, approve=told.approve, reason=told.reason)
        return Done(ReviewShown.of(review), review.filed_under)

    return once(request, work)
