"""Confirm: a replica says up to which number it has applied the feed, and proves what it holds."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from holdfast.core.errors import Conflict
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.records import audit
from holdfast.records.applied import Mark, advance, begin_anew, mark
from holdfast.registry.feed.digest import EMPTY, changed
from holdfast.registry.models import Replica
from holdfast.workflows.centre import Centre
from holdfast.workflows.connect_replica import kind_of, locked_replica
from holdfast.workflows.read_feed import Sight, newest, packed_at, place_at, rows
from holdfast.workflows.registry_keys import digest_key, hasher
from holdfast.workflows.retract_entry import CONNECTED, confirm_retractions

_AT_ONCE = 500
"""Entries for which the standings before are asked for in one statement."""
WALKED_MAX = 100_000
"""Entries that are gone through for one confirmation, while other copies of the institution wait:
who is further on than that at once takes a snapshot, whose digest is known."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a replica says of itself."""

    replica_id: str
    number: int
    chain: bytes
    """The chain's value there, as the replica found it: 32 bytes."""
    digest: bytes
    """XOR of the ids of all records that it holds: 32 bytes."""


def confirm_number(centre: Centre, actor: Actor, told: Confirmation) -> Replica:
    """Take a replica's word for how far it is; an earlier number than confirmed changes nothing.

    Raises:
        NotFound: `replica_unknown`.
        Conflict: `replica_retired`, `confirmation_ahead` of the feed, `confirmation_fork` where
            the replica followed another feed, or `replica_out_of_sync` where it holds something
            else than it was given: it is to take a snapshot.
    """
    if told.number > newest():
        raise Conflict(
            "confirmation_ahead", N_("the feed has no number {number} yet"), number=told.number
        )
    fault = ""
    with transaction.atomic():
        replica = locked_replica(actor, told.replica_id)
        if replica.state != CONNECTED:
            raise Conflict(
                "replica_retired", N_("the replica is retired; connect it again to go on")
            )
        if place_at(centre, told.number).chain != told.chain:
            fault = "confirmation_fork"
        elif not _holds(centre, replica, told):
            fault = "replica_out_of_sync"
        elif told.number > replica.confirmed_number or replica.confirmed_us is None:
            replica.confirmed_number = told.number
            replica.confirmed_us = centre.now_us()
            replica.save(update_fields=["confirmed_number", "confirmed_us"])
            confirm_retractions(centre, replica, told.number)
        if fault:
            _record(centre, actor, fault, told)
    if fault == "confirmation_fork":
        raise Conflict(
            fault, N_("up to number {number} that is not this centre's feed"), number=told.number
        )
    if fault:
        raise Conflict(
            fault,
            N_("at number {number} the replica holds something else than it was given"),
            number=told.number,
        )
    return replica


def begin_digest(institution_id: str, number: int, digest: bytes) -> None:
    """Say what copies of an institution hold at a number, found from all records anew.

    Raises:
        TransactionManagementError: no transaction is open.
    """
    begin_anew(_name(institution_id))
    if number:
        advance(_name(institution_id), 0, number, digest.hex())


def _holds(centre: Centre, replica: Replica, told: Confirmation) -> bool:
    """Whether the replica's digest is right; what lies before our own mark cannot be told."""
    name = _name(replica.institution_id)
    known = mark(name)
    if told.number < known.number:
        return True
    if told.number - known.number > WALKED_MAX:
        return False
    digest = bytes.fromhex(known.digest) if known.digest else EMPTY
    digest = _moved(centre, replica, known, told.number, digest)
    if told.number > known.number:
        advance(name, known.number, told.number, digest.hex())
    return digest == told.digest


def _moved(centre: Centre, replica: Replica, known: Mark, number: int, digest: bytes) -> bytes:
    """Return the digest at `number`, given that at the mark."""
    whose = replica.institution_id
    key, hash_of = digest_key(centre, whose), hasher(centre, whose).hashed
    sight = Sight.of(centre, kind_of(centre, whose))
    for begin in range(known.number, number, _AT_ONCE):
        found = list(rows(begin, min(number, begin + _AT_ONCE), with_before=True))
        before = packed_at([row.before for row in found if row.before])
        for row in found:
            was = sight.shown(before.get(row.before, 0))
            digest = changed(key, digest, hash_of(row.wire), was, sight.shown(row.packed))
    return digest


def _name(institution_id: str) -> str:
    return f"sync:{institution_id}"


def _record(centre: Centre, actor: Actor, verb: str, told: Confirmation) -> None:
    audit.record(
        at_us=centre.now_us(),
        actor=actor.name,
        verb=verb,
        subject=f"replica:{told.replica_id}",
        detail={"number": told.number},
    )
