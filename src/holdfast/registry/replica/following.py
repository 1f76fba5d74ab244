"""The way to the centre: ask for what is new, apply it, confirm it; fetch a snapshot where needed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Protocol

from holdfast.core.errors import HoldfastError, Refused
from holdfast.core.words import N_
from holdfast.registry.feed.delta import BYTES_MAX, read_delta
from holdfast.registry.feed.signed import Asked
from holdfast.registry.feed.snapshot import (
    MANIFEST_BYTES_MAX,
    PART_BYTES_MAX,
    Manifest,
    read_manifest,
)
from holdfast.registry.replica.freshness import Freshness
from holdfast.registry.replica.holding import Holding
from holdfast.registry.replica.keyring import KeyRing

WAIT_S = 20
"""How long a question waits at the centre where nothing is new."""
_SHORT_BYTES_MAX = 64 * 1024


class Unreached(HoldfastError):
    """The centre gave no answer; the same question can succeed later."""

    transient = True


@dataclass(frozen=True, slots=True)
class Reply:
    """What the centre answered."""

    status: int
    body: bytes


class Link(Protocol):
    """Carries questions to the centre; raises `Unreached` where no answer comes."""

    def get(
        self, path: str, query: Mapping[str, str | int], bytes_max: int, seconds: float
    ) -> Reply:
        """Ask, and read at most `bytes_max` of the answer within `seconds`."""
        ...

    def post(self, path: str, body: Mapping[str, object]) -> Reply:
        """Tell, in JSON."""
        ...


class Step(Enum):
    """What a step did."""

    NOTHING = "nothing"  # the centre had nothing new
    APPLIED = "applied"  # entries were applied and confirmed
    SNAPSHOT = "snapshot"  # a snapshot took the place of what was held
    WAITING = "waiting"  # the centre is making a snapshot: ask again in a moment
    NEW_KEY = "new_key"  # a key that we know introduced the one that the centre signs with now


@dataclass(frozen=True, slots=True)
class Who:
    """Which replica of whose, and whom it follows."""

    centre: str
    institution_id: str
    replica_id: str
    renewal: int = 0
    """How often the institution's keys were renewed before it was given those that we have."""


class Follower:
    """Follows the feed into a folder; one step at a time, each of which may be the last."""

    def __init__(
        self,
        who: Who,
        holding: Holding,
        link: Link,
        keys: KeyRing,
        freshness: Freshness,
        clock: Callable[[], int],
        nonces: Callable[[], str],
    ) -> None:
        self._who = who
        self._holding = holding
        self._link = link
        self._keys = keys
        self._freshness = freshness
        self._clock = clock
        self._nonces = nonces
        self._confirmed = -1
        self._not_before_us = 0
        if holding.needs_snapshot or not holding.place.number:
            # What was fresh is lost: until it is back, nothing of it is said to be not listed.
            freshness.forget()

    def step(self, wait_s: int = WAIT_S) -> Step:
        """Ask once, and do what the answer asks for.

        Raises:
            Unreached: no answer came, or the centre can't give one now.
            Refused: what came is not to be believed, by the codes of `read_delta` and
                `read_manifest`; or the centre refuses us, by its own code. Nothing was applied.
            CentreError: our disk can't take it.
        """
        try:
            return self._step(wait_s)
        except Refused as refused:
            if refused.code == "feed_key_unknown" and self._learns_keys():
                return Step.NEW_KEY
            raise

    def _step(self, wait_s: int) -> Step:
        if self._holding.needs_snapshot:
            return self._fetch_snapshot()
        asked_us, asked = self._clock(), self._ask()
        place = self._holding.place
        query: dict[str, str | int] = {"after": place.number, "nonce": asked.nonce, "wait": wait_s}
        reply = self._link.get("/v1/registry/feed", query, BYTES_MAX, wait_s + 10.0)
        if _problem(reply) == "feed_trimmed":
            return self._fetch_snapshot()
        delta = read_delta(whole(reply), asked, place, self._keys, self._clock())
        self._holding.apply(delta)
        if delta.newest <= self._holding.place.number:
            self._freshness.met(asked_us, delta.at_us)
        self._confirm(delta.at_us)
        return Step.APPLIED if delta.entries else Step.NOTHING

    def _learns_keys(self) -> bool:
        """Ask how the centre's keys follow one another; return whether we know a new one by it."""
        reply = self._link.get("/v1/registry/keys", {}, _SHORT_BYTES_MAX, 30.0)
        return reply.status == HTTPStatus.OK and self._keys.learn(reply.body)

    def _fetch_snapshot(self) -> Step:
        asked = self._ask()
        query: dict[str, str | int] = {
            "nonce": asked.nonce,
            "after": self._holding.place.number,
            "not_before": self._not_before_us,
        }
        reply = self._link.get("/v1/registry/snapshot", query, MANIFEST_BYTES_MAX, 30.0)
        if reply.status == HTTPStatus.ACCEPTED:
            return Step.WAITING
        manifest = read_manifest(
            whole(reply), asked, self._holding.place, self._keys, self._clock()
        )
        for number in self._holding.missing_parts(manifest):
            self._fetch_part(manifest, number)
        self._holding.apply_snapshot(manifest)
        self._not_before_us = 0
        self._confirm(manifest.at_us)
        return Step.SNAPSHOT

    def _fetch_part(self, manifest: Manifest, number: int) -> None:
        path = f"/v1/registry/snapshot/{manifest.snapshot_id}/{number}"
        reply = self._link.get(path, {}, PART_BYTES_MAX, 60.0)
        self._holding.put_part(manifest, number, whole(reply))

    def _confirm(self, at_us: int) -> None:
        """Say how far we are; where that is not what we were given, hold on to none of it."""
        place = self._holding.place
        if place.number == self._confirmed:
            return
        body = {
            "replica_id": self._who.replica_id,
            "number": place.number,
            "chain": place.chain.hex(),
            "digest": self._holding.digest.hex(),
        }
        reply = self._link.post("/v1/registry/confirmations", body)
        if _problem(reply) == "replica_out_of_sync":
            self._freshness.forget()
            self._holding.needs_snapshot, self._not_before_us = True, at_us
            return
        whole(reply)
        self._confirmed = place.number

    def _ask(self) -> Asked:
        who = self._who
        return Asked(who.centre, who.institution_id, self._nonces(), who.renewal)


def problem_code(body: bytes) -> str:
    """Return the code of a problem document, `-` where there is none."""
    try:
        code = json.loads(body[:_SHORT_BYTES_MAX])["code"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return "-"
    return code if isinstance(code, str) and code.isidentifier() and len(code) <= 60 else "-"


def _problem(reply: Reply) -> str:
    return problem_code(reply.body) if reply.status == HTTPStatus.CONFLICT else ""


def whole(reply: Reply) -> bytes:
    """Return the body of an answer that is one.

    Raises:
        Unreached: `centre_not_now`.
        Refused: `centre_refuses`.
    """
    if reply.status == HTTPStatus.OK:
        return reply.body
    code = problem_code(reply.body)
    if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR or reply.status in (408, 425, 429):
        raise Unreached(
            "centre_not_now",
            N_("the centre answers with HTTP status {status} ({problem})"),
            status=reply.status,
            problem=code,
        )
    raise Refused(
        "centre_refuses",
        N_("the centre refuses the replica: HTTP status {status} ({problem})"),
        status=reply.status,
        problem=code,
    )
