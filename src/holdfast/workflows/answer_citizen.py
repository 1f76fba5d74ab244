"""Answer a citizen: give a bucket, and evaluate what is asked without learning what it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from holdfast.law.tier import AskerKind, Effect
from holdfast.records.applied import applied
from holdfast.registry.blind import blind_evaluate, output, prove, public_key
from holdfast.registry.buckets import Found, Tag, check_prefix, filled_up, find, prefix_of
from holdfast.registry.feed.models import BlindEntry
from holdfast.registry.subject import Subject, SubjectKind
from holdfast.registry.throttle import Throttle
from holdfast.workflows.centre import Centre
from holdfast.workflows.fill_buckets import BUCKETS
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


def answer_citizen(
    centre: Centre, kind: SubjectKind, prefix: int, blinded: bytes, chance: Callable[[int], bytes]
) -> Given:
    """Return a bucket and the answer to a blinded element; nothing of it is kept.

    Raises:
        Refused: `check_kind`, `check_prefix` or `blind_element`.
    """
    check_prefix(kind, prefix)
    key, data_version = blind_key(centre), applied(BUCKETS)
    evaluated = blind_evaluate(key, blinded)
    proof = prove(key, [blinded], [evaluated], chance)
    return Given(_bucket(centre, kind, prefix), evaluated, proof, data_version)


def look_up(centre: Centre, subject: Subject) -> Found | None:
    """Return what a citizen is told of a subject that they named in the clear; nothing is kept.

    Raises:
        Refused: `check_kind`.
    """
    rows = _bucket(centre, subject.kind, prefix_of(subject))
    return find(rows, output(blind_key(centre), subject.wire))


def check_key(centre: Centre) -> bytes:
    """Return the public half of the key, by which answers are verified: 32 bytes."""
    return public_key(blind_key(centre))


def _bucket(centre: Centre, kind: SubjectKind, prefix: int) -> bytes:
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
        kind=kind.value, prefix=prefix, until_us__gt=now_us, tier__in=told
    )
    rows = [
        Tag(bytes.fromhex(entry.tag), entry.mask).row(disputed=entry.disputed) for entry in found
    ]
    return filled_up(rows, padding_key(centre), kind, prefix)
