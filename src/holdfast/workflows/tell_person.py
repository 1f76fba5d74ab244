"""Tell: the person concerned learns what is said of them, and how to contest it.

What they are told never calls anyone guilty: something was reported, nothing is proven. The
message names the listing, nothing of the person: whoever brings it looks that up, and asks for
the code with it.
"""

from __future__ import annotations

from django.db import transaction

from holdfast.core.account import bank_of
from holdfast.core.errors import Conflict
from holdfast.core.instant import HOUR_US, format_instant
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.people.models import Institution
from holdfast.records import audit
from holdfast.registry.code import code_hash, contest_code, countersign
from holdfast.registry.contest import ContestState
from holdfast.registry.listing import ListingState
from holdfast.registry.models import Contest, ContestCode, Listing
from holdfast.registry.queries import listing_by_id, listing_unknown, lock_registry
from holdfast.registry.subject import SubjectKind
from holdfast.workflows.centre import Centre
from holdfast.workflows.write_notice import PERSON, write_notice

NOT_PROVEN = "reported_not_proven"
TYPE = "listing"


def tell_person(centre: Centre, subject: str) -> bool:
    """Write a notice for the bank of the account, else for the centre, to bring in time.

    There is none where the listing has gone on meanwhile.

    `subject` is LISTING/WHAT HAPPENED: a state of the listing, or that a contest was rejected.
    """
    listing_id, what = subject.rsplit("/", 1)
    with transaction.atomic():
        lock_registry()
        row = listing_by_id(listing_id)
        if what not in (row.state, ContestState.REJECTED.value):
            return False
        if row.state == ListingState.STANDING.value:
            _issue_code(centre, row)
        write_notice(
            centre,
            f"told-{row.listing_id}-{what}-{row.steps.count()}",
            _bringer(centre, row),
            PERSON,
            _says(row, what),
            subject=f"listing:{row.listing_id}",
            due_us=_due_us(centre),
        )
        audit.record(
            at_us=centre.now_us(),
            actor=centre.itself.name,
            verb="tell_person",
            subject=f"listing:{row.listing_id}",
            detail={"what": what},
        )
    return True


def code_for_notice(centre: Centre, listing_id: str, actor: Actor) -> tuple[str, str]:
    """Return the code and the countersign for who brings a notice; that they were read is kept.

    Raises:
        NotFound: `listing_unknown`, also where another brings the notice.
        Conflict: `contest_code_none`: the listing does not stand, or its code was used.
    """
    with transaction.atomic():
        row = listing_by_id(listing_id)
        if not (actor.is_centre or keeps_account(actor.institution_id, row)):
            raise listing_unknown(listing_id)
        valid = row.codes.filter(void_us=None).order_by("-number").first()
        if valid is None or row.state != ListingState.STANDING.value:
            raise Conflict(
                "contest_code_none",
                N_("listing {listing} has no code that waits to be used"),
                listing=listing_id,
            )
        audit.record(
            at_us=centre.now_us(),
            actor=actor.name,
            verb="read_contest_code",
            subject=f"listing:{listing_id}",
            detail={"number": valid.number},
        )
    code = contest_code(centre.person_key, listing_id, valid.number)
    return code, countersign(centre.person_key, code)


def keeps_account(institution_id: str, row: Listing) -> bool:
    """Whether a listing is about an account that an institution keeps."""
    is_account = row.subject_kind == SubjectKind.ACCOUNT.value
    return is_account and bank_of(row.subject_key) == institution_id


def _bringer(centre: Centre, row: Listing) -> str:
    """Return who knows the person: the bank of the account if it takes part, else the centre."""
    if row.subject_kind != SubjectKind.ACCOUNT.value:
        return centre.name
    bank = bank_of(row.subject_key)
    takes_part = Institution.objects.filter(institution_id=bank, closed_us=None).exists()
    return bank if takes_part else centre.name


def _due_us(centre: Centre) -> int:
    now_us = centre.now_us()
    day = centre.law.local_day(centre.country, now_us)
    hours = centre.law.registry_number(centre.country, "notice_hours", day)
    return now_us + hours * HOUR_US


def _issue_code(centre: Centre, row: Listing) -> None:
    """Have a code that was not used yet, unless a contest waits."""
    if row.disputed or row.codes.filter(void_us=None).exists():
        return
    row.codes_issued += 1
    row.save(update_fields=["codes_issued"])
    code = contest_code(centre.person_key, row.listing_id, row.codes_issued)
    ContestCode.objects.create(
        code_hash=code_hash(centre.person_key, code),
        listing=row,
        number=row.codes_issued,
        issued_us=centre.now_us(),
    )


def _says(row: Listing, what: str) -> dict[str, object]:
    says: dict[str, object] = {
        "type": TYPE,
        "listing": row.listing_id,
        "what": what,
        "kind": row.subject_kind,
        "since": format_instant(row.stands_us or row.listed_us),
        "ends_at": format_instant(row.ended_us or row.until_us),
        "by_kind": row.institution_kind,
        "standing": NOT_PROVEN,
    }
    if row.state == ListingState.STANDING.value:
        says |= {"contest_at": row.contest_way, "answer_within_days": row.contest_days}
    answered = Contest.objects.filter(
        listing=row, state__in=[ContestState.REJECTED.value, ContestState.UPHELD.value]
    )
    last = answered.order_by("-decided_us", "-id").first()
    if last is not None:
        says |= {"contest": last.contest_id, "outcome": last.state, "reason": last.reason}
    return says
