"""A contest: somebody says that a listing is wrong. Its states, its clock, its outcome."""

from __future__ import annotations

from enum import StrEnum

from holdfast.core.errors import Conflict
from holdfast.core.words import N_


class ContestState(StrEnum):
    """Where a contest stands."""

    OPEN = "open"  # a reviewer owes an answer by its deadline
    OVERDUE = "overdue"  # the deadline passed; the listing is suspended unless the law forbids it
    UPHELD = "upheld"  # the person was right, the listing is removed: an end
    REJECTED = "rejected"  # the listing stays, with the reason in words: an end
    MOOT = "moot"  # the listing ended otherwise before anybody decided: an end

    @property
    def ended(self) -> bool:
        """Whether it has been answered."""
        return not STEPS[self]


class Via(StrEnum):
    """Which way a contest came."""

    PAGE = "page"  # the person, with the code of their notice
    HOTLINE = "hotline"  # somebody at the centre, on the phone with the person
    INSTITUTION = "institution"  # the person's bank or telco, with the code


_DECIDED = frozenset((ContestState.UPHELD, ContestState.REJECTED, ContestState.MOOT))

STEPS: dict[ContestState, frozenset[ContestState]] = {
    ContestState.OPEN: _DECIDED | {ContestState.OVERDUE},
    ContestState.OVERDUE: _DECIDED,
    ContestState.UPHELD: frozenset(),
    ContestState.REJECTED: frozenset(),
    ContestState.MOOT: frozenset(),
}
"""Which state may follow which."""

FIRST = ContestState.OPEN
OPEN = frozenset(state for state, following in STEPS.items() if following)
"""States in which the listing is disputed."""


def check_step(contest_id: str, state: ContestState, to: ContestState) -> None:
    """Check that a contest can take a step.

    Raises:
        Conflict: `contest_decided` or `contest_step`.
    """
    if to in STEPS[state]:
        return
    if state.ended:
        raise Conflict(
            "contest_decided",
            N_("contest {contest} was decided before: {state}"),
            contest=contest_id,
            state=state.value,
        )
    raise Conflict(
        "contest_step",
        N_("contest {contest} is {state}; it cannot be {to} from there"),
        contest=contest_id,
        state=state.value,
        to=to.value,
    )


def allowed_steps() -> frozenset[tuple[str, str]]:
    """Return the table of steps as pairs of state values, as the database guards them."""
    return frozenset(
        (state.value, following.value)
        for state, followings in STEPS.items()
        for following in followings
    )
