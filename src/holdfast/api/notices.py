"""Notices: what the centre's people, or its gateway for messages, are to bring to a person."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import BaseModel

from holdfast.api.auth import ApiKey, centre_only
from holdfast.api.idempotent import Done, described, once
from holdfast.api.pages import LIMIT_DEFAULT, After, Limit, Page, page, place
from holdfast.api.shown import Id, Time, at
from holdfast.people.role import Scope
from holdfast.records.models import OutboxMessage
from holdfast.workflows.bring_notice import bring_notice
from holdfast.workflows.remind_victim import NOTICE
from holdfast.workflows.running import centre

router = Router(tags=["notices"])


class NoticeShown(BaseModel):
    """A notice that waits; whom it is for is found in its case."""

    notice_id: str
    case: str
    says: dict[str, Any]
    written_at: Time

    @classmethod
    def of(cls, message: OutboxMessage) -> NoticeShown:
        """Show a notice."""
        return cls(
            notice_id=message.message_id,
            case=message.subject,
            says=json.loads(message.body),
            written_at=at(message.created_us),
        )


@router.get(
    "/notices",
    auth=ApiKey(Scope.NOTICES),
    response=Page[NoticeShown],
    operation_id="list_notices",
    summary="List notices",
)
def list_notices(request: HttpRequest, limit: Limit = LIMIT_DEFAULT, after: After = "") -> Any:
    """Return the notices that nobody has brought yet, the oldest first."""
    centre_only(request)
    found = OutboxMessage.objects.filter(kind=NOTICE, done_us=None).order_by("id")
    start = place(after)
    if start is not None:
        found = found.filter(id__gt=start[0])
    return page(list(found[: limit + 1]), limit, NoticeShown.of, lambda row: int(row.id))


@router.post(
    "/notices/{notice_id}/brought",
    auth=ApiKey(Scope.NOTICES),
    response=NoticeShown,
    operation_id="bring_notice",
    summary="Say that a notice was brought",
    openapi_extra=described(),
)
def brought(request: HttpRequest, notice_id: Id) -> HttpResponse:
    """Say that the person was told; the case's history keeps it."""
    who = centre_only(request)

    def work() -> Done:
        message = bring_notice(centre(), notice_id, who)
        return Done(NoticeShown.of(message), f"case:{message.subject}")

    return once(request, work)
