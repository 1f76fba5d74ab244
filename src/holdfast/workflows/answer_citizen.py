"""Answer a citizen: give a bucket, and evaluate what is asked without learning what it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from holdfast.core.errors import Conflict
from holdfast.core.words import N_
from holdfast.law.tier import AskerKind, Effect
from holdfast.registry.blind import blind_evaluate, output, prove, public_key
from holdfast.registry.buckets import Found, Tag, check_prefix, filled_up, find, prefix_of
from holdfast.registry.feed.models import BlindEntry
from holdfast.registry.subject import Subject, SubjectKind
from holdfast.registry.throttle import Throttle
from holdfast.workflows.centre import Centre
from holdfast.workflows.check_keys import asked_keys, published_key
from holdfast.workflows.fill_buckets import filled_up_to, stored_prefix
from holdfast.workflows.registry_keys import blind_key, padding_key

CITIZENS = Throttle(burst=60, a_minute=60)
"""How often one address may ask in one process, by the API and by the page together."""


@dataclass(frozen=True, slots=True)
class Given:
    """A bucket, and the answer to a blinded element with its proof."""

    rows: bytes
    evaluated: bytes
    proof: bytes
    data_version: int
    """The number of the feed that the bucket rests on."""


@dataclass(frozen=True, slots=True)
class Blinded:
    """A question that does not tell what it is about."""

    kind: SubjectKind
    prefix: int
    element: bytes
    public: bytes | None = None
    """The key that the asker was told; the one published now where it is not said."""


def answer_citizen(centre: Centre, asked: Blinded, chance: Callable[[int], bytes]) -> Given:
    """Return a bucket and the answer to a blinded element; nothing of it is kept.

    Raises:
        Refused: `check_kind`, `check_prefix` or `blind_element`.
        Conflict: `check_key_ended`.
    """
    check_prefix(asked.kind, asked.prefix)
    number = _key_number(centre, asked.public)
    key, data_version = blind_key(centre, number), filled_up_to(number)
    evaluated = blind_evaluate(key, asked.element)
    proof = prove(key, [asked.element], [evaluated], chance)
    return Given(_bucket(centre, asked.kind, asked.prefix, number), evaluated, proof, data_version)


def look_up(centre: Centre, subject: Subject) -> Found | None:
    """Return what a citizen is told of a subject that they named in the clear; nothing is kept.

    Raises:
        Refused: `check_kind`.
    """
    number = published_key()
    rows = _bucket(centre, subject.kind, prefix_of(subject), number)
    return find(rows, output(blind_key(centre, number), subject.wire))


def check_key(centre: Centre) -> bytes:
    """Return the public half of the key, by which answers are verified: 32 bytes."""
    return public_key(blind_key(centre, published_key()))


def _key_number(centre: Centre, public: bytes | None) -> int:
    """Return the number of the key by which is asked."""
    if public is None:
        return published_key()
    for number in asked_keys(centre.now_us()):
        if public_key(blind_key(centre, number)) == public:
            return number
    raise Conflict(
        "check_key_ended",
        N_("the key by which you ask was renewed; GET /v1/check tells the one that is used now"),
    )


def _bucket(centre: Centre, kind: SubjectKind, prefix: int, key_number: int) -> bytes:
    """Return the rows of what stands now, in tiers by which platforms protect people."""
    now_us = centre.now_us()
    tiers = centre.law.tiers(centre.country, centre.law.local_day(centre.country, now_us))
    told = [
        tier.code
        for tier in tiers
        if AskerKind.PLATFORM in tier.effects
        and tier.effects[AskerKind.PLATFORM].service is not Effect.NONE
    ]
    found = BlindEntry.objects.filter(
        kind=kind.value,
        prefix=stored_prefix(key_number, prefix),
        until_us__gt=now_us,
        tier__in=told,
    )
    rows = [
        Tag(bytes.fromhex(entry.tag), entry.mask).row(disputed=entry.disputed) for entry in found
    ]
    return filled_up(rows, padding_key(centre, key_number), kind, prefix)
