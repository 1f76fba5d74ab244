"""Write batches into a ledger and tell each acknowledged change: a program of its own.

`writing.py LEDGER BATCHES SIZE WRITE_BUFFER_BYTES` prints `open`, then the number of each
change once `append` has returned. It ends early once its standard input does. A small write buffer makes the database empty its logs into
tables, and remove them, as often in a second as it would in an hour.
"""

from __future__ import annotations

import select
import sys
from pathlib import Path

from tests.ledger.store.samples import transfer

from holdfast.ledger.store import LedgerWriter, engine

PAUSE_SECONDS = 0.01
"""Between batches, or the logs would change faster than any reader can open them."""


def main(folder: str, batches: str, size: str, write_buffer_bytes: str) -> None:
    """Write the row of transfers, each batch's last one first so that blocks are mended."""
    engine.WRITE_BUFFER_BYTES = int(write_buffer_bytes)
    with LedgerWriter.open(Path(folder)) as ledger:
        print("open", flush=True)
        for start in range(0, int(batches) * int(size), int(size)):
            numbers = range(start, start + int(size))
            rows = [transfer(number, time_us=number ^ 31) for number in numbers]
            ledger.append(rows)
            print(ledger.figures.change, flush=True)
            if select.select([sys.stdin], [], [], PAUSE_SECONDS)[0]:
                return


if __name__ == "__main__":
    main(*sys.argv[1:])
