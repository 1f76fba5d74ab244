"""Tables on a terminal that read anywhere: at 80 columns, without colours, in a pipe or a file."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
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
LABEL_LEAST, CELL_LEAST = 40, 19
"""Characters of a label and of a cell in rows that stand in columns."""

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


@dataclass(frozen=True, slots=True)
class Row:
    """A label and what stands beside it; one without a label heads the columns."""

    label: str
    cells: tuple[str, ...]


def width_of(console: Console) -> int | None:
    """Return how many characters a line can have, None where nothing wraps, as in a file."""
    told = console.is_terminal or "COLUMNS" in os.environ
    return console.width if told else None


def laid_out(lines: Iterable[str | Row], width: int | None) -> Iterator[str]:
    """Yield lines of text: rows in columns, or each cell in a line of its own.

    The latter where the columns are wider than `width`: what is wrapped by a terminal reads as if
    it stood in another row.
    """
    lines = list(lines)
    rows = [line for line in lines if isinstance(line, Row)]
    label = max([LABEL_LEAST, *(cell_len(row.label) for row in rows)])
    cell = max([CELL_LEAST, *(cell_len(text) for row in rows for text in row.cells)])
    count = max((len(row.cells) for row in rows), default=0)
    is_wide = width is not None and label + count * (cell + 1) > width
    heads: tuple[str, ...] = ()
    for line in lines:
        if isinstance(line, str):
            yield line
        elif not is_wide:
            yield padded(line.label, label) + "".join(f" {_right(x, cell)}" for x in line.cells)
        elif not line.label:
            heads = line.cells
        else:
            yield line.label
            head = max(map(cell_len, heads), default=0)
            for name, text in zip(heads, line.cells, strict=True):
                yield f"    {padded(name, head)} {_right(text, cell)}"


def noted(label: str, text: str, width: int | None) -> Iterator[str]:
    """Yield a label with a text beside it, or under it where there is no room beside."""
    beside = f"  {padded(label, LABEL_LEAST - 2)} {text}"
    if width is None or cell_len(beside) <= width:
        yield beside
    else:
        yield from (f"  {label}", f"    {text}")


def _right(words: str, width: int) -> str:
    return " " * (width - cell_len(words)) + words


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
