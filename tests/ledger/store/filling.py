"""Write batches until no space is left: a program of its own.

`filling.py LEDGER SIZE WRITE_BUFFER_BYTES [FILE_BYTES_MAX]` prints the number of each change once
it is acknowledged, and `full` when the ledger says so, once while it writes and once more on a
second try. With FILE_BYTES_MAX the system refuses any file to grow beyond that.
"""

from __future__ import annotations

import resource
import sys
from itertools import count
from pathlib import Path

from tests.ledger.store.samples import transfer

from holdfast.core.errors import LedgerFull
from holdfast.ledger.store import LedgerWriter, engine


def main(folder: str, size: str, write_buffer_bytes: str, file_bytes_max: str = "") -> None:
    """Write the row of transfers until the ledger is full."""
    engine.WRITE_BUFFER_BYTES = int(write_buffer_bytes)
    if file_bytes_max:
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(file_bytes_max), hard))
    try:
        with LedgerWriter.open(Path(folder)) as ledger:
            _fill(ledger, int(size))
    except LedgerFull as error:
        print(error.code.removeprefix("ledger_"), flush=True)


def _fill(ledger: LedgerWriter, size: int) -> None:
    for start in count(0, size):
        rows = [transfer(number) for number in range(start, start + size)]
        try:
            ledger.append(rows)
        except LedgerFull:
            print("full", flush=True)
            ledger.append(rows)
        print(ledger.figures.change, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
