"""Chance from a seed: one stream a purpose, so that none depends on how much another drew."""

from __future__ import annotations

import math
from enum import IntEnum
from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING

from holdfast.simulation.parameters import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]


class Purpose(IntEnum):
    """What a stream of chance is for."""

    PEOPLE = 0  # who lives in the country
    TIMES = 1  # when the payments of a day are made
    PAYMENTS = 2  # who pays whom how much on a day
    REPORTS = 3  # which balances the banks report on a day
    SCAMS = 4  # what is planted
    CALLS = 5  # who reports what, when and how
    HANDS = 6  # when people at banks and the centre get to it, and how they judge
    TODAY = 7  # how fast people get to it under the process of today
    FAULTS = 8  # what goes wrong, at which bank and when
    STOPS = 9  # which merchants a payment system knows


def stream(seed: int, purpose: Purpose, day: int = 0) -> np.random.Generator:
    """Return the stream of chance for `purpose` on `day`."""
    import numpy as np

    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, purpose, day])))


def plain_stream(seed: int, purpose: Purpose) -> Random:
    """Return a stream for code that draws one number at a time."""
    return Random(f"{seed}.{purpose.name}")


def steps(weights: Sequence[float] | Floats) -> Floats:
    """Return the running share of `weights`, rising to exactly one."""
    import numpy as np

    rising = np.cumsum(np.asarray(weights, dtype=np.float64))
    rising /= rising[-1]
    rising[-1] = 1.0
    return rising


def pick(rng: np.random.Generator, rising: Floats, count: int) -> Ints:
    """Draw `count` positions by the running shares `rising`; int64[count]."""
    import numpy as np

    return np.searchsorted(rising, rng.random(count), side="right").astype(np.int64)


def even(rng: Random, span: Span) -> float:
    """Draw evenly between the least and the most of `span`."""
    return span[0] + (span[1] - span[0]) * rng.random()


def whole(rng: Random, span: tuple[int, int]) -> int:
    """Draw a whole number evenly, both ends of `span` included."""
    return rng.randint(*span)


def tailed(rng: Random, median: float, spread: float) -> float:
    """Draw log-normally around `median`."""
    return median * math.exp(rng.gauss(0.0, spread))


def weighted(rng: Random, weights: Sequence[int]) -> int:
    """Draw a position of `weights` in proportion."""
    return rng.choices(range(len(weights)), cum_weights=list(accumulate(weights)))[0]
