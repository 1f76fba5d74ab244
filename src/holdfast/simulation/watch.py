"""What the banks' books show of orders and holds, and what people at the banks do about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from random import Random

from holdfast.simulation.agenda import Agenda
from holdfast.simulation.chance import even
from holdfast.simulation.desk import Desk, Standing
from holdfast.simulation.events import Held
from holdfast.simulation.links import Links
from holdfast.simulation.parameters import parameters
from holdfast.simulation.plot import MINUTE_US
from holdfast.simulation.teller import Teller
from holdfast.simulation.world import World

BACK_AGAIN_US = 5 * MINUTE_US
"""After how long a clerk tries again whose bank is dead."""


@dataclass(slots=True)
class Watch:
    """Looks into the books after something happened, and plans what follows at the banks."""

    world: World
    teller: Teller
    links: Links
    agenda: Agenda
    chance: Random
    held: list[Held] = field(default_factory=list)
    """What changed of what is held, in time order."""
    standing: dict[str, Standing] = field(default_factory=dict)
    """Every order that a bank has, by its id, as it was when last looked at."""
    hands_us: dict[str, int] = field(default_factory=dict)
    """How long a clerk takes, by bank; zero is drawn anew each time."""
    places: dict[str, int] = field(init=False)
    """Of all accounts in the world, by their names."""
    scams: dict[str, str] = field(default_factory=dict)
    """The scam of a payment that was told of, by its id."""
    _held_minor: dict[str, int] = field(default_factory=dict)
    """By account."""

    def __post_init__(self) -> None:
        self.places = {name: place for place, name in enumerate(self.world.names)}

    def look_at(self, desk: Desk) -> None:
        """Find what changed in a bank's book since it was last looked at."""
        for order in desk.orders():
            before = self.standing.get(order.order_id)
            if order == before:
                continue
            self.standing[order.order_id] = order
            change_minor = order.held_minor - (0 if before is None else before.held_minor)
            self._write_held(order, change_minor, is_new=before is None)
            if order.waits and before is None:
                self._plan_clerk(desk, order)
            if order.held_minor and not _lapses_alike(order, before):
                self.agenda.plan(order.expires_us, partial(self._lapse, desk))

    def _lapse(self, desk: Desk) -> None:
        """Let a bank let go of what is over; one that is dead does so when it works again."""
        if not self.links.is_dead(desk.institution):
            desk.lapse(self.agenda.now_us)

    def _write_held(self, order: Standing, change_minor: int, *, is_new: bool) -> None:
        place = self.places[order.account]
        held_minor = self._held_minor.get(order.account, 0) + change_minor
        self._held_minor[order.account] = held_minor
        is_live = held_minor > 0 or order.waits
        self.teller.watch(place, held_minor, is_live=is_live)
        if change_minor or is_new:
            truth = self.teller.truth
            self.held.append(
                Held(
                    self.agenda.now_us,
                    order.account,
                    self.scams.get(order.payment or "", ""),
                    held_minor,
                    truth.at(place),
                    truth.is_innocent(place),
                )
            )

    def _plan_clerk(self, desk: Desk, order: Standing) -> None:
        after_us = self.hands_us.get(desk.institution, 0)
        if not after_us:
            minutes = even(self.chance, parameters().by_hand_minutes)
            after_us = int(minutes * MINUTE_US)
        self.agenda.plan_in(after_us, partial(self._answer, desk, order.order_id))

    def _answer(self, desk: Desk, order_id: str) -> None:
        if self.links.is_dead(desk.institution):
            self.agenda.plan_in(BACK_AGAIN_US, partial(self._answer, desk, order_id))
        else:
            desk.decide(order_id, self.agenda.now_us)


def _lapses_alike(order: Standing, before: Standing | None) -> bool:
    """Whether a hold was there before and had the same end."""
    return before is not None and before.held_minor > 0 and before.expires_us == order.expires_us
