"""Let in: somebody who is to work at the centre gets a name, a role, and a link to enter by."""

from __future__ import annotations

from django.db import transaction

from holdfast.core.errors import Conflict
from holdfast.core.plain import plain
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.people.models import Staff
from holdfast.people.one_time_link import give_link
from holdfast.people.role import Role
from holdfast.records import audit
from holdfast.workflows.centre import Centre

NAME_LENGTH_MAX = 100


def let_in(centre: Centre, name: str, role: Role, token: str, actor: Actor) -> str:
    """Enter somebody under a name in one role, whom the token lets choose a password; return as whom they act.

    Who has not chosen one yet gets a new link in place of the old one; who was let out before comes
    back under the same id, so that what they did stays theirs.

    Raises:
        Refused: `text_too_long`, `text_empty` or `text_control_character`.
        Conflict: `staff_known`: they are in already.
    """
    name = " ".join(plain(name, NAME_LENGTH_MAX).split())
    with transaction.atomic():
        staff = Staff.objects.select_for_update().filter(username__iexact=name).first()
        if staff is None:
            staff = Staff(username=name)
        elif staff.is_active and staff.has_usable_password():
            raise Conflict(
                "staff_known",
                N_("{name} is in already, as {role}; let them out first"),
                name=staff.username,
                role=staff.role,
            )
        staff.role, staff.is_active = role.value, True
        staff.set_unusable_password()
        staff.save()
        give_link(staff, token, centre.now_us())
        audit.record(
            at_us=centre.now_us(),
            actor=actor.name,
            verb="let_in",
            subject=staff.actor_name,
            detail={"role": staff.role},
        )
    name_known: str = staff.actor_name
    return name_known
