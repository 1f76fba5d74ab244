"""Learn: write the transfers that institutions told of into the ledger, once each.

A transfer waits in SQL until the ledger has acknowledged it. Killed between the two, the next run
appends it again, which adds nothing: the ledger knows it by its id.
"""

from __future__ import annotations

from holdfast.cases.models import LearnedTransfer, Order
from holdfast.cases.queries import hold_id
from holdfast.core.instant import parse_instant
from holdfast.ledger.store import LedgerWriter
from holdfast.ledger.transfer import Transfer

AT_ONCE = 5_000


def learn_transfers(writer: LedgerWriter) -> int:
    """Append what waits to the ledger, in the order in which it was told; return how many.

    A transfer that contradicts one the ledger has is marked so, and the first stays.
    """
    # A ledger restored from an older copy has lost what came after: it is told again.
    LearnedTransfer.objects.filter(ledger_change__gt=writer.figures.change).update(
        ledger_change=None
    )
    learned = 0
    while rows := _waiting():
        appended = writer.append([_transfer(row) for row in rows])
        change = writer.figures.change
        contradicting = {rows[index].id for index in appended.conflicts}
        for row in rows:
            row.ledger_change = change
            row.outcome = "contradicts" if row.id in contradicting else "kept"
        LearnedTransfer.objects.bulk_update(rows, ["ledger_change", "outcome"], batch_size=500)
        learned += len(rows)
    return learned


def _waiting() -> list[LearnedTransfer]:
    waiting = LearnedTransfer.objects.filter(ledger_change=None).select_related("answer__order")
    return list(waiting.order_by("id")[:AT_ONCE])


def _transfer(row: LearnedTransfer) -> Transfer:
    told = row.transfer
    return Transfer(
        time_us=parse_instant(told["time"]),
        seq=0,
        transfer_id=told["transfer_id"],
        debit_account=told["debit_account"],
        credit_account=told["credit_account"],
        amount_minor=told["amount_minor"],
        currency=told["currency"],
        debit_balance_before_minor=told.get("debit_balance_before_minor"),
        credit_balance_before_minor=told.get("credit_balance_before_minor"),
        executes_hold=_executed(row),
        channel=told.get("channel"),
        uetr=told.get("uetr"),
    )


def _executed(row: LearnedTransfer) -> str | None:
    """Return the trail's id of the hold that a transfer carries out, if it says so."""
    order_id = row.transfer.get("executes_hold")
    if order_id is None:
        return None
    order = Order.objects.filter(order_id=order_id).first()
    return order_id if order is None else hold_id(order.order_id, order.tranche)
