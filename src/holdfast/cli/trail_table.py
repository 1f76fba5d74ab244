"""A trail in a terminal: where the money is now first, then how it went."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from rich.console import Console

from holdfast.cli.hops_table import print_exposed, print_hops
from holdfast.cli.rules_table import print_side_by_side
from holdfast.cli.table_page import Shown, TablePage, amount_column, grouped, text_column
from holdfast.core.account import bank_of
from holdfast.core.words import N_, say
from holdfast.documents.trail_words import (
    as_of_sentence,
    exit_label,
    exit_order,
    exit_sentence,
    notices,
    rule_sentence,
    sum_minor,
    total_sentence,
)
from holdfast.trail.answer import Answer, Resting
from holdfast.trail.question import Rule

__all__ = ["print_side_by_side", "print_trail"]

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
    order = sorted(ways, key=lambda key: (exit_order(key[0]), -sum_minor(ways[key]), key))
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
