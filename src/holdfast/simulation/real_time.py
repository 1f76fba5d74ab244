"""Banks in real time: their shared clock goes with that of this machine."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from holdfast.core.keys import PublicKey
from holdfast.simulation.clock_file import SharedClock
from holdfast.simulation.town import Town
from holdfast.simulation.world import World

BANKS_FOLDER, CLOCK_FILE = "banks", "banks.clock"
TICK_S = 0.002


def real_us() -> int:
    """Return the time of this machine, in microseconds since 1970 UTC."""
    return time.time_ns() // 1000


@contextmanager
def running_town(world: World, folder: Path, centre_keys: Sequence[PublicKey]) -> Iterator[Town]:
    """Run the banks of a world in real time; their books stay in a folder, which is there.

    Raises:
        CentreError: as a town.
    """
    file = folder / CLOCK_FILE
    with (
        SharedClock(file) as clock,
        ticking(clock),
        Town(world, folder / BANKS_FOLDER, file, centre_keys) as town,
    ):
        yield town


@contextmanager
def ticking(clock: SharedClock) -> Iterator[None]:
    """Set a clock to real time, `TICK_S` behind at most where the machine has time for it."""
    ended = Event()

    def tick() -> None:
        while not ended.wait(TICK_S):
            clock.set(real_us())

    clock.set(real_us())
    thread = Thread(target=tick, name="ticking", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
