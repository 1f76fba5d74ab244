"""Step: take an order from one state to the next, with all that every step leaves behind."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.db import connection
from django.db.models import Max
from django.db.models.functions import Greatest

from holdfast.cases.hold import Hold, HoldState
from holdfast.cases.models import Claim, HoldShare, Order, OrderStep
from holdfast.core.errors import NotFound
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.records import audit, due
from holdfast.records.models import AuditEntry
from holdfast.workflows.set_aside import set_aside_shares
from holdfast.workflows.tell_holder import NOTIFY, moment_of, notice_work

LAPSE = "lapse"
"""Due work: end an order whose time has run out."""
TRACE = "trace"
"""Due work: settle a claim anew."""
HELD = "held"
"""Due work: note in its claim's trail that all an order asked for is held."""


def locked_order(order_id: str, institution_id: str | None = None) -> Order:
    """Return an order to be changed, locked until the transaction ends.

    Its row is locked alone: joined to its case, it would be missed where a merge moves it.

    Raises:
        NotFound: `order_unknown`, also where it is another institution's.
    """
    orders = Order.objects.select_for_update(no_key=True)
    order: Order | None = orders.filter(order_id=order_id).first()
    if order is None or institution_id not in (None, order.institution_id):
        raise NotFound(
            "order_unknown", N_("there is no order {order} for you"), order=order_id[:60]
        )
    return order


def free_orders(order_ids: Collection[str]) -> list[Order]:
    """Return those of several orders that nobody else has in hand, locked, with claim and case.

    It waits for nobody, so that whoever locks orders one by one never waits for it in turn.
    """
    rows = Order.objects.select_for_update(no_key=True, skip_locked=True)
    orders = list(rows.filter(order_id__in=order_ids))
    claims = Claim.objects.select_related("case").defer("told")
    known = claims.in_bulk([order.claim_id for order in orders])
    for order in orders:
        order.claim = known[order.claim_id]
        if order.case_id == order.claim.case_id:
            order.case = order.claim.case
    return orders


def hold_of(order: Order) -> Hold:
    """Return the rules' view of an order."""
    return Hold(
        order.order_id,
        HoldState(order.state),
        order.amount_minor,
        order.held_minor,
        order.lapses_us,
    )


def step_order(
    order: Order,
    to: HoldState,
    actor: Actor,
    at_us: int,
    *,
    held_minor: int = 0,
    reason: str = "",
) -> None:
    """Take the step, with history, audit, shares and clock; the caller holds the order's lock.

    Its claim is settled anew soon after: what is held decides what else is to be ordered.

    Raises:
        Conflict: `hold_ended`, `hold_step` or `hold_amount`.
    """
    steps = Steps()
    steps.take(order, to, actor, at_us, held_minor=held_minor, reason=reason)
    steps.write()


@dataclass(slots=True)
class Steps:
    """Steps of several orders, each one's once, and what they leave behind: written together."""

    _orders: list[Order] = field(default_factory=list)
    _lines: list[OrderStep] = field(default_factory=list)
    _entries: list[AuditEntry] = field(default_factory=list)
    _due: dict[str, dict[str, int]] = field(default_factory=dict)

    def take(
        self,
        order: Order,
        to: HoldState,
        actor: Actor,
        at_us: int,
        *,
        held_minor: int = 0,
        reason: str = "",
    ) -> None:
        """Take a step as `step_order` does; it stands once it is written."""
        before = hold_of(order)
        after = before.step(to, held_minor)
        order.state, order.held_minor, order.reason = after.state.value, after.held_minor, reason
        if before.state.unanswered and not after.state.unanswered:
            order.set_aside_minor = order.amount_minor - after.held_minor
        if after.state.ended:
            order.ended_us = at_us
            set_aside_shares(order)
            close_shares(order, at_us)
        if after.state.ended or to is HoldState.SEIZED:
            due.cancel(kind=LAPSE, subject=order.order_id)
        if before.state.unanswered and after.state is HoldState.HELD:
            self._plan(HELD, order.order_id, at_us)
        elif not after.state.unanswered:
            self._plan(TRACE, order.claim.claim_id, at_us)
        moment = moment_of(before.state, after.state)
        if moment is not None:
            self._plan(NOTIFY, notice_work(order.order_id, moment), at_us)
        self.keep(order)
        self._lines.append(_line(order, before.state, actor, at_us, reason))
        self._entries.append(_entry(order, before.state, actor, at_us, reason))

    def keep(self, order: Order, entry: AuditEntry | None = None) -> None:
        """Have what was changed of an order written, and an entry of it in the audit."""
        self._orders.append(order)
        self._entries += [entry] if entry is not None else []

    def write(self) -> None:
        """Write all of it, one statement a table."""
        _write_orders(self._orders)
        _write_lines(self._lines)
        audit.record_all(self._entries)
        due.plan_kinds(self._due)

    def _plan(self, kind: str, subject: str, due_us: int) -> None:
        self._due.setdefault(kind, {})[subject] = due_us


_CHANGING = (
    "state",
    "held_minor",
    "set_aside_minor",
    "basis",
    "provisional",
    "delivered_us",
    "acknowledged_us",
    "answered_us",
    "held_us",
    "ended_us",
    "reason",
    "left_after_ack_minor",
)
"""What a step or an answer may change of an order."""
_WRITE_ORDER = (
    f"UPDATE cases_order SET {', '.join(f'{name} = %s' for name in _CHANGING)} WHERE id = %s"  # noqa: S608  (names of our own)
)


def _write_orders(orders: Iterable[Order]) -> None:
    rows = [(*(getattr(order, name) for name in _CHANGING), order.id) for order in orders]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(_WRITE_ORDER, rows)


def _write_lines(lines: Collection[OrderStep]) -> None:
    """Write steps under the next number of their orders, whose locks the caller holds."""
    if not lines:
        return
    before = OrderStep.objects.filter(order_id__in=[line.order_id for line in lines])
    numbers = dict(before.values_list("order_id").annotate(Max("number")).order_by())
    for line in lines:
        line.number = numbers.get(line.order_id, 0) + 1
    OrderStep.objects.bulk_create(lines)


def close_shares(order: Order, at_us: int) -> None:
    """End what an order holds for claims; the trail sees the money free from then on.

    A share that was to begin later, by the clock of the bank that paid, never began.
    """
    shares = HoldShare.objects.filter(order=order, until_us=None)
    shares.update(until_us=Greatest("from_us", at_us))


def record_step(
    order: Order, before: HoldState, actor: Actor, at_us: int, reason: str = ""
) -> None:
    """Write a step's line in the order's history and its entry in the audit."""
    _write_lines([_line(order, before, actor, at_us, reason)])
    audit.record_all([_entry(order, before, actor, at_us, reason)])


def _line(order: Order, before: HoldState, actor: Actor, at_us: int, reason: str) -> OrderStep:
    return OrderStep(
        order=order,
        from_state=before.value,
        to_state=order.state,
        at_us=at_us,
        actor=actor.name,
        basis=order.basis,
        lapses_us=order.lapses_us,
        held_minor=order.held_minor,
        reason=reason,
    )


def _entry(order: Order, before: HoldState, actor: Actor, at_us: int, reason: str) -> AuditEntry:
    return audit.entry(
        at_us=at_us,
        actor=actor.name,
        verb="step_order",
        subject=f"case:{order.case.number}",
        basis=order.basis,
        detail={
            "order": order.order_id,
            "from": before.value,
            "to": order.state,
            "held_minor": order.held_minor,
            "lapses_us": order.lapses_us,
            "reason": reason,
        },
    )
