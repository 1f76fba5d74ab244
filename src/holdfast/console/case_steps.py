"""What can be done with all that is listed for one case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.forms import Form
from django.http import HttpRequest

from holdfast.console.desk import require_duty, staff_actor, step_chosen
from holdfast.console.duties import Duty, duties_of
from holdfast.console.registry_forms import CertainForm
from holdfast.console.steps import Step, Steps
from holdfast.core.words import N_
from holdfast.workflows.list_from_case import list_from_case
from holdfast.workflows.running import centre
from holdfast.workflows.withdraw_listing import close_unfounded

FORMS: Mapping[str, type[Form]] = {"list_case": Form, "unfounded": CertainForm}


def take_step(request: HttpRequest, number: str) -> Mapping[str, object]:
    """Take the step that was chosen with a case; return what is shown of it.

    Raises:
        NotFound: `step_unknown`, or as the workflow of the step.
        Forbidden: `duty_not_yours`.
        Refused: as the workflow of the step.
    """
    what = step_chosen(request, *FORMS)
    require_duty(request, Duty.LIST)
    if what == "list_case":
        return {"from_case": list_from_case(centre(), number, staff_actor(request))}
    return {"off": close_unfounded(centre(), number, staff_actor(request))}


def steps_of(request: HttpRequest, steps: Steps) -> Iterator[Step]:
    """Yield what somebody may do with a case now."""
    if Duty.LIST not in duties_of(request.user):
        return
    help_text = N_(
        "Accounts that were paid and confirmed, and what victims named; the latter, and what the "
        "top tiers need, waits for a second person. Again, it lists only what is new."
    )
    yield steps.step(N_("List what the case tells of"), help_text, ("list_case", N_("List")))
    help_text = N_("All that was listed for it ends, also what only waits.")
    buttons = (("unfounded", N_("Take everything off")),)
    yield steps.step(N_("The case was unfounded"), help_text, *buttons)
