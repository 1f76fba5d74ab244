"""Trails: where the money of a case is now, as it was settled last."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpRequest
from ninja import Router
from pydantic import BaseModel, Field

from holdfast.api.auth import ApiKey, actor
from holdfast.api.shown import Id, Time, at
from holdfast.api.sight import Sight
from holdfast.cases.claim import ClaimState
from holdfast.cases.models import StoredTrail
from holdfast.cases.queries import settled_with
from holdfast.people.role import Scope

router = Router(tags=["trails"])

_WHOLE = ("rule", "as_of", "currency", "truncated", "truncated_why", "ledger_change", "claims")
_ROWS_OF_ACCOUNT = ("resting", "exits", "overheld")


class TrailShown(BaseModel):
    """The slice of the settlement that concerns one claim, with what it rests on."""

    claim_id: str
    rule: str
    ledger_change: int = Field(description="The number of the ledger's last change in it.")
    settled_at: Time
    together_with: list[str] = Field(description="The claims that it was settled with.")
    whole: bool = Field(
        description="Whether all rows are shown; if not, only those that touch the caller's "
        "accounts are, and sums need not agree."
    )
    answer: dict[str, Any] = Field(
        description="rule, claims, resting, exits, overheld and hops; amounts in minor units."
    )


class CaseTrail(BaseModel):
    """The trails of a case's claims; one that waits has none yet, one withdrawn none any more."""

    case: str
    trails: list[TrailShown]


@router.get(
    "/cases/{number}/trail",
    auth=ApiKey(Scope.CASES_READ),
    response=CaseTrail,
    operation_id="read_trail",
    summary="Read the trail of a case",
)
def read_trail(request: HttpRequest, number: Id) -> CaseTrail:
    """Return where the money of a case is; a bank sees its own accounts' part of it."""
    sight = Sight(actor(request))
    with transaction.atomic():
        case = sight.read(number, "read_trail")
        whole = sight.is_whole(case)
        claims = sight.claims(case).exclude(state=ClaimState.WITHDRAWN.value)
        trails = StoredTrail.objects.filter(claim__in=claims).select_related("claim")
        return CaseTrail(
            case=case.number,
            trails=[_shown(trail, sight, whole=whole) for trail in trails.order_by("claim_id")],
        )


def own_part(answer: dict[str, Any], sight: Sight) -> dict[str, Any]:
    """Return those rows of a trail that touch the caller's accounts."""
    part = {name: answer[name] for name in _WHOLE if name in answer}
    for name in _ROWS_OF_ACCOUNT:
        part[name] = [row for row in answer.get(name, []) if sight.is_mine(row["account"])]
    part["hops"] = [
        hop
        for hop in answer.get("hops", [])
        if sight.is_mine(hop["debit_account"]) or sight.is_mine(hop["credit_account"])
    ]
    part["without_history"] = [
        account for account in answer.get("without_history", []) if sight.is_mine(account)
    ]
    return part


def _shown(trail: StoredTrail, sight: Sight, *, whole: bool) -> TrailShown:
    return TrailShown(
        claim_id=trail.claim.claim_id,
        rule=trail.rule,
        ledger_change=trail.ledger_change,
        settled_at=at(trail.settled_us),
        together_with=settled_with(trail.claim) if whole else [],
        whole=whole,
        answer=trail.answer if whole else own_part(trail.answer, sight),
    )
