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
from holdfast.workflows.check_keys import asked_keys, coming_key, publish_key, published_key
from holdfast.workflows.read_feed import Row, newest, place_at, rows
from holdfast.workflows.registry_keys import blind_key

AT_ONCE = 1000
_ASKED_ABOUT = {kind.value: kind for kind in PREFIX_BITS}


def filled_up_to(key_number: int) -> int:
    """Return the number of the feed up to which the buckets under a key are true."""
    return applied(_name(key_number))


def fill_buckets(centre: Centre) -> int:
    """Follow the next entries of the feed under each key in use, a thousand at most, and count them.

    The chain's value is found and kept on the way, so that nobody who asks for a delta waits. A key
    under which the buckets are whole is published.

    Raises:
        Conflict: `change_applied_already`: another was doing the same.
    """
    done = sum(_fill(centre, number) for number in asked_keys(centre.now_us()))
    coming = coming_key()
    if coming is None:
        return done
    done += _fill(centre, coming)
    if filled_up_to(coming) >= filled_up_to(published_key()):
        with transaction.atomic():
            publish_key(coming, centre.now_us())
    return done


def stored_prefix(key_number: int, prefix: int) -> int:
    """Return under which number a bucket's rows are kept: that of the key stands above its bits."""
    return key_number << max(PREFIX_BITS.values()) | prefix


def _fill(centre: Centre, key_number: int) -> int:
    before = filled_up_to(key_number)
    until = min(newest(), before + AT_ONCE)
    if until <= before:
        return 0
    key = blind_key(centre, key_number)
    last = {row.wire: row for row in rows(before, until)}
    made = [entry for row in last.values() if (entry := _entry(key, key_number, row)) is not None]
    with transaction.atomic():
        advance(_name(key_number), before, until)
        BlindEntry.objects.filter(tag__in=[entry.tag for entry in made]).delete()
        BlindEntry.objects.bulk_create([entry for entry in made if entry.tier])
    place_at(centre, until)
    return until - before


def _entry(key: bytes, key_number: int, row: Row) -> BlindEntry | None:
    """Return the row of a subject, of tier 0 where it is listed no more; None for other kinds."""
    word, _, subject_key = row.wire.decode().partition(":")
    kind = _ASKED_ABOUT.get(word)
    if kind is None:
        return None
    tag = Tag.of(output(key, row.wire))
    standing = unpacked(row.packed)
    return BlindEntry(
        kind=word,
        prefix=stored_prefix(key_number, prefix_of(Subject(SubjectKind(kind), subject_key))),
        tag=tag.tag.hex(),
        mask=tag.mask,
        tier=standing.tier if standing else 0,
        disputed=standing is not None and standing.disputed,
        until_us=standing.until_us if standing else 0,
    )


def _name(key_number: int) -> str:
    """Return the name under which it is kept how far the feed was followed under a key."""
    return f"registry:buckets:{key_number}" if key_number else "registry:buckets"
