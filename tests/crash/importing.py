"""Import files into a ledger and tell each acknowledged change: a program to be killed.

`importing.py LEDGER WRITE_BUFFER_BYTES OPENINGS FILE` runs the import that the command line
runs, in small batches. It prints the number of the last change whenever a batch is safely kept.
"""

from __future__ import annotations

import sys
from pathlib import Path

from holdfast.ledger.store import LedgerWriter, engine
from holdfast.workflows import import_ledger

BATCH_ROWS = 20
NOW_US = 1_800_000_000_000_000


def run(ledger: LedgerWriter, openings: Path, file: Path) -> import_ledger.ImportReport:
    """Import the files in small batches, and tell each on standard output."""
    import_ledger.BATCH_ROWS = BATCH_ROWS
    listener = import_ledger.Listener(
        progress=lambda _path, _notes: print(ledger.figures.change, flush=True)
    )
    return import_ledger.import_ledger(ledger, [file], [openings], NOW_US, listener)


def main(folder: str, write_buffer_bytes: str, openings: str, file: str) -> None:
    """Open the ledger and import."""
    engine.WRITE_BUFFER_BYTES = int(write_buffer_bytes)
    with LedgerWriter.open(Path(folder)) as ledger:
        run(ledger, Path(openings), Path(file))


if __name__ == "__main__":
    main(*sys.argv[1:])
