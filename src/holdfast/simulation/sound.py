"""What must be true of all banks' books whatever happened, and where it is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from holdfast.core.words import N_, say
from holdfast.simulation.desk import Desk


def broken_books(
    desks: Mapping[str, Desk], balances_minor: Mapping[str, int], openings_minor: int, now_us: int
) -> Iterator[str]:
    """Yield in words what is wrong with the books: money, deadlines, orders done twice.

    `balances_minor` is what every account of the world has, those that no bank keeps too;
    `openings_minor` is what all had together in the beginning.
    """
    total_minor = sum(balances_minor.values())
    if total_minor != openings_minor:
        yield say(
            N_("the accounts have {total} together, not {right} as in the beginning"),
            total=total_minor,
            right=openings_minor,
        )
    seen: set[str] = set()
    for bank, desk in desks.items():
        for account, booked_minor in desk.balances_minor().items():
            if booked_minor != balances_minor[account]:
                yield say(
                    N_("the book of {bank} has {booked} on {account}, not {right}"),
                    bank=bank,
                    booked=booked_minor,
                    account=account,
                    right=balances_minor[account],
                )
        yield from _broken_orders(desk, balances_minor, seen, now_us)


def _broken_orders(
    desk: Desk, balances_minor: Mapping[str, int], seen: set[str], now_us: int
) -> Iterator[str]:
    orders = list(desk.orders())
    for order in orders:
        if order.order_id in seen:
            yield say(N_("the order {order} is in two books"), order=order.order_id)
        seen.add(order.order_id)
        if order.held_minor > order.asked_minor:
            yield say(N_("more is held under the order {order} than it asks"), order=order.order_id)
        if order.held_minor and order.expires_us <= now_us:
            yield say(N_("the hold {order} goes on after its time"), order=order.order_id)
    for account in sorted({order.account for order in orders}):
        held_minor = sum(order.held_minor for order in orders if order.account == account)
        if held_minor > max(balances_minor.get(account, 0), 0):
            yield say(N_("more is held on {account} than there is"), account=account)
