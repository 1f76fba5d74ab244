"""A hold: an amount with a clock. Its states, the steps between them, and what each may hold.

States are those of an order to hold an amount in a payee's account; the table of steps is the
only one there is, and the database refuses what is not in it as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from holdfast.core.errors import Conflict
from holdfast.core.words import N_


class HoldState(Enum):
    """Where an order to hold stands."""

    REQUESTED = "requested"  # on its way; the institution has said nothing yet
    ACKNOWLEDGED = "acknowledged"  # the institution has it and will answer
    HELD = "held"  # all that was asked is held
    PARTLY_HELD = "partly_held"  # less than was asked is held, the rest was not there
    REFUSED = "refused"  # nothing is held, with a reason: an end
    EXTENDED = "extended"  # held on, on a further basis with its own end
    RELEASED = "released"  # let go on somebody's word, also before an answer came: an end
    LAPSED = "lapsed"  # its time ran out: an end
    SEIZED = "seized"  # kept by a court's or the police's order, without a clock of ours
    RETURNED = "returned"  # the institution sent it back to the victim: an end
    PAID_OUT = "paid_out"  # paid to those it was awarded to: an end

    @classmethod
    def holding_values(cls) -> list[str]:
        """Return the values of the states in which money is held."""
        return sorted(state.value for state in HOLDING)

    @property
    def ended(self) -> bool:
        """Whether nothing follows: an ended hold never holds again."""
        return not STEPS[self]

    @property
    def unanswered(self) -> bool:
        """Whether the institution still owes an answer."""
        return self in (HoldState.REQUESTED, HoldState.ACKNOWLEDGED)


_ENDS_BY_OTHERS = frozenset((HoldState.RELEASED, HoldState.LAPSED))
_ENDS_OF_HELD = _ENDS_BY_OTHERS | {HoldState.SEIZED, HoldState.RETURNED, HoldState.PAID_OUT}
_ANSWERS = frozenset((HoldState.HELD, HoldState.PARTLY_HELD, HoldState.REFUSED))

STEPS: dict[HoldState, frozenset[HoldState]] = {
    HoldState.REQUESTED: _ANSWERS | _ENDS_BY_OTHERS | {HoldState.ACKNOWLEDGED},
    HoldState.ACKNOWLEDGED: _ANSWERS | _ENDS_BY_OTHERS,
    HoldState.HELD: _ENDS_OF_HELD | {HoldState.EXTENDED},
    HoldState.PARTLY_HELD: _ENDS_OF_HELD | {HoldState.EXTENDED},
    HoldState.EXTENDED: _ENDS_OF_HELD | {HoldState.EXTENDED},
    HoldState.SEIZED: frozenset((HoldState.RELEASED, HoldState.RETURNED, HoldState.PAID_OUT)),
    HoldState.REFUSED: frozenset(),
    HoldState.RELEASED: frozenset(),
    HoldState.LAPSED: frozenset(),
    HoldState.RETURNED: frozenset(),
    HoldState.PAID_OUT: frozenset(),
}
"""Which state may follow which."""

FIRST = HoldState.REQUESTED
HOLDING = frozenset((HoldState.HELD, HoldState.PARTLY_HELD, HoldState.EXTENDED, HoldState.SEIZED))
"""States in which money is held."""
OPEN = frozenset(state for state, following in STEPS.items() if following)
"""States that are no end."""


@dataclass(frozen=True, slots=True)
class Hold:
    """What decides about an order's next step; amounts in minor units, times in microseconds."""

    order_id: str
    state: HoldState
    amount_minor: int
    held_minor: int
    lapses_us: int

    def step(self, to: HoldState, held_minor: int) -> Hold:
        """Return the hold after a step, holding `held_minor` from then on.

        Raises:
            Conflict: `hold_ended`, `hold_step` or `hold_amount`.
        """
        if to not in STEPS[self.state]:
            raise self._step_refused(to)
        if held_minor < 0 or held_minor > self._most(to):
            raise Conflict(
                "hold_amount",
                N_("order {order} ({state}) cannot hold {held}; at most {most} is right"),
                order=self.order_id,
                state=to.value,
                held=held_minor,
                most=self._most(to),
            )
        return Hold(self.order_id, to, self.amount_minor, held_minor, self.lapses_us)

    def is_due(self, now_us: int) -> bool:
        """Whether its time has run out."""
        return now_us >= self.lapses_us and HoldState.LAPSED in STEPS[self.state]

    def _most(self, to: HoldState) -> int:
        if to not in HOLDING:
            return 0
        return self.amount_minor if self.state.unanswered else self.held_minor

    def _step_refused(self, to: HoldState) -> Conflict:
        if self.state.ended:
            return Conflict(
                "hold_ended",
                N_("order {order} has ended ({state}); an ended hold never holds again"),
                order=self.order_id,
                state=self.state.value,
            )
        return Conflict(
            "hold_step",
            N_("order {order} is {state}; from there it can be {right}, not {to}"),
            order=self.order_id,
            state=self.state.value,
            to=to.value,
            right=", ".join(sorted(state.value for state in STEPS[self.state])),
        )


def allowed_steps() -> frozenset[tuple[str, str]]:
    """Return the table of steps as pairs of state values, as the database guards them."""
    return frozenset(
        (state.value, following.value)
        for state, followings in STEPS.items()
        for following in followings
    )
