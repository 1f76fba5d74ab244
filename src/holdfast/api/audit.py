"""The audit: who did what, of one case for those it concerns, of all for the centre's auditors."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import BaseModel, Field

from holdfast.api.auth import ApiKey, actor, centre_only
from holdfast.api.pages import LIMIT_DEFAULT, After, Limit, Page, cursor, page, place
from holdfast.api.shown import Id, Time, at
from holdfast.api.sight import Sight
from holdfast.cases.models import Order
from holdfast.people.role import Scope
from holdfast.records import audit
from holdfast.records.models import AuditEntry, SealedHead

router = Router(tags=["audit"])

LOOKED_AT_MAX = 1000
"""Of a case's entries, for one page of those that an institution may read."""

SubjectAsked = Annotated[
    str, Query(max_length=160, description="Only entries about this, e.g. case:TH-2026-000001.")
]


class EntryShown(BaseModel):
    """One entry; its digest covers every field."""

    id: int
    at: Time
    at_us: int = Field(description="The same in microseconds since 1970 UTC, as it is digested.")
    actor: str
    verb: str
    subject: str
    basis: str
    detail: dict[str, Any]
    digest: str

    @classmethod
    def of(cls, entry: AuditEntry) -> EntryShown:
        """Show an entry."""
        return cls(
            id=entry.id,
            at=at(entry.at_us),
            at_us=entry.at_us,
            actor=entry.actor,
            verb=entry.verb,
            subject=entry.subject,
            basis=entry.basis,
            detail=entry.detail,
            digest=entry.digest,
        )


class HeadShown(BaseModel):
    """The chain's value at a position, signed with a key of the centre."""

    position: int
    chain: str
    at: Time
    at_us: int
    key_id: str
    signature: str = Field(description="Ed25519, base64.")

    @classmethod
    def of(cls, head: SealedHead) -> HeadShown:
        """Show a head."""
        return cls(
            position=head.position,
            chain=head.chain,
            at=at(head.at_us),
            at_us=head.at_us,
            key_id=head.key_id,
            signature=head.signature,
        )


@router.get(
    "/cases/{number}/history",
    auth=ApiKey(Scope.CASES_READ),
    response=Page[EntryShown],
    operation_id="read_history",
    summary="Read what happened in a case",
)
def read_history(
    request: HttpRequest, number: Id, limit: Limit = LIMIT_DEFAULT, after: After = ""
) -> Any:
    """Return a case's audit entries; an institution sees its own acts and its own orders'."""
    sight = Sight(actor(request))
    case = sight.case(number)
    start = place(after)
    after_id = 0 if start is None else start[0]
    if sight.is_whole(case):
        entries = audit.history(f"case:{case.number}", after_id, limit + 1)
        return page(entries, limit, EntryShown.of, lambda entry: int(entry.id))
    entries = audit.history(f"case:{case.number}", after_id, LOOKED_AT_MAX)
    mine = _own_orders(sight, case.id)
    shown = [entry for entry in entries if _concerns(entry, sight, mine)][:limit]
    last = shown[-1].id if len(shown) == limit else entries[-1].id if entries else after_id
    ended = len(entries) < LOOKED_AT_MAX and len(shown) < limit
    return Page(
        items=[EntryShown.of(entry) for entry in shown], next=None if ended else cursor(last)
    )


@router.get(
    "/audit",
    auth=ApiKey(Scope.AUDIT_READ),
    response=Page[EntryShown],
    operation_id="read_audit",
    summary="Read the audit",
)
def read_audit(
    request: HttpRequest,
    subject: SubjectAsked = "",
    limit: Limit = LIMIT_DEFAULT,
    after: After = "",
) -> Any:
    """Return audit entries in the order of their ids; only with a key of the centre itself."""
    centre_only(request)
    entries = AuditEntry.objects.order_by("id")
    if subject:
        entries = entries.filter(subject=subject)
    start = place(after)
    if start is not None:
        entries = entries.filter(id__gt=start[0])
    return page(list(entries[: limit + 1]), limit, EntryShown.of, lambda entry: int(entry.id))


@router.get(
    "/audit/heads",
    auth=ApiKey(),
    response=Page[HeadShown],
    operation_id="read_heads",
    summary="Read the audit's signed heads",
)
def read_heads(
    request: HttpRequest,  # noqa: ARG001
    limit: Limit = LIMIT_DEFAULT,
    after: After = "",
) -> Any:
    """Return the signed heads, the latest first, to be kept outside: any key opens them.

    A head shows nothing of any case; who keeps it can find later that the audit was rewritten.
    """
    heads = SealedHead.objects.order_by("-position")
    start = place(after)
    if start is not None:
        heads = heads.filter(position__lt=start[0])
    return page(list(heads[: limit + 1]), limit, HeadShown.of, lambda head: int(head.position))


def _own_orders(sight: Sight, case_id: int) -> set[str]:
    orders = Order.objects.filter(case_id=case_id, institution_id=sight.actor.institution_id)
    return set(orders.values_list("order_id", flat=True))


def _concerns(entry: AuditEntry, sight: Sight, orders: set[str]) -> bool:
    own_act = entry.actor.startswith(f"key:{sight.actor.institution_id}/")
    return own_act or entry.detail.get("order") in orders
