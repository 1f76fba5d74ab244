"""What a country's law says, each with its days and its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from holdfast.law.dated import Dated
from holdfast.law.terms import Duty, Moment, Party, Recipient, Scope, Side, Start


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice(Dated):
    """Who must be told of a hold, and how soon."""

    name: str
    to: Recipient
    event: Moment
    within_hours: int
    """Counted from the event."""
    duty: Duty


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRule(Dated):
    """What a basis allows: a hold of which scope, for how long, by whose order."""

    country: str
    basis: str
    title: str
    scope: Scope
    side: Side
    period_hours: int | None
    """None where the law sets no period: until lifted, or as the order itself says."""
    counted_from: Start
    extended_by: tuple[str, ...]
    """The bases that can follow on this one before it lapses."""
    renewals_max: int
    """How often this basis can follow on itself."""
    provisional: bool
    """Whether it stands on a first word and must be confirmed to go on."""
    may_order: tuple[Party, ...]
    may_lift: tuple[Party, ...]
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminders(Dated):
    """How many hours before a hold lapses the victim is reminded, the earliest first."""

    hours: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Dated):
    """A number that is no hold; its unit is the last word of its name."""

    name: str
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScamCategory(Dated):
    """A type of the international classifier that national types are mapped to."""

    code: str
    title: str
    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScamType(Dated):
    """A type of scam as a country's police count it."""

    country: str
    code: str
    position: int
    """Its place in the national list, from 1."""
    names: Mapping[str, str] = field(hash=False)
    """By language, English always among them."""
    category: str | None
    """Code of the international category; None where no category fits."""
    dispute: bool
    """Whether it may be a quarrel over a sale rather than a fraud: a hold goes one hop only."""

    def name(self, language: str) -> str:
        """Return its name in a language, else in English."""
        return self.names.get(language) or self.names["en"]


@dataclass(frozen=True, slots=True)
class Basis:
    """A ground on which money may be held, through its days."""

    title: str
    rules: tuple[HoldRule, ...]
    notices: Mapping[str, tuple[Notice, ...]]
    reminders: tuple[Reminders, ...]


@dataclass(frozen=True, slots=True)
class Country:
    """All that is known of a country's law."""

    code: str
    name: str
    timezone: str
    bases: Mapping[str, Basis]
    scam_types: Mapping[str, tuple[ScamType, ...]]
    numbers: Mapping[str, tuple[Number, ...]]
