"""Remind: tell a victim that the holds end unless the police have a complaint."""

from __future__ import annotations

from django.db import transaction

from holdfast.cases.hold import HoldState
from holdfast.cases.models import Case, Order
from holdfast.cases.queries import OPEN_VALUES, confirmed_complaint, current_case
from holdfast.core.instant import HOUR_US, format_instant
from holdfast.records import audit, due
from holdfast.workflows.centre import Centre
from holdfast.workflows.legal_basis import VICTIM_REPORT
from holdfast.workflows.write_notice import VICTIM, write_notice

REMIND = "remind"
"""Due work: remind a victim; its subject is CASE/HOURS before the end/THE END."""
REMINDED_VALUES = [value for value in OPEN_VALUES if value != HoldState.SEIZED.value]
"""States of orders that end by themselves."""


def plan_reminders(centre: Centre, case: Case, lapses_us: int) -> None:
    """Plan the reminders that the law's data asks for before an end."""
    due.plan_all(REMIND, reminders(centre, case, lapses_us))


def reminders(centre: Centre, case: Case, lapses_us: int) -> dict[str, int]:
    """Return the reminders that the law's data asks for before an end: subjects and times."""
    found: dict[str, int] = {}
    day = centre.law.local_day(centre.country, centre.now_us())
    for hours in centre.law.reminders_hours(centre.country, VICTIM_REPORT, day):
        due_us = lapses_us - hours * HOUR_US
        if due_us > centre.now_us():
            found[f"{case.number}/{hours}/{lapses_us}"] = due_us
    return found


def remind_victim(centre: Centre, subject: str) -> bool:
    """Write a reminder for the victim; none where a complaint is there or nothing ends then.

    The message names case and end, nothing of the person: whoever brings it looks that up.
    """
    number, hours, lapses = subject.rsplit("/", 2)
    with transaction.atomic():
        case = current_case(Case.objects.get(number=number))
        ending = Order.objects.filter(
            case=case, state__in=REMINDED_VALUES, lapses_us=int(lapses)
        ).exists()
        if not ending or confirmed_complaint(case.id) is not None:
            return False
        now_us = centre.now_us()
        values = {
            "type": "reminder",
            "case": case.number,
            "lapses_at": format_instant(int(lapses)),
        }
        write_notice(
            centre,
            f"reminder-{case.number}-{hours}-{lapses}",
            centre.name,
            VICTIM,
            values,
            subject=f"case:{case.number}",
            due_us=int(lapses),
        )
        audit.record(
            at_us=now_us,
            actor=centre.itself.name,
            verb="remind_victim",
            subject=f"case:{case.number}",
            detail={"hours": int(hours), "lapses_us": int(lapses)},
        )
    return True
