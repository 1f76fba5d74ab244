"""Reading a country's file of tiers, and what must hold across its values."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from enum import StrEnum
from functools import partial
from itertools import combinations
from types import MappingProxyType
from typing import TypeVar

from holdfast.core.words import N_
from holdfast.law import fields
from holdfast.law.dated import Dating, overlap, read_dated
from holdfast.law.errors import LawError
from holdfast.law.rule import Number
from holdfast.law.tier import (
    CODE_MAX,
    CONTROLS,
    AskerKind,
    ContestWay,
    Effect,
    Effects,
    Event,
    Grade,
    Lister,
    Move,
    Spare,
    Tier,
    Tiers,
)
from holdfast.law.tree import Node

CONTEST_DAYS_DEFAULT = 7
"""Where the law is silent."""
DAYS_MAX = 3660
CONTEST_DAYS_MAX = 366
NUMBER_MAX = 1_000_000
NUMBERS = (
    "break_glass_minutes",
    "glass_review_hours",
    "retraction_hours",
    "bulk_listings",
    "bulk_window_hours",
    "alone_listings",
    "notice_hours",
)
"""What every file tells."""
BREAK_GLASS_MINUTES_MAX = 60
_OF_MONEY = CONTROLS[:-1]
_CONTROLS = {
    AskerKind.BANK: _OF_MONEY,
    AskerKind.DIGITAL_ASSET: _OF_MONEY,
    AskerKind.TELCO: CONTROLS[-1:],
    AskerKind.PLATFORM: CONTROLS[-1:],
}
_MEANING = ("four_eyes", "default_days", "suspends_undecided", "effects")

E = TypeVar("E", bound=StrEnum)


def read_tiers(file: str, node: Node) -> Tiers:
    """Read a file of tiers, named by its country such as th.yaml, or generic.yaml.

    Raises:
        LawError: something is missing, not known, of the wrong kind, or does not fit the rest.
    """
    entries = fields.table(node, ("country", "contest", "tiers", "events", "numbers"))
    country = fields.text(entries["country"])
    if f"{country.lower()}.yaml" != file:
        raise LawError.at(
            entries["country"].place,
            "law_country_wrong",
            N_("{file}, line {line}: the country of this file is not {country!r}"),
            country=country[:40],
        )
    tiers = fields.keyed(entries["tiers"])
    read = Tiers(
        country,
        MappingProxyType({name: _tier(country, name, value) for name, value in tiers.items()}),
        _moves(entries["events"], tiers),
        read_dated(entries["contest"], _way),
        _numbers(entries["numbers"]),
    )
    _check_codes(read)
    _check_order(read)
    return read


def _tier(country: str, name: str, node: Node) -> tuple[Tier, ...]:
    entries = fields.table(node, ("title", "code", "meaning"))
    return read_dated(
        entries["meaning"],
        partial(
            _meaning,
            country,
            name,
            fields.text(entries["title"]),
            fields.whole(entries["code"], 1, CODE_MAX),
        ),
    )


def _meaning(country: str, name: str, title: str, code: int, node: Node, dating: Dating) -> Tier:
    entries = fields.table(node, _MEANING, ("contest_days", "spares"))
    contest = entries.get("contest_days")
    spares = entries.get("spares")
    return Tier(
        **dating,
        country=country,
        name=name,
        title=title,
        code=code,
        effects=_effects(entries["effects"]),
        four_eyes=fields.flag(entries["four_eyes"]),
        default_days=fields.whole(entries["default_days"], 1, DAYS_MAX),
        contest_days=CONTEST_DAYS_DEFAULT
        if contest is None
        else fields.whole(contest, 1, CONTEST_DAYS_MAX),
        suspends_undecided=fields.flag(entries["suspends_undecided"]),
        spares=() if spares is None else fields.several(spares, _choice(Spare)),
    )


def _effects(node: Node) -> Mapping[AskerKind, Effects]:
    kinds = fields.table(node, (AskerKind.BANK,), tuple(AskerKind))
    return MappingProxyType(
        {AskerKind(kind): _effects_for(AskerKind(kind), value) for kind, value in kinds.items()}
    )


def _effects_for(kind: AskerKind, node: Node) -> Effects:
    entries = fields.table(node, _CONTROLS[kind])
    return Effects(**{name: fields.choice(value, Effect) for name, value in entries.items()})


def _moves(node: Node, tiers: Collection[str]) -> Mapping[Event, tuple[Move, ...]]:
    entries = fields.table(node, tuple(Event))
    return MappingProxyType(
        {
            Event(name): read_dated(value, partial(_move, Event(name), tiers))
            for name, value in entries.items()
        }
    )


def _move(event: Event, tiers: Collection[str], node: Node, dating: Dating) -> Move:
    entries = fields.table(node, ("tier", "by", "evidence", "legal_basis"))
    tier = fields.or_null(entries["tier"], fields.name)
    if (tier is None) != (event is Event.CASE_UNFOUNDED) or (tier and tier not in tiers):
        raise LawError.at(
            entries["tier"].place,
            "law_tier_unknown",
            N_(
                "{file}, line {line}: {tier} is no tier for {event}; case_unfounded has null, "
                "every other one of {right}"
            ),
            tier=tier,
            event=event.value,
            right=", ".join(tiers),
        )
    by = fields.several(entries["by"], _choice(Lister))
    if not by:
        raise LawError.at(
            entries["by"].place,
            "law_lister_missing",
            N_("{file}, line {line}: somebody must be named who may say that this happened"),
        )
    return Move(
        **dating,
        event=event,
        tier=tier,
        by=by,
        evidence=fields.choice(entries["evidence"], Grade),
        legal_basis=fields.text(entries["legal_basis"])[:200],
    )


def _way(node: Node, dating: Dating) -> ContestWay:
    return ContestWay(**dating, way=fields.text(fields.table(node, ("way",))["way"])[:200])


def _numbers(node: Node) -> Mapping[str, tuple[Number, ...]]:
    entries = fields.table(node, NUMBERS)
    return MappingProxyType(
        {key: read_dated(value, partial(_number, key)) for key, value in entries.items()}
    )


def _number(name: str, node: Node, dating: Dating) -> Number:
    most = BREAK_GLASS_MINUTES_MAX if name == "break_glass_minutes" else NUMBER_MAX
    return Number(**dating, name=name, value=fields.whole(node, 1, most))


def _choice(kind: type[E]) -> Callable[[Node], E]:
    return lambda node: fields.choice(node, kind)


def _check_codes(read: Tiers) -> None:
    seen: dict[int, str] = {}
    for name, values in read.tiers.items():
        first = values[0]
        if first.code in seen:
            raise LawError.at(
                first.place,
                "law_tier_code_twice",
                N_("{file}, line {line}: the number {number} of {tier} is that of {other}"),
                number=first.code,
                tier=name,
                other=seen[first.code],
            )
        seen[first.code] = name


def _check_order(read: Tiers) -> None:
    """Refuse a stricter tier that lets something be which a lesser one does not.

    A subject is answered by the strictest of its tiers alone: nothing may be lost by that, and
    no asker may miss a tier because a stricter one is not for its eyes.
    """
    values = [tier for tiers in read.tiers.values() for tier in tiers]
    for one, other in combinations(values, 2):
        lesser, stricter = sorted((one, other), key=lambda tier: tier.code)
        if lesser.name == stricter.name or not overlap(lesser, stricter):
            continue
        for kind, weaker in _weaker(lesser, stricter):
            raise LawError.at(
                stricter.place,
                "law_tier_weaker",
                N_(
                    "{file}, line {line}: {tier} is stricter than {other}, but does less for "
                    "{kind} in {control}"
                ),
                tier=stricter.name,
                other=lesser.name,
                kind=kind.value,
                control=weaker,
            )


def _weaker(lesser: Tier, stricter: Tier) -> Iterator[tuple[AskerKind, str]]:
    order = list(Effect)
    for kind, effects in lesser.effects.items():
        there = stricter.effects.get(kind)
        if there is None:
            yield kind, "effects"
            continue
        for control in CONTROLS:
            if order.index(getattr(there, control)) < order.index(getattr(effects, control)):
                yield kind, control
