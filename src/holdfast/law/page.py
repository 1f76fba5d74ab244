"""The page of every parameter of the law, for people: value, days, source, and what needs review."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from holdfast.law.dated import Dated
from holdfast.law.law import CATEGORIES, Law
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
from holdfast.law.terms import Scope, Start
from holdfast.law.tier import CONTROLS, ContestWay, Effect, Effects, Move, Tier, Tiers

_SCOPE = {
    Scope.AMOUNT: "the traced amount on",
    Scope.ACCOUNT: "the whole of",
    Scope.CHANNEL: "a way of paying from",
}
_COUNTED_FROM = {
    Start.REPORT: "the victim's report",
    Start.COMPLAINT: "the complaint to the police",
    Start.ORDER: "the order",
    Start.SUSPICION: "the suspicion",
    Start.HOLD: "the first hold",
}
_HEAD = [
    "| parameter | value | from | to | source | review |",
    "|---|---|---|---|---|---|",
]


def page(law: Law) -> str:
    """Return every parameter of every country in Markdown, in the order of its file."""
    lines = [
        "# The law",
        "",
        "What each country's law allows about holding money, as Holdfast knows it. Made by "
        "`make docs` from `src/holdfast/law/parameters/`; change it there. **Nothing here is legal "
        "advice**: a value marked *needed* was not yet compared with the law's own text by a lawyer "
        "of the country.",
        "",
        "A period is counted in hours from its event. A hold ends by itself when its period is "
        "over, unless another basis extends it.",
    ]
    for country in law.countries.values():
        lines += _country(country)
    for tiers in law.tier_files.values():
        lines += _tiers(tiers)
    lines += ["", "## Categories of scams", "", f"From `{CATEGORIES}`.", "", *_HEAD]
    lines += _rows("category", law.categories)
    return "\n".join(lines) + "\n"


def _country(country: Country) -> Iterator[str]:
    yield from ("", f"## {country.name} ({country.code})", "")
    yield f"From `{country.code.lower()}.yaml`; days are those of {country.timezone}."
    for key, basis in country.bases.items():
        yield from ("", f"### {country.code}: `{key}`", "", f"{_cell(basis.title)}.", "", *_HEAD)
        yield from _basis(basis)
        notices = (value for values in basis.notices.values() for value in values)
        yield from _notes([*basis.rules, *notices, *basis.reminders])
    if country.numbers:
        yield from ("", f"### {country.code}: numbers", "", *_HEAD)
        yield from _rows("number", country.numbers)
        yield from _notes([value for values in country.numbers.values() for value in values])
    if country.scam_types:
        yield from ("", f"### {country.code}: types of scam", "", *_HEAD)
        yield from _rows("type", country.scam_types)
        yield from _notes([value for values in country.scam_types.values() for value in values])


def _tiers(tiers: Tiers) -> Iterator[str]:
    yield from ("", f"## Tiers of the registry ({tiers.country})", "")
    yield f"From `tiers/{tiers.country.lower()}.yaml`, the strictest first in a subject's standing."
    yield from ("", *_HEAD)
    yield from _rows("tier", tiers.tiers)
    yield from _rows("event", {event.value: moves for event, moves in tiers.moves.items()})
    yield from _rows("contest", {"way": tiers.ways})
    yield from _rows("number", tiers.numbers)
    yield from _notes([value for values in tiers.tiers.values() for value in values])
    yield from _notes([value for values in tiers.numbers.values() for value in values])


def _basis(basis: Basis) -> Iterator[str]:
    for rule in basis.rules:
        yield _row("hold", rule)
    yield from _rows("notice", basis.notices)
    for reminders in basis.reminders:
        yield _row("reminders", reminders)


def _rows(kind: str, named: Mapping[str, Sequence[Dated]]) -> Iterator[str]:
    for name, values in named.items():
        for value in values:
            yield _row(f"{kind} `{name}`", value)


def _row(parameter: str, value: Dated) -> str:
    cells = (
        parameter,
        told(value),
        str(value.since),
        str(value.until or "–"),
        f"{value.source}; read in: {value.source_ref}",
        "*needed*" if value.needs_review else "done",
    )
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _notes(values: Sequence[Dated]) -> Iterator[str]:
    for value in values:
        subject = f" `{value.code}`" if isinstance(value, ScamType) else ""
        subject = f" `{value.name}`" if isinstance(value, (Number, Notice, Tier)) else subject
        if value.note:
            yield from ("", f"Note{subject} ({value.span}): {_cell(value.note)}")
        if value.conflict:
            yield from ("", f"Another reading{subject} ({value.span}): {_cell(value.conflict)}")


def told(value: Dated) -> str:
    """Return what a dated value says, in words."""
    return _TELLERS[type(value)](value)


def _told_notice(notice: Notice) -> str:
    return (
        f"tell the {notice.to} within {notice.within_hours} hours that the hold was "
        f"{notice.event}; by {notice.duty}"
    )


def _told_reminders(reminders: Reminders) -> str:
    return f"{', '.join(map(str, reminders.hours))} hours before the end"


def _told_scam_type(kind: ScamType) -> str:
    names = " / ".join(kind.names.values())
    dispute = "; may be a quarrel over a sale" if kind.dispute else ""
    return f"{kind.position}. {names}; category: {kind.category or 'none'}{dispute}"


def _told_move(move: Move) -> str:
    leads = f"leads to {move.tier}" if move.tier else "takes the subject off"
    return f"{leads}; {move.evidence} at least; by {', '.join(move.by)}; {move.legal_basis}"


def _told_tier(tier: Tier) -> str:
    parts = [
        f"{tier.title}, code {tier.code}",
        *(f"{kind}: {_told_effects(effects)}" for kind, effects in tier.effects.items()),
        "approved by a second person" if tier.four_eyes else "",
        f"ends after {tier.default_days} days",
        f"contests decided within {tier.contest_days} days",
        "suspended where they are not" if tier.suspends_undecided else "not suspended by one",
        f"spares {', '.join(tier.spares)}" if tier.spares else "",
    ]
    return "; ".join(part for part in parts if part)


def _told_effects(effects: Effects) -> str:
    told = {name: getattr(effects, name) for name in CONTROLS}
    does = (f"{name} {effect}" for name, effect in told.items() if effect is not Effect.NONE)
    return ", ".join(does) or "nothing"


def _told_rule(rule: HoldRule) -> str:
    period = (
        "no period"
        if rule.period_hours is None
        else f"{rule.period_hours} hours from {_COUNTED_FROM[rule.counted_from]}"
    )
    parts = [
        f"{_SCOPE[rule.scope]} the {rule.side}'s account",
        period,
        "provisional" if rule.provisional else "",
        f"extended by {', '.join(rule.extended_by)}" if rule.extended_by else "",
        f"at most {rule.renewals_max} renewals" if rule.renewals_max else "",
        f"ordered by {', '.join(rule.may_order)}",
        f"lifted by {', '.join(rule.may_lift)}",
    ]
    return "; ".join(part for part in parts if part)


_TELLERS: Mapping[type[Dated], Callable[[Any], str]] = {
    HoldRule: _told_rule,
    Notice: _told_notice,
    Reminders: _told_reminders,
    Number: lambda number: str(number.value),
    ScamCategory: lambda category: f"{category.title}; {category.group}",
    ScamType: _told_scam_type,
    Tier: _told_tier,
    Move: _told_move,
    ContestWay: lambda contest: str(contest.way),
}


def _cell(text: str) -> str:
    """Keep a text from being read as Markdown of its own."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
