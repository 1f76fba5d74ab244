"""Look up listings by hand: sent in a body, because what is looked for belongs in no address."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from ninja import Router
from pydantic import BaseModel, ConfigDict, Field

from holdfast.api.auth import ApiKey, centre_only
from holdfast.api.listing_shown import ListingShown
from holdfast.api.pages import LIMIT_DEFAULT, cursor, place
from holdfast.core.words import say
from holdfast.people.role import Scope
from holdfast.registry.lookup import TEXT_LENGTH_MAX, By, Purpose
from holdfast.registry.names import REASONS, Reason
from holdfast.workflows.look_up import PAGE_MAX, Asked, Candidate, Found, look_up
from holdfast.workflows.running import centre

router = Router(tags=["registry listings"])


class LookUpTold(BaseModel):
    """What is looked for, and what for."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    by: By
    text: Annotated[str, Field(min_length=1, max_length=TEXT_LENGTH_MAX)] = Field(
        description="A part of four characters or more; a person's id such as "
        "TH.NIDN.1101700203450; a name in Thai or Latin letters."
    )
    purpose: Purpose = Field(description="What it is looked up for; it is on record.")
    reference: Annotated[str, Field(max_length=60)] = Field(
        default="", description="The case, contest or listing that the purpose is about."
    )
    limit: Annotated[int, Field(strict=True, ge=1, le=PAGE_MAX)] = LIMIT_DEFAULT
    after: Annotated[str, Field(max_length=100)] = Field(
        default="", description="`next` of the page before; opaque, empty at first."
    )

    def asked(self) -> Asked:
        """Return it as the workflow wants it.

        Raises:
            Refused: `cursor_wrong`.
        """
        start = place(self.after)
        after = start[0] if start else 0
        return Asked(self.by, self.text, self.purpose, self.reference, after, self.limit)


class CandidateShown(BaseModel):
    """What may be meant, and why it is shown."""

    reason: Reason
    reason_said: str = Field(description="The reason in the caller's language.")
    name: str | None = Field(description="The name that victims were shown, asked by a name.")
    heard_as: str | None = Field(description="That name in Latin letters, by its sound.")
    likeness: float | None = Field(description="Of a name, from 0 to 1.")
    listings: list[ListingShown]
    listings_cut: bool = Field(description="Whether there are more listings than these.")

    @classmethod
    def of(cls, found: Candidate) -> CandidateShown:
        """Show a candidate."""
        hint = found.hint
        return cls(
            reason=found.reason,
            reason_said=say(REASONS[found.reason]),
            name=hint.name if hint else None,
            heard_as=hint.heard_as if hint else None,
            likeness=hint.likeness if hint else None,
            listings=[ListingShown.of(row, to_centre=True) for row in found.listings],
            listings_cut=found.is_cut,
        )


class LookUpShown(BaseModel):
    """A page of candidates for a person who looks; nothing is decided by it."""

    items: list[CandidateShown]
    next: str | None = Field(description="Where the next page begins.")
    warning: str | None = Field(description="Of names: that they are hints and no proof.")
    names_cut: bool = Field(description="Whether only the newest names were compared.")

    @classmethod
    def of(cls, found: Found) -> LookUpShown:
        """Show a page."""
        return cls(
            items=[CandidateShown.of(candidate) for candidate in found.candidates],
            next=None if found.next is None else cursor(found.next),
            warning=say(found.warning) if found.warning else None,
            names_cut=found.names_cut,
        )


@router.post(
    "/registry/look-up",
    auth=ApiKey(Scope.REGISTRY_LIST, Scope.REGISTRY_APPROVE, Scope.REGISTRY_CONTEST),
    response=LookUpShown,
    operation_id="look_up",
    summary="Look up listings by hand",
)
def look_up_by_hand(request: HttpRequest, told: LookUpTold) -> LookUpShown:
    """Find by a part of the subject, a person's id, or a name as a hint; the centre's people alone.

    Who looked, what for, and the keyed hash of what was looked for are on record. One person looks
    up so often a minute and no oftener. Names lead to what was listed for the cases in which
    victims were shown them, each with the reason why it is shown; no program may decide by them.
    """
    who = centre_only(request)
    return LookUpShown.of(look_up(centre(), told.asked(), who))
