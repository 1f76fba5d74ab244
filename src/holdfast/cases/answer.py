"""Whether an institution's answer fits its order, and what follows from it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

from holdfast.cases.hold import STEPS, Hold, HoldState


class Outcome(Enum):
    """What becomes of an answer."""

    HEEDED = "heeded"  # the order takes the step it tells
    NOTHING_NEW = "nothing_new"  # it repeats what is known
    OUT_OF_DATE = "out_of_date"  # a later answer has overtaken it
    TOO_LATE = "too_late"  # it holds for an order that has ended: the money is to be let go
    MORE_THAN_ASKED = "more_than_asked"  # heeded up to what was asked, the excess is to be let go
    UNFIT = "unfit"  # it tells a step that the order cannot take: a person must look


@dataclass(frozen=True, slots=True)
class Fit:
    """How an answer fits: its outcome, the state and the amount that the order has afterwards.

    `excess_minor` is what the institution holds without an order.
    """

    outcome: Outcome
    state: HoldState
    held_minor: int
    excess_minor: int = 0


_NOTHING_HELD = (HoldState.RELEASED, HoldState.LAPSED, HoldState.REFUSED)
"""What an institution may say once an order has ended: it holds nothing, whatever it calls that."""
_ENDS = (HoldState.RELEASED, HoldState.LAPSED)
"""Ends that let the money go."""


def fit(hold: Hold, told: HoldState, held_minor: int, may_end: Collection[HoldState]) -> Fit:
    """Judge an answer that tells a state and an amount held, in minor units.

    `may_end` are the ends among released and lapsed that the institution may bring about now by
    its own word: the law says who lifts a hold, and the order when it lapses. That the money is
    seized is nobody's to say but the police's and the courts': it would take the clock away.
    """
    stays = Fit(Outcome.UNFIT, hold.state, hold.held_minor)
    if told is HoldState.ACKNOWLEDGED and hold.state is not HoldState.REQUESTED:
        known = hold.state is HoldState.ACKNOWLEDGED
        return _as(stays, Outcome.NOTHING_NEW if known else Outcome.OUT_OF_DATE)
    if told in (HoldState.HELD, HoldState.PARTLY_HELD):
        return _fit_held(hold, held_minor, stays)
    if told is hold.state or (hold.state.ended and told in _NOTHING_HELD):
        return _as(stays, Outcome.NOTHING_NEW)
    if told not in STEPS[hold.state] or told is HoldState.SEIZED:
        return stays
    if told in _ENDS and told not in may_end:
        return stays
    return Fit(Outcome.HEEDED, told, 0)


def _fit_held(hold: Hold, held_minor: int, stays: Fit) -> Fit:
    if hold.state.ended:
        return _as(stays, Outcome.TOO_LATE, held_minor)
    if held_minor <= 0:
        return stays
    if not hold.state.unanswered:
        same = held_minor == hold.held_minor
        return _as(stays, Outcome.NOTHING_NEW) if same else stays
    kept = min(held_minor, hold.amount_minor)
    whole = kept == hold.amount_minor
    return Fit(
        Outcome.MORE_THAN_ASKED if held_minor > kept else Outcome.HEEDED,
        HoldState.HELD if whole else HoldState.PARTLY_HELD,
        kept,
        held_minor - kept,
    )


def _as(fit_: Fit, outcome: Outcome, excess_minor: int = 0) -> Fit:
    return Fit(outcome, fit_.state, fit_.held_minor, excess_minor)
