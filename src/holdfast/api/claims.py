"""Claims: confirm one as the sending bank, or ask that a mistaken one be withdrawn."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import BaseModel, ConfigDict, Field

from holdfast.api.auth import ApiKey, actor
from holdfast.api.idempotent import Done, described, once
from holdfast.api.reviews import ReviewShown
from holdfast.api.shown import ClaimShown, Id, ReasonCode
from holdfast.people.role import Scope
from holdfast.workflows.confirm_claim import confirm_claim
from holdfast.workflows.running import centre
from holdfast.workflows.withdraw_claim import ask_withdrawal

router = Router(tags=["claims"])


class Confirmation(BaseModel):
    """That the sending bank has made sure of caller, payment and name."""

    model_config = ConfigDict(extra="forbid")

    name_matches: bool = Field(
        strict=True,
        description="Whether the name that the payer was shown is that of the account's holder; "
        "where it is not, a person at the centre looks first.",
    )


class WithdrawalAsked(BaseModel):
    """That a claim is to be withdrawn, and why."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    reason: ReasonCode = Field(description="A code, such as paid_knowingly.")


@router.post(
    "/claims/{claim_id}/confirmation",
    auth=ApiKey(Scope.REPORTS_CONFIRM),
    response=ClaimShown,
    operation_id="confirm_claim",
    summary="Confirm a claim",
    openapi_extra=described(),
)
def confirm(request: HttpRequest, claim_id: Id, told: Confirmation) -> HttpResponse:
    """Say as the sending bank that caller, payment and name are in order."""

    def work() -> Done:
        claim = confirm_claim(centre(), claim_id, actor(request), name_matches=told.name_matches)
        return Done(ClaimShown.of(claim), f"case:{claim.case.number}")

    return once(request, work)


@router.post(
    "/claims/{claim_id}/withdrawal",
    auth=ApiKey(Scope.REPORTS_WRITE, Scope.REVIEWS_DECIDE),
    response={202: ReviewShown},
    operation_id="ask_withdrawal",
    summary="Ask that a claim be withdrawn",
    openapi_extra=described(),
)
def withdraw(request: HttpRequest, claim_id: Id, told: WithdrawalAsked) -> HttpResponse:
    """Ask as who reported it, the payer's bank or the centre; another person decides.

    Until then nothing changes. Afterwards nothing is held or ordered for it, and each institution
    that reported it finds a notice for its caller.
    """

    def work() -> Done:
        review = ask_withdrawal(centre(), claim_id, actor(request), told.reason)
        return Done(ReviewShown.of(review), review.filed_under, 202)

    return once(request, work)
