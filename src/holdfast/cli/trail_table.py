"""A trail in a terminal: where the money is now first, then how it went.

It reads without colours, at 80 columns, in a pipe or a file; what does not fit is folded, never
cut, and what is left out is counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich import box
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from holdfast.core.account import bank_of
from holdfast.core.words import N_, say
from holdfast.documents.trail_words import (
    EXIT_KINDS,
    amount_text,
    as_of_sentence,
    exit_label,
    held_minor,
    notices,
    rule_sentence,
    sum_minor,
    time_text,
    total_sentence,
)
from holdfast.documents.visible_text import visible
from holdfast.trail.answer import Answer, Exposed, Hop, Resting
from holdfast.trail.question import Rule

NAMED_MAX = 40
"""Names that a warning writes out before it only counts."""


def print_trail(answer: Answer, console: Console, *, hops_max: int = 40) -> None:
    """Print an answer as tables; of more than `hops_max` hops the rest is counted, not shown."""
    page = _Page(console, answer)
    page.heading(say(N_("Trail by {rule}, {until}"), rule=rule_sentence(answer.rule), until=as_of_sentence(answer)))
    for sentence in notices(answer, shown=NAMED_MAX):
        page.line(sentence, bold=True)
    if not answer.claims:
        page.line(say(N_("No claim is in the ledger yet, so there is no trail.")))
    elif answer.rule is Rule.POISON:
        _print_exposed(page, hops_max)
    else:
        _print_now(page)
        _print_exits(page)
        _print_total(page)
        _print_claims(page)
        _print_hops(page, hops_max)


class _Page:
    """The console, and the answer whose amounts and claims are shown on it."""

    def __init__(self, console: Console, answer: Answer) -> None:
        self.console = console
        self.answer = answer
        self.numbers = {
            claim.transfer_id: place for place, claim in enumerate(answer.claims, start=1)
        }

    @property
    def several(self) -> bool:
        """Whether rows must say whose money they are about."""
        return len(self.numbers) > 1

    def amount(self, amount_minor: int) -> str:
        """Write an amount in major units."""
        return amount_text(amount_minor, self.answer.currency)

    def claim(self, claim: str) -> str:
        """Write a claim as its number in the list of claims."""
        return f"#{self.numbers[claim]}" if claim in self.numbers else claim

    def cell(self, words: str) -> Text:
        """Return text that a terminal shows as it is: no markup, no control signs."""
        shown = visible(words, words=True)
        if self.console.options.ascii_only:
            shown = shown.encode("ascii", "backslashreplace").decode("ascii")
        return Text(shown)

    def line(self, words: str, *, bold: bool = False) -> None:
        """Print a sentence."""
        text = self.cell(words)
        text.stylize("bold" if bold else "")
        self.console.print(text)

    def heading(self, words: str) -> None:
        """Print a heading with an empty line before it."""
        self.console.print()
        self.line(words, bold=True)

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
        """Print rows under their columns; rows end where the last of them does."""
        table = Table(
            *columns, box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 0)
        )
        for row in rows:
            table.add_row(*(self.cell(cell) for cell in row))
        self.console.print(table)
