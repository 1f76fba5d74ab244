"""Whom a hold serves: holds stand, their beneficiaries may change.

A claim reported later whose payment came earlier takes what is its own from those after it. The
money already held then serves that claim; only what serves nobody is let go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from holdfast.cases.wanted import Spot, Standing
from holdfast.trail.answer import Overheld, Resting


@dataclass(frozen=True, slots=True)
class Move:
    """Part of a hold that serves another claim from now on; minor units."""

    hold_id: str
    account: str
    from_claim: str
    to_claim: str
    amount_minor: int


def moves(
    overheld: Iterable[Overheld],
    resting: Iterable[Resting],
    standing: Mapping[Spot, Standing],
    may_serve: Callable[[str, Resting, int], bool],
) -> tuple[list[Move], list[Overheld]]:
    """Return which excess of holds serves which other claim, and what excess is left.

    Excess goes to claims with free money in the same account, in the trail's order. What open
    orders already ask for is not given twice, and what is set aside is not held again.
    `may_serve` is asked of each hold, spot and amount before it is given.
    """
    rows = list(resting)
    free = {(row.account, row.claim): _wanting(row, standing) for row in rows}
    given, left = [], []
    for hold in overheld:
        excess = hold.amount_minor
        for row in rows:
            part = min(excess, free[row.account, row.claim])
            if row.account != hold.account or row.claim == hold.claim or part <= 0:
                continue
            if not may_serve(hold.hold_id, row, part):
                continue
            given.append(Move(hold.hold_id, row.account, hold.claim, row.claim, part))
            free[row.account, row.claim] -= part
            excess -= part
        if excess:
            left.append(Overheld(hold.hold_id, hold.account, hold.claim, excess))
    return given, left


def _wanting(row: Resting, standing: Mapping[Spot, Standing]) -> int:
    return standing.get((row.account, row.claim), Standing()).wanting(
        row.amount_minor - row.held_minor
    )
