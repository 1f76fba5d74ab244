"""Crews learn: they try an account before they use it, and drop one from which nothing can be paid.

So a hold on what one scam left behind does not catch the money of the next one by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from holdfast.simulation.events import Part
from holdfast.simulation.plot import Planned
from holdfast.simulation.world import World


class Crews:
    """Whose accounts the scams of a world use by now; in a scenario those that it names."""

    def __init__(self, world: World) -> None:
        self._parts = world.parts
        self._burnt: set[int] = set()
        self._instead: dict[tuple[str, int], int] = {}
        """The account that a scam uses for one in its plan; mostly the very same."""
        self._spare: Iterator[int] = iter(() if world.everyday is None else _unused_mules(world))

    def stopped(self, account: int) -> None:
        """Know that somebody could not pay all from an account that they wanted to."""
        self._burnt.add(account)

    def meant(self, row: Planned, is_stuck: Callable[[int], bool]) -> Planned:
        """Return a planned payment as it will be tried, from and into accounts that can be used.

        `is_stuck` says of an account whether nothing can be paid from it. Where no mule is left
        that is in no scam yet, the account in the plan is used all the same.
        """
        payee = row.scam, row.credit
        if self._parts[row.credit] is Part.MULE:
            if payee not in self._instead and is_stuck(row.credit):
                self._burnt.add(row.credit)
            used = self._instead.get(payee, row.credit)
            self._instead[payee] = next(self._spare, used) if used in self._burnt else used
        return row._replace(
            debit=self._instead.get((row.scam, row.debit), row.debit),
            credit=self._instead.get(payee, row.credit),
        )


def _unused_mules(world: World) -> Iterator[int]:
    used = {place for row in world.story.rows for place in (row.debit, row.credit)}
    for place, part in enumerate(world.parts):
        if part is Part.MULE and place not in used:
            yield place
