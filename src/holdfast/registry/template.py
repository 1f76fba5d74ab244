"""The template of a file of listings: the columns, what stands in each, rows that are right."""

from __future__ import annotations

import csv
from pathlib import Path

from holdfast.core.errors import Refused
from holdfast.core.words import N_
from holdfast.registry.portal import COLUMNS, EXAMPLES

_WIDTH = 24


def write_template(path: Path) -> None:
    """Write a template, Excel or CSV by its name's end; the examples in it are to be replaced.

    Raises:
        Refused: `template_exists` or `template_unwritable`.
    """
    if path.exists():
        raise Refused(
            "template_exists", N_("{file} exists; name a new file for the template"), file=path
        )
    try:
        if path.suffix.casefold() == ".xlsx":
            _excel(path)
        else:
            _csv(path)
    except OSError as error:
        raise Refused(
            "template_unwritable",
            N_("the template cannot be written to {file} ({why})"),
            file=path,
            why=error.strerror,
        ) from None


def _csv(path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(EXAMPLES)


def _excel(path: Path) -> None:
    from openpyxl import Workbook
    from openpyxl.styles import Font

    book = Workbook()
    rows = book.active
    rows.title = "listings"
    rows.append(list(COLUMNS))
    for cell in rows[1]:
        cell.font = Font(bold=True)
        rows.column_dimensions[cell.column_letter].width = _WIDTH
    rows.freeze_panes = "A2"
    for example in EXAMPLES:
        rows.append([example.get(name, "") for name in COLUMNS])
    told = book.create_sheet("columns")
    for name, meaning in COLUMNS.items():
        told.append((name, meaning))
    book.save(path)
