"""Who works and who reaches whom, while banks and the centre come and go."""

from __future__ import annotations

from holdfast.simulation.events import CENTRE, Manner, Turn
from holdfast.simulation.town import Town

_AWAY = frozenset({Manner.DOWN, Manner.CUT})


class Links:
    """The network between the banks of a town and a centre.

    A bank that is away, or cut off by the centre's being away, refuses all connections: so the
    centre finds nobody there, in whatever way it came about.
    """

    def __init__(self, town: Town) -> None:
        self._town = town
        self._away: dict[str, Manner] = {}

    def turn(self, turn: Turn) -> None:
        """Let a bank or the centre go, or come back."""
        if turn.manner in _AWAY:
            self._away[turn.who] = turn.manner
        else:
            self._away.pop(turn.who, None)
        for bank in self._town.banks:
            (self._town.open if self.reach(bank) else self._town.close)(bank)

    def is_dead(self, who: str) -> bool:
        """Whether nothing of a bank, or of the centre, works."""
        return self._away.get(who) is Manner.DOWN

    def reach(self, *banks: str) -> bool:
        """Whether the centre and all these banks reach each other, or, without one, victims it."""
        return not any(who in self._away for who in (CENTRE, *banks))
