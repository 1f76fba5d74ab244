"""Values with days: what was in force when, from which source, and who must look at it again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypedDict, TypeVar

from holdfast.core.words import N_
from holdfast.law import fields
from holdfast.law.errors import LawError, Place
from holdfast.law.tree import Node

_DAY = timedelta(days=1)


class Dating(TypedDict):
    """What stands beside each dated value."""

    since: date
    until: date | None
    source: str
    source_ref: str
    needs_review: bool
    note: str
    conflict: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """What is in force from the day `since` to the day `until`, both included."""

    since: date
    until: date | None
    """The last day; None while no end is known."""
    source: str
    """The law, section or policy that says so."""
    source_ref: str
    """Where that was read."""
    needs_review: bool
    """Whether a lawyer of the country has yet to compare it with the law's own text."""
    note: str = ""
    """What a reader must know that no field says."""
    conflict: str = ""
    """Another reading of the same law, and whose it is."""
    place: Place = field(compare=False, repr=False)

    def covers(self, on: date) -> bool:
        """Return whether this is in force on a day."""
        return self.since <= on and (self.until is None or on <= self.until)

    @property
    def span(self) -> str:
        """Return its days in writing."""
        return f"{self.since} – {self.until or ''}".rstrip()


D = TypeVar("D", bound=Dated)


def in_force(values: Sequence[D], on: date) -> D | None:
    """Return the value in force on a day; there is never more than one."""
    return next((value for value in values if value.covers(on)), None)


def overlap(one: Dated, other: Dated) -> bool:
    """Whether there is a day on which both are in force."""
    return (other.until is None or one.since <= other.until) and (
        one.until is None or other.since <= one.until
    )


def read_dated(node: Node, read: Callable[[Node, Dating], D]) -> tuple[D, ...]:
    """Read a list of dated values in the order of their days.

    Raises:
        LawError: a day is in two values (`law_days_overlap`) or in none without the later
            value's `after_gap` saying why (`law_days_gap`), a value ends before it begins
            (`law_days_reversed`), or one of them has no source (`law_source_missing`).
    """
    found: list[D] = []
    for item in fields.items(node):
        entries = fields.table(
            item,
            ("value", "from", "to", "needs_review"),
            ("source", "source_ref", "note", "conflict", "after_gap"),
        )
        for key in "source", "source_ref":
            if key not in entries:
                raise LawError.at(
                    item.place,
                    "law_source_missing",
                    N_(
                        "{file}, line {line}: {key} is missing; say which law or policy it rests on"
                    ),
                    key=key,
                )
        dating: Dating = {
            "since": fields.day(entries["from"]),
            "until": fields.or_null(entries["to"], fields.day),
            "source": fields.text(entries["source"]),
            "source_ref": fields.text(entries["source_ref"]),
            "needs_review": fields.flag(entries["needs_review"]),
            "note": fields.text(entries["note"]) if "note" in entries else "",
            "conflict": fields.text(entries["conflict"]) if "conflict" in entries else "",
            "place": item.place,
        }
        _check_days(found[-1] if found else None, dating, entries)
        found.append(read(entries["value"], dating))
    if not found:
        raise LawError.at(
            node.place,
            "law_value_missing",
            N_("{file}, line {line}: at least one dated value is needed here"),
        )
    return tuple(found)


def _check_days(before: Dated | None, dating: Dating, entries: Mapping[str, Node]) -> None:
    since, until = dating["since"], dating["until"]
    if until is not None and until < since:
        raise LawError.at(
            entries["to"].place,
            "law_days_reversed",
            N_("{file}, line {line}: this ends on {until}, before it begins on {since}"),
            since=since,
            until=until,
        )
    if before is not None and (before.until is None or since <= before.until):
        raise LawError.at(
            entries["from"].place,
            "law_days_overlap",
            N_(
                "{file}, line {line}: {since} is still within the value above ({before}, line "
                "{above}); end that one before, in the order of days"
            ),
            since=since,
            before=before.span,
            above=before.place.line,
        )
    gap = before is not None and before.until is not None and since - before.until > _DAY
    if gap != ("after_gap" in entries):
        raise LawError.at(
            entries["from"].place,
            "law_days_gap",
            N_(
                "{file}, line {line}: after_gap says why no value is in force on the days before "
                "{since}; it is needed after such days, and only there"
            ),
            since=since,
        )
    if gap:
        fields.text(entries["after_gap"])
