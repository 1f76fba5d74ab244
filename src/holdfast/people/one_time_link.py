"""One-time links: how somebody at the centre comes to choose a password."""

from __future__ import annotations

import hashlib

from holdfast.core.instant import DAY_US
from holdfast.people.models import OneTimeLink, Staff

LINK_DAYS = 3


def give_link(staff: Staff, token: str, now_us: int) -> None:
    """Let whoever has the token choose a password of somebody, once; an older link of theirs ends."""
    OneTimeLink.objects.filter(staff=staff).delete()
    OneTimeLink.objects.create(
        token_sha256=hashlib.sha256(token.encode()).hexdigest(),
        staff=staff,
        expires_us=now_us + LINK_DAYS * DAY_US,
    )
