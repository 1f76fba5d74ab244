"""Set aside: money that rests by the trail, but that no rule asks for again.

It was missing when the institution looked, or its hold has ended. What is set aside belongs to
the claims that the order or the hold served, and sinks as the trail sees the money leave.
"""

from __future__ import annotations

from django.db.models import F

from holdfast.cases.models import Claim, HoldShare, Order


def set_aside_shares(order: Order) -> None:
    """Set aside what an order held, now that it has ended; its shares must still be open.

    Also where time ran out: it ran to the latest end that any claim it served could give.
    """
    shares = HoldShare.objects.filter(order=order, until_us=None)
    shares.update(set_aside_minor=F("amount_minor"))


def ask_again(order: Order) -> None:
    """Set nothing of an order aside any more: a person wants it asked for again."""
    Order.objects.filter(id=order.id).update(set_aside_minor=0)
    HoldShare.objects.filter(order=order).update(set_aside_minor=0)


def set_aside_of(order: Order) -> int:
    """Return what of an order is set aside, in minor units."""
    shares = order.shares.values_list("set_aside_minor", flat=True)
    return int(order.set_aside_minor + sum(shares))


def sink(claim: Claim, account: str, surplus_minor: int) -> None:
    """Let what is set aside of a claim in an account sink by an amount, the latest part first."""
    shares = HoldShare.objects.select_for_update(of=("self",), no_key=True).filter(
        claim=claim, order__account=account, set_aside_minor__gt=0
    )
    orders = Order.objects.select_for_update(no_key=True).filter(
        claim=claim, account=account, set_aside_minor__gt=0
    )
    for rows in (orders.order_by("-id"), shares.order_by("-id")):
        for row in rows:
            part = min(surplus_minor, row.set_aside_minor)
            if part:
                type(row).objects.filter(id=row.id).update(
                    set_aside_minor=F("set_aside_minor") - part
                )
                surplus_minor -= part
