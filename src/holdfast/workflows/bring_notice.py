"""Bring: a notice has reached the person it is for."""

from __future__ import annotations

from django.db import transaction

from holdfast.core.errors import NotFound
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.records import audit, outbox
from holdfast.records.models import OutboxMessage
from holdfast.workflows.centre import Centre
from holdfast.workflows.remind_victim import NOTICE


def bring_notice(centre: Centre, notice_id: str, actor: Actor) -> OutboxMessage:
    """Take a notice for brought; a second time changes nothing.

    Raises:
        NotFound: `notice_unknown`.
    """
    with transaction.atomic():
        found: OutboxMessage | None = OutboxMessage.objects.filter(
            message_id=notice_id, kind=NOTICE
        ).first()
        if found is None:
            raise NotFound(
                "notice_unknown", N_("there is no notice {notice} for you"), notice=notice_id[:60]
            )
        now_us = centre.now_us()
        if outbox.done(found, now_us):
            audit.record(
                at_us=now_us,
                actor=actor.name,
                verb="bring_notice",
                subject=f"case:{found.subject}",
                detail={"notice": notice_id},
            )
    return found
