"""Police complaints: enter one, confirm it; the clocks of the law follow."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import BaseModel, ConfigDict, Field

from holdfast.api.auth import ApiKey, actor
from holdfast.api.idempotent import Done, described, once
from holdfast.api.shown import Id, Time, at, at_or_none
from holdfast.cases.models import PoliceComplaint
from holdfast.cases.report import ShortText, TimeText
from holdfast.core.instant import parse_instant
from holdfast.people.role import Scope
from holdfast.workflows.file_complaint import ComplaintTold, case_of, file_complaint
from holdfast.workflows.running import centre

router = Router(tags=["complaints"])


class NewComplaint(BaseModel):
    """A complaint at a police station, with or without its acceptance."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    number: Annotated[str, Field(min_length=1, max_length=60)]
    station: ShortText
    officer: ShortText
    filed_at: TimeText
    accepted_at: TimeText | None = Field(
        default=None, description="When the police accepted it; left out while they have not."
    )


class ComplaintShown(BaseModel):
    """A complaint as it is kept."""

    complaint_id: str
    number: str
    station: str
    officer: str | None
    filed_at: Time
    accepted_at: Time | None

    @classmethod
    def of(cls, complaint: PoliceComplaint, *, with_officer: bool) -> ComplaintShown:
        """Show a complaint; the officer's name only to the centre and the police."""
        return cls(
            complaint_id=complaint.complaint_id,
            number=complaint.number,
            station=complaint.station,
            officer=complaint.officer if with_officer else None,
            filed_at=at(complaint.filed_us),
            accepted_at=at_or_none(complaint.accepted_us),
        )


@router.post(
    "/cases/{number}/complaints",
    auth=ApiKey(Scope.COMPLAINTS_WRITE),
    response={201: ComplaintShown},
    operation_id="file_complaint",
    summary="File or confirm a police complaint",
    openapi_extra=described(),
)
def file(request: HttpRequest, number: Id, told: NewComplaint) -> HttpResponse:
    """Enter a complaint, or confirm one by sending it again with `accepted_at`.

    The victim brings the case number to the station, so any case that there is can be named; to
    read a case the police need to have confirmed a complaint in it, or to have reported it.
    """

    def work() -> Done:
        case = case_of(number)
        complaint = file_complaint(centre(), case, _told(told), actor(request))
        shown = ComplaintShown.of(complaint, with_officer=True)
        return Done(shown, f"case:{case.number}", 201)

    return once(request, work)


def _told(told: NewComplaint) -> ComplaintTold:
    return ComplaintTold(
        number=told.number,
        station=told.station,
        officer=told.officer,
        filed_us=parse_instant(told.filed_at),
        accepted_us=None if told.accepted_at is None else parse_instant(told.accepted_at),
    )
