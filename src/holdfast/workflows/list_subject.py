"""List: say of a subject in which tier it belongs, on which ground, until when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from holdfast.cases.models import Claim
from holdfast.core.account import bank_of, parse_account
from holdfast.core.errors import Refused
from holdfast.core.instant import DAY_US, EPOCH, MICROSECOND
from holdfast.core.words import N_
from holdfast.law.tier import Move, Tier
from holdfast.people.actor import Actor
from holdfast.people.models import Institution
from holdfast.registry.ground import Ground, Link, check_ground, needs_second
from holdfast.registry.listing import ListingState
from holdfast.registry.merged import successor_of
from holdfast.registry.models import Listing
from holdfast.registry.queries import lock_registry, registration_ends, subject_of
from holdfast.registry.subject import REGISTERED, Subject, SubjectKind, parse_subject
from holdfast.workflows.centre import Centre
from holdfast.workflows.change_registry import add_listings
from holdfast.workflows.listed_alone import is_flood
from holdfast.workflows.listed_before import check_new

CENTRE_KIND = "centre"


@dataclass(frozen=True, slots=True)
class ToList:
    """What somebody wants listed; times in microseconds since 1970 UTC."""

    subject: Subject
    ground: Ground
    days: int | None = None
    """After how many days it ends; the tier's own number, which is also the most, if left out."""
    source_country: str = ""
    """Where the finding comes from; the centre's own country if left out."""
    owned_from_us: int | None = None
    """Since when a proxy or a number belongs to the one it is about."""
    owned_until_us: int | None = None
    """Until when: what was registered anew is another person's."""
    batch: str = ""
    second: bool = False
    """Whether a second person must look, also where the tier would not need one: bulk, hearsay."""


def list_subject(
    centre: Centre, wanted: ToList, actor: Actor, replaces: Listing | None = None
) -> Listing:
    """List a subject; where the tier, the kind or the bulk needs it, a second person approves first.

    An institution that has listed as many alone of late as the law lets it needs one for the next.

    Raises:
        Refused: `lister_not_allowed`, `law_not_in_force`, `subject_moved_on`, `listing_days`,
            `listing_seen_ahead`, `ground_not_sender`, or those of `check_ground`.
        Conflict: `listing_stands`: the same is listed or proposed already; `listing_was_contested`:
            on this very ground a contest took it off, or was left without an answer;
            `listing_in_doubt`: of what this institution said before, on whatever ground.
    """
    with transaction.atomic():
        lock_registry()
        row = new_listing(centre, wanted, actor, kind_of(actor))
        row.replaces = replaces
        heed_registrations([row], centre.now_us())
        if not actor.is_centre and is_flood(centre, actor.institution_id):
            propose(row)
        check_new(row)
        add_listings(centre, [row], actor)
    return row


def new_listing(centre: Centre, wanted: ToList, actor: Actor, kind: str) -> Listing:
    """Return a listing as it is to be kept, by an institution of a kind.

    Raises:
        Refused: as `list_subject`.
    """
    ground, now_us = wanted.ground, centre.now_us()
    day = centre.law.local_day(centre.country, now_us)
    tier = centre.law.tier_for(centre.country, ground.event, kind, day)
    move = centre.law.move(centre.country, ground.event, day)
    ground = _with_confirmation(centre, wanted.subject, ground, actor)
    _check_seen(ground, now_us)
    check_ground(wanted.subject, ground, move)
    if tier is None:  # which `check_ground` has refused
        raise AssertionError(ground.event)
    second = wanted.second or needs_second(wanted.subject, tier)
    return Listing(
        listing_id=centre.new_id("listing"),
        subject_kind=wanted.subject.kind.value,
        subject_key=wanted.subject.key,
        state=(ListingState.PROPOSED if second else ListingState.STANDING).value,
        needs_second=second,
        institution_id=actor.institution_id,
        institution_kind=kind,
        listed_by=actor.name,
        listed_us=now_us,
        stands_us=None if second else now_us,
        until_us=_until_us(centre, wanted, tier, day),
        owned_from_us=wanted.owned_from_us,
        owned_until_us=wanted.owned_until_us,
        seen_us=ground.seen_us,
        source_country=wanted.source_country or centre.country,
        batch=wanted.batch,
        **_of_law(centre, tier, move, day),
        **_of_ground(ground),
    )


def propose(row: Listing) -> None:
    """Let a new listing wait for a second person, also where its tier would need none."""
    row.needs_second, row.state, row.stands_us = True, ListingState.PROPOSED.value, None


def kind_of(actor: Actor) -> str:
    """Return the kind of the institution that somebody acts for."""
    if actor.is_centre:
        return CENTRE_KIND
    found = Institution.objects.filter(institution_id=actor.institution_id).first()
    return found.kind if found is not None else ""


def heed_registrations(rows: Sequence[Listing], now_us: int) -> None:
    """Let new listings of proxies and numbers end with the registration that is known to end.

    Who lists may know better and say so; else the end that a listing told before counts.
    """
    silent = [
        row
        for row in rows
        if row.owned_until_us is None and SubjectKind(row.subject_kind) in REGISTERED
    ]
    ends = registration_ends({subject_of(row) for row in silent}, now_us)
    for row in silent:
        end_us = ends.get(subject_of(row))
        if end_us is not None:
            row.owned_until_us = end_us
            row.until_us = min(row.until_us, end_us)


def _check_seen(ground: Ground, now_us: int) -> None:
    if ground.seen_us is not None and ground.seen_us > now_us:
        raise Refused(
            "listing_seen_ahead",
            N_("what a listing rests on was seen before it is listed, not after"),
        )


def _with_confirmation(centre: Centre, subject: Subject, ground: Ground, actor: Actor) -> Ground:
    """Let our own record say whether a case's payment is confirmed, else the bank that sent it."""
    if ground.link is not Link.FIRST_ACCOUNT:
        return ground
    if not ground.case_number:
        _check_sender(ground, actor)
        return ground
    claims = Claim.objects.filter(case__number=ground.case_number, confirmed_us__isnull=False)
    confirmed = any(subject in paid_with(centre, claim) for claim in claims)
    return replace(ground, payment_confirmed=confirmed)


def _check_sender(ground: Ground, actor: Actor) -> None:
    """Refuse anybody's word for a payment but that of the bank which it left.

    Raises:
        Refused: `ground_not_sender`, or as `parse_account`.
    """
    if not ground.payment_confirmed:
        return
    sender = bank_of(parse_account(ground.paid_from)) if ground.paid_from else ""
    if successor_of(sender) != successor_of(actor.institution_id):
        raise Refused(
            "ground_not_sender",
            N_(
                "only the bank that the payment left confirms it, or a case of the centre; name "
                "the account at your bank that it left (paid_from), or the case"
            ),
        )


def paid_with(centre: Centre, claim: Claim) -> Iterator[Subject]:
    """Yield to what a claim's payment went: the account, and the proxy that was told."""
    told = (
        (SubjectKind.ACCOUNT, claim.credit_account),
        (SubjectKind.PROXY, claim.told.get("to_proxy")),
    )
    for kind, text in told:
        if text:
            yield parse_subject(kind, text, centre.country, centre.person_key)


def _of_law(centre: Centre, tier: Tier, move: Move, day: date) -> dict[str, object]:
    return {
        "tier": tier.name,
        "tier_code": tier.code,
        "legal_basis": move.legal_basis,
        "law_fingerprint": centre.law.fingerprint,
        "contest_days": tier.contest_days,
        "contest_way": centre.law.contest_way(centre.country, day),
        "suspends_undecided": tier.suspends_undecided,
    }


def _of_ground(ground: Ground) -> dict[str, object]:
    return {
        "ground": ground.event.value,
        "evidence": ground.evidence.value,
        "involvement": ground.involvement.value,
        "behaviour": ground.behaviour,
        "decided_by": ground.decided_by,
        "case_number": ground.case_number,
        "reference": ground.reference,
    }


def _until_us(centre: Centre, wanted: ToList, tier: Tier, day: date) -> int:
    """Return when a listing ends: by its tier, by the end of its basis, or of the registration."""
    now_us = centre.now_us()
    days = tier.default_days if wanted.days is None else wanted.days
    if not 1 <= days <= tier.default_days:
        raise Refused(
            "listing_days",
            N_("a listing in {tier} ends after 1 to {limit} days, not {found}"),
            tier=tier.name,
            limit=tier.default_days,
            found=days,
        )
    ends = [now_us + days * DAY_US]
    last = centre.law.last_day(centre.country, wanted.ground.event, day)
    if last is not None:
        ends.append(_end_us(centre, last))
    if wanted.owned_until_us is not None:
        ends.append(wanted.owned_until_us)
    until_us = min(ends)
    if until_us <= now_us:
        raise Refused(
            "subject_moved_on",
            N_("this belongs to somebody else by now; who has it today is not listed for it"),
        )
    return until_us


def _end_us(centre: Centre, day: date) -> int:
    """Return the end of a day in the centre's country."""
    zone = ZoneInfo(centre.law.countries[centre.country].timezone)
    midnight = datetime.combine(day + timedelta(days=1), time(), zone)
    return (midnight - EPOCH) // MICROSECOND
