"""A bank's own holds: told to the centre, ended by the bank or by the clock, named before their end.

A bank may hold by its own suspicion, or because its customer has just told it of a loss. The
centre orders nothing by that; it keeps what is held, on which basis and until when. Where a claim
turns out to rest on the same money, an order takes it over (`take_over`) and nothing is held twice.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from holdfast.cases.models import OwnHold
from holdfast.cases.own_hold import FIRST_OWN_HOLD, OwnHoldState
from holdfast.core.account import bank_of
from holdfast.core.errors import Conflict, Forbidden, NotFound, Refused
from holdfast.core.instant import HOUR_US, format_instant
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.records import audit, due
from holdfast.workflows.centre import Centre
from holdfast.workflows.legal_basis import BANK, BANK_SUSPICION, Basis, basis_of
from holdfast.workflows.write_notice import INSTITUTION, write_notice

OWN_LAPSE = "own_lapse"
"""Due work: end a bank's own hold whose time has run out; its subject is the hold's id."""
OWN_WARN = "own_warn"
"""Due work: tell a bank that its own hold ends soon; its subject is ID/HOURS before the end."""


@dataclass(frozen=True, slots=True)
class OwnHoldTold:
    """What a bank tells of its own hold; the time in microseconds since 1970 UTC."""

    reference: str
    """The bank's own id of it."""
    account: str
    amount_minor: int
    currency: str
    since_us: int


def tell_own_hold(
    centre: Centre,
    told: OwnHoldTold,
    actor: Actor,
    *,
    basis: str = BANK_SUSPICION,
    counted_us: int | None = None,
) -> OwnHold:
    """Keep what a bank holds in an account of its own; the same again changes nothing.

    `counted_us` is the event from which its basis counts, the hold's beginning if left out.

    Raises:
        Forbidden: `own_hold_account` where another bank keeps the account.
        Refused: `own_hold_time`, `own_hold_no_basis` where the law lets no bank hold so, or
            `own_hold_over` where its time has run out already.
        Conflict: `own_hold_reused` where the reference stands for something else.
    """
    _check(told, actor, centre.now_us())
    found = basis_of(centre, basis, told.since_us if counted_us is None else counted_us, BANK)
    if found is None:
        raise Refused(
            "own_hold_no_basis",
            N_("the law of {country} lets no bank hold by itself on {basis}"),
            country=centre.country,
            basis=basis,
        )
    with transaction.atomic():
        own, is_new = _keep(centre, told, actor, found)
        if not is_new:
            _check_same(own, told)
            return own
        due.plan(kind=OWN_LAPSE, subject=own.own_hold_id, due_us=own.lapses_us)
        _plan_warnings(centre, own)
        _record(centre, own, actor, "tell_own_hold")
    return own


def _keep(centre: Centre, told: OwnHoldTold, actor: Actor, basis: Basis) -> tuple[OwnHold, bool]:
    """Return a bank's own hold, and whether it is new; one that is over by now is refused."""
    mine = {"institution_id": actor.institution_id, "reference": told.reference}
    known = OwnHold.objects.filter(**mine).first()
    if known is not None:
        return known, False
    now_us = centre.now_us()
    if basis.lapses_us <= now_us:
        raise Refused(
            "own_hold_over",
            N_("a hold since {since} has ended at {end}; let go of it"),
            since=format_instant(told.since_us),
            end=format_instant(basis.lapses_us),
        )
    own, is_new = OwnHold.objects.get_or_create(
        **mine,
        defaults={
            "own_hold_id": centre.new_id("own"),
            "account": told.account,
            "currency": told.currency,
            "amount_minor": told.amount_minor,
            "left_minor": told.amount_minor,
            "state": FIRST_OWN_HOLD.value,
            "basis": basis.key,
            "law_fingerprint": centre.law.fingerprint,
            "since_us": told.since_us,
            "told_us": now_us,
            "told_by": actor.name,
            "lapses_us": basis.lapses_us,
        },
    )
    return own, is_new


def end_own_hold(centre: Centre, own_hold_id: str, actor: Actor, reason: str) -> OwnHold:
    """Keep that a bank has let go of what no order has taken over.

    Raises:
        NotFound: `own_hold_unknown`, also where it is another institution's.
        Conflict: `own_hold_ended`.
    """
    with transaction.atomic():
        own = locked_own_hold(own_hold_id)
        if own is None or own.institution_id != actor.institution_id:
            raise NotFound(
                "own_hold_unknown",
                N_("there is no hold {hold} of yours"),
                hold=own_hold_id[:60],
            )
        if own.state != OwnHoldState.HELD.value:
            raise Conflict(
                "own_hold_ended",
                N_("hold {hold} has ended ({state}); what orders took over is let go by these"),
                hold=own_hold_id,
                state=own.state,
            )
        _end(centre, own, OwnHoldState.RELEASED, actor, reason)
    return own


def lapse_own_hold(centre: Centre, own_hold_id: str) -> bool:
    """End a bank's own hold if its time has run out; return whether it ended now."""
    with transaction.atomic():
        own = locked_own_hold(own_hold_id)
        is_due = own is not None and own.lapses_us <= centre.now_us()
        if own is None or not is_due or own.state != OwnHoldState.HELD.value:
            return False
        _end(centre, own, OwnHoldState.LAPSED, centre.itself, "time_ran_out")
    return True


def warn_of_end(centre: Centre, subject: str) -> bool:
    """Tell a bank that its own hold ends soon, as far as no order has taken it over."""
    own_hold_id, hours = subject.rsplit("/", 1)
    with transaction.atomic():
        own = OwnHold.objects.get(own_hold_id=own_hold_id)
        if own.state != OwnHoldState.HELD.value:
            return False
        write_notice(
            centre,
            f"{own_hold_id}-ends-in-{hours}",
            own.institution_id,
            INSTITUTION,
            {
                "type": "own_hold_ends",
                "own_hold_id": own_hold_id,
                "reference": own.reference,
                "amount_minor": own.left_minor,
                "currency": own.currency,
                "basis": own.basis,
                "expires_at": format_instant(own.lapses_us),
            },
            subject=f"own-hold:{own_hold_id}",
            due_us=own.lapses_us,
        )
    return True


def locked_own_hold(own_hold_id: str) -> OwnHold | None:
    """Return a bank's own hold to be changed, locked until the transaction ends."""
    holds = OwnHold.objects.select_for_update(no_key=True)
    found: OwnHold | None = holds.filter(own_hold_id=own_hold_id).first()
    return found


def _check(told: OwnHoldTold, actor: Actor, now_us: int) -> None:
    if bank_of(told.account) != actor.institution_id:
        raise Forbidden(
            "own_hold_account", N_("you hold in your own customers' accounts; this is another's")
        )
    if told.since_us > now_us:
        raise Refused("own_hold_time", N_("since when it is held lies in the future"))


def _check_same(own: OwnHold, told: OwnHoldTold) -> None:
    before = OwnHoldTold(own.reference, own.account, own.amount_minor, own.currency, own.since_us)
    if before != told:
        raise Conflict(
            "own_hold_reused",
            N_("your reference {reference} stands for another hold; each has its own"),
            reference=told.reference,
        )


def _plan_warnings(centre: Centre, own: OwnHold) -> None:
    now_us = centre.now_us()
    day = centre.law.local_day(centre.country, now_us)
    for hours in centre.law.reminders_hours(centre.country, own.basis, day):
        due_us = own.lapses_us - hours * HOUR_US
        if due_us > now_us:
            due.plan(kind=OWN_WARN, subject=f"{own.own_hold_id}/{hours}", due_us=due_us)


def _end(centre: Centre, own: OwnHold, to: OwnHoldState, actor: Actor, reason: str) -> None:
    own.state, own.left_minor, own.reason = to.value, 0, reason
    own.ended_us = centre.now_us()
    own.save(update_fields=["state", "left_minor", "reason", "ended_us"])
    due.cancel(OWN_LAPSE, own.own_hold_id)
    _record(centre, own, actor, "end_own_hold")


def _record(centre: Centre, own: OwnHold, actor: Actor, verb: str) -> None:
    audit.record(
        at_us=centre.now_us(),
        actor=actor.name,
        verb=verb,
        subject=f"own-hold:{own.own_hold_id}",
        basis=own.basis,
        detail={
            "institution": own.institution_id,
            "amount_minor": own.amount_minor,
            "currency": own.currency,
            "lapses_us": own.lapses_us,
            "state": own.state,
            "reason": own.reason,
        },
    )
