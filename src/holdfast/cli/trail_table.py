"""A trail in a terminal: where the money is now first, then how it went."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from rich.console import Console
from rich.table import Column

from holdfast.cli.hops_table import print_exposed, print_hops
from holdfast.cli.table_page import Key, Shown, TablePage, amount_column, grouped, text_column
from holdfast.core.account import bank_of
from holdfast.core.words import N_, say
from holdfast.documents.trail_words import (
    EXIT_KINDS,
    amount_text,
    as_of_sentence,
    exit_label,
    exit_sentence,
    held_minor,
    notices,
    rule_sentence,
    stolen_minor,
    sum_minor,
    total_sentence,
)
from holdfast.trail.answer import Answer, Resting
from holdfast.trail.question import Rule

RULES_ROWS_MAX = 60
PLACES_MAX = 200
"""Rows of a table before the rest is summed up in a sentence."""
NAMED_MAX = 40
"""Names that a warning writes out before it only counts."""


def print_trail(answer: Answer, console: Console, *, hops_max: int = 40) -> None:
    """Print an answer as tables; of more than `hops_max` hops the rest is counted, not shown."""
    page = TablePage(console)
    page.heading(
        say(
            N_("Trail by {rule}, {until}"),
            rule=rule_sentence(answer.rule),
            until=as_of_sentence(answer),
        )
    )
    for sentence in notices(answer, shown=NAMED_MAX):
        page.line(sentence, bold=True)
    if not answer.claims:
        page.line(say(N_("No claim is in the ledger yet, so there is no trail.")))
    elif answer.rule is Rule.POISON:
        print_exposed(page, answer, hops_max)
    else:
        shown = Shown(answer)
        _print_now(page, shown)
        _print_banks(page, shown)
        _print_exits(page, shown)
        page.heading(total_sentence(answer))
        _print_claims(page, shown)
        print_hops(page, shown, hops_max)


def _print_now(page: TablePage, shown: Shown) -> None:
    answer = shown.answer
    page.heading(say(N_("Where the money is now ({currency})"), currency=answer.currency))
    if not answer.resting:
        page.line(say(N_("Nothing of it rests in any account.")))
        return
    places = grouped(answer.resting, lambda place: place.account)
    by_bank: dict[str, int] = defaultdict(int)
    for account, same in places.items():
        by_bank[bank_of(account)] += sum_minor(same)
    order = sorted(
        places,
        key=lambda account: (
            -by_bank[bank_of(account)],
            bank_of(account),
            -sum_minor(places[account]),
            account,
        ),
    )
    page.table(
        [
            text_column(say(N_("Account"))),
            *([text_column(say(N_("Claims")))] if shown.several else []),
            amount_column(say(N_("Amount"))),
            amount_column(say(N_("Held"))),
            amount_column(say(N_("Can be held"))),
            amount_column(say(N_("Hop"))),
        ],
        (_place_row(shown, account, places[account]) for account in order[:PLACES_MAX]),
        [
            say(N_("Total")),
            *([""] if shown.several else []),
            *_amounts(shown, answer.resting),
            "",
        ],
    )
    left_out = [place for account in order[PLACES_MAX:] for place in places[account]]
    if left_out:
        _say_left_out(page, shown, len(order) - PLACES_MAX, sum_minor(left_out))


def _place_row(shown: Shown, account: str, places: Sequence[Resting]) -> list[str]:
    return [
        account,
        *([shown.claims(place.claim for place in places)] if shown.several else []),
        *_amounts(shown, places),
        str(min(place.hop for place in places)),
    ]


def _amounts(shown: Shown, places: Sequence[Resting]) -> list[str]:
    """Write what rests, what of it is held, and what could be held yet."""
    amount = sum_minor(places)
    held = sum(place.held_minor for place in places)
    return [shown.amount(amount), shown.amount(held), shown.amount(amount - held)]


def _say_left_out(page: TablePage, shown: Shown, count: int, amount_minor: int) -> None:
    page.line(
        say(
            N_(
                "Left out here: {count} rows, together {amount} {currency}; --format csv shows all."
            ),
            count=count,
            amount=shown.amount(amount_minor),
            currency=shown.answer.currency,
        )
    )


def _print_banks(page: TablePage, shown: Shown) -> None:
    banks = grouped(shown.answer.resting, lambda place: bank_of(place.account))
    if len(banks) < 2:
        return
    page.heading(say(N_("By bank")))
    page.table(
        [
            text_column(say(N_("Bank"))),
            amount_column(say(N_("Accounts"))),
            amount_column(say(N_("Amount"))),
            amount_column(say(N_("Held"))),
            amount_column(say(N_("Can be held"))),
        ],
        (
            [bank or "?", str(len({place.account for place in places})), *_amounts(shown, places)]
            for bank, places in sorted(
                banks.items(), key=lambda item: (-sum_minor(item[1]), item[0])
            )
        ),
    )


def _print_exits(page: TablePage, shown: Shown) -> None:
    exits = shown.answer.exits
    if not exits:
        return
    page.heading(say(N_("Where it left the trail ({currency})"), currency=shown.answer.currency))
    ways = grouped(exits, lambda way_out: (way_out.kind, way_out.account))
    order = sorted(ways, key=lambda key: (_kind_order(key[0]), -sum_minor(ways[key]), key))
    page.table(
        [
            text_column(say(N_("What happened"))),
            text_column(say(N_("Account"))),
            *([text_column(say(N_("Claims")))] if shown.several else []),
            amount_column(say(N_("Amount"))),
        ],
        (
            [
                exit_label(kind),
                account,
                *(
                    [shown.claims(way_out.claim for way_out in ways[kind, account])]
                    if shown.several
                    else []
                ),
                shown.amount(sum_minor(ways[kind, account])),
            ]
            for kind, account in order[:PLACES_MAX]
        ),
        [
            say(N_("Total")),
            "",
            *([""] if shown.several else []),
            shown.amount(sum_minor(exits)),
        ],
    )
    for kind in dict.fromkeys(kind for kind, _ in order):
        page.line(exit_sentence(kind))
    left_out = [way_out for key in order[PLACES_MAX:] for way_out in ways[key]]
    if left_out:
        _say_left_out(page, shown, len(order) - PLACES_MAX, sum_minor(left_out))


def _kind_order(kind: str) -> int:
    return EXIT_KINDS.index(kind) if kind in EXIT_KINDS else len(EXIT_KINDS)


def _print_claims(page: TablePage, shown: Shown) -> None:
    answer = shown.answer
    resting = grouped(answer.resting, lambda place: place.claim)
    exits = grouped(answer.exits, lambda way_out: way_out.claim)
    page.heading(say(N_("Claims ({currency})"), currency=answer.currency))
    page.table(
        [
            amount_column(say(N_("No."))),
            text_column(say(N_("Claim"))),
            amount_column(say(N_("Stolen"))),
            amount_column(say(N_("Resting"))),
            amount_column(say(N_("Held"))),
            amount_column(say(N_("Left"))),
        ],
        (
            [
                shown.numbers[claim.transfer_id],
                claim.transfer_id,
                shown.amount(claim.amount_minor),
                *_amounts(shown, resting.get(claim.transfer_id, []))[:2],
                shown.amount(sum_minor(exits.get(claim.transfer_id, []))),
            ]
            for claim in answer.claims
        ),
    )
    for claim in answer.claims:
        if claim.reported_minor != claim.amount_minor:
            page.line(
                say(
                    N_(
                        "{number}: {reported} {currency} was paid; what is not counted as stolen "
                        "here is money of earlier claims."
                    ),
                    number=shown.numbers[claim.transfer_id],
                    reported=shown.amount(claim.reported_minor),
                    currency=answer.currency,
                )
            )


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
            for account in accounts[:RULES_ROWS_MAX]
        ),
    )
    _say_rows_left_out(page, len(accounts))
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
    for kind in sorted(_largest_first(kinds), key=_kind_order):
        rows.append([exit_label(kind), *_amounts_by_rule(reckoned, kinds, kind)])
        rows += [
            [f"  {place[1]}", *_amounts_by_rule(reckoned, places, place)]
            for place in order
            if place[0] == kind
        ]
    page.heading(_with_currency(N_("Where it left the trail ({currency})"), reckoned))
    page.table(
        [text_column(say(N_("What happened, and where"))), *_rule_columns(reckoned)],
        rows[:RULES_ROWS_MAX],
    )
    _say_rows_left_out(page, len(rows))


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


def _largest_first(by_rule: Mapping[Rule, Mapping[Key, int]]) -> list[Key]:
    """Return the keys of all rules, those with the largest amount under any rule first."""
    largest: dict[Key, int] = defaultdict(int)
    for amounts in by_rule.values():
        for key, amount_minor in amounts.items():
            largest[key] = max(largest[key], amount_minor)
    return sorted(largest, key=lambda key: (-largest[key], str(key)))


def _with_currency(sentence: str, answers: Mapping[Rule, Answer]) -> str:
    return say(sentence, currency=next((a.currency for a in answers.values()), ""))


def _say_rows_left_out(page: TablePage, rows: int) -> None:
    if rows > RULES_ROWS_MAX:
        page.line(
            say(
                N_("Left out here: {count} rows; one rule with --format csv shows all."),
                count=rows - RULES_ROWS_MAX,
            )
        )
