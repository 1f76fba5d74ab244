"""What can be done with one listing, by whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.forms import Form
from django.http import HttpRequest

from holdfast.console.desk import require_duty, staff_actor, step_chosen
from holdfast.console.duties import Duty, duties_of
from holdfast.console.forms import ReasonForm
from holdfast.console.listing_forms import GroundForm
from holdfast.console.registry_forms import CertainForm
from holdfast.console.steps import Step, Steps
from holdfast.core.words import N_
from holdfast.registry.listing import ListingState
from holdfast.registry.models import BreakGlassReview, Listing
from holdfast.registry.queries import subject_of
from holdfast.registry.subject import REGISTERED, SubjectKind
from holdfast.workflows.approve_listing import approve_listing
from holdfast.workflows.break_glass import review_glass
from holdfast.workflows.move_tier import move_tier
from holdfast.workflows.running import centre
from holdfast.workflows.tell_person import code_for_notice
from holdfast.workflows.withdraw_listing import end_registration, withdraw_listing

FORMS: Mapping[str, type[Form]] = {
    "approve": ReasonForm,
    "refuse": ReasonForm,
    "justified": ReasonForm,
    "unjustified": ReasonForm,
    "move": GroundForm,
    "withdraw": ReasonForm,
    "anew": CertainForm,
    "code": Form,
}


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a step."""

    listing_id: str
    """Which listing is to be looked at next."""
    shown: Mapping[str, object] = field(default_factory=dict)
    """What is shown besides, once."""


def take_step(request: HttpRequest, row: Listing, form: Form) -> Taken:
    """Take the step that was chosen.

    Raises:
        NotFound: `step_unknown`.
        Forbidden: `duty_not_yours`.
        HoldfastError: as the workflow of the step.
    """
    what = step_chosen(request, *FORMS)
    told: Any = form.cleaned_data
    decides = what in ("approve", "refuse", "justified", "unjustified")
    require_duty(request, Duty.APPROVE if decides else Duty.LIST)
    running, actor = centre(), staff_actor(request)
    listing_id: str = row.listing_id
    if what in ("approve", "refuse"):
        yes = what == "approve"
        approve_listing(running, listing_id, actor, approve=yes, reason=told["reason"])
    elif what in ("justified", "unjustified"):
        yes = what == "justified"
        review_glass(running, listing_id, actor, justified=yes, reason=told["reason"])
    elif what == "move":
        ground = form.ground(actor.name)
        return Taken(move_tier(running, listing_id, ground, actor).listing_id)
    elif what == "withdraw":
        withdraw_listing(running, listing_id, actor, told["reason"])
    elif what == "anew":
        end_registration(running, subject_of(row), actor)
    else:
        code, sign = code_for_notice(running, listing_id, actor)
        return Taken(listing_id, {"code": code, "countersign": sign})
    return Taken(listing_id)


def steps_of(request: HttpRequest, row: Listing, steps: Steps) -> Iterator[Step]:
    """Yield what somebody may do with a listing now."""
    duties = duties_of(request.user)
    if Duty.APPROVE in duties:
        yield from _to_approve(row, steps)
    if Duty.LIST in duties:
        yield from _to_list(row, steps)


def _to_approve(row: Listing, steps: Steps) -> Iterator[Step]:
    own = N_("Nobody approves or decides what they listed; a second person looks at it.")
    if row.state == ListingState.PROPOSED.value:
        buttons = (("approve", N_("Approve")), ("refuse", N_("Refuse")))
        yield steps.step(N_("Approve or refuse"), own, *buttons)
    if BreakGlassReview.objects.filter(listing=row, decided_us=None).exists():
        buttons = (
            ("justified", N_("It was justified.")),
            ("unjustified", N_("It was not justified.")),
        )
        yield steps.step(N_("Was it justified?"), own, *buttons)


def _to_list(row: Listing, steps: Steps) -> Iterator[Step]:
    stands = row.state == ListingState.STANDING.value
    if stands:
        help_text = N_(
            "Read it to the person only, with the countersign. That you read it is on record."
        )
        yield steps.step(N_("Code for the notice"), help_text, ("code", N_("Show the code")))
    if stands and not row.break_glass:
        help_text = N_(
            "Something happened since: give the new ground, and the tier follows from it. This "
            "listing stands until the new one does; a contest of it goes along. Case and "
            "reference stay what they are, if they are left empty."
        )
        title = N_("Move to another tier")
        yield steps.step(title, help_text, ("move", N_("Move")), is_folded=True)
    if not ListingState(row.state).ended:
        yield steps.step(N_("Take the listing back"), "", ("withdraw", N_("Withdraw")))
        if SubjectKind(row.subject_kind) in REGISTERED:
            help_text = N_(
                "The number or proxy belongs to somebody else now: everything that anybody listed "
                "of it ends."
            )
            buttons = (("anew", N_("Take it off")),)
            yield steps.step(N_("Registered anew"), help_text, *buttons)
