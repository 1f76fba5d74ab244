"""A process that follows a feed of chance until it is killed: now by deltas, now by snapshots."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

from tests.registry.replica.holding_kit import KEYS, deltas, feed, snapshot

from holdfast.registry.replica.holding import Holding


def main(folder: Path, seed: int, length: int) -> None:
    """Go on from where the folder is, over and over."""
    entries = feed(seed, length)
    chance = Random(seed)  # noqa: S311
    holding = Holding.open(folder, KEYS)
    print("begun", flush=True)
    steps = deltas(entries, 1)
    while holding.place.number < length:
        number = holding.place.number
        if chance.random() < 0.8:
            holding.apply(steps[number])
            continue
        manifest, contents = snapshot(entries[: min(length, number + 3)], 2)
        holding.missing_parts(manifest)
        for place, content in enumerate(contents):
            holding.put_part(manifest, place, content)
        holding.apply_snapshot(manifest)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
