"""Step of a contest: from one state to the next, with all that every step leaves behind."""

from __future__ import annotations

from collections.abc import Sequence

from holdfast.people.actor import Actor
from holdfast.records import audit
from holdfast.registry.contest import ContestState, check_step
from holdfast.registry.models import OPEN_CONTEST_VALUES, Contest, ContestStep, Listing
from holdfast.workflows.centre import Centre

DECIDE_BY = "contest_deadline"
"""Due work: look at a contest whose deadline has come; its subject is the contest."""


def step_contest(
    centre: Centre, contest: Contest, to: ContestState, actor: Actor, reason: str
) -> None:
    """Take the step, with history and audit; the caller holds the registry's lock.

    Raises:
        Conflict: `contest_decided` or `contest_step`.
    """
    before = ContestState(contest.state)
    check_step(contest.contest_id, before, to)
    contest.state = to.value
    if to.ended:
        contest.decided_us, contest.decided_by = centre.now_us(), actor.name
        contest.reason = reason
    contest.save()
    record_contest(centre, contest, before.value, actor, reason)


def end_contests(
    centre: Centre, listings: Sequence[Listing], to: ContestState, actor: Actor, reason: str
) -> None:
    """Answer all open contests of listings that end."""
    found = Contest.objects.filter(listing__in=listings, state__in=OPEN_CONTEST_VALUES)
    for contest in found.order_by("id"):
        step_contest(centre, contest, to, actor, reason)


def record_contest(
    centre: Centre, contest: Contest, before: str, actor: Actor, reason: str
) -> None:
    """Write a step's line in the contest's history and its entry in the audit."""
    ContestStep.objects.create(
        contest=contest,
        number=contest.steps.count() + 1,
        from_state=before,
        to_state=contest.state,
        at_us=centre.now_us(),
        actor=actor.name,
        reason=reason,
    )
    audit.record(
        at_us=centre.now_us(),
        actor=actor.name,
        verb="step_contest",
        subject=f"listing:{contest.listing.listing_id}",
        detail={
            "contest": contest.contest_id,
            "from": before,
            "to": contest.state,
            "due_us": contest.due_us,
        },
    )
