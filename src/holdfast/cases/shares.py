"""Whom a hold serves: holds stand, their beneficiaries may change.

A claim reported later whose payment came earlier takes what is its own from those after it. The
money already held then serves that claim; only what serves nobody is let go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

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
    overheld: Iterable[Overheld], resting: Iterable[Resting], asked: Mapping[tuple[str, str], int]
) -> tuple[list[Move], list[Overheld]]:
    """Return which excess of holds serves which other claim, and what excess is left.

    Excess goes to claims with free money in the same account, in the trail's order; `asked` is
    what open orders already ask for by account and claim, which is not given twice.
    """
    free = {
        (row.account, row.claim): row.amount_minor
        - row.held_minor
        - asked.get((row.account, row.claim), 0)
        for row in resting
    }
    given, left = [], []
    for row in overheld:
        excess = row.amount_minor
        for (account, claim), amount in free.items():
            part = min(excess, amount)
            if account != row.account or claim == row.claim or part <= 0:
                continue
            given.append(Move(row.hold_id, account, row.claim, claim, part))
            free[account, claim] -= part
            excess -= part
        if excess:
            left.append(Overheld(row.hold_id, row.account, row.claim, excess))
    return given, left
