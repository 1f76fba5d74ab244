"""Sealing: committed entries are chained and the chain's head is signed.

The order of the chain is the order in which the sealer sees entries committed: it takes what is
committed and not yet sealed, by id. Ids are given out before the commit, so an entry of a slow
transaction can come behind entries with higher ids; it keeps its place from then on. The chain
is no part of the transactions that write entries, so they never wait for each other.

Rows and head are written in one transaction, then the head is copied to the file outside. A
sealer killed between the two is made good by the next one, which copies every head that the
file has not, be it all of them. What was tampered with before it was sealed is not found: seal often.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from holdfast.core.errors import CentreError
from holdfast.core.instant import HOUR_US
from holdfast.core.words import N_
from holdfast.records.applied import lock
from holdfast.records.chain import START, chain_step
from holdfast.records.heads import (
    Head,
    Signer,
    append,
    drop_torn_line,
    last_line,
    locked_for_writing,
)
from holdfast.records.models import AuditEntry, SealedEntry, SealedHead

LOCK = "audit-seal"
LATE_US_MAX = HOUR_US
"""How long after entries with higher ids one may be committed and still be looked for."""


def seal(
    *,
    now_us: int,
    key: Signer,
    heads: Path,
    limit: int = 10_000,
    late_us: int = LATE_US_MAX,
) -> SealedHead | None:
    """Seal up to `limit` committed entries; return the new head, None if there was nothing new.

    `late_us` says how far back entries of slow transactions are looked for; `verify` tells of
    those that came later still, and a call with a longer time seals them.

    Raises:
        CentreError: `audit_heads_ahead` or `audit_heads_differ`: the file of heads knows of more
            or of other entries than the database, so nothing is sealed until a person has looked.
    """
    with locked_for_writing(heads) as file:
        drop_torn_line(file)
        copied = _copied(last_line(file), heads)
        head = None
        if _unsealed(now_us - late_us).exists():
            with transaction.atomic(durable=True):
                lock(LOCK)
                head = _seal(now_us, key, limit, late_us)
        append(file, _heads_after(copied))
    return head


def to_head(row: SealedHead) -> Head:
    """Return a row as the value that is signed and copied."""
    return Head(row.position, row.chain, row.at_us, row.key_id, row.signature)


def never_sealed() -> QuerySet:
    """Return the entries that have no place in the chain, by id."""
    is_sealed = Exists(SealedEntry.objects.filter(entry_id=OuterRef("id")))
    return AuditEntry.objects.filter(~is_sealed).order_by("id")


def settled_id(since_us: int) -> int:
    """Return an id that was sealed before `since_us`, 0 if none was: sealing looks above it."""
    before = SealedHead.objects.filter(at_us__lte=since_us).order_by("-position").first()
    if before is None:
        return 0
    sealed = SealedEntry.objects.filter(position=before.position)
    return int(sealed.values_list("entry_id", flat=True).first() or 0)


def _seal(now_us: int, key: Signer, limit: int, late_us: int) -> SealedHead | None:
    end = SealedEntry.objects.order_by("-position").first()
    position, chain = (end.position, end.chain) if end else (0, START)
    rows = []
    for entry_id, digest in _unsealed(now_us - late_us).values_list("id", "digest")[:limit]:
        position += 1
        chain = chain_step(chain, position, entry_id, digest)
        rows.append(SealedEntry(position=position, entry_id=entry_id, digest=digest, chain=chain))
    if not rows:
        return None
    SealedEntry.objects.bulk_create(rows, batch_size=200)
    head = Head.signed(position=position, chain=chain, at_us=now_us, key=key)
    row: SealedHead = SealedHead.objects.create(
        position=head.position,
        chain=head.chain,
        at_us=head.at_us,
        key_id=head.key_id,
        signature=head.signature,
    )
    return row


def _unsealed(since_us: int) -> QuerySet:
    """Return entries not sealed yet, by id: those above the ids sealed before `since_us`."""
    return never_sealed().filter(id__gt=settled_id(since_us))


def _heads_after(position: int) -> Iterator[Head]:
    rows = SealedHead.objects.filter(position__gt=position).order_by("position")
    return map(to_head, rows.iterator(chunk_size=500))


def _copied(line: bytes, path: Path) -> int:
    """Return the position of the last head in the file, if it is one of the database's too.

    Where the database has fewer or other entries than the file knows of, sealing on would hide it.
    """
    if not line:
        return 0
    head = Head.parse(line)
    if head is not None:
        row = SealedHead.objects.filter(position=head.position).first()
        if row is not None and to_head(row) == head:
            return head.position
        end = SealedHead.objects.order_by("-position").first()
        if end is None or end.position < head.position:
            raise CentreError(
                "audit_heads_ahead",
                N_(
                    "{file} knows of {position} sealed audit entries, the database of {found}; "
                    "look with `holdfast audit verify` before anything more is sealed"
                ),
                file=path,
                position=head.position,
                found=end.position if end else 0,
            )
    raise CentreError(
        "audit_heads_differ",
        N_(
            "the last line of {file} is not the head that the database has there; "
            "look with `holdfast audit verify` before anything more is sealed"
        ),
        file=path,
    )
