"""The rules side by side: what each of them says of the same claims."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from rich.console import Console
from rich.table import Column

from holdfast.cli.table_page import Key, TablePage, amount_column, grouped, text_column
from holdfast.core.words import N_, say
from holdfast.documents.trail_words import (
    amount_text,
    as_of_sentence,
    exit_label,
    exit_order,
    held_minor,
    notices,
    rule_sentence,
    stolen_minor,
    sum_minor,
)
from holdfast.trail.answer import Answer
from holdfast.trail.question import Rule

ACCOUNT_ROWS_MAX = 60
EXIT_ROWS_MAX = 15
"""Rows for each way of leaving; what lies beyond is summed up in one row."""


def print_side_by_side(answers: Mapping[Rule, Answer], console: Console) -> None:
    """Print what each rule says of the same claims: a row an account, a column a rule.

    Under `poison` an account is only exposed or not, so its column says after how many hops.
    """
    page = TablePage(console)
    first = next(iter(answers.values()))
    page.heading(say(N_("The rules side by side, {until}"), until=as_of_sentence(first)))
    for rule in answers:
        page.line(rule_sentence(rule))
    for sentence, rules in _notices_by_rule(answers).items():
        page.line(f"{', '.join(rules)}: {sentence}", bold=True)
    if not first.claims:
        page.line(say(N_("No claim is in the ledger yet, so there is no trail.")))
        return
    reckoned: dict[Rule, Answer] = {
        rule: answer for rule, answer in answers.items() if rule is not Rule.POISON
    }
    _print_totals_by_rule(page, reckoned)
    _print_now_by_rule(page, answers, reckoned)
    _print_exits_by_rule(page, reckoned)


def _notices_by_rule(answers: Mapping[Rule, Answer]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for rule, answer in answers.items():
        for sentence in notices(answer):
            found.setdefault(sentence, []).append(rule.value)
    return found


def _print_now_by_rule(
    page: TablePage, answers: Mapping[Rule, Answer], reckoned: Mapping[Rule, Answer]
) -> None:
    by_rule = {
        rule: {
            account: sum_minor(places)
            for account, places in grouped(answer.resting, lambda place: place.account).items()
        }
        for rule, answer in reckoned.items()
    }
    poison = answers.get(Rule.POISON)
    hops = {} if poison is None else {row.account: str(row.hop) for row in poison.exposed}
    accounts = _largest_first(by_rule)
    rest = _rest_row(reckoned, by_rule, accounts[ACCOUNT_ROWS_MAX:])
    page.heading(_with_currency(N_("Where the money is now ({currency})"), answers))
    page.table(
        [
            text_column(say(N_("Account"))),
            *_rule_columns(reckoned),
            *([] if poison is None else [amount_column(say(N_("poison: hop")))]),
        ],
        (
            [
                account,
                *_amounts_by_rule(reckoned, by_rule, account),
                *([] if poison is None else [hops.get(account, "-")]),
            ]
            for account in accounts[:ACCOUNT_ROWS_MAX]
        ),
        rest and [*rest, *([] if poison is None else [""])],
    )
    if poison is not None:
        page.line(
            say(
                N_("poison exposes {count} accounts; no other rule finds money in {more} of them."),
                count=len(hops),
                more=len(hops.keys() - set(accounts)),
            )
        )


def _print_exits_by_rule(page: TablePage, reckoned: Mapping[Rule, Answer]) -> None:
    kinds: dict[Rule, dict[str, int]] = {}
    places: dict[Rule, dict[tuple[str, str], int]] = {}
    for rule, answer in reckoned.items():
        by_kind = grouped(answer.exits, lambda way_out: way_out.kind)
        by_place = grouped(answer.exits, lambda way_out: (way_out.kind, way_out.account))
        kinds[rule] = {kind: sum_minor(exits) for kind, exits in by_kind.items()}
        places[rule] = {place: sum_minor(exits) for place, exits in by_place.items()}
    order = _largest_first(places)
    if not order:
        return
    rows = []
    for kind in sorted(_largest_first(kinds), key=exit_order):
        rows.append([exit_label(kind), *_amounts_by_rule(reckoned, kinds, kind)])
        here = [place for place in order if place[0] == kind]
        rows += [
            [f"  {place[1]}", *_amounts_by_rule(reckoned, places, place)]
            for place in here[:EXIT_ROWS_MAX]
        ]
        rest = _rest_row(reckoned, places, here[EXIT_ROWS_MAX:])
        rows += [[f"  {rest[0]}", *rest[1:]]] if rest else []
    page.heading(_with_currency(N_("Where it left the trail ({currency})"), reckoned))
    page.table([text_column(say(N_("What happened, and where"))), *_rule_columns(reckoned)], rows)


def _print_totals_by_rule(page: TablePage, reckoned: Mapping[Rule, Answer]) -> None:
    sums: Sequence[tuple[str, Callable[[Answer], int]]] = (
        (N_("Stolen"), stolen_minor),
        (N_("Resting"), lambda answer: sum_minor(answer.resting)),
        (N_("Of it held"), held_minor),
        (N_("Left the trail"), lambda answer: sum_minor(answer.exits)),
    )
    page.heading(_with_currency(N_("In all ({currency})"), reckoned))
    page.table(
        [text_column(""), *_rule_columns(reckoned)],
        (
            [
                say(name),
                *(amount_text(total(answer), answer.currency) for answer in reckoned.values()),
            ]
            for name, total in sums
        ),
    )


def _rule_columns(reckoned: Mapping[Rule, Answer]) -> list[Column]:
    return [amount_column(rule.value) for rule in reckoned]


def _amounts_by_rule(
    reckoned: Mapping[Rule, Answer], by_rule: Mapping[Rule, Mapping[Key, int]], key: Key
) -> list[str]:
    return [
        amount_text(by_rule[rule][key], answer.currency) if key in by_rule[rule] else "-"
        for rule, answer in reckoned.items()
    ]


def _rest_row(
    reckoned: Mapping[Rule, Answer],
    by_rule: Mapping[Rule, Mapping[Key, int]],
    keys: Sequence[Key],
) -> list[str] | None:
    """Sum up the rows that are left out; None where none is."""
    if not keys:
        return None
    sums = {rule: {"": sum(by_rule[rule].get(key, 0) for key in keys)} for rule in reckoned}
    return [
        say(N_("and {count} more accounts"), count=len(keys)),
        *_amounts_by_rule(reckoned, sums, ""),
    ]


def _largest_first(by_rule: Mapping[Rule, Mapping[Key, int]]) -> list[Key]:
    """Return the keys of all rules, those with the largest amount under any rule first."""
    largest: dict[Key, int] = defaultdict(int)
    for amounts in by_rule.values():
        for key, amount_minor in amounts.items():
            largest[key] = max(largest[key], amount_minor)
    return sorted(largest, key=lambda key: (-largest[key], str(key)))


def _with_currency(sentence: str, answers: Mapping[Rule, Answer]) -> str:
    return say(sentence, currency=next((a.currency for a in answers.values()), ""))
