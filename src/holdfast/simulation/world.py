"""The world a story is played in: its accounts, who holds them, and everyday life around them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from holdfast.core.account import bank_of
from holdfast.simulation.country import Country, id_digits, id_head
from holdfast.simulation.events import Part, Player, Story
from holdfast.simulation.parameters import parameters
from holdfast.simulation.payments import Everyday
from holdfast.simulation.scams import Plan, set_aside

_NO_BANK = frozenset({Part.CASH, Part.ABROAD})
"""Parts whose accounts no bank of the country keeps."""


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """Accounts by their places, and what happens at them besides the story."""

    story: Story
    currency: str
    names: tuple[str, ...]
    parts: tuple[Part, ...]
    openings_minor: tuple[int, ...]
    """With what the story's own payments need; of cash and accounts abroad, zero."""
    plan: Plan
    """The story's rows, with what has to be set aside for later ones."""
    everyday: Everyday | None
    """What makes the payments of everyday life, if there is any."""
    begins_us: int
    id_head: str
    id_digits: int

    @property
    def banks(self) -> tuple[str, ...]:
        """The institutions that keep the accounts, sorted."""
        return tuple(sorted({bank_of(self.names[place]) for place in self.kept}))

    @property
    def kept(self) -> Sequence[int]:
        """The places of the accounts that banks of the country keep."""
        return [place for place, part in enumerate(self.parts) if part not in _NO_BANK]

    @property
    def cash(self) -> int:
        """The place of all cash points together."""
        return self.parts.index(Part.CASH)


def world_of(country: Country, story: Story) -> World:
    """Return a country as the world of a story that was drawn for it."""
    people = country.everyday.population
    plan = set_aside(story.rows)
    openings = [*people.openings_minor.tolist(), 0]
    openings[people.seats.cash.start] = 0
    for place, need_minor in plan.needs_minor.items():
        openings[place] += need_minor
    return World(
        story=story,
        currency=country.currency,
        names=(*country.accounts, parameters().abroad_account),
        parts=parts_of(country, story),
        openings_minor=tuple(openings),
        plan=plan,
        everyday=country.everyday,
        begins_us=country.size.first_day_us,
        id_head=id_head(country.seed),
        id_digits=id_digits(country.size),
    )


def world_of_cast(
    story: Story, cast: Sequence[Player], begins_us: int, currency: str = "THB"
) -> World:
    """Return the few accounts of a scenario as its world; nothing happens there besides."""
    return World(
        story=story,
        currency=currency,
        names=tuple(player.account for player in cast),
        parts=tuple(player.part for player in cast),
        openings_minor=tuple(player.opening_minor for player in cast),
        plan=set_aside(story.rows),
        everyday=None,
        begins_us=begins_us,
        id_head=f"{story.name}-",
        id_digits=5,
    )


def parts_of(country: Country, story: Story) -> tuple[Part, ...]:
    """Return what each account's holder is; the place after the last is that of all abroad."""
    seats = country.everyday.population.seats
    parts = [Part.PERSON] * (seats.count + 1)
    groups: Iterable[tuple[Part, Iterable[int]]] = (
        (Part.COMPANY, seats.companies),
        (Part.SHELL, seats.shells),
        (Part.MERCHANT, seats.merchants),
        (Part.BILLER, seats.billers),
        (Part.EXCHANGE, seats.exchanges),
        (Part.GOVERNMENT, seats.government),
        (Part.CASH, seats.cash),
        (Part.ABROAD, (seats.count,)),
        (Part.VICTIM, (row.debit for row in story.rows if row.is_claim)),
        (Part.MULE, country.everyday.population.mules),
    )
    for part, places in groups:
        for place in places:
            parts[place] = part
    return tuple(parts)
