"""Connect: an institution begins to keep a copy of the registry, or ends that."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.db import transaction

from holdfast.core.errors import NotFound, Refused
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.records import audit
from holdfast.registry.models import Replica
from holdfast.workflows.centre import Centre
from holdfast.workflows.connect_institution import institution_of
from holdfast.workflows.registry_keys import digest_key, hash_key, renewal_of
from holdfast.workflows.retract_entry import CONNECTED, RETIRED, settle_retractions

NAME_LENGTH_MAX = 20
ID_LENGTH_MAX = 60
_NAME = re.compile(rf"[a-z0-9][a-z0-9-]{{0,{NAME_LENGTH_MAX - 1}}}", re.ASCII).fullmatch


@dataclass(frozen=True, slots=True)
class Connected:
    """A replica, and the keys under which its institution knows subjects and proves records."""

    replica: Replica
    hash_key: bytes
    digest_key: bytes
    renewal: int
    """How often the keys were renewed."""


def connect_replica(centre: Centre, actor: Actor, name: str) -> Connected:
    """Enter a replica of the actor's institution; one that is known by its name goes on.

    Raises:
        Refused: `replica_name_form`.
    """
    institution_id = actor.institution_id
    replica_id = f"{institution_id}:{name}"
    if _NAME(name) is None or len(replica_id) > ID_LENGTH_MAX:
        raise Refused(
            "replica_name_form",
            N_("{value!r} is no name of a replica; small letters, digits and - are, {limit} most"),
            value=name[:40],
            limit=NAME_LENGTH_MAX,
        )
    with transaction.atomic():
        replica, new = Replica.objects.select_for_update().get_or_create(
            replica_id=replica_id,
            defaults={
                "institution_id": institution_id,
                "kind": kind_of(centre, institution_id),
                "connected_us": centre.now_us(),
            },
        )
        if new or replica.state == RETIRED:
            replica.state, replica.kind = CONNECTED, kind_of(centre, institution_id)
            replica.save(update_fields=["state", "kind"])
            _record(centre, actor, "connect_replica", replica_id)
    renewal = renewal_of(institution_id)
    return Connected(
        replica,
        hash_key(centre, institution_id, renewal),
        digest_key(centre, institution_id, renewal),
        renewal,
    )


def retire_replica(centre: Centre, actor: Actor, replica_id: str) -> Replica:
    """Say that a copy exists no more: nobody waits for what it confirms.

    Raises:
        NotFound: `replica_unknown`, also where it is another institution's.
    """
    with transaction.atomic():
        replica = locked_replica(actor, replica_id)
        if replica.state != RETIRED:
            replica.state = RETIRED
            replica.save(update_fields=["state"])
            _record(centre, actor, "retire_replica", replica_id)
            owed = replica.receipts.filter(confirmed_us=None)
            settle_retractions(centre, list(owed.values_list("retraction_id", flat=True)))
    return replica


def locked_replica(actor: Actor, replica_id: str) -> Replica:
    """Return a replica, held with all of its institution's until the transaction ends.

    The centre sees all.

    Raises:
        NotFound: `replica_unknown`, also where it is another institution's.
    """
    whose = Replica.objects.filter(replica_id=replica_id).values("institution_id")
    # In one order: two copies of an institution share what they prove, and never wait in a ring.
    rows = Replica.objects.select_for_update().filter(institution_id__in=whose).order_by("id")
    replica: Replica
    for replica in rows:
        is_seen = actor.is_centre or replica.institution_id == actor.institution_id
        if replica.replica_id == replica_id and is_seen:
            return replica
    raise NotFound(
        "replica_unknown", N_("there is no replica {replica} for you"), replica=replica_id[:60]
    )


def kind_of(centre: Centre, institution_id: str) -> str:
    """Return of what kind an institution is, which decides what it may see.

    Raises:
        NotFound: `institution_unknown`.
    """
    return "centre" if institution_id == centre.name else str(institution_of(institution_id).kind)


def _record(centre: Centre, actor: Actor, verb: str, replica_id: str) -> None:
    audit.record(
        at_us=centre.now_us(), actor=actor.name, verb=verb, subject=f"replica:{replica_id}"
    )
