"""Fill the buckets that citizens ask: follow the feed, and make each subject's row ahead."""

from __future__ import annotations

from django.db import transaction

from holdfast.records.applied import advance, applied
from holdfast.registry.blind import output
from holdfast.registry.buckets import PREFIX_BITS, Tag, prefix_of
from holdfast.registry.feed.models import BlindEntry
from holdfast.registry.standing import unpacked
from holdfast.registry.subject import Subject, SubjectKind
from holdfast.workflows.centre import Centre
from holdfast.workflows.read_feed import Row, newest, place_at, rows
from holdfast.workflows.registry_keys import blind_key

BUCKETS = "registry:buckets"
"""The name under which it is kept how far the feed was followed."""
AT_ONCE = 1000
_ASKED_ABOUT = {kind.value: kind for kind in PREFIX_BITS}


def fill_buckets(centre: Centre) -> int:
    """Follow the next entries of the feed, a thousand at most, and return how many they were.

    The chain's value is found and kept on the way, so that nobody who asks for a delta waits.

    Raises:
        Conflict: `change_applied_already`: another was doing the same.
    """
    before = applied(BUCKETS)
    until = min(newest(), before + AT_ONCE)
    if until <= before:
        return 0
    last = {row.wire: row for row in rows(before, until)}
    made = [entry for row in last.values() if (entry := _entry(centre, row)) is not None]
    with transaction.atomic():
        advance(BUCKETS, before, until)
        BlindEntry.objects.filter(tag__in=[entry.tag for entry in made]).delete()
        BlindEntry.objects.bulk_create([entry for entry in made if entry.tier])
    place_at(centre, until)
    return until - before


def _entry(centre: Centre, row: Row) -> BlindEntry | None:
    """Return the row of a subject, of tier 0 where it is listed no more; None for other kinds."""
    word, _, key = row.wire.decode().partition(":")
    kind = _ASKED_ABOUT.get(word)
    if kind is None:
        return None
    tag = Tag.of(output(blind_key(centre), row.wire))
    standing = unpacked(row.packed)
    return BlindEntry(
        kind=word,
        prefix=prefix_of(Subject(SubjectKind(kind), key)),
        tag=tag.tag.hex(),
        mask=tag.mask,
        tier=standing.tier if standing else 0,
        disputed=standing is not None and standing.disputed,
        until_us=standing.until_us if standing else 0,
    )
