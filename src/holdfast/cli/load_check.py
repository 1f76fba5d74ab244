"""After a load: how long the first orders took, and whether anything was lost or doubled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from holdfast.cases.models import Order, Report
from holdfast.core.words import N_, say
from holdfast.records.seal import seal
from holdfast.records.signing_key import current_key
from holdfast.server.sound import broken_records
from holdfast.simulation.load import AtBank, Sent

if TYPE_CHECKING:
    from holdfast.server.home import Home

Books = Sequence[Mapping[str, AtBank]]
"""The orders of every bank, by their ids."""


def first_waits(sent: Sequence[Sent], books: Books) -> tuple[list[int], list[int]]:
    """Return how many microseconds after each report its first order, and hold, was at a bank.

    A report that led to none is not in it.
    """
    by_payment: dict[str, list[AtBank]] = {}
    told_of = dict(Order.objects.values_list("order_id", "claim__transfer_id"))
    for book in books:
        for order_id, order in book.items():
            by_payment.setdefault(told_of.get(order_id, ""), []).append(order)
    orders_us, holds_us = [], []
    for one in sent:
        at_banks = by_payment.get(one.transfer_id, []) if one.is_taken else []
        held_us = [order.held_us for order in at_banks if order.held_us is not None]
        if at_banks:
            orders_us.append(min(order.taken_us for order in at_banks) - one.due_us)
        if held_us:
            holds_us.append(min(held_us) - one.due_us)
    return orders_us, holds_us


def broken_load(home: Home, sent: Sequence[Sent], books: Books, now_us: int) -> Iterator[str]:
    """Yield in words what was lost or doubled; the centre is at rest."""
    kept = set(Report.objects.values_list("report_id", flat=True))
    for one in sent:
        if one.is_taken and one.report_id not in kept:
            yield say(
                N_("the report {report} was acknowledged and is no case"), report=one.report_id
            )
    orders = {order.order_id: order for order in Order.objects.all()}
    for order_id in sorted({order for one in sent for order in one.orders} - orders.keys()):
        yield say(N_("the order {order} was told of and is not kept"), order=order_id)
    times = Counter(order_id for book in books for order_id in book)
    for order_id, count in times.items():
        if count > 1 or order_id not in orders:
            yield say(
                N_("the order {order} is in {count} books of banks, and {known} at the centre"),
                order=order_id,
                count=count,
                known=int(order_id in orders),
            )
    at_bank = {order_id: order for book in books for order_id, order in book.items()}
    for order in orders.values():
        yield from _broken_order(order, at_bank.get(order.order_id))
    seal(now_us=now_us, key=current_key(home.keys), heads=home.heads)
    yield from broken_records(home, now_us)


def _broken_order(order: Order, at_bank: AtBank | None) -> Iterator[str]:
    if at_bank is None:
        if order.delivered_us is not None:
            yield say(
                N_("the order {order} was delivered and no bank has it"), order=order.order_id
            )
        return
    asked = order.institution_id, order.account, order.amount_minor, order.held_minor
    found = at_bank.institution, at_bank.account, at_bank.asked_minor, at_bank.held_minor
    if asked != found:
        yield say(
            N_("the order {order} stands otherwise at {bank} than at the centre"),
            order=order.order_id,
            bank=at_bank.institution,
        )
