"""Read the feed: its entries in their order, and the chain's value at a number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import DatabaseError, connection
from django.db.models import Max, OuterRef, Subquery, Value

from holdfast.law.tier_law import asker_kind
from holdfast.registry.feed.chain import START, Link, Place, following, seal
from holdfast.registry.feed.models import FeedHead
from holdfast.registry.models import FeedEntry
from holdfast.registry.queries import in_lots
from holdfast.registry.standing import Standing
from holdfast.workflows.centre import Centre
from holdfast.workflows.registry_keys import seal_key

HEAD_EVERY = 100
"""How many entries are followed at most to find the chain's value at a number."""
_AT_ONCE = 1000
_STANDING = ("tier", "disputed", "until_us")


@dataclass(frozen=True, slots=True)
class Row:
    """An entry of the feed as the centre knows it."""

    number: int
    at_us: int
    wire: bytes
    packed: int
    """The standing as the index keeps it; 0 where the subject is listed no more."""
    before: int = 0
    """The number of the entry before that is about the same subject; 0 where there is none."""


def newest() -> int:
    """Return the last number of the feed, 0 where it has none."""
    return FeedEntry.objects.aggregate(last=Max("number"))["last"] or 0


def look() -> int:
    """Return the last number, on a connection that is begun anew after it has failed."""
    try:
        return newest()
    except DatabaseError:
        connection.close()
        raise


def rows(after: int, until: int, *, with_before: bool = False) -> Iterator[Row]:
    """Yield the entries after one number up to another, in their order."""
    found = FeedEntry.objects.filter(number__gt=after, number__lte=until).order_by("number")
    found = found.annotate(before=_before() if with_before else Value(0))
    columns = ("number", "at_us", "subject_kind", "subject_key", "before")
    for row in found.values_list(*columns, *_STANDING).iterator(_AT_ONCE):
        number, at_us, kind, key, before, *standing = row
        yield Row(number, at_us, f"{kind}:{key}".encode(), _packed(*standing), before or 0)


def packed_at(numbers: Sequence[int]) -> dict[int, int]:
    """Return the packed standings that some entries say, by their numbers."""
    found: dict[int, int] = {}
    for some in in_lots(numbers):
        values = FeedEntry.objects.filter(number__in=some).values_list("number", *_STANDING)
        found |= {number: _packed(*standing) for number, *standing in values}
    return found


def numbers_before(numbers: Sequence[int]) -> dict[int, int]:
    """Return by the numbers of some entries those before them about the same subjects, 0 for none."""
    found: dict[int, int] = {}
    for some in in_lots(numbers):
        rows_of = FeedEntry.objects.filter(number__in=some).annotate(before=_before())
        found |= {number: before or 0 for number, before in rows_of.values_list("number", "before")}
    return found


def links(centre: Centre, entries: Sequence[Row]) -> list[Link]:
    """Return what the chain takes in of some entries."""
    key = seal_key(centre)
    return [
        Link(row.number, row.at_us, seal(key, row.number, row.packed, row.wire)) for row in entries
    ]


def place_at(centre: Centre, number: int) -> Place:
    """Return the chain's value at a number that the feed has; heads on the way there are kept."""
    head = FeedHead.objects.filter(number__lte=number).order_by("-number").first()
    place = Place(head.number, bytes.fromhex(head.chain)) if head else Place(0, START)
    while place.number < number:
        some = list(rows(place.number, min(number, place.number + _AT_ONCE)))
        if not some:
            msg = f"the feed has no number {place.number + 1}"
            raise ValueError(msg)
        heads = []
        for link in links(centre, some):
            place = following(place, [link])
            if place.number % HEAD_EVERY == 0:
                heads.append(FeedHead(number=place.number, chain=place.chain.hex()))
        FeedHead.objects.bulk_create(heads, ignore_conflicts=True)
    return place


@dataclass(frozen=True, slots=True)
class Sight:
    """Which tiers a kind of institution may know of."""

    codes: frozenset[int] | None
    """None where it sees all."""

    @classmethod
    def of(cls, centre: Centre, kind: str) -> Sight:
        """Return what institutions of a kind see today."""
        asker = asker_kind(kind)
        if asker is None:
            return cls(None)
        law = centre.law
        tiers = law.tiers(centre.country, law.local_day(centre.country, centre.now_us()))
        return cls(frozenset(tier.code for tier in tiers if asker in tier.effects))

    def shown(self, packed: int) -> int:
        """Return a packed standing as it is told: 0, not listed, where its tier is not seen."""
        return packed if self.codes is None or packed & 0xFF in self.codes else 0


def _packed(tier: int, disputed: bool, until_us: int) -> int:
    return Standing(tier, disputed, until_us).packed() if tier else 0


def _before() -> Subquery:
    same = FeedEntry.objects.filter(
        subject_kind=OuterRef("subject_kind"),
        subject_key=OuterRef("subject_key"),
        number__lt=OuterRef("number"),
    )
    return Subquery(same.order_by("-number").values("number")[:1])
