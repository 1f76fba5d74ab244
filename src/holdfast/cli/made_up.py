"""What all commands share that make a country up: its folder, its past, what to try next."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from holdfast.core.errors import Refused
from holdfast.core.words import N_, say

if TYPE_CHECKING:
    from holdfast.ledger.store import LedgerWriter
    from holdfast.simulation.files import CountryFiles
    from holdfast.workflows.import_ledger import Listener

MARK = "made-by-holdfast"
"""A file of this name says that a folder may be made anew."""


def clear(folder: Path, written: Sequence[str]) -> None:
    """Take away what an earlier call wrote; a folder that none wrote to is left alone.

    Raises:
        Refused: `folder_in_use`.
    """
    if folder.exists():
        if any(folder.iterdir()) and not (folder / MARK).exists():
            raise Refused(
                "folder_in_use",
                N_("{folder} holds other things; name a new folder with --into"),
                folder=str(folder),
            )
        for name in written:
            path = folder / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()


def import_country(
    ledger: LedgerWriter, files: CountryFiles, now_us: int, listener: Listener
) -> None:
    """Import all that a made-up country has paid so far.

    Raises:
        Refused: `country_not_whole`.
    """
    from holdfast.workflows.import_ledger import import_ledger

    report = import_ledger(ledger, [files.ledger], [files.openings], now_us, listener)
    if report.problems or report.added != files.transfers:
        raise Refused(
            "country_not_whole",
            N_("{added} of {transfers} transfers were imported, with {problems} problems"),
            added=report.added,
            transfers=files.transfers,
            problems=report.problems,
        )


def next_lines(*calls: str, **settings: str) -> Iterator[str]:
    """Yield calls of this program that can be tried next, as they are typed here.

    `settings` stand before the last call, as a shell takes them.
    """
    holdfast = quote(sys.argv[0]) if Path(sys.argv[0]).name == "holdfast" else "holdfast"
    before = "".join(f"{name}={quote(value)} " for name, value in settings.items())
    yield say(N_("Try next"))
    yield from (f"  {holdfast} {call}" for call in calls[:-1])
    yield f"  {before}{holdfast} {calls[-1]}"
