"""A listing: what is said of a subject, by whom, until when. Its states and the steps between them.

A listing's tier and ground never change: a move to another tier is a new listing, with a ground,
an end and a way to contest of its own, that takes the place of the former.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from holdfast.core.errors import Conflict
from holdfast.core.words import N_


class ListingState(StrEnum):
    """Where a listing stands."""

    PROPOSED = "proposed"  # waits for a second person; askers hear nothing of it
    STANDING = "standing"  # askers are answered by it
    SUSPENDED = "suspended"  # a contest was not decided in time; askers hear nothing of it
    REFUSED = "refused"  # the second person said no: an end
    LAPSED = "lapsed"  # its time ran out: an end
    WITHDRAWN = "withdrawn"  # taken back by who listed, or its case was unfounded: an end
    REMOVED = "removed"  # a contest was upheld: an end
    REPLACED = "replaced"  # it moved to another tier, or is known by another key: an end

    @property
    def ended(self) -> bool:
        """Whether nothing follows: an ended listing never stands again."""
        return not STEPS[self]


_ENDS = frozenset((ListingState.LAPSED, ListingState.WITHDRAWN, ListingState.REPLACED))

STEPS: dict[ListingState, frozenset[ListingState]] = {
    ListingState.PROPOSED: _ENDS | {ListingState.STANDING, ListingState.REFUSED},
    ListingState.STANDING: _ENDS | {ListingState.SUSPENDED, ListingState.REMOVED},
    ListingState.SUSPENDED: _ENDS | {ListingState.STANDING, ListingState.REMOVED},
    ListingState.REFUSED: frozenset(),
    ListingState.LAPSED: frozenset(),
    ListingState.WITHDRAWN: frozenset(),
    ListingState.REMOVED: frozenset(),
    ListingState.REPLACED: frozenset(),
}
"""Which state may follow which."""

FIRST = frozenset((ListingState.PROPOSED, ListingState.STANDING))
"""How a listing begins: where its tier needs no second person, it stands at once."""
OPEN = frozenset(state for state, following in STEPS.items() if following)
"""States that are no end."""


@dataclass(frozen=True, slots=True)
class Clocked:
    """What decides about a listing's next step; times in microseconds since 1970 UTC."""

    listing_id: str
    state: ListingState
    until_us: int

    def step(self, to: ListingState, at_us: int) -> Clocked:
        """Return the listing after a step.

        Raises:
            Conflict: `listing_ended`, `listing_step` or `listing_out_of_time`.
        """
        if to not in STEPS[self.state]:
            raise self._step_refused(to)
        if to is ListingState.STANDING and at_us >= self.until_us:
            raise Conflict(
                "listing_out_of_time",
                N_("the time of listing {listing} has run out; list the subject anew"),
                listing=self.listing_id,
            )
        return Clocked(self.listing_id, to, self.until_us)

    def is_due(self, now_us: int) -> bool:
        """Whether its time has run out."""
        return now_us >= self.until_us and ListingState.LAPSED in STEPS[self.state]

    def _step_refused(self, to: ListingState) -> Conflict:
        if self.state.ended:
            return Conflict(
                "listing_ended",
                N_("listing {listing} has ended ({state}); an ended listing never stands again"),
                listing=self.listing_id,
                state=self.state.value,
            )
        return Conflict(
            "listing_step",
            N_("listing {listing} is {state}; from there it can be {right}, not {to}"),
            listing=self.listing_id,
            state=self.state.value,
            to=to.value,
            right=", ".join(sorted(STEPS[self.state])),
        )


def allowed_steps() -> frozenset[tuple[str, str]]:
    """Return the table of steps as pairs of state values, as the database guards them."""
    return frozenset(
        (state.value, following.value)
        for state, followings in STEPS.items()
        for following in followings
    )
