"""Listings and contests as the API takes and shows them; times RFC 3339 in UTC."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from holdfast.api.shown import Time, at, at_or_none
from holdfast.api.sight import Sight
from holdfast.core.instant import parse_instant
from holdfast.law.tier import Event, Grade
from holdfast.people.actor import Actor
from holdfast.registry.contest import ContestState, Via
from holdfast.registry.ground import Ground, Involvement, Link
from holdfast.registry.listing import ListingState
from holdfast.registry.models import Contest, Listing
from holdfast.registry.subject import SubjectKind, parse_subject
from holdfast.workflows.centre import Centre
from holdfast.workflows.contest_listing import EVIDENCE_MAX, TEXT_MAX, Receipt
from holdfast.workflows.list_subject import ToList

Reason = Annotated[str, Field(min_length=1, max_length=500)]
Reference = Annotated[str, Field(max_length=100)]
_TOLD = ConfigDict(extra="forbid", str_strip_whitespace=True)


class SubjectTold(BaseModel):
    """What is meant."""

    model_config = _TOLD

    kind: SubjectKind
    key: Annotated[str, Field(min_length=1, max_length=2048)] = Field(
        description="Such as TH.THCBC.004.0123456789, +66812345678, line:@example."
    )


class GroundTold(BaseModel):
    """What a listing rests on; receipt of money alone lists nobody."""

    model_config = _TOLD

    event: Event
    evidence: Grade
    involvement: Involvement = Involvement.UNKNOWN
    link: Link = Field(default=Link.NOT_BY_MONEY, description="How it hangs with the money.")
    payment_confirmed: bool = Field(
        default=False,
        strict=True,
        description="That you, as the bank that sent it, confirm the payment to the first account; "
        "of a case of the centre its own record counts.",
    )
    paid_from: Annotated[str, Field(max_length=100)] = Field(
        default="",
        description="The account at your bank that a confirmed payment left; it is not kept.",
    )
    behaviour: Annotated[str, Field(max_length=500)] = Field(
        default="", description="What was seen beyond the receipt of money, without names."
    )
    decided_by: Annotated[str, Field(max_length=150)] = Field(
        default="", description="Who at the institution decided: a name or a number of staff."
    )
    case: Annotated[str, Field(max_length=30)] = ""
    reference: Reference = Field(default="", description="The institution's own number.")
    seen_at: Time | None = Field(
        default=None,
        description="When what it rests on was seen; needed where a contest put in doubt what you "
        "listed of the subject before, and then after that.",
    )

    def ground(self, who: Actor) -> Ground:
        """Return it as the rules want it.

        Raises:
            NotFound: `case_unknown`, also where the case does not concern the one who lists.
        """
        return Ground(
            self.event,
            self.evidence,
            self.involvement,
            self.link,
            self.payment_confirmed,
            self.behaviour,
            self.decided_by,
            Sight(who).case(self.case).number if self.case else "",
            self.reference,
            self.paid_from,
            _instant(self.seen_at),
        )


class ListingTold(BaseModel):
    """What is to be listed, and why."""

    model_config = _TOLD

    subject: SubjectTold
    ground: GroundTold
    days: Annotated[int, Field(strict=True, ge=1, le=3660)] | None = Field(
        default=None, description="After how many days it ends; the tier's own if left out."
    )
    source_country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    registered_since: Time | None = Field(
        default=None, description="Since when the proxy or number is this person's."
    )
    registered_until: Time | None = Field(
        default=None, description="Until when: registered anew, it is another person's."
    )
    ask_second: bool = Field(
        default=False,
        strict=True,
        description="Let a second person decide, also where the tier would not need it.",
    )

    def to_list(self, centre: Centre, who: Actor) -> ToList:
        """Return it as the workflow wants it.

        Raises:
            Refused: as `parse_subject`.
            NotFound: as `GroundTold.ground`.
        """
        subject = parse_subject(
            self.subject.kind, self.subject.key, centre.country, centre.person_key
        )
        return ToList(
            subject,
            self.ground.ground(who),
            self.days,
            self.source_country or "",
            _instant(self.registered_since),
            _instant(self.registered_until),
            second=self.ask_second,
        )


class ListingShown(BaseModel):
    """A listing as it stands now."""

    listing_id: str
    kind: SubjectKind
    key: str
    state: ListingState
    tier: str
    ground: Event
    evidence: Grade
    involvement: Involvement
    legal_basis: str
    case: str | None
    reference: str | None
    batch: str | None
    source_country: str
    listed_at: Time
    listed_by: str = Field(description="The institution; to the centre, the very actor.")
    approved_at: Time | None
    stands_since: Time | None
    expires_at: Time
    registered_until: Time | None
    seen_at: Time | None
    ended_at: Time | None
    reason: str | None
    disputed: bool
    break_glass: bool
    needs_second: bool
    contest_at: str
    contest_days: int

    @classmethod
    def of(cls, row: Listing, *, to_centre: bool) -> ListingShown:
        """Show a listing; who acted is told to the centre alone."""
        return cls(
            listing_id=row.listing_id,
            kind=SubjectKind(row.subject_kind),
            key=row.subject_key,
            state=ListingState(row.state),
            tier=row.tier,
            ground=Event(row.ground),
            evidence=Grade(row.evidence),
            involvement=Involvement(row.involvement),
            legal_basis=row.legal_basis,
            case=row.case_number or None,
            reference=row.reference or None,
            batch=row.batch or None,
            source_country=row.source_country,
            listed_at=at(row.listed_us),
            listed_by=row.listed_by if to_centre else row.institution_id,
            approved_at=at_or_none(row.approved_us),
            stands_since=at_or_none(row.stands_us),
            expires_at=at(row.until_us),
            registered_until=at_or_none(row.owned_until_us),
            seen_at=at_or_none(row.seen_us),
            ended_at=at_or_none(row.ended_us),
            reason=row.reason or None,
            disputed=row.disputed,
            break_glass=row.break_glass,
            needs_second=row.needs_second,
            contest_at=row.contest_way,
            contest_days=row.contest_days,
        )


Texts = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=TEXT_MAX)]],
    Field(min_length=1, max_length=EVIDENCE_MAX),
]


class ContestTold(BaseModel):
    """That a listing is wrong, by the code of the notice."""

    model_config = _TOLD

    code: Annotated[str, Field(min_length=1, max_length=60)]
    texts: Texts = Field(description="Why, in the person's own words, and what shows it.")


class SubjectContestTold(BaseModel):
    """That what is said of a subject is wrong, by somebody whom the hotline has made sure of."""

    model_config = _TOLD

    subject: SubjectTold
    texts: Texts


class ReceiptShown(BaseModel):
    """What whoever contests is told, whether anything is listed or not."""

    receipt: str
    answer_within_days: int

    @classmethod
    def of(cls, receipt: Receipt) -> ReceiptShown:
        """Show a receipt."""
        return cls(receipt=receipt.receipt, answer_within_days=receipt.answer_within_days)


class ContestShown(BaseModel):
    """A contest as a reviewer sees it."""

    contest_id: str
    listing_id: str
    state: ContestState
    via: Via
    opened_at: Time
    due_at: Time
    decided_at: Time | None
    decided_by: str | None
    reason: str | None

    @classmethod
    def of(cls, contest: Contest) -> ContestShown:
        """Show a contest."""
        return cls(
            contest_id=contest.contest_id,
            listing_id=contest.listing.listing_id,
            state=ContestState(contest.state),
            via=Via(contest.via),
            opened_at=at(contest.opened_us),
            due_at=at(contest.due_us),
            decided_at=at_or_none(contest.decided_us),
            decided_by=contest.decided_by or None,
            reason=contest.reason or None,
        )


def _instant(text: str | None) -> int | None:
    return None if text is None else parse_instant(text)
