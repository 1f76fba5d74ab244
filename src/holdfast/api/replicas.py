"""Copies of the registry at institutions: the feed, snapshots, and what each copy confirms."""

from __future__ import annotations

import base64
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router
from pydantic import BaseModel, ConfigDict, Field

from holdfast.api.auth import ApiKey, actor
from holdfast.api.shown import Time, at, at_or_none
from holdfast.people.actor import Actor
from holdfast.people.role import Scope
from holdfast.registry.feed.signed import NONCE_LENGTH_MAX, Asked
from holdfast.registry.feed.snapshot import PARTS_MAX, write_manifest
from holdfast.registry.models import Replica
from holdfast.workflows.confirm_number import Confirmation, confirm_number
from holdfast.workflows.connect_replica import connect_replica, kind_of, retire_replica
from holdfast.workflows.give_delta import give_delta
from holdfast.workflows.give_snapshot import For, read_part
from holdfast.workflows.make_snapshots import SnapshotMaker
from holdfast.workflows.read_feed import newest
from holdfast.workflows.retract_entry import owed_by
from holdfast.workflows.running import centre, feed_house

router = Router(tags=["registry replicas"])
makers = SnapshotMaker()

FEED = "application/vnd.holdfast.feed"
_NUMBER_MAX = 2**63 - 1
_BINARY = {
    "responses": {200: {"content": {FEED: {"schema": {"type": "string", "format": "binary"}}}}}
}

Nonce = Annotated[
    str,
    Query(
        min_length=8,
        max_length=NONCE_LENGTH_MAX,
        pattern=r"^[A-Za-z0-9_-]+$",
        description="Chosen anew for each question; the signed answer repeats it.",
    ),
]
Number = Annotated[int, Field(ge=0, le=_NUMBER_MAX)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
SnapshotId = Annotated[str, Path(pattern=r"^[0-9a-f]{16,64}$")]
Name = Annotated[str, Field(min_length=1, max_length=20)]


class ReplicaTold(BaseModel):
    """Which copy is meant."""

    model_config = ConfigDict(extra="forbid")

    name: Name = Field(description="Chosen by the institution, such as payments-1.")


class RetiredTold(BaseModel):
    """Which copy is no more."""

    model_config = ConfigDict(extra="forbid")

    replica_id: Annotated[str, Field(min_length=1, max_length=60)]


class ReplicaKeys(BaseModel):
    """A copy that may follow the feed, with the secrets of its institution."""

    replica_id: str
    institution_id: str
    kind: str = Field(description="Of the institution; it decides what it may see.")
    centre: str
    country: str
    hash_key: str = Field(description="16 bytes, base64: subjects are hashed under it.")
    digest_key: str = Field(description="32 bytes, base64: ids of records are made with it.")


class ReplicaShown(BaseModel):
    """How far a copy is."""

    replica_id: str
    institution_id: str
    state: str
    connected_at: Time
    confirmed_number: int
    confirmed_at: Time | None
    behind: int = Field(description="Entries of the feed that it has not confirmed.")


class Replicas(BaseModel):
    """All copies that the caller may see."""

    newest: int = Field(description="The feed's last number.")
    items: list[ReplicaShown]


class ConfirmationTold(BaseModel):
    """Up to which number a copy has applied the feed, and what proves it."""

    model_config = ConfigDict(extra="forbid")

    replica_id: Annotated[str, Field(min_length=1, max_length=60)]
    number: Annotated[Number, Field(strict=True)]
    chain: Digest = Field(description="The chain's value there.")
    digest: Digest = Field(description="XOR of the ids of all records that it holds.")


class RetractionShown(BaseModel):
    """An entry that took a subject off, and which copies have not said that it is gone."""

    number: int
    at: Time
    due_at: Time
    overdue: bool
    replicas: list[str]


class Retractions(BaseModel):
    """Retractions that wait, the oldest first, 100 at most."""

    items: list[RetractionShown]


@router.post(
    "/registry/replicas",
    auth=ApiKey(Scope.REGISTRY_REPLICATE),
    response=ReplicaKeys,
    operation_id="connect_replica",
    summary="Connect a replica",
)
def connect(request: HttpRequest, told: ReplicaTold) -> ReplicaKeys:
    """Enter a copy of the caller's institution, and return its keys; told again, it goes on."""
    found = connect_replica(centre(), actor(request), told.name)
    return ReplicaKeys(
        replica_id=found.replica.replica_id,
        institution_id=found.replica.institution_id,
        kind=found.replica.kind,
        centre=centre().name,
        country=centre().country,
        hash_key=base64.b64encode(found.hash_key).decode(),
        digest_key=base64.b64encode(found.digest_key).decode(),
    )


@router.get(
    "/registry/replicas",
    auth=ApiKey(Scope.REGISTRY_REPLICATE),
    response=Replicas,
    operation_id="read_replicas",
    summary="Read how far replicas are",
)
def read_replicas(request: HttpRequest) -> Replicas:
    """Return the copies of the caller's institution; the centre sees all."""
    who, last = actor(request), newest()
    found = Replica.objects.order_by("replica_id")
    if not who.is_centre:
        found = found.filter(institution_id=who.institution_id)
    return Replicas(newest=last, items=[_shown(replica, last) for replica in found])


@router.post(
    "/registry/replicas/retire",
    auth=ApiKey(Scope.REGISTRY_REPLICATE),
    response=ReplicaShown,
    operation_id="retire_replica",
    summary="Retire a replica",
)
def retire(request: HttpRequest, told: RetiredTold) -> ReplicaShown:
    """Say that a copy exists no more; nobody waits for what it confirms."""
    return _shown(retire_replica(centre(), actor(request), told.replica_id), newest())


@router.get(
    "/registry/feed",
    auth=ApiKey(Scope.REGISTRY_REPLICATE),
    operation_id="read_feed",
    summary="Follow the feed",
    openapi_extra=_BINARY,
)
def feed(
    request: HttpRequest,
    nonce: Nonce,
    after: Annotated[int, Query(ge=0, le=_NUMBER_MAX)],
    wait: Annotated[  # noqa: ARG001  (waited for at the door, see `long_poll`)
        int, Query(ge=0, le=20, description="Seconds to wait where nothing is new.")
    ] = 0,
) -> HttpResponse:
    """Return the signed entries after a number; an empty answer is a sign of life."""
    who = actor(request)
    kind = kind_of(centre(), who.institution_id)
    asked = _asked(who, nonce)
    return _binary(give_delta(centre(), asked, kind, after, feed_house().key))


@router.get(
    "/registry/snapshot",
    auth=ApiKey(Scope.REGISTRY_REPLICATE),
    operation_id="read_snapshot",
    summary="Fetch a snapshot",
    openapi_extra=_BINARY,
)
def snapshot(
    request: HttpRequest,
    nonce: Nonce,
    not_before: Annotated[
        int, Query(ge=0, le=_NUMBER_MAX, description="Made at this time or later, in µs.")
    ] = 0,
) -> HttpResponse:
    """Return the signed manifest of a snapshot; 202 says that it is being made: ask again."""
    who, house = actor(request), feed_house()
    whose = For(who.institution_id, kind_of(centre(), who.institution_id))
    manifest = makers.ask(centre(), house.snapshots, whose, min(not_before, centre().now_us()))
    if manifest is None:
        waiting = HttpResponse(status=202)
        waiting["Retry-After"] = "1"
        return waiting
    return _binary(write_manifest(manifest, _asked(who, nonce), house.key))


@router.get(
    "/registry/snapshot/{snapshot_id}/{number}",
    auth=ApiKey(Scope.REGISTRY_REPLICATE),
    operation_id="read_snapshot_part",
    summary="Fetch a part of a snapshot",
    openapi_extra=_BINARY,
)
def part(
    request: HttpRequest,
    snapshot_id: SnapshotId,
    number: Annotated[int, Path(ge=0, lt=PARTS_MAX)],
) -> HttpResponse:
    """Return a part of a snapshot of the caller's institution, as its manifest names it."""
    who = actor(request)
    return _binary(read_part(feed_house().snapshots, who.institution_id, snapshot_id, number))


@router.post(
    "/registry/confirmations",
    auth=ApiKey(Scope.REGISTRY_REPLICATE),
    response=ReplicaShown,
    operation_id="confirm_number",
    summary="Confirm a number",
)
def confirm(request: HttpRequest, told: ConfirmationTold) -> ReplicaShown:
    """Say up to which number a copy has applied the feed; retractions up to there are done."""
    confirmation = Confirmation(
        told.replica_id, told.number, bytes.fromhex(told.chain), bytes.fromhex(told.digest)
    )
    return _shown(confirm_number(centre(), actor(request), confirmation), newest())


@router.get(
    "/registry/retractions",
    auth=ApiKey(Scope.REGISTRY_REPLICATE),
    response=Retractions,
    operation_id="read_retractions",
    summary="Read who owes a confirmation",
)
def retractions(request: HttpRequest) -> Retractions:
    """Return retractions that are not confirmed; an institution sees what it owes itself."""
    who, now_us = actor(request), centre().now_us()
    own = None if who.is_centre else who.institution_id
    return Retractions(
        items=[
            RetractionShown(
                number=owed.number,
                at=at(owed.at_us),
                due_at=at(owed.due_us),
                overdue=owed.due_us < now_us,
                replicas=list(owed.replicas),
            )
            for owed in owed_by(institution_id=own)
        ]
    )


def _asked(who: Actor, nonce: str) -> Asked:
    return Asked(centre().name, who.institution_id, nonce)


def _shown(replica: Replica, last: int) -> ReplicaShown:
    return ReplicaShown(
        replica_id=replica.replica_id,
        institution_id=replica.institution_id,
        state=replica.state,
        connected_at=at(replica.connected_us),
        confirmed_number=replica.confirmed_number,
        confirmed_at=at_or_none(replica.confirmed_us),
        behind=max(0, last - replica.confirmed_number),
    )


def _binary(content: bytes) -> HttpResponse:
    return HttpResponse(content, content_type=FEED)
