"""On which basis a claim's money may be held now, and until when."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from holdfast.cases.models import Claim, PoliceComplaint
from holdfast.cases.queries import in_parts
from holdfast.core.errors import Refused
from holdfast.workflows.centre import Centre

CENTRE = "centre"
"""What the law's data calls us."""
BANK = "bank"
"""What the law's data calls institutions that keep accounts."""
CALLER_WORD = "caller_word"
BANK_SUSPICION = "bank_suspicion"
VICTIM_REPORT = "victim_report"
POLICE_COMPLAINT = "police_complaint"
SEIZURE = "seizure_order"


@dataclass(frozen=True, slots=True)
class Basis:
    """A basis of the centre's country, with the end that the law sets."""

    key: str
    lapses_us: int
    provisional: bool
    source: str


def basis_for(centre: Centre, claim: Claim, now_us: int) -> Basis | None:
    """Return the strongest basis that still allows a hold, or None where none does."""
    return bases_for(centre, [claim], now_us).get(claim.id)


def bases_for(centre: Centre, claims: Collection[Claim], now_us: int) -> dict[int, Basis]:
    """Return the strongest basis of each claim that still has one, by the claim's row id.

    A police complaint and the report that the sending bank confirmed are firm: the one that ends
    last counts. Where none is in force, a caller's word is all there is. Each clock runs from its
    own event, never from the order.
    """
    accepted = _accepted_us({claim.case_id for claim in claims})
    found = {}
    for claim in claims:
        complaint_us = _counted_us(accepted.get(claim.case_id, []), claim.reported_us)
        basis = _strongest(centre, claim, complaint_us, now_us)
        if basis is not None:
            found[claim.id] = basis
    return found


def may_lift(centre: Centre, basis: str, party: str, now_us: int) -> bool:
    """Return whether a party may lift a hold that rests on a basis; the law's words for both."""
    day = centre.law.local_day(centre.country, now_us)
    try:
        return centre.law.may(centre.country, basis, party, "lift", day)
    except Refused:
        return False


def may_follow(centre: Centre, before: str, after: str, at_us: int) -> bool:
    """Return whether the law's data let a hold that rests on one basis go on, on another."""
    day = centre.law.local_day(centre.country, at_us)
    try:
        return after in centre.law.hold_rule(centre.country, before, day).extended_by
    except Refused:
        return True


def _strongest(centre: Centre, claim: Claim, complaint_us: int | None, now_us: int) -> Basis | None:
    firm = []
    if complaint_us is not None:
        firm.append((POLICE_COMPLAINT, complaint_us))
    if claim.confirmed_us is not None:
        firm.append((VICTIM_REPORT, claim.reported_us))
    for candidates in (firm, [(CALLER_WORD, claim.reported_us)]):
        bases = [basis_of(centre, key, from_us) for key, from_us in candidates]
        in_force = [basis for basis in bases if basis is not None and basis.lapses_us > now_us]
        if in_force:
            return max(in_force, key=lambda basis: basis.lapses_us)
    return None


def _accepted_us(case_ids: Collection[int]) -> dict[int, list[int]]:
    """Return when complaints of some cases were accepted."""
    found: dict[int, list[int]] = {}
    for some in in_parts(case_ids):
        complaints = PoliceComplaint.objects.filter(case_id__in=some, accepted_us__isnull=False)
        for case_id, accepted_us in complaints.values_list("case_id", "accepted_us"):
            found.setdefault(case_id, []).append(accepted_us)
    return found


def _counted_us(accepted_us: list[int], reported_us: int) -> int | None:
    """Return from when a claim's complaint counts, by the rule of `confirmed_complaint`."""
    after = [at_us for at_us in accepted_us if at_us >= reported_us]
    return min(after) if after else max(accepted_us, default=None)


def basis_of(centre: Centre, key: str, from_us: int, party: str = CENTRE) -> Basis | None:
    """Return a basis counted from an event.

    None where the country's law has none such, or does not let the party order on it, or names
    no period: nothing is held without an end, so a person must see to it.
    """
    day = centre.law.local_day(centre.country, from_us)
    try:
        rule = centre.law.hold_rule(centre.country, key, day)
        may_order = centre.law.may(centre.country, key, party, "order", day)
    except Refused:
        return None
    lapses_us = centre.law.deadline_us(centre.country, key, from_us, day)
    if lapses_us is None or not may_order:
        return None
    return Basis(key, lapses_us, rule.provisional, rule.source)
