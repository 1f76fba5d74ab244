"""Bring: a notice has reached the person it is for."""

from __future__ import annotations

from django.db import transaction

from holdfast.cases.models import Notice
from holdfast.core.errors import NotFound
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.records import audit
from holdfast.workflows.centre import Centre


def bring_notice(centre: Centre, notice_id: str, actor: Actor) -> Notice:
    """Take a notice of the actor's institution for brought; a second time changes nothing.

    Raises:
        NotFound: `notice_unknown`, also where another institution is to bring it.
    """
    with transaction.atomic():
        notices = Notice.objects.select_for_update(no_key=True)
        notice: Notice | None = notices.filter(
            notice_id=notice_id, institution_id=actor.institution_id
        ).first()
        if notice is None:
            raise NotFound(
                "notice_unknown", N_("there is no notice {notice} for you"), notice=notice_id[:60]
            )
        if notice.brought_us is None:
            notice.brought_us, notice.brought_by = centre.now_us(), actor.name
            notice.save(update_fields=["brought_us", "brought_by"])
            audit.record(
                at_us=notice.brought_us,
                actor=actor.name,
                verb="bring_notice",
                subject=notice.subject,
                detail={"notice": notice_id},
            )
    return notice
