"""Reading a country's file of the law, and what must hold across its values."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import TypeVar
from zoneinfo import ZoneInfo

from holdfast.core.words import N_
from holdfast.law import fields
from holdfast.law.dated import Dated, Dating, overlap, read_dated
from holdfast.law.errors import LawError
from holdfast.law.rule import (
    Basis,
    Country,
    HoldRule,
    Notice,
    Number,
    Reminders,
    ScamCategory,
    ScamType,
)
from holdfast.law.terms import Duty, Moment, Party, Recipient, Scope, Side, Start
from holdfast.law.tree import Node, Table

PERIOD_HOURS_MAX = 10 * 366 * 24
"""Ten years: a longer hold is a slip of the pen."""
NUMBER_MAX = 1_000_000
RENEWALS_MAX = 100
POSITION_MAX = 1000

_RULE_KEYS = (
    "scope",
    "side",
    "period_hours",
    "counted_from",
    "extended_by",
    "renewals_max",
    "provisional",
    "may_order",
    "may_lift",
)
_LANGUAGE = re.compile(r"[a-z]{2}", re.ASCII).fullmatch

D = TypeVar("D", bound=Dated)


def read_country(file: str, node: Node) -> Country:
    """Read a country's file, named by its code such as th.yaml.

    Raises:
        LawError: something is missing, not known, of the wrong kind, or does not fit the rest.
    """
    entries = fields.table(
        node, ("country", "name", "timezone", "bases"), ("scam_types", "numbers")
    )
    code = fields.text(entries["country"])
    if f"{code.lower()}.yaml" != file or not code.isupper():
        raise LawError.at(
            entries["country"].place,
            "law_country_wrong",
            N_("{file}, line {line}: the country of this file is not {country!r}"),
            country=code[:40],
        )
    bases = fields.keyed(entries["bases"])
    read = Country(
        code,
        fields.text(entries["name"]),
        _timezone(entries["timezone"]),
        MappingProxyType({key: _basis(code, key, value, bases) for key, value in bases.items()}),
        _named(entries.get("scam_types"), partial(_scam_type, code)),
        _named(entries.get("numbers"), _number),
    )
    _check_reminders(read)
    _check_positions(read)
    return read


def read_categories(node: Node) -> Mapping[str, tuple[ScamCategory, ...]]:
    """Read the file of the international categories of scams.

    Raises:
        LawError: something is missing, not known or of the wrong kind.
    """
    return _named(fields.table(node, ("categories",))["categories"], _category)


def check_categories(country: Country, categories: Mapping[str, tuple[ScamCategory, ...]]) -> None:
    """Refuse a type of scam whose category is not known.

    Raises:
        LawError: `law_category_unknown`.
    """
    for kind in _values(country.scam_types):
        if kind.category is not None and kind.category not in categories:
            raise LawError.at(
                kind.place,
                "law_category_unknown",
                N_("{file}, line {line}: {category} is no category; known are {right}"),
                category=kind.category,
                right=", ".join(categories),
            )


def _named(
    node: Node | None, read: Callable[[str, Node, Dating], D]
) -> Mapping[str, tuple[D, ...]]:
    """Read dated values by name; there are none where the key is left out."""
    if node is None:
        return MappingProxyType({})
    return MappingProxyType(
        {key: read_dated(value, partial(read, key)) for key, value in fields.keyed(node).items()}
    )


def _values(named: Mapping[str, tuple[D, ...]]) -> Iterator[D]:
    for values in named.values():
        yield from values


def _timezone(node: Node) -> str:
    found = fields.text(node)
    try:
        ZoneInfo(found)
    except (KeyError, ValueError, OSError):
        raise LawError.at(
            node.place,
            "law_timezone_unknown",
            N_("{file}, line {line}: {value!r} is no time zone; write such as Asia/Bangkok"),
            value=found[:40],
        ) from None
    return found


def _basis(country: str, key: str, node: Node, known: Collection[str]) -> Basis:
    entries = fields.table(node, ("title", "rule"), ("notices", "reminders_hours"))
    title = fields.text(entries["title"])
    reminders = entries.get("reminders_hours")
    return Basis(
        title,
        read_dated(entries["rule"], partial(_rule, country, key, title, known)),
        _named(entries.get("notices"), _notice),
        () if reminders is None else read_dated(reminders, _reminders),
    )


def _rule(
    country: str, basis: str, title: str, known: Collection[str], node: Node, dating: Dating
) -> HoldRule:
    entries = fields.table(node, _RULE_KEYS)
    period_hours = fields.or_null(
        entries["period_hours"], lambda value: fields.whole(value, 1, PERIOD_HOURS_MAX)
    )
    if period_hours is None and not dating["note"]:
        raise LawError.at(
            entries["period_hours"].place,
            "law_period_open",
            N_("{file}, line {line}: a note is needed that says why no period ends this hold"),
        )
    extended_by = fields.several(entries["extended_by"], partial(_extension, known))
    renewals_max = fields.whole(entries["renewals_max"], 0, RENEWALS_MAX)
    if (renewals_max > 0) != (basis in extended_by):
        raise LawError.at(
            entries["renewals_max"].place,
            "law_renewals_wrong",
            N_(
                "{file}, line {line}: renewals_max is above 0 for a basis that stands in its own "
                "extended_by, and 0 for any other"
            ),
        )
    return HoldRule(
        **dating,
        country=country,
        basis=basis,
        title=title,
        scope=fields.choice(entries["scope"], Scope),
        side=fields.choice(entries["side"], Side),
        period_hours=period_hours,
        counted_from=fields.choice(entries["counted_from"], Start),
        extended_by=extended_by,
        renewals_max=renewals_max,
        provisional=fields.flag(entries["provisional"]),
        may_order=_parties(entries["may_order"]),
        may_lift=_parties(entries["may_lift"]),
    )


def _extension(known: Collection[str], node: Node) -> str:
    basis = fields.name(node)
    if basis not in known:
        raise LawError.at(
            node.place,
            "law_extension_unknown",
            N_("{file}, line {line}: there is no basis {basis} in this file; it has {right}"),
            basis=basis,
            right=", ".join(known),
        )
    return basis


def _parties(node: Node) -> tuple[Party, ...]:
    found = fields.several(node, lambda item: fields.choice(item, Party))
    if not found:
        raise LawError.at(
            node.place,
            "law_party_missing",
            N_(
                "{file}, line {line}: somebody must be named here: a hold that nobody may lift is none"
            ),
        )
    return found


def _notice(name: str, node: Node, dating: Dating) -> Notice:
    entries = fields.table(node, ("to", "event", "within_hours", "duty"))
    return Notice(
        **dating,
        name=name,
        to=fields.choice(entries["to"], Recipient),
        event=fields.choice(entries["event"], Moment),
        within_hours=fields.whole(entries["within_hours"], 0, PERIOD_HOURS_MAX),
        duty=fields.choice(entries["duty"], Duty),
    )


def _reminders(node: Node, dating: Dating) -> Reminders:
    hours = fields.several(node, lambda item: fields.whole(item, 1, PERIOD_HOURS_MAX))
    return Reminders(**dating, hours=tuple(sorted(hours, reverse=True)))


def _number(name: str, node: Node, dating: Dating) -> Number:
    return Number(**dating, name=name, value=fields.whole(node, 0, NUMBER_MAX))


def _category(code: str, node: Node, dating: Dating) -> ScamCategory:
    entries = fields.table(node, ("title", "group"))
    return ScamCategory(
        **dating,
        code=code,
        title=fields.text(entries["title"]),
        group=fields.text(entries["group"]),
    )


def _scam_type(country: str, code: str, node: Node, dating: Dating) -> ScamType:
    entries = fields.table(node, ("position", "names", "category", "dispute"))
    return ScamType(
        **dating,
        country=country,
        code=code,
        position=fields.whole(entries["position"], 1, POSITION_MAX),
        names=_names(entries["names"]),
        category=fields.or_null(entries["category"], fields.name),
        dispute=fields.flag(entries["dispute"]),
    )


def _names(node: Node) -> Mapping[str, str]:
    languages = [key for key in node.entries if _LANGUAGE(key)] if isinstance(node, Table) else []
    entries = fields.table(node, ("en",), [key for key in languages if key != "en"])
    return MappingProxyType({key: fields.text(value) for key, value in entries.items()})


def _check_reminders(country: Country) -> None:
    for basis in country.bases.values():
        for reminders in basis.reminders:
            for rule in basis.rules:
                if overlap(reminders, rule) and any(
                    hours >= (rule.period_hours or 0) for hours in reminders.hours
                ):
                    raise LawError.at(
                        reminders.place,
                        "law_reminder_early",
                        N_(
                            "{file}, line {line}: a reminder would come before the hold itself, "
                            "whose period stands in line {rule}"
                        ),
                        rule=rule.place.line,
                    )


def _check_positions(country: Country) -> None:
    kinds = list(_values(country.scam_types))
    for index, kind in enumerate(kinds):
        for other in kinds[:index]:
            if kind.position == other.position and overlap(kind, other):
                raise LawError.at(
                    kind.place,
                    "law_position_twice",
                    N_("{file}, line {line}: position {position} is taken, from line {other} on"),
                    position=kind.position,
                    other=other.place.line,
                )
