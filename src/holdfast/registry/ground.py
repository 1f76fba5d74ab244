"""The ground of a listing: what it rests on, how well that is known, what part the holder played.

Receipt of money alone lists nobody. The account that a victim paid is listed as that account
only, once the sending bank has confirmed the payment; further along the trail, and for a person,
behaviour must be told as evidence, and somebody named must decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from holdfast.core.errors import Refused
from holdfast.core.words import N_
from holdfast.law.tier import Event, Grade, Move, Tier
from holdfast.registry.subject import Subject, SubjectKind

_HOLDS_MONEY = (SubjectKind.ACCOUNT, SubjectKind.PROXY, SubjectKind.PERSON)
BEHAVIOUR_LENGTH_MIN = 10
"""Characters; "received" explains nothing."""


class Involvement(StrEnum):
    """What part the holder played, as far as is known."""

    UNKNOWN = "unknown"  # nobody has looked yet
    ORGANISER = "organiser"  # runs the scam
    RECRUITER = "recruiter"  # finds people and accounts for it; adverts too
    PAID_MULE = "paid_mule"  # lent or sold the account for money
    UNAWARE_RECRUIT = "unaware_recruit"  # believed it was a job
    COERCED = "coerced"  # was forced
    STOLEN_IDENTITY = "stolen_identity"  # knows nothing of an account in their name
    CORPORATE_MULE = "corporate_mule"  # a company made or bought for it

    @property
    def spares_person(self) -> bool:
        """Whether the person is a victim as well: what was used is listed, the person never."""
        return self in (Involvement.COERCED, Involvement.STOLEN_IDENTITY)


class Link(StrEnum):
    """How the subject hangs together with the money."""

    NOT_BY_MONEY = "not_by_money"  # it was told of, or found, otherwise
    FIRST_ACCOUNT = "first_account"  # a victim paid to it
    FURTHER_ACCOUNT = "further_account"  # the money came there later


@dataclass(frozen=True, slots=True)
class Ground:
    """Why a subject is to be listed."""

    event: Event
    evidence: Grade
    involvement: Involvement = Involvement.UNKNOWN
    link: Link = Link.NOT_BY_MONEY
    payment_confirmed: bool = False
    """Whether the sending bank has confirmed the payment that leads there."""
    behaviour: str = ""
    """What was seen beyond the receipt of money, in words without names."""
    decided_by: str = ""
    """Who at the institution decided: a name or a number of staff, not the program."""
    case_number: str = ""
    reference: str = ""
    """The number under which the institution that lists, or the authority, keeps it."""
    paid_from: str = ""
    """The account that a confirmed payment left; looked at, never kept."""
    seen_us: int | None = None
    """When what it rests on was seen, microseconds since 1970 UTC; None where nobody says."""


def check_ground(subject: Subject, ground: Ground, move: Move) -> None:
    """Check that a ground may list a subject where the law's move leads.

    Raises:
        Refused: `ground_evidence_weak`, `ground_receipt_alone`, `ground_unconfirmed`,
            `ground_person_spared`, `ground_behaviour_missing`, `ground_nobody_decided`,
            `ground_nothing_behind` or `ground_lists_nobody`.
    """
    if move.tier is None:
        raise Refused(
            "ground_lists_nobody",
            N_("{event} takes a subject off; it lists none"),
            event=ground.event,
        )
    if not ground.evidence.reaches(move.evidence):
        raise Refused(
            "ground_evidence_weak",
            N_("for {event} it must be {right} at least; this is {found}"),
            event=ground.event.value,
            right=move.evidence.value,
            found=ground.evidence.value,
        )
    if not (ground.case_number or ground.reference):
        raise Refused(
            "ground_nothing_behind",
            N_("a listing needs the number of a case, or of your own finding, behind it"),
        )
    if subject.kind is SubjectKind.PERSON and ground.involvement.spares_person:
        raise Refused(
            "ground_person_spared",
            N_("who was forced, or whose identity was stolen, is not listed as a person"),
        )
    _check_receipt(subject, ground)


def _check_receipt(subject: Subject, ground: Ground) -> None:
    """Refuse what rests on the receipt of money alone."""
    if ground.link is Link.FIRST_ACCOUNT:
        if subject.kind not in (SubjectKind.ACCOUNT, SubjectKind.PROXY):
            raise Refused(
                "ground_receipt_alone",
                N_("the account that was paid is listed as that account, nobody behind it"),
            )
        if not ground.payment_confirmed:
            raise Refused(
                "ground_unconfirmed",
                N_("the sending bank has not confirmed the payment; until then nobody is listed"),
            )
        return
    is_by_money = subject.kind in _HOLDS_MONEY or ground.link is Link.FURTHER_ACCOUNT
    if ground.event is Event.OFFICIAL_LIST or not is_by_money:
        return
    if len(ground.behaviour.strip()) < BEHAVIOUR_LENGTH_MIN:
        raise Refused(
            "ground_behaviour_missing",
            N_("receipt of money alone lists nobody; say what behaviour was seen"),
        )
    if not ground.decided_by.strip():
        raise Refused(
            "ground_nobody_decided",
            N_("a person must decide on this, and be named; no rule lists it"),
        )


def needs_second(subject: Subject, tier: Tier) -> bool:
    """Whether a second person must approve: top tiers, and what binds all of a person's accounts."""
    return tier.four_eyes or subject.kind is SubjectKind.PERSON
