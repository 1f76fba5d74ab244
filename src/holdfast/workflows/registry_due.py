"""Due work of the registry: what is done when its time has come; `due_work` joins it to the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from holdfast.workflows.break_glass import CHASE_GLASS, chase_glass
from holdfast.workflows.centre import Centre
from holdfast.workflows.change_registry import LAPSE_LISTING, TELL_PERSON
from holdfast.workflows.decide_contest import suspend_undecided
from holdfast.workflows.follow_mergers import FOLLOW_MERGER, follow_merger
from holdfast.workflows.lapse_listing import lapse_listing
from holdfast.workflows.list_from_case import list_from_case
from holdfast.workflows.plan_listing import LIST_CASE
from holdfast.workflows.retract_entry import CHASE, chase_retraction
from holdfast.workflows.step_contest import DECIDE_BY
from holdfast.workflows.tell_person import tell_person


def _list_case(centre: Centre, case_number: str) -> object:
    return list_from_case(centre, case_number, centre.itself)


REGISTRY_DOERS: Mapping[str, Callable[[Centre, str], object]] = {
    LAPSE_LISTING: lapse_listing,
    DECIDE_BY: suspend_undecided,
    TELL_PERSON: tell_person,
    LIST_CASE: _list_case,
    CHASE: chase_retraction,
    CHASE_GLASS: chase_glass,
    FOLLOW_MERGER: follow_merger,
}
"""What each kind of work does with its subject; each can be done again without harm."""
REGISTRY_ENDS = (LAPSE_LISTING, DECIDE_BY)
"""Of these, what ends listings on time, whatever else is due."""
REGISTRY_REST = (FOLLOW_MERGER, LIST_CASE, TELL_PERSON, CHASE, CHASE_GLASS)
"""The others: a file approved as a whole brings about many at once."""
