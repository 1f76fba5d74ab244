"""The people at the centre's desk, each with a browser, and what they fill in."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import Any

from django.test import Client
from tests.workflows.centre_kit import TestCentre
from tests.workflows.registry_kit import SEEN

from holdfast.people.models import Staff
from holdfast.people.role import Role

PHONE_TOLD: dict[str, str] = {
    "kind": "phone",
    "subject": "081-234-5678",
    "event": "bank_suspicion",
    "evidence": "suspected",
    "involvement": "unknown",
    "link": "not_by_money",
    "behaviour": SEEN,
    "reference": "F-1",
}
"""A listing that stands at once."""
COMPLAINT_TOLD = PHONE_TOLD | {"event": "police_complaint", "evidence": "confirmed"}
"""One that waits for a second person."""


@dataclass
class Desk:
    """A centre and those who have signed in."""

    world: TestCentre
    _known: dict[str, Client] = field(default_factory=dict)

    def browser(self, role: Role, name: str = "") -> Client:
        """Return the browser of somebody in a role; without a name it is always the same person."""
        who = name or role.value
        if who not in self._known:
            staff = Staff.objects.create(username=who, role=role.value)
            client = Client()
            client.force_login(staff)
            self._known[who] = client
        return self._known[who]

    @property
    def operator(self) -> Client:
        """Somebody who lists."""
        return self.browser(Role.OPERATOR)

    @property
    def reviewer(self) -> Client:
        """Somebody who approves and decides."""
        return self.browser(Role.REVIEWER)


def text_of(answer: Any) -> str:
    """Return what a page says, without its marks."""
    body = answer.content.decode().partition("<main")[2]
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", body)))
