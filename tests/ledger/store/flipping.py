"""Flip single bits in a ledger's files and say what became of each: a program of its own.

It runs beside the tests because a damaged file can make the database fall over or never come
back, and then only this program is lost: `flipping.py LEDGER PATTERN SEED COUNT` flips COUNT
bits anywhere in the files that fit PATTERN, or with COUNT `kinds` each bit that says of what
kind a record of a log is. It prints one line of JSON: how many flips had which outcome.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

from tests.ledger.store.samples import codes, content

from holdfast.core.errors import LedgerDamaged, LedgerError
from holdfast.ledger.store import LedgerStore, LedgerWriter

TRANSFERS_MAX = 100_000
_LOG_BLOCK_BYTES = 32 * 1024
_LOG_HEADER_BYTES = 7

Flip = tuple[Path, int]
"""A file, and which of its bits."""


def whole(ledger: LedgerStore) -> object:
    """Read all that the ledger of these tests says."""
    count = min(ledger.figures.transfers, TRANSFERS_MAX)
    rows = content(ledger, (f"T{number:07}" for number in range(count)))
    return ledger.figures, rows, list(ledger.changes_since(0))


def outcome(kind: type[LedgerStore], folder: Path, right: object) -> str:
    """Open, read and verify a damaged ledger: `told`, `silent` (all is as before) or `wrong`."""
    try:
        with kind.open(folder) as ledger:
            if whole(ledger) != right:
                return "wrong"
            return "told" if codes(ledger) else "silent"
    except LedgerDamaged:
        return "told"
    except LedgerError as error:
        return error.code


def anywhere(files: list[Path], chance: Random, count: int) -> Iterator[Flip]:
    """Choose bits, each equally likely."""
    sizes = [file.stat().st_size for file in files]
    for _ in range(count):
        (file,) = chance.choices(files, sizes)
        yield file, chance.randrange(8 * file.stat().st_size)


def kinds(file: Path) -> Iterator[Flip]:
    """Choose every bit of the bytes that say of what kind a record of a log is."""
    data = file.read_bytes()
    position = 0
    while position + _LOG_HEADER_BYTES <= len(data):
        yield from ((file, 8 * (position + 6) + bit) for bit in range(8))
        position += _LOG_HEADER_BYTES + int.from_bytes(data[position + 4 : position + 6], "little")
        rest = -position % _LOG_BLOCK_BYTES
        position += rest if rest < _LOG_HEADER_BYTES else 0


def main(ledger: str, pattern: str, seed: str, count: str) -> None:
    """Flip bits one after the other, and count what becomes of them."""
    folder = Path(ledger)
    with LedgerStore.open(folder) as reader:
        right = whole(reader)
    files = sorted(file for file in folder.rglob(pattern) if file.stat().st_size)
    if count == "kinds":
        flips = [flip for file in files for flip in kinds(file)]
    else:
        flips = list(anywhere(files, Random(seed), int(count)))  # noqa: S311
    outcomes: Counter[str] = Counter()
    for file, bit in flips:
        copy = folder.with_name("copy")
        shutil.copytree(folder, copy)
        data = bytearray(file.read_bytes())
        data[bit // 8] ^= 1 << bit % 8
        (copy / file.relative_to(folder)).write_bytes(data)
        for kind in (LedgerStore, LedgerWriter):
            outcomes[outcome(kind, copy, right)] += 1
        shutil.rmtree(copy)
    print(json.dumps(outcomes))


if __name__ == "__main__":
    main(*sys.argv[1:])
