"""What ends many listings at once: a case that was unfounded, a number registered anew."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import BaseModel, Field

from holdfast.api.auth import ApiKey, actor, centre_only
from holdfast.api.idempotent import Done, described, once
from holdfast.api.listing_shown import SubjectTold
from holdfast.api.shown import Id
from holdfast.api.sight import Sight
from holdfast.core.errors import Forbidden
from holdfast.core.words import N_
from holdfast.people.role import Scope
from holdfast.registry.subject import parse_subject
from holdfast.workflows.running import centre
from holdfast.workflows.withdraw_listing import close_unfounded, end_registration

router = Router(tags=["registry listings"])


class TakenOff(BaseModel):
    """How many listings ended by it."""

    listings: int = Field(description="Those that were only proposed included.")


@router.post(
    "/cases/{number}/unfounded",
    auth=ApiKey(Scope.REGISTRY_LIST),
    response=TakenOff,
    operation_id="close_unfounded",
    summary="Take off what an unfounded case listed",
    openapi_extra=described(),
)
def unfounded(request: HttpRequest, number: Id) -> HttpResponse:
    """Take off all that was listed for a case that proved unfounded; the police and the centre."""
    who = actor(request)

    def work() -> Done:
        sight = Sight(who)
        case = sight.case(number)
        if not sight.is_whole(case):
            raise Forbidden("case_in_part", N_("you see only a part of this case"))
        return Done(
            TakenOff(listings=close_unfounded(centre(), case.number, who)), f"case:{case.number}"
        )

    return once(request, work)


@router.post(
    "/registry/registered-anew",
    auth=ApiKey(Scope.REGISTRY_LIST),
    response=TakenOff,
    operation_id="end_registration",
    summary="Take a number off that was registered anew",
    openapi_extra=described(),
)
def registered_anew(request: HttpRequest, told: SubjectTold) -> HttpResponse:
    """Take a proxy or a phone off that belongs to another person now; the centre alone."""
    who = centre_only(request)

    def work() -> Done:
        running = centre()
        subject = parse_subject(told.kind, told.key, running.country, running.person_key)
        count = end_registration(running, subject, who)
        return Done(TakenOff(listings=count), f"registered-anew:{subject.kind}")

    return once(request, work)
