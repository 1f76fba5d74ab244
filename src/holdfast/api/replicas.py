"""Copies of the registry at institutions: the feed, snapshots, and what each copy confirms."""

from __future__ import annotations

import base64
from functools import partial
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router
from pydantic import BaseModel, ConfigDict, Field

from holdfast.api.auth import ApiKey, actor
from holdfast.api.problem import problem
from holdfast.api.shown import Time, at, at_or_none
from holdfast.people.actor import Actor
from holdfast.people.role import Scope
from holdfast.records.introduction import IntroducedKey
from holdfast.registry.feed.signed import NONCE_LENGTH_MAX, Asked
from holdfast.registry.feed.snapshot import PARTS_MAX, write_manifest
from holdfast.registry.models import Replica
from holdfast.workflows.confirm_number import Confirmation, confirm_number
from holdfast.workflows.connect_replica import connect_replica, kind_of, retire_replica
from holdfast.workflows.give_delta import check_after, give_delta
from holdfast.workflows.give_snapshot import For, read_part
from holdfast.workflows.make_snapshots import SnapshotMaker, SnapshotTooSoon, Wanted
from holdfast.workflows.read_feed import newest, place_at
from holdfast.workflows.registry_keys import renewal_of
from holdfast.workflows.renew_replica_keys import renew_replica_keys
from holdfast.workflows.retract_entry import owed_by
from holdfast.workflows.running import centre, feed_house, public_keys

router = Router(tags=["registry replicas"], auth=ApiKey(Scope.REGISTRY_REPLICATE))
makers = SnapshotMaker()

FEED = "application/vnd.holdfast.feed"
_NUMBER_MAX = 2**63 - 1
gives_binary = partial(
    router.get,
    openapi_extra={
        "responses": {200: {"content": {FEED: {"schema": {"type": "string", "format": "binary"}}}}}
    },
)
"""An operation that answers with what the feed is made of, and not with JSON."""

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
    renewal: int = Field(description="How often the keys were renewed; answers repeat it.")


class RenewedShown(BaseModel):
    """That an institution has new keys."""

    renewal: int = Field(description="How often they were renewed.")


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


class IntroductionShown(BaseModel):
    """A key of the centre, and the word of the one whose place it took."""

    key_id: str
    public_key: str = Field(description="32 bytes, base64.")
    from_us: int = Field(description="In use from then on, µs; the one before no more.")
    by: str = Field(description="Id of the key before.")
    signature: str = Field(description="By the key before: 64 bytes, base64.")


class Introductions(BaseModel):
    """Which key of the centre introduced which, in their order."""

    items: list[IntroductionShown]


class Retractions(BaseModel):
    """Retractions that wait, the oldest first, 100 at most."""

    items: list[RetractionShown]


@router.post(
    "/registry/replicas",
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
        renewal=found.renewal,
    )


@router.get(
    "/registry/replicas",
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
    response=ReplicaShown,
    operation_id="retire_replica",
    summary="Retire a replica",
)
def retire(request: HttpRequest, told: RetiredTold) -> ReplicaShown:
    """Say that a copy exists no more; nobody waits for what it confirms."""
    return _shown(retire_replica(centre(), actor(request), told.replica_id), newest())


@router.post(
    "/registry/replicas/renew-keys",
    response=RenewedShown,
    operation_id="renew_replica_keys",
    summary="Renew the keys of replicas",
)
def renew_keys(request: HttpRequest) -> RenewedShown:
    """Give the caller's institution new keys; each of its copies connects again and begins anew."""
    return RenewedShown(renewal=renew_replica_keys(centre(), actor(request)))


@gives_binary(
    "/registry/feed",
    operation_id="read_feed",
    summary="Follow the feed",
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
    asked = Asked(centre().name, who.institution_id, nonce, renewal_of(who.institution_id))
    return _binary(give_delta(centre(), asked, kind, after, feed_house().key))


@router.get(
    "/registry/keys",
    response=Introductions,
    operation_id="read_introductions",
    summary="Read how the centre's keys follow one another",
)
def introductions(request: HttpRequest) -> Introductions:  # noqa: ARG001
    """Return the keys that the one before introduced, so that who knows one knows the next."""
    found = [key for key in public_keys() if isinstance(key, IntroducedKey)]
    found.sort(key=lambda key: key.valid_from_us)
    return Introductions(items=[IntroductionShown.model_validate(key.told()) for key in found])


@gives_binary(
    "/registry/snapshot",
    operation_id="read_snapshot",
    summary="Fetch a snapshot",
)
def snapshot(
    request: HttpRequest,
    nonce: Nonce,
    after: Annotated[
        int,
        Query(
            ge=0,
            le=_NUMBER_MAX,
            description="Up to which number the asker has followed the feed: the answer says what "
            "the chain's value was there.",
        ),
    ] = 0,
    not_before: Annotated[
        int, Query(ge=0, le=_NUMBER_MAX, description="Made at this time or later, in µs.")
    ] = 0,
) -> HttpResponse:
    """Return the signed manifest of a snapshot; 202 says that it is being made: ask again."""
    who, house = actor(request), feed_house()
    whose = _whose(who)
    check_after(after, newest())
    wanted = Wanted(after, min(not_before, centre().now_us()))
    try:
        manifest = makers.ask(centre(), house.snapshots, whose, wanted)
    except SnapshotTooSoon as error:
        return _later(problem(request, error, status=429), error.fields["seconds"])
    if manifest is None:
        return _later(HttpResponse(status=202), 1)
    asked = Asked(centre().name, who.institution_id, nonce, whose.renewal)
    return _binary(write_manifest(manifest, place_at(centre(), after), asked, house.key))


@gives_binary(
    "/registry/snapshot/{snapshot_id}/{number}",
    operation_id="read_snapshot_part",
    summary="Fetch a part of a snapshot",
)
def part(
    request: HttpRequest,
    snapshot_id: SnapshotId,
    number: Annotated[int, Path(ge=0, lt=PARTS_MAX)],
) -> HttpResponse:
    """Return a part of a snapshot of the caller's institution, as its manifest names it."""
    whose = _whose(actor(request))
    return _binary(read_part(feed_house().snapshots, whose, snapshot_id, number))


@router.post(
    "/registry/confirmations",
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


def _whose(who: Actor) -> For:
    whose = who.institution_id
    return For(whose, kind_of(centre(), whose), renewal_of(whose))


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


def _later(response: HttpResponse, seconds: object) -> HttpResponse:
    response["Retry-After"] = str(seconds)
    return response


def _binary(content: bytes) -> HttpResponse:
    return HttpResponse(content, content_type=FEED)
