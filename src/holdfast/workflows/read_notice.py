"""Read a notice: who holds its code sees what is said of them, and how their contest stands.

A code cannot be tried out, so that telling whether it is ours tells nobody who is listed.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from holdfast.records import audit
from holdfast.registry.code import code_hash, countersign, read_code
from holdfast.registry.models import Contest, ContestCode, Listing
from holdfast.registry.queries import last_of
from holdfast.workflows.centre import Centre


@dataclass(frozen=True, slots=True)
class NoticeRead:
    """What the holder of a code may see."""

    code: str
    countersign: str
    listing: Listing
    """The one that the notice was about, or what took its place."""
    contest: Contest | None
    """The last one of it."""


def read_notice(centre: Centre, code: str) -> NoticeRead | None:
    """Return what a notice's code opens, None where the code is not ours; a reading is kept.

    Raises:
        Refused: `contest_code_form`.
    """
    known = read_code(code)
    with transaction.atomic():
        hashed = code_hash(centre.person_key, known)
        found = ContestCode.objects.select_related("listing").filter(code_hash=hashed).first()
        if found is None:
            return None
        row = last_of(found.listing)
        audit.record(
            at_us=centre.now_us(),
            actor=centre.itself.name,
            verb="read_notice",
            subject=f"listing:{row.listing_id}",
        )
        contest: Contest | None = row.contests.order_by("-id").first()
    return NoticeRead(known, countersign(centre.person_key, known), row, contest)
