"""List from a case: what its reports tell of, and the accounts that its victims paid.

An account is listed once the sending bank has confirmed the payment to it, and as that account
only. What a victim told of besides (phones, links, wallets, handles) is hearsay: a second person
looks at it first. Accounts further along the trail and persons are never listed by this; a named
person lists them with the behaviour that was seen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.db import transaction

from holdfast.cases.claim import ClaimState
from holdfast.cases.models import Case, Claim, Report
from holdfast.cases.queries import confirmed_complaint, current_case, homes_among
from holdfast.cases.stops import StopsAt
from holdfast.core.errors import Conflict, NotFound, Refused
from holdfast.core.words import N_
from holdfast.law.tier import Event, Grade
from holdfast.people.actor import Actor
from holdfast.registry.ground import Ground, Link
from holdfast.registry.listing import ListingState
from holdfast.registry.models import Listing
from holdfast.registry.queries import listings_of, lock_registry
from holdfast.registry.subject import Subject, SubjectKind, parse_subject
from holdfast.workflows import trace_money
from holdfast.workflows.centre import Centre
from holdfast.workflows.list_subject import ToList, list_subject, paid_with
from holdfast.workflows.move_tier import move_tier

_TOLD = {
    "phones": SubjectKind.PHONE,
    "links": SubjectKind.LINK,
    "wallets": SubjectKind.WALLET,
    "handles": SubjectKind.HANDLE,
}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What a case tells of that is not listed, and the code of why not."""

    kind: str
    code: str


@dataclass(frozen=True, slots=True)
class FromCase:
    """What became of all that a case tells of."""

    listed: tuple[Listing, ...]
    known: int
    """How many were listed on the same ground before."""
    left_out: tuple[LeftOut, ...]


def list_from_case(centre: Centre, case_number: str, actor: Actor) -> FromCase:
    """List what a case tells of, as far as its ground carries; again, only what is new.

    Raises:
        NotFound: `case_unknown`.
    """
    found = Case.objects.filter(number=case_number).first()
    if found is None:
        raise NotFound("case_unknown", N_("there is no case {case} for you"), case=case_number[:40])
    case = current_case(found)
    listed: list[Listing] = []
    left_out: list[LeftOut] = []
    known = 0
    with transaction.atomic():
        lock_registry()
        for told in _subjects(centre, case):
            if isinstance(told, LeftOut):
                left_out.append(told)
                continue
            try:
                row = _list(centre, told, actor)
            except Refused as error:
                left_out.append(LeftOut(told.subject.kind.value, error.code))
            except Conflict as error:
                known += error.code == "listing_stands"
                if error.code != "listing_stands":
                    left_out.append(LeftOut(told.subject.kind.value, error.code))
            else:
                listed.append(row)
    return FromCase(tuple(listed), known, tuple(left_out))


def _list(centre: Centre, wanted: ToList, actor: Actor) -> Listing:
    """List anew, or move what the same case listed in another tier before."""
    former = listings_of([wanted.subject]).filter(
        case_number=wanted.ground.case_number,
        institution_id=actor.institution_id,
        state=ListingState.STANDING.value,
        break_glass=False,
    )
    other = former.exclude(ground=wanted.ground.event.value).first()
    with transaction.atomic():
        if other is not None:
            return move_tier(centre, other.listing_id, wanted.ground, actor)
        return list_subject(centre, wanted, actor)


def _subjects(centre: Centre, case: Case) -> Iterator[ToList | LeftOut]:
    """Yield what the case tells of once each: accounts that were paid, then what was told of."""
    is_complained = confirmed_complaint(case.id) is not None
    event = Event.POLICE_COMPLAINT if is_complained else Event.VICTIM_REPORT
    seen: set[Subject] = set()
    for told in (*_paid(centre, case, event), *_told_of(centre, case, event)):
        if isinstance(told, ToList):
            if told.subject in seen:
                continue
            seen.add(told.subject)
        yield told


def _paid(centre: Centre, case: Case, event: Event) -> Iterator[ToList | LeftOut]:
    claims = Claim.objects.filter(case=case, state=ClaimState.ACCEPTED.value).order_by("id")
    accounts = {claim.credit_account for claim in claims if claim.credit_account}
    homes, stops = homes_among(accounts), trace_money.STOPS.at(centre.now_us())
    for claim in claims:
        ground = Ground(
            event,
            Grade.CONFIRMED,
            link=Link.FIRST_ACCOUNT,
            payment_confirmed=claim.confirmed_us is not None,
            case_number=case.number,
            seen_us=claim.reported_us,
        )
        code = _why_not(claim, homes, stops)
        for subject in paid_with(centre, claim):
            yield LeftOut(subject.kind.value, code) if code else ToList(subject, ground)


def _why_not(claim: Claim, homes: Collection[str], stops: StopsAt) -> str:
    """Return the code of why a claim lists nobody; nothing where it may."""
    if claim.credit_account in homes:
        return "account_of_victim"
    if claim.credit_account in stops:
        return "account_is_stop"
    return "claim_disputed" if claim.disputed else ""


def _told_of(centre: Centre, case: Case, event: Event) -> Iterator[ToList | LeftOut]:
    """Yield what the reports name, except what belongs to those who report."""
    reports = list(Report.objects.filter(case=case).order_by("id"))
    own = {report.told.get("reporter", {}).get("phone") for report in reports}
    grade = Grade.CONFIRMED if event is Event.POLICE_COMPLAINT else Grade.REPORTED
    for report in reports:
        identifiers = report.told.get("identifiers", {})
        for name, kind in _TOLD.items():
            for text in identifiers.get(name, ()):
                ground = Ground(event, grade, seen_us=report.received_us, case_number=case.number)
                yield _told(centre, kind, text, own, ground)


def _told(
    centre: Centre, kind: SubjectKind, text: str, own: set[str | None], ground: Ground
) -> ToList | LeftOut:
    try:
        subject = parse_subject(kind, text, centre.country)
    except Refused as error:
        return LeftOut(kind.value, error.code)
    if subject.key in own:
        return LeftOut(kind.value, "subject_of_victim")
    if kind is SubjectKind.PHONE and not subject.key.startswith("+"):
        # A short code is a service's own, which impostors only show as theirs.
        return LeftOut(kind.value, "phone_short_code")
    return ToList(subject, ground, second=True)
