"""What can become of a claim."""

from __future__ import annotations

from enum import Enum


class ClaimState(Enum):
    """Where a claim stands."""

    WAITING = "waiting"  # its payment is not in the ledger yet
    ACCEPTED = "accepted"  # its payment is in the ledger and is followed
    REFUSED = "refused"  # its payment cannot be followed (to the payer's own account)
    WITHDRAWN = "withdrawn"  # the one who told it took it back
