"""Write a notice: something that an institution, or the centre, is to tell a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from holdfast.cases.models import Notice, Order
from holdfast.workflows.centre import Centre

VICTIM, HOLDER, PERSON, INSTITUTION = "victim", "holder", "person", "institution"
"""Whom a notice is for; a person is who is listed in the registry."""


def write_notice(
    centre: Centre,
    notice_id: str,
    institution_id: str,
    recipient: str,
    says: Mapping[str, object],
    *,
    subject: str,
    order: Order | None = None,
    due_us: int | None = None,
) -> Notice:
    """Write a notice that `institution_id` is to bring, if it can, by `due_us`; once under its id.

    It names nothing of the person: who brings it looks that up. `subject` is what the audit keeps
    it under.
    """
    made = new_notice(
        centre,
        notice_id,
        institution_id,
        recipient,
        says,
        subject=subject,
        order=order,
        due_us=due_us,
    )
    write_notices([made])
    notice: Notice = Notice.objects.get(notice_id=notice_id)
    return notice


def new_notice(
    centre: Centre,
    notice_id: str,
    institution_id: str,
    recipient: str,
    says: Mapping[str, object],
    *,
    subject: str,
    order: Order | None = None,
    due_us: int | None = None,
) -> Notice:
    """Return a notice as `write_notice` would write it; it is still to be written."""
    return Notice(
        notice_id=notice_id,
        institution_id=institution_id,
        recipient=recipient,
        subject=subject,
        order=order,
        says=dict(says),
        written_us=centre.now_us(),
        due_us=due_us,
    )


def write_notices(notices: Iterable[Notice]) -> None:
    """Write several new notices in one statement, each once under its id."""
    Notice.objects.bulk_create(notices, ignore_conflicts=True)
