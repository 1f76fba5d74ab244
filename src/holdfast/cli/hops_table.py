"""How the money went: hop by hop, or the accounts that it could have reached."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from holdfast.cli.table_page import Shown, TablePage, amount_column, text_column
from holdfast.core.words import N_, say
from holdfast.documents.trail_words import time_text
from holdfast.trail.answer import Answer, Hop


def print_hops(page: TablePage, shown: Shown, hops_max: int) -> None:
    """Print the first hops in the ledger's order, and say how many more there are."""
    answer = shown.answer
    page.heading(say(N_("How it went ({currency}, UTC)"), currency=answer.currency))
    page.table(
        [
            text_column(say(N_("Time"))),
            text_column(say(N_("From"))),
            text_column(say(N_("To"))),
            *([text_column(say(N_("Claim")))] if shown.several else []),
            amount_column(say(N_("Carried"))),
        ],
        (row for rows in _hop_rows(shown, hops_max) for row in rows),
    )
    more = len(answer.hops) - hops_max
    if more > 0:
        page.line(
            say(
                N_("Left out here: {more} of {count} hops; --format csv shows all."),
                more=more,
                count=len(answer.hops),
            )
        )


def _hop_rows(shown: Shown, hops_max: int) -> Iterable[list[list[str]]]:
    """Return for each hop its lines: a new day, then one for each claim that it carried."""
    day_before = ""
    for hop in islice(shown.answer.hops, hops_max):
        day, clock = time_text(hop.time_us).rstrip("Z").split(" ")
        lines = [[day, "", "", *([""] if shown.several else []), ""]] if day != day_before else []
        day_before = day
        yield lines + _claim_lines(shown, hop, clock)


def _claim_lines(shown: Shown, hop: Hop, clock: str) -> list[list[str]]:
    ends = [clock, hop.debit_account, hop.credit_account]
    if not shown.several:
        return [[*ends, shown.amount(sum(hop.tainted.values()))]]
    return [
        [*(ends if first else ["", "", ""]), shown.claims([claim]), shown.amount(amount_minor)]
        for first, (claim, amount_minor) in (
            (place == 0, item) for place, item in enumerate(hop.tainted.items())
        )
    ]


def print_exposed(page: TablePage, answer: Answer, rows_max: int) -> None:
    """Print the accounts that were reached first, and say how many more there are."""
    page.heading(
        say(
            N_("Accounts that the money could have reached: {count}"),
            count=len(answer.exposed),
        )
    )
    page.line(say(N_("Intelligence only, never a hold; no amounts are reckoned.")))
    found = sorted(answer.exposed, key=lambda row: (row.first_time_us, row.hop, row.account))
    page.table(
        [
            text_column(say(N_("First time (UTC)"))),
            text_column(say(N_("Account"))),
            amount_column(say(N_("Hop"))),
            text_column(say(N_("By transfer"))),
        ],
        (
            [time_text(row.first_time_us), row.account, str(row.hop), row.via]
            for row in found[:rows_max]
        ),
    )
    more = len(found) - rows_max
    if more > 0:
        page.line(
            say(
                N_("Left out here: {more} of {count} accounts; --format csv shows all."),
                more=more,
                count=len(found),
            )
        )
