"""Verifying the audit: is it what was written, all of it, and in the order it was sealed?

    found                                  by
    a changed entry                        its digest, sealed in the chain
    a removed entry                        its place in the chain
    reordered or removed places            the chain's next step
    a cut end                              a head that knows of more
    all rewritten, chain and heads         the heads outside the database
    heads made by somebody else            their signatures

Not found is who rewrites the database and every copy of the heads and has the private key. So
let copies of the file of heads be where the database's keeper can't write.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from holdfast.core.problem import Problem
from holdfast.core.words import N_
from holdfast.records.chain import START, chain_step, entry_digest
from holdfast.records.heads import Head, locked_for_reading, read_lines
from holdfast.records.models import AuditEntry, SealedEntry, SealedHead
from holdfast.records.seal import LATE_US_MAX, never_sealed, settled_id, to_head

PLACE = "audit"
"""What a problem of the database names as its file; its row is a position in the chain."""
PAGE = 500
_FIELDS = ("at_us", "actor", "verb", "subject", "basis", "detail_json")


def verify(*, heads: Path, keys: Mapping[str, bytes]) -> Iterator[Problem]:
    """Yield what is wrong with the sealed audit, nothing if it is whole.

    `heads` is the file outside the database or a copy of it, `keys` are all public keys there
    ever were (32 bytes by key id). Everything sealed before the call is looked at, in bounded
    memory; entries not sealed yet are none of its business.
    """
    with locked_for_reading(heads):
        end = _End(
            sealed=_last(SealedEntry),
            heads=_last(SealedHead),
            file_bytes=heads.stat().st_size if heads.exists() else 0,
        )
    yield from _chain_problems(end)
    yield from _head_problems(end, keys)
    yield from _Outside(heads, end, keys).problems()
    yield from _late_problems()


@dataclass(frozen=True, slots=True)
class _End:
    """How far things went when verifying began; sealing goes on meanwhile."""

    sealed: int
    heads: int
    file_bytes: int


def _last(model: Any) -> int:
    found = model.objects.order_by("-position").values_list("position", flat=True)
    return int(found.first() or 0)


def _chain_problems(end: _End) -> Iterator[Problem]:
    """Walk the chain from its start: every place, every entry, every step."""
    before, chain = 0, START
    for page in _pages(SealedEntry, end.sealed):
        entries = AuditEntry.objects.in_bulk([row.entry_id for row in page])
        for row in page:
            if row.position != before + 1:
                yield Problem(
                    PLACE,
                    row.position,
                    "audit_place_missing",
                    N_("the chain jumps from position {before} to {position}: places are missing"),
                    {"before": before, "position": row.position},
                )
            elif chain_step(chain, row.position, row.entry_id, row.digest) != row.chain:
                yield Problem(
                    PLACE,
                    row.position,
                    "audit_chain_broken",
                    N_("position {position} of the chain does not follow from the one before"),
                    {"position": row.position},
                )
            yield from _entry_problems(row, entries.get(row.entry_id))
            before, chain = row.position, row.chain


def _entry_problems(row: SealedEntry, entry: AuditEntry | None) -> Iterator[Problem]:
    fields: dict[str, object] = {"position": row.position, "entry": row.entry_id}
    if entry is None:
        yield Problem(
            PLACE,
            row.position,
            "audit_entry_missing",
            N_("the entry {entry} at position {position} was removed"),
            fields,
        )
    elif not row.digest == entry.digest == _digest(entry):
        yield Problem(
            PLACE,
            row.position,
            "audit_entry_changed",
            N_("the entry {entry} at position {position} is not what was sealed"),
            fields,
        )


def _digest(entry: AuditEntry) -> str:
    try:
        return entry_digest(**{name: getattr(entry, name) for name in _FIELDS})
    except TypeError:
        # An embedded database takes bytes where text belongs.
        return ""


def _head_problems(end: _End, keys: Mapping[str, bytes]) -> Iterator[Problem]:
    """Compare the database's heads with the chain, and check their signatures."""
    for page in _pages(SealedHead, end.heads):
        chains = _chains(row.position for row in page)
        for row in page:
            head = to_head(row)
            if chains.get(head.position, head.chain) != head.chain:
                yield Problem(
                    PLACE,
                    head.position,
                    "audit_head_differs",
                    N_("the head at position {position} is not that of the chain there"),
                    {"position": head.position},
                )
            if problem := _signature_problem(head, PLACE, head.position, keys):
                yield problem
    if end.sealed > end.heads:
        yield _head_missing(end.sealed)
    if end.heads > end.sealed:
        yield _cut_off(PLACE, end.heads, end)


def _late_problems() -> Iterator[Problem]:
    """Tell of entries that should have been sealed long ago."""
    last = SealedHead.objects.order_by("-position").first()
    if last is None:
        return
    late = never_sealed().filter(id__lte=settled_id(last.at_us - LATE_US_MAX))
    for entry_id in late.values_list("id", flat=True).iterator(chunk_size=PAGE):
        yield Problem(
            PLACE,
            0,
            "audit_entry_unsealed",
            N_("the entry {entry} was never sealed, though later ones were long ago"),
            {"entry": entry_id},
        )


@dataclass(slots=True)
class _Outside:
    """Compares the file of heads with the database, a page of lines at a time."""

    path: Path
    end: _End
    keys: Mapping[str, bytes]
    last: int = 0
    """The position of the last head read."""
    beyond: int = 0
    """The last position that the file knows of and the database doesn't."""
    is_rewritten: bool = False
    """Told once: after the first head that differs all others do."""

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with the file, or by the file with the database."""
        lines = read_lines(self.path, self.end.file_bytes) if self.end.file_bytes else iter(())
        while page := list(itertools.islice(lines, PAGE)):
            before = self.last
            heads: list[tuple[int, Head]] = []
            for number, line in page:
                head = Head.parse(line)
                if head is None or not line.endswith(b"\n"):
                    yield self._unreadable(number, line)
                elif head.position <= self.last:
                    yield self._disordered(number, head)
                else:
                    heads.append((number, head))
                    self.last = head.position
            yield from self._compared(heads, before)
        yield from self._lacking(self.last, self.end.heads, known=0)
        if self.beyond > max(self.end.sealed, self.end.heads):
            yield _cut_off(self.path.name, self.beyond, self.end)

    def _compared(self, heads: list[tuple[int, Head]], before: int) -> Iterator[Problem]:
        positions = [head.position for _, head in heads]
        chains = _chains(positions)
        rows = SealedHead.objects.filter(position__in=positions, position__lte=self.end.heads)
        inside = {row.position: to_head(row) for row in rows}
        yield from self._lacking(before, self.last, known=len(inside))
        for number, head in heads:
            known = inside.get(head.position)
            if known == head:
                continue
            if problem := _signature_problem(head, self.path.name, number, self.keys):
                yield problem
            else:
                yield from self._difference(number, head, known, chains.get(head.position))

    def _difference(
        self, number: int, head: Head, known: Head | None, chain: str | None
    ) -> Iterator[Problem]:
        """Tell how a head that this centre signed differs from what the database has there."""
        fields: dict[str, object] = {"position": head.position}
        if head.position > self.end.sealed:
            self.beyond = head.position
        elif chain is not None and chain != head.chain:
            if not self.is_rewritten:
                yield Problem(
                    self.path.name,
                    number,
                    "audit_rewritten",
                    N_(
                        "the audit up to position {position} is not the one that this signed "
                        "head was made of: it was rewritten"
                    ),
                    fields,
                )
            self.is_rewritten = True
        elif known is None:
            yield _head_missing(head.position)
        else:
            yield Problem(
                self.path.name,
                number,
                "audit_heads_unlike",
                N_("the head at position {position} is another one in the database"),
                fields,
            )

    def _lacking(self, after: int, until: int, *, known: int) -> Iterator[Problem]:
        """Tell of heads of the database in a stretch of which the file has only `known`."""
        until = min(until, self.end.heads)
        if until <= after:
            return
        stretch = SealedHead.objects.filter(position__gt=after, position__lte=until)
        if (count := stretch.count() - known) > 0:
            yield Problem(
                self.path.name,
                0,
                "audit_heads_behind",
                N_(
                    "the file of heads lacks {count} heads that the database has "
                    "after position {after} and up to {until}"
                ),
                {"count": count, "after": after, "until": until},
            )

    def _disordered(self, number: int, head: Head) -> Problem:
        return Problem(
            self.path.name,
            number,
            "audit_heads_order",
            N_("the head at position {position} stands behind that at {before}"),
            {"position": head.position, "before": self.last},
        )

    def _unreadable(self, number: int, line: bytes) -> Problem:
        if line.endswith(b"\n"):
            return Problem(
                self.path.name,
                number,
                "audit_heads_line",
                N_("this line of the file of heads is no head"),
            )
        return Problem(
            self.path.name,
            number,
            "audit_heads_torn",
            N_("this line of the file of heads has no end; the next sealing mends a torn last one"),
        )


def _signature_problem(
    head: Head, place: str, row: int, keys: Mapping[str, bytes]
) -> Problem | None:
    fields: dict[str, object] = {"position": head.position, "key_id": head.key_id[:80]}
    public = keys.get(head.key_id)
    if public is None:
        return Problem(
            place,
            row,
            "audit_head_key_unknown",
            N_("the head at position {position} names the key {key_id}, which is not known"),
            fields,
        )
    if not head.is_signed_by(public):
        return Problem(
            place,
            row,
            "audit_head_signature",
            N_("the head at position {position} was not signed by the key {key_id}"),
            fields,
        )
    return None


def _head_missing(position: int) -> Problem:
    return Problem(
        PLACE,
        position,
        "audit_head_missing",
        N_("the database has no head at position {position}"),
        {"position": position},
    )


def _cut_off(place: str, position: int, end: _End) -> Problem:
    return Problem(
        place,
        0,
        "audit_cut_off",
        N_("a head knows of {position} entries, the database has {found}: its end was cut off"),
        {"position": position, "found": end.sealed},
    )


def _chains(positions: Iterable[int]) -> dict[int, str]:
    found = SealedEntry.objects.filter(position__in=list(positions))
    return dict(found.values_list("position", "chain"))


def _pages(model: Any, end: int) -> Iterator[list[Any]]:
    """Yield rows by position up to `end`, a page at a time."""
    last = 0
    while True:
        found = model.objects.filter(position__gt=last, position__lte=end)
        page = list(found.order_by("position")[:PAGE])
        if not page:
            return
        yield page
        last = page[-1].position
