"""On which basis a claim's money may be held now, and until when."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.cases.models import Claim
from holdfast.cases.queries import confirmed_complaint
from holdfast.core.errors import Refused
from holdfast.workflows.centre import Centre

CENTRE = "centre"
"""What the law's data calls us."""
CALLER_WORD = "caller_word"
VICTIM_REPORT = "victim_report"
POLICE_COMPLAINT = "police_complaint"


@dataclass(frozen=True, slots=True)
class Basis:
    """A basis of the centre's country, with the end that the law sets."""

    key: str
    lapses_us: int
    provisional: bool
    source: str


def basis_for(centre: Centre, claim: Claim, now_us: int) -> Basis | None:
    """Return the strongest basis that still allows a hold, or None where none does.

    A police complaint stands above the report that the sending bank confirmed, and that above a
    caller's word. Each clock runs from its own event, never from the order.
    """
    complaint = confirmed_complaint(claim.case_id, claim.reported_us)
    candidates = []
    if complaint is not None:
        candidates.append((POLICE_COMPLAINT, complaint.accepted_us))
    if claim.confirmed_us is not None:
        candidates.append((VICTIM_REPORT, claim.reported_us))
    elif complaint is None:
        candidates.append((CALLER_WORD, claim.reported_us))
    for key, from_us in candidates:
        basis = basis_of(centre, key, from_us)
        if basis is not None and basis.lapses_us > now_us:
            return basis
    return None


def basis_of(centre: Centre, key: str, from_us: int) -> Basis | None:
    """Return a basis counted from an event.

    None where the country's law has none such, or does not let the centre order on it, or names
    no period: the centre orders nothing without an end, so a person must see to it.
    """
    day = centre.law.local_day(centre.country, from_us)
    try:
        rule = centre.law.hold_rule(centre.country, key, day)
        may_order = centre.law.may(centre.country, key, CENTRE, "order", day)
    except Refused:
        return None
    lapses_us = centre.law.deadline_us(centre.country, key, from_us, day)
    if lapses_us is None or not may_order:
        return None
    return Basis(key, lapses_us, rule.provisional, rule.source)
