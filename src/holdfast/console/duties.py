"""What of the registry's work each role at the centre does."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from holdfast.people.role import Role


class Duty(StrEnum):
    """What somebody may do on the registry's pages."""

    READ = "read"  # look up listings and contests
    LIST = "list"  # list, withdraw, break glass, take a contest in on the phone
    APPROVE = (
        "approve"  # say as the second person whether a listing may stand, or glass was broken well
    )
    DECIDE = "decide"  # decide contests


DUTIES: Mapping[Role, frozenset[Duty]] = {
    Role.OPERATOR: frozenset((Duty.READ, Duty.LIST)),
    Role.REVIEWER: frozenset((Duty.READ, Duty.APPROVE, Duty.DECIDE)),
    Role.POLICE: frozenset(),
    Role.AUDITOR: frozenset((Duty.READ,)),
    Role.ADMINISTRATOR: frozenset(),
}
"""Nobody both lists and approves; who gives others their way in does neither."""


def duties_of(user: Any) -> frozenset[Duty]:
    """Return what somebody may do; nobody who has not signed in may do anything."""
    if user is None or not user.is_authenticated:
        return frozenset()
    return next((DUTIES[role] for role in Role if role.value == user.role), frozenset())
