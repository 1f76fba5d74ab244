"""Tables on a terminal that read anywhere: at 80 columns, without colours, in a pipe or a file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from holdfast.core.words import N_, say
from holdfast.documents.trail_words import amount_text
from holdfast.documents.visible_text import visible
from holdfast.trail.answer import Answer

CLAIMS_NAMED = 3
"""Claims that a row names before it only counts."""

TEXT_LEAST = 12
"""Characters that a text keeps in a line before the table outgrows the terminal."""
GAP = 2

Item = TypeVar("Item")
Key = TypeVar("Key", bound=Hashable)


class TablePage:
    """Writes headings, sentences and tables to a console; no text is ever taken for markup.

    A text that does not fit beside the rest is folded into more lines, an amount never is, and
    nothing is cut.
    """

    def __init__(self, console: Console) -> None:
        self._console = console

    def heading(self, words: str) -> None:
        """Print a heading with an empty line before it."""
        self._console.print()
        self.line(words, bold=True)

    def line(self, words: str, *, bold: bool = False) -> None:
        """Print a sentence."""
        text = self._text(words)
        text.stylize("bold" if bold else "")
        self._console.print(text)

    def table(
        self,
        columns: Sequence[Column],
        rows: Iterable[Sequence[str]],
        total: Sequence[str] | None = None,
    ) -> None:
        """Print rows under their columns, and `total` under a line.

        Where the terminal is too narrow for the amounts, lines are longer than it is: an amount
        in pieces would be misread.
        """
        found = [list(row) for row in rows]
        least = _least_width(columns, found if total is None else [*found, total])
        table = Table(
            *columns,
            width=least if least > self._console.width else None,
            box=box.SIMPLE_HEAD,
            show_edge=False,
            pad_edge=False,
            collapse_padding=True,
            padding=(0, 1),
        )
        for row in found:
            table.add_row(*map(self._text, row))
        if total is not None:
            table.add_section()
            table.add_row(*map(self._text, total), style="bold")
        self._console.print(table, crop=False)

    def _text(self, words: str) -> Text:
        shown = visible(words, words=True)
        if self._console.options.ascii_only:
            shown = shown.encode("ascii", "backslashreplace").decode("ascii")
        return Text(shown)


def text_column(words: str) -> Column:
    """Return a column of texts under a heading."""
    return Column(words, overflow="fold")


def amount_column(words: str) -> Column:
    """Return a column of amounts or numbers under a heading, right-aligned."""
    return Column(words, justify="right", no_wrap=True)


def padded(words: str, width: int) -> str:
    """Fill words up to `width` places; a vowel or tone mark above a Thai letter takes none."""
    return words + " " * (width - cell_len(words))


def _least_width(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> int:
    """Return how many characters a table needs for its amounts, its texts folded."""
    width = GAP * (len(columns) - 1)
    for place, column in enumerate(columns):
        longest = max(
            cell_len(words) for words in [str(column.header), *(row[place] for row in rows)]
        )
        width += longest if column.no_wrap else min(longest, TEXT_LEAST)
    return width


class Shown:
    """An answer, and how its amounts and claims are written."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.numbers = {
            claim.transfer_id: f"#{place}" for place, claim in enumerate(answer.claims, start=1)
        }

    @property
    def several(self) -> bool:
        """Whether rows must say whose money they are about."""
        return len(self.numbers) > 1

    def amount(self, amount_minor: int) -> str:
        """Write an amount in major units."""
        return amount_text(amount_minor, self.answer.currency)

    def claims(self, claims: Iterable[str]) -> str:
        """Write claims as their numbers in the list of claims, many only as how many they are."""
        numbers = [self.numbers.get(claim, claim) for claim in dict.fromkeys(claims)]
        if len(numbers) > CLAIMS_NAMED:
            return say(N_("{count} claims"), count=len(numbers))
        return " ".join(numbers)


def grouped(items: Iterable[Item], key: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    """Return the items that have the same key together, in the order in which they came."""
    groups: dict[Key, list[Item]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return dict(groups)
