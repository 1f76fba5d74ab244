"""Plan listing: what a case tells of is listed soon, apart from the change that brought it about."""

from __future__ import annotations

from holdfast.cases.models import Case, Claim
from holdfast.records import due
from holdfast.workflows.centre import Centre

LIST_CASE = "list_case"
"""Due work: list what a case tells of."""


def plan_listing(centre: Centre, case: Case) -> None:
    """Have a case's subjects be listed soon; planned again, it is done once."""
    due.plan(kind=LIST_CASE, subject=case.number, due_us=centre.now_us())


def plan_if_confirmed(centre: Centre, claim: Claim) -> None:
    """Have a claim's case be listed once its payment was found, if it was confirmed before."""
    if claim.confirmed_us is not None:
        plan_listing(centre, claim.case)
