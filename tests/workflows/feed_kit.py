"""A centre's feed for the tests of replication: entries written as the registry writes them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from django.db import transaction
from django.test import Client
from tests.workflows.centre_kit import LAW

from holdfast.core.instant import DAY_US
from holdfast.core.keys import PublicKey, SigningKey
from holdfast.people.actor import Actor
from holdfast.people.keys import issue_key
from holdfast.people.models import Institution
from holdfast.people.role import Scope
from holdfast.records.introduction import IntroducedKey
from holdfast.registry.index.file import Index
from holdfast.registry.index.place import index_file
from holdfast.registry.models import FeedEntry, FeedOp, Replica
from holdfast.registry.replica.following import Follower, Reply, Step, Unreached, Who
from holdfast.registry.replica.freshness import Freshness
from holdfast.registry.replica.holding import Holding, HoldingKeys
from holdfast.registry.replica.joining import leave
from holdfast.registry.replica.keyring import KeyRing
from holdfast.workflows import running
from holdfast.workflows.centre import Centre
from holdfast.workflows.connect_replica import Connected, connect_replica
from holdfast.workflows.read_feed import newest
from holdfast.workflows.retract_entry import open_retractions

NOW_US = 1_795_000_000_000_000
BLACK, BROWN = 50, 20
"""Codes of tiers: one that all kinds of askers see, and one that exchanges do not."""


@dataclass
class Feeding:
    """A centre without a ledger, with a clock that a test sets, and its registry's feed."""

    snapshots: Path
    now_us: int = NOW_US
    key: SigningKey = field(default_factory=lambda: SigningKey.new("TH.AOC-1"))
    public_keys: list[PublicKey] = field(default_factory=list)
    """As the centre tells of them."""
    centre: Centre = field(init=False)

    def __post_init__(self) -> None:
        self.centre = Centre(
            name="TH.AOC",
            country="TH",
            law=LAW,
            ledger=_no_ledger,
            now_us=lambda: self.now_us,
            new_id=lambda kind: f"{kind}-1",
            person_key=b"only for tests, 32 bytes long ..",
        )

    def bank(self, name: str = "TH.THCBC.004", kind: str = "bank") -> Actor:
        """Return a program of an institution that may replicate."""
        Institution.objects.get_or_create(
            institution_id=name, defaults={"name": name, "kind": kind, "created_us": 0}
        )
        return Actor(f"key:{name}/k1", name, frozenset((Scope.REGISTRY_REPLICATE,)))

    def list(
        self,
        key: str,
        tier: int = BLACK,
        *,
        kind: str = "phone",
        days: int = 90,
        disputed: bool = False,
    ) -> int:
        """Say that a subject stands in a tier; return the number."""
        until_us = self.now_us + days * DAY_US
        return self._write(key, kind, FeedOp.SET, tier, until_us, disputed=disputed)

    def retract(self, key: str, *, kind: str = "phone") -> int:
        """Say that a subject is listed no more; return the number."""
        return self._write(key, kind, FeedOp.RETRACT, 0, 0)

    def keys(self, key_id: str) -> PublicKey | None:
        """Find the centre's public key."""
        return self.key.public() if key_id == self.key.key_id else None

    def renew_key(self, key_id: str) -> None:
        """Sign with a new key from now on, which the one before introduces."""
        new = SigningKey.new(key_id)
        self.public_keys.append(IntroducedKey.introduced(self.key, new, self.now_us))
        self.key = new

    def _write(
        self, key: str, kind: str, op: str, tier: int, until_us: int, *, disputed: bool = False
    ) -> int:
        with transaction.atomic():
            entry = FeedEntry.objects.create(
                number=newest() + 1,
                at_us=self.now_us,
                op=op,
                subject_kind=kind,
                subject_key=key,
                tier=tier,
                disputed=disputed,
                until_us=until_us,
                listing_id="listing-1",
            )
            if op == FeedOp.RETRACT:
                open_retractions(self.centre, [entry])
        return int(entry.number)


def phone(number: int) -> str:
    """Return a phone number of the tests."""
    return f"+6681{number:07}"


def play(
    feeding: Feeding, steps: Sequence[tuple[int, int]], before: Sequence[tuple[int, int]] = ()
) -> Mapping[str, int]:
    """Write entries (which subject, which tier; 0 takes it off), and return what then stands.

    `before` tells of entries that were written already.
    """
    for number, tier in steps:
        if tier:
            feeding.list(phone(number), tier)
        else:
            feeding.retract(phone(number))
    last = dict([*before, *steps])
    return {phone(number): tier for number, tier in last.items() if tier}


@contextmanager
def rolled_back() -> Iterator[None]:
    """Undo in the database what the block does, for tests that play many examples."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def serving(feeding: Feeding) -> Iterator[Feeding]:
    """Let the API answer for a centre until the block ends."""
    running.set_centre(lambda: feeding.centre)
    running.set_feed_house(lambda: running.FeedHouse(feeding.key, feeding.snapshots))
    running.set_public_keys(lambda: feeding.public_keys)
    yield feeding
    running.set_public_keys(running._no_keys)
    running.set_centre(running._nobody)
    running.set_feed_house(running._no_house)


def _no_ledger() -> Any:
    raise AssertionError


@dataclass
class ApiLink:
    """A replica's way to the centre's API without a network; `lost` answers do not arrive."""

    key: str
    lost: int = 0
    spoil: Callable[[str, bytes], bytes] = lambda _, body: body
    """What becomes of an answer on the way, by the path that was asked."""
    asked: list[str] = field(default_factory=list)

    def get(
        self,
        path: str,
        query: Mapping[str, str | int],
        bytes_max: int,
        seconds: float,  # noqa: ARG002
    ) -> Reply:
        """Ask."""
        reply = self._reply(Client().get(path, dict(query), headers=self._headers()))
        assert reply.status != 200 or len(reply.body) <= bytes_max
        return reply

    def post(self, path: str, body: Mapping[str, object]) -> Reply:
        """Tell."""
        return self._reply(
            Client().post(
                path, json.dumps(body), content_type="application/json", headers=self._headers()
            )
        )

    def _reply(self, answer: Any) -> Reply:
        self.asked.append(f"{answer.status_code} {answer.wsgi_request.path}")
        if self.lost:
            self.lost -= 1
            raise Unreached("unreachable", "nothing came")
        return Reply(answer.status_code, self.spoil(answer.wsgi_request.path, answer.content))

    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.key}"}


@dataclass
class Bank:
    """A bank with a replica: its folder, its keys, and a clock of its own."""

    feeding: Feeding
    folder: Path
    connected: Connected
    link: ApiLink
    centre_keys: dict[str, PublicKey]
    """The file that was brought: what the centre's keys are."""
    now_us: int = NOW_US
    _nonces: count[int] = field(default_factory=lambda: count(1))

    @property
    def keys(self) -> HoldingKeys:
        """Return the institution's secrets."""
        return HoldingKeys(self.connected.hash_key, self.connected.digest_key)

    @contextmanager
    def following(self) -> Iterator[tuple[Follower, Holding, Freshness]]:
        """Run the replica's program until the block ends."""
        holding = Holding.open(self.folder, self.keys)
        freshness = Freshness(lambda: self.now_us, file=self.folder / "contact.json")
        replica = self.connected.replica
        renewal = self.connected.renewal
        who = Who("TH.AOC", replica.institution_id, replica.replica_id, renewal)
        try:
            yield (
                Follower(
                    who,
                    holding,
                    self.link,
                    KeyRing(lambda: self.centre_keys, self.folder / "centre-keys.json"),
                    freshness,
                    lambda: self.now_us,
                    lambda: f"nonce-{next(self._nonces):08}",
                ),
                holding,
                freshness,
            )
        finally:
            holding.close()

    def catch_up(self) -> None:
        """Follow the feed until there is nothing new."""
        with self.following() as (follower, _, _):
            while follower.step(0) is not Step.NOTHING:
                pass

    def connect_anew(self) -> None:
        """Let go of all that is held, and take the institution's keys of now."""
        leave(self.folder)
        actor = self.feeding.bank(self.connected.replica.institution_id)
        self.connected = connect_replica(self.feeding.centre, actor, "payments-1")

    @property
    def row(self) -> Any:
        """Return what the centre keeps of the replica."""
        return Replica.objects.get(replica_id=self.connected.replica.replica_id)

    def tiers(self) -> dict[str, int]:
        """Return which of the first test subjects the replica says are listed, and in which tier."""
        index = Index.open(index_file(self.folder), self.connected.hash_key)
        found = {phone(n): index.find(f"phone:{phone(n)}".encode()) for n in range(20)}
        return {key: standing.tier for key, standing in found.items() if standing}


def bank_with_replica(
    feeding: Feeding, folder: Path, name: str = "TH.THCBC.004", kind: str = "bank"
) -> Bank:
    """Connect a replica of an institution."""
    actor = feeding.bank(name, kind)
    key = issue_key(
        Institution.objects.get(institution_id=name),
        [Scope.REGISTRY_REPLICATE],
        "",
        feeding.now_us,
        lambda size: hashlib.shake_128(name.encode()).digest(size),
    )
    connected = connect_replica(feeding.centre, actor, "payments-1")
    told = {feeding.key.key_id: feeding.key.public()}
    return Bank(feeding, folder, connected, ApiLink(key), told)
