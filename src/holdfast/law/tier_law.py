"""The questions that a registry asks of the law on a day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from holdfast.core.errors import Refused
from holdfast.core.words import N_
from holdfast.law.dated import in_force
from holdfast.law.tier import AskerKind, Effects, Event, Lister, Move, Tier, Tiers

GENERIC = "generic"
"""The file that holds where a country has none of its own."""
_ASKERS = {
    "bank": AskerKind.BANK,
    "e-money": AskerKind.BANK,
    "exchange": AskerKind.DIGITAL_ASSET,
    "telco": AskerKind.TELCO,
    "platform": AskerKind.PLATFORM,
}


def asker_kind(institution_kind: str) -> AskerKind | None:
    """Return as what an institution asks; None for those who see every tier and have no effects."""
    return _ASKERS.get(institution_kind)


@dataclass(frozen=True, slots=True)
class TierLaw:
    """The tiers of every country as data, and nothing decided here."""

    tier_files: Mapping[str, Tiers]

    def tiers(self, country: str, on: date) -> tuple[Tier, ...]:
        """Return the tiers in force on a day, the strictest first."""
        return tuple(sorted(self._tiers(country, on), key=lambda tier: -tier.code))

    def tier(self, country: str, name: str, on: date) -> Tier:
        """Return a tier by its name.

        Raises:
            Refused: `tier_unknown`, also where it is not in force on that day.
        """
        found = self.tiers(country, on)
        for tier in found:
            if tier.name == name:
                return tier
        raise Refused(
            "tier_unknown",
            N_("{name!r} is no tier in {country} on {day}; there are {right}"),
            name=name[:40],
            country=country[:40],
            day=on,
            right=", ".join(tier.name for tier in found),
        )

    def tier_of_code(self, country: str, code: int, on: date) -> Tier | None:
        """Return the tier that a code of the index stands for, None where it is not in force."""
        return next((tier for tier in self._tiers(country, on) if tier.code == code), None)

    def effects(self, country: str, code: int, asker: AskerKind, on: date) -> Effects | None:
        """Return what a kind of asker does by a tier's code; None where it may not see the tier."""
        tier = self.tier_of_code(country, code, on)
        return None if tier is None else tier.effects.get(asker)

    def move(self, country: str, event: Event, on: date) -> Move:
        """Return into which tier an event brings a subject.

        Raises:
            Refused: `law_not_in_force`: on that day the event has no legal basis.
        """
        moves = self._of(country).moves[event]
        found = in_force(moves, on)
        if found is None:
            raise Refused(
                "law_not_in_force",
                N_("{basis} is not in force in {country} on {day}; it is on {right}"),
                basis=event.value,
                country=country[:40],
                day=on,
                right="; ".join(move.span for move in moves),
            )
        return found

    def tier_for(self, country: str, event: Event, by: str, on: date) -> Tier | None:
        """Return the tier that an event brings a subject into; None takes it off.

        `by` is the kind of the institution that says so.

        Raises:
            Refused: `lister_not_allowed`, `law_not_in_force` or `tier_unknown`.
        """
        move = self.move(country, event, on)
        if by not in set(Lister) or Lister(by) not in move.by:
            raise Refused(
                "lister_not_allowed",
                N_("an institution of the kind {kind} does not list for {event}; {right} do"),
                kind=by[:20],
                event=event.value,
                right=", ".join(move.by),
            )
        return None if move.tier is None else self.tier(country, move.tier, on)

    def last_day(self, country: str, event: Event, on: date) -> date | None:
        """Return the last day of what an event and its tier rest on, None while none is known.

        Raises:
            Refused: as `move` and `tier`.
        """
        move = self.move(country, event, on)
        ends = [move.until]
        if move.tier is not None:
            ends.append(self.tier(country, move.tier, on).until)
        return min((end for end in ends if end is not None), default=None)

    def contest_way(self, country: str, on: date) -> str:
        """Return where a person contests a listing.

        Raises:
            Refused: `law_not_in_force`.
        """
        found = in_force(self._of(country).ways, on)
        if found is None:
            raise self._silent("contest", country, on)
        return found.way

    def registry_number(self, country: str, name: str, on: date) -> int:
        """Return a number of the registry's law or policy; its unit ends its name.

        Raises:
            Refused: `law_not_in_force`.
        """
        found = in_force(self._of(country).numbers[name], on)
        if found is None:
            raise self._silent(name, country, on)
        return found.value

    def contest_days_max(self, country: str, on: date) -> int:
        """Return within how many days any contest is decided at the latest."""
        return max((tier.contest_days for tier in self._tiers(country, on)), default=1)

    def _tiers(self, country: str, on: date) -> Iterator[Tier]:
        found = (in_force(values, on) for values in self._of(country).tiers.values())
        return (tier for tier in found if tier is not None)

    def _of(self, country: str) -> Tiers:
        return self.tier_files.get(country) or self.tier_files[GENERIC]

    def _silent(self, name: str, country: str, on: date) -> Refused:
        return Refused(
            "law_not_in_force",
            N_("{basis} is not in force in {country} on {day}; it is on {right}"),
            basis=name,
            country=country[:40],
            day=on,
            right="–",
        )
