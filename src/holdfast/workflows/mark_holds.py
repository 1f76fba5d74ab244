"""Mark: note in the stored trails what institutions hold now; settle anew only where that matters.

Most answers hold all that was asked, and change nothing else. Under the currency's lock nobody
settles meanwhile: the trail is either older than the hold, and the hold is noted in it, or newer,
and has it already.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable

from django.db import connection, transaction

from holdfast.cases.marked import with_holds
from holdfast.cases.models import Claim, Order, StoredTrail
from holdfast.cases.queries import hold_id, in_parts, lock_settlement, orders_view
from holdfast.records import due
from holdfast.workflows.centre import Centre
from holdfast.workflows.step_order import TRACE


def mark_holds(centre: Centre, order_ids: Iterable[str]) -> None:
    """Note what is held on orders that were held whole; have settled anew what may have changed."""
    for some in in_parts(order_ids):
        orders = Order.objects.select_related("claim").defer("body", "claim__told")
        found: dict[str, list[Order]] = {}
        for order in orders.filter(order_id__in=some):
            found.setdefault(order.currency, []).append(order)
        for currency in sorted(found):
            with transaction.atomic():
                lock_settlement(currency)
                _mark(centre, found[currency])


def _mark(centre: Centre, orders: Collection[Order]) -> None:
    now_us = centre.now_us()
    claims: dict[int, Claim] = {order.claim_id: order.claim for order in orders}
    new = {hold_id(order.order_id, order.tranche) for order in orders}
    view = orders_view(list(claims))
    trails = {row.claim_id: row for row in StoredTrail.objects.filter(claim_id__in=list(claims))}
    marked, unsettled = [], []
    for claim_id, claim in claims.items():
        trail = trails.get(claim_id)
        if trail is None:
            unsettled.append(claim.claim_id)
            continue
        answer = with_holds(trail.answer, claim.transfer_id, new, view.holds, view.standing)
        if answer is None:
            unsettled.append(claim.claim_id)
        elif answer != trail.answer:
            trail.answer, trail.settled_us = answer, now_us
            marked.append(trail)
    _write(marked)
    due.plan_all(TRACE, dict.fromkeys(unsettled, now_us))


_WRITE = "UPDATE cases_storedtrail SET answer = %s, settled_us = %s WHERE id = %s"
"""In SQL of our own: Django's statement for many rows costs more than all the rest."""


def _write(trails: Collection[StoredTrail]) -> None:
    rows = [(json.dumps(trail.answer), trail.settled_us, trail.id) for trail in trails]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(_WRITE, rows)
