"""Decide a contest: an independent reviewer says who is right, with the reason in words."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import transaction

from holdfast.cases.models import Case, Order
from holdfast.cases.queries import OPEN_VALUES as OPEN_ORDERS
from holdfast.cases.queries import current_case
from holdfast.core.errors import Conflict, Refused
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.records import due
from holdfast.registry.contest import ContestState
from holdfast.registry.listing import ListingState
from holdfast.registry.merged import former_keys
from holdfast.registry.models import Contest, Listing
from holdfast.registry.queries import contest_by_id, lock_registry
from holdfast.registry.subject import SubjectKind
from holdfast.workflows.approve_listing import UNDECIDED
from holdfast.workflows.ask_release import ask_release
from holdfast.workflows.centre import Centre
from holdfast.workflows.change_registry import (
    TELL_PERSON,
    mark_disputed,
    step_listings,
)
from holdfast.workflows.other_hands import require_other_hands
from holdfast.workflows.step_contest import step_contest

REASON_LENGTH_MIN = 10
UPHELD = "contest_upheld"


def decide_contest(
    centre: Centre, contest_id: str, actor: Actor, *, uphold: bool, reason: str
) -> Contest:
    """Take a reviewer's decision; upheld, the listing is removed, else it stands.

    A listing that was suspended meanwhile stands again where the contest is rejected and time is
    left. Holds on the account in the same case are put before a person, to be released.

    Raises:
        NotFound: `contest_unknown`.
        Forbidden: `own_request`: neither who listed nor who approved decides.
        Conflict: `contest_decided`.
        Refused: `contest_reason_short`: the person is owed a reason in words.
    """
    if len(reason.strip()) < REASON_LENGTH_MIN:
        raise Refused(
            "contest_reason_short", N_("give the reason in words; the person reads it as it stands")
        )
    with transaction.atomic():
        lock_registry()
        contest = contest_by_id(contest_id)
        require_other_hands(actor, *_whose(contest.listing))
        if uphold:
            _uphold(centre, contest, actor, reason)
        else:
            _reject(centre, contest, actor, reason)
    return contest


def suspend_undecided(centre: Centre, contest_id: str) -> bool:
    """Call a contest overdue at its deadline, and suspend its listing unless the law forbids it.

    Returns whether it was overdue now.
    """
    with transaction.atomic():
        lock_registry()
        contest = contest_by_id(contest_id)
        if contest.state != ContestState.OPEN.value or centre.now_us() < contest.due_us:
            return False
        step_contest(centre, contest, ContestState.OVERDUE, centre.itself, "")
        row = contest.listing
        if row.suspends_undecided and row.state == ListingState.STANDING.value:
            step_listings(centre, [row], ListingState.SUSPENDED, centre.itself, UNDECIDED)
    return True


def _uphold(centre: Centre, contest: Contest, actor: Actor, reason: str) -> None:
    step_contest(centre, contest, ContestState.UPHELD, actor, reason)
    step_listings(centre, [contest.listing], ListingState.REMOVED, actor, UPHELD)
    for order in _holds_on(contest.listing):
        try:
            with transaction.atomic():
                ask_release(centre, order.order_id, actor, UPHELD)
        except Conflict:  # somebody has asked already, or it has ended
            continue


def _reject(centre: Centre, contest: Contest, actor: Actor, reason: str) -> None:
    step_contest(centre, contest, ContestState.REJECTED, actor, reason)
    row = contest.listing
    if row.state == ListingState.SUSPENDED.value and centre.now_us() < row.until_us:
        again = {"disputed": False}
        step_listings(centre, [row], ListingState.STANDING, actor, "contest_rejected", also=again)
    else:
        mark_disputed(centre, row, disputed=False)
    due.plan(
        kind=TELL_PERSON,
        subject=f"{row.listing_id}/{ContestState.REJECTED.value}",
        due_us=centre.now_us(),
    )


def _whose(listing: Listing | None) -> Iterator[str]:
    """Yield who listed, decided and approved, also of the listings that this one replaced."""
    while listing is not None:
        yield from (listing.listed_by, listing.approved_by, listing.decided_by)
        listing = listing.replaces


def _holds_on(listing: Listing) -> Iterator[Order]:
    case = Case.objects.filter(number=listing.case_number).first()
    if listing.subject_kind != SubjectKind.ACCOUNT.value or case is None:
        return
    orders = Order.objects.filter(
        account__in=(listing.subject_key, *former_keys(listing.subject_key)),
        case=current_case(case),
        state__in=OPEN_ORDERS,
    )
    yield from orders.order_by("id")
