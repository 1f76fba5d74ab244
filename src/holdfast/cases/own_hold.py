"""A bank's own hold: an amount that it holds by its own word, and where that stands."""

from __future__ import annotations

from enum import Enum


class OwnHoldState(Enum):
    """Where a bank's own hold stands."""

    HELD = "held"  # the bank holds it, and no order of the centre has taken it all over
    ORDERED = "ordered"  # all of it is held under orders of the centre: an end
    RELEASED = "released"  # the bank let go of what was left: an end
    LAPSED = "lapsed"  # its time ran out: an end


FIRST_OWN_HOLD = OwnHoldState.HELD


def allowed_own_steps() -> frozenset[tuple[str, str]]:
    """Return the steps as pairs of state values, as the database guards them."""
    first = FIRST_OWN_HOLD
    return frozenset((first.value, state.value) for state in OwnHoldState if state is not first)
