"""Renew: an institution's copies of the registry begin anew under other keys, as after a loss."""

from __future__ import annotations

from django.db import transaction

from holdfast.people.actor import Actor
from holdfast.records import audit
from holdfast.records.applied import advance
from holdfast.registry.feed.digest import EMPTY
from holdfast.workflows.centre import Centre
from holdfast.workflows.confirm_number import begin_digest
from holdfast.workflows.registry_keys import renewal_name, renewal_of


def renew_replica_keys(centre: Centre, actor: Actor) -> int:
    """Give the actor's institution new keys, and return how often it was given new ones.

    Nothing is signed for the old ones any more: each of its copies is told so with the next
    answer, connects again, and fetches all anew.

    Raises:
        Conflict: `change_applied_already`: another renewed them at the same moment.
    """
    whose = actor.institution_id
    with transaction.atomic():
        before = renewal_of(whose)
        advance(renewal_name(whose), before, before + 1)
        begin_digest(whose, 0, EMPTY)
        audit.record(
            at_us=centre.now_us(),
            actor=actor.name,
            verb="renew_replica_keys",
            subject=f"institution:{whose}",
            detail={"renewal": before + 1},
        )
    return before + 1
