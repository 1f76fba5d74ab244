"""Imports a file into a ledger in small batches and says each change once it is acknowledged.

Run as a process of its own by the tests, which kill it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from holdfast.ledger.readers import ReadNotes
from holdfast.ledger.store import LedgerWriter
from holdfast.workflows import import_ledger as workflow
from holdfast.workflows.import_ledger import Listener, import_ledger

BATCH_ROWS = 40
NOW_US = 2_000_000_000_000_000


def run(file: Path, openings: Path, folder: Path) -> None:
    """Import, and print `change transfers` after each batch that is safely kept."""
    workflow.BATCH_ROWS = BATCH_ROWS
    with LedgerWriter.open(folder) as ledger:

        def progress(_path: Path, _notes: ReadNotes) -> None:
            print(ledger.figures.change, ledger.figures.transfers, flush=True)

        import_ledger(ledger, [file], [openings], NOW_US, Listener(progress=progress))


if __name__ == "__main__":
    run(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
