"""Tiers of a registry: what each means for whom, and which event brings a subject into which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from holdfast.law.dated import Dated
from holdfast.law.rule import Number

CODE_MAX = 255


class Event(StrEnum):
    """What brings a subject into a tier, or out of the registry; the ground of a listing."""

    VICTIM_REPORT = "victim_report"  # a victim reported, and the sending bank confirmed
    POLICE_COMPLAINT = "police_complaint"  # and the police took the victim's complaint
    OFFICIAL_LIST = "official_list"  # an authority's own list names the subject
    BANK_SUSPICION = "bank_suspicion"  # an institution suspects by what it sees
    BANK_CONFIRMED = "bank_confirmed"  # an institution has made sure, and no victim reported
    CASE_UNFOUNDED = "case_unfounded"  # the case was closed: nothing was wrong


class AskerKind(StrEnum):
    """For whom a tier has effects."""

    BANK = "bank"  # banks and e-money firms
    DIGITAL_ASSET = "digital_asset"  # exchanges
    TELCO = "telco"
    PLATFORM = "platform"


class Effect(StrEnum):
    """What an asker does, from the least to the most."""

    NONE = "none"  # nothing
    VERIFY = "verify"  # not before the holder has been seen in person
    BLOCK = "block"  # not at all


class Spare(StrEnum):
    """What a measure on all of a person's accounts leaves free."""

    WAGES = "wages"
    BENEFITS = "benefits"
    LIVING_MINIMUM = "living_minimum"


class Lister(StrEnum):
    """What kind of institution may list on a ground."""

    BANK = "bank"
    E_MONEY = "e-money"
    EXCHANGE = "exchange"
    TELCO = "telco"
    POLICE = "police"
    CENTRE = "centre"


class Grade(StrEnum):
    """How well something is known, from the least to the most."""

    SUSPECTED = "suspected"  # by what was seen
    REPORTED = "reported"  # by somebody's word
    CONFIRMED = "confirmed"  # made sure of by an institution
    OFFICIAL = "official"  # by an authority's act

    def reaches(self, other: Grade) -> bool:
        """Whether this is at least as well known as the other."""
        grades = list(Grade)
        return grades.index(self) >= grades.index(other)


@dataclass(frozen=True, slots=True)
class Effects:
    """What one kind of asker does with a listed subject: separate controls, each by itself."""

    incoming: Effect = Effect.NONE
    """Payments to the subject."""
    outgoing: Effect = Effect.NONE
    """Payments by the subject."""
    e_channels: Effect = Effect.NONE
    """The subject's app and internet access, for all its accounts."""
    new_account: Effect = Effect.NONE
    """Opening an account or another product."""
    service: Effect = Effect.NONE
    """Calls, messages, pages: what a telco carries or a platform shows."""


CONTROLS = tuple(Effects.__dataclass_fields__)
"""The controls by name, in the order in which they are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier(Dated):
    """What a tier means while this is in force."""

    country: str
    """The country whose data this is; `generic` where a country's law is silent."""
    name: str
    title: str
    code: int
    """1 to 255, the higher the stricter; the same on all days."""
    effects: Mapping[AskerKind, Effects] = field(hash=False)
    """By kind of asker; a kind that is not here learns nothing of the tier."""
    four_eyes: bool
    """Whether a second person must approve."""
    default_days: int
    """After how many days a listing ends by itself."""
    contest_days: int
    """Within how many days a contest is to be decided."""
    suspends_undecided: bool
    """Whether a listing whose contest was not decided in time is suspended."""
    spares: tuple[Spare, ...]
    """What effects on all of a person's accounts leave free."""

    def spared_by(self, asker: AskerKind) -> tuple[Spare, ...]:
        """Return what an asker leaves free; nothing where it does nothing to a person's money."""
        does = self.effects.get(asker)
        measures = () if does is None else (does.incoming, does.outgoing, does.e_channels)
        return self.spares if any(each is not Effect.NONE for each in measures) else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Move(Dated):
    """Into which tier an event brings a subject, and who may say that it happened."""

    event: Event
    tier: str | None
    """None takes the subject off."""
    by: tuple[Lister, ...]
    evidence: Grade
    """How well it must be known at least."""
    legal_basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContestWay(Dated):
    """Where a person contests a listing."""

    way: str


@dataclass(frozen=True, slots=True)
class Tiers:
    """All that is known of a country's registry."""

    country: str
    tiers: Mapping[str, tuple[Tier, ...]]
    moves: Mapping[Event, tuple[Move, ...]]
    ways: tuple[ContestWay, ...]
    numbers: Mapping[str, tuple[Number, ...]]
