"""Notices: what the centre, or an institution, is to bring to a person, and until when."""

from __future__ import annotations

from typing import Annotated, Any

from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from holdfast.api.auth import ApiKey, actor, centre_only
from holdfast.api.idempotent import Done, described, once
from holdfast.api.pages import LIMIT_DEFAULT, After, Limit, Page, page, place
from holdfast.api.shown import Id, Time, at, at_or_none
from holdfast.cases.models import Notice
from holdfast.core.errors import Forbidden
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.people.role import Scope
from holdfast.workflows.bring_notice import bring_notice
from holdfast.workflows.running import centre
from holdfast.workflows.write_notice import VICTIM

router = Router(tags=["notices"])

InstitutionAsked = Annotated[
    str, Query(max_length=60, description="Whose notices the centre asks for; its own if left out.")
]


class NoticeShown(BaseModel):
    """A notice that waits; whom it is for is found by who brings it."""

    notice_id: str
    recipient: str = Field(
        description="victim, holder, person (who is listed), or institution: the reader itself."
    )
    case: str | None = Field(description="Of a victim's notice: who it is for is found there.")
    says: dict[str, Any]
    written_at: Time
    due_at: Time | None
    brought_at: Time | None

    @classmethod
    def of(cls, notice: Notice) -> NoticeShown:
        """Show a notice."""
        kind, _, number = notice.subject.partition(":")
        to_victim = kind == "case" and notice.recipient == VICTIM
        return cls(
            notice_id=notice.notice_id,
            recipient=notice.recipient,
            case=number if to_victim else None,
            says=notice.says,
            written_at=at(notice.written_us),
            due_at=at_or_none(notice.due_us),
            brought_at=at_or_none(notice.brought_us),
        )


class OverdueShown(BaseModel):
    """How many notices an institution should have brought by now."""

    institution: str
    overdue: int
    since: Time


class OverdueList(BaseModel):
    """The institutions that owe notices, the one that owes longest first."""

    items: list[OverdueShown]


@router.get(
    "/notices",
    auth=ApiKey(Scope.NOTICES, Scope.ORDERS_ANSWER),
    response=Page[NoticeShown],
    operation_id="list_notices",
    summary="List notices",
)
def list_notices(
    request: HttpRequest,
    institution: InstitutionAsked = "",
    limit: Limit = LIMIT_DEFAULT,
    after: After = "",
) -> Any:
    """Return the notices that the caller has not brought yet, the oldest first."""
    who = _bringer(request)
    mine = institution if institution and who.is_centre else who.institution_id
    found = Notice.objects.filter(institution_id=mine, brought_us=None)
    start = place(after)
    if start is not None:
        found = found.filter(id__gt=start[0])
    rows = list(found.order_by("id")[: limit + 1])
    return page(rows, limit, NoticeShown.of, lambda row: int(row.id))


@router.get(
    "/notices/overdue",
    auth=ApiKey(Scope.NOTICES),
    response=OverdueList,
    operation_id="list_overdue_notices",
    summary="List who owes notices",
)
def list_overdue(request: HttpRequest) -> OverdueList:
    """Return which institutions have not brought in time what the law or the centre wants."""
    centre_only(request)
    late = Notice.objects.filter(brought_us=None, due_us__lt=centre().now_us())
    rows = late.values("institution_id").annotate(count=Count("id"), since=Min("due_us"))
    return OverdueList(
        items=[
            OverdueShown(
                institution=row["institution_id"], overdue=row["count"], since=at(row["since"])
            )
            for row in rows.order_by("since", "institution_id")
        ]
    )


@router.post(
    "/notices/{notice_id}/brought",
    auth=ApiKey(Scope.NOTICES, Scope.ORDERS_ANSWER),
    response=NoticeShown,
    operation_id="bring_notice",
    summary="Say that a notice was brought",
    openapi_extra=described(),
)
def brought(request: HttpRequest, notice_id: Id) -> HttpResponse:
    """Say that the person was told; the case's history keeps it."""
    who = _bringer(request)

    def work() -> Done:
        notice = bring_notice(centre(), notice_id, who)
        return Done(NoticeShown.of(notice), notice.subject)

    return once(request, work)


def _bringer(request: HttpRequest) -> Actor:
    """Return who asks; a key of the centre itself needs the scope for notices."""
    who = actor(request)
    if who.is_centre and not who.may(Scope.NOTICES):
        raise Forbidden(
            "scope_missing", N_("this key lacks the scope {scope}"), scope=Scope.NOTICES.value
        )
    return who
