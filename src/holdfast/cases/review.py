"""What waits for a person, because a rule alone could harm somebody."""

from __future__ import annotations

from enum import Enum


class ReviewKind(Enum):
    """Why a person must look."""

    VICTIM_ACCOUNT = "victim_account"  # the money rests with somebody who reported a loss
    DISPUTE = "dispute"  # buyer and seller may be at odds: only the first account, if at all
    NO_BASIS = "no_basis"  # the law allows no hold any more, or none yet
    AFTER_LAPSE = "after_lapse"  # a police complaint came after holds had ended
    OVERHELD = "overheld"  # more is held than the trail says; the excess is to be released
    ANSWER_UNFIT = "answer_unfit"  # an answer does not fit its order
    NAME_MISMATCH = (
        "name_mismatch"  # the name shown is not the holder's: declined, the hold is let go
    )
    TRUNCATED = "truncated"  # a bound cut the trail short, so orders may be missing
    RELEASE = "release"  # somebody asks to let go of a hold; another must agree
    SCAM_TYPE = "scam_type"  # tellers disagree; approved, buyer and seller are not at odds
    SEIZURE = "seizure"  # an institution says a court or the police keep the money: is it true?
    STOP = "stop"  # the money went to a merchant, an exchange or abroad: ask there
    STOP_HELD = "stop_held"  # a hold stands on an account that is a stop: declined, it is let go
    STOP_END = "stop_end"  # somebody asks that an account be no stop any more; another must agree
    WITHDRAWAL = "withdrawal"  # somebody asks to take a claim back; another must agree
    CLAIM_AGAIN = "claim_again"  # a payment is told again whose claim was withdrawn: follow it?
    REPORT_LATE = "report_late"  # told long after the victim told the bank, by its word: is it so?


class ReviewState(Enum):
    """Where a review stands."""

    OPEN = "open"  # nobody has decided
    APPROVED = "approved"  # what the rule held back may be done
    DECLINED = "declined"  # it is not to be done


FIRST_REVIEW = ReviewState.OPEN


def allowed_decisions() -> frozenset[tuple[str, str]]:
    """Return the steps of a review as pairs of state values: one decision, and it stays."""
    decided = (ReviewState.APPROVED, ReviewState.DECLINED)
    return frozenset((FIRST_REVIEW.value, state.value) for state in decided)
