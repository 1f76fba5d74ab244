"""Let out: who no longer works at the centre gets in no more."""

from __future__ import annotations

from django.db import transaction

from holdfast.core.errors import Conflict
from holdfast.core.plain import plain
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.people.models import OneTimeLink, Staff
from holdfast.records import audit
from holdfast.workflows.centre import Centre
from holdfast.workflows.let_in import NAME_LENGTH_MAX


def let_out(centre: Centre, name: str, actor: Actor) -> None:
    """End somebody's part at the centre, with their links and wherever they are signed in.

    Raises:
        Refused: `text_too_long`, `text_empty` or `text_control_character`.
        Conflict: `staff_unknown`: nobody of this name is in.
    """
    name = " ".join(plain(name, NAME_LENGTH_MAX).split())
    with transaction.atomic():
        staff = Staff.objects.select_for_update().filter(username__iexact=name).first()
        if staff is None or not staff.is_active:
            raise Conflict("staff_unknown", N_("nobody of the name {name} is in"), name=name)
        staff.is_active = False
        # A session is good for the password that it was begun with.
        staff.set_unusable_password()
        staff.save()
        OneTimeLink.objects.filter(staff=staff).delete()
        audit.record(
            at_us=centre.now_us(), actor=actor.name, verb="let_out", subject=staff.actor_name
        )
