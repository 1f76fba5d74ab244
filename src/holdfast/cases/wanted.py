"""Which orders a settled trail asks for: what rests, less what is held, asked for or set aside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from holdfast.trail.answer import Resting

Spot = tuple[str, str]
"""An account and a claim (by its transfer id)."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An order to be made: this much of this claim in this account; minor units."""

    account: str
    claim: str
    amount_minor: int
    hop: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What earlier orders of a spot account for; minor units.

    `asked_minor` was ordered and not answered yet. `aside_minor` rests there by the trail but is
    not asked for again: the institution said it is missing, or its hold has ended.
    """

    asked_minor: int = 0
    aside_minor: int = 0

    def wanting(self, free_minor: int) -> int:
        """Return what of the free money there is neither asked for nor set aside."""
        return max(free_minor - self.asked_minor - min(self.aside_minor, free_minor), 0)


@dataclass(frozen=True, slots=True)
class Asked:
    """An order that its institution has not answered; minor units."""

    order_id: str
    account: str
    claim: str
    amount_minor: int


def wanted(
    resting: Iterable[Resting],
    standing: Mapping[Spot, Standing],
    available: Mapping[str, int],
) -> list[Wanted]:
    """Return the orders that the trail asks for beyond those that stand, in the trail's order.

    `available` is what can still be held in an account by its balance, in minor units; accounts
    without a known balance are not in it. No order is above what rests free, and together those
    of one account are not above its balance. What an unanswered order asks for beyond its own
    claim's money there covers that of other claims: once held, it is theirs.
    """
    rows = list(resting)
    left, spare = dict(available), _spare(rows, standing)
    orders = []
    for row in rows:
        now = standing.get((row.account, row.claim), Standing())
        amount = now.wanting(row.amount_minor - row.held_minor)
        covered = min(amount, spare.get(row.account, 0))
        if covered:
            spare[row.account] -= covered
        amount = min(amount - covered, left.get(row.account, amount))
        if amount <= 0:
            continue
        if row.account in left:
            left[row.account] -= amount
        orders.append(Wanted(row.account, row.claim, amount, row.hop))
    return orders


def _spare(rows: Iterable[Resting], standing: Mapping[Spot, Standing]) -> dict[str, int]:
    """Return what is asked for in each account beyond the money of the claims it was asked for."""
    free = _free(rows)
    spare: dict[str, int] = {}
    for (account, claim), now in standing.items():
        surplus = now.asked_minor - free.get((account, claim), 0)
        if surplus > 0:
            spare[account] = spare.get(account, 0) + surplus
    return spare


def aside_after(resting: Iterable[Resting], standing: Mapping[Spot, Standing]) -> dict[Spot, int]:
    """Return the new amount set aside of each spot where it sinks: what left is not missing.

    It never rises here: money that comes back later is asked for anew.
    """
    free = _free(resting)
    return {
        spot: min(now.aside_minor, free.get(spot, 0))
        for spot, now in standing.items()
        if now.aside_minor > free.get(spot, 0)
    }


def unneeded(resting: Iterable[Resting], asked: Iterable[Asked]) -> list[str]:
    """Return the ids of unanswered orders whose money has left; of several, the later go first.

    An order goes only as a whole: its own claim has that much less there, and no other claim's
    money in the account is left without an order that covers it.
    """
    orders = list(asked)
    short = {spot: -amount for spot, amount in _free(resting).items()}
    for order in orders:
        spot = order.account, order.claim
        short[spot] = short.get(spot, 0) + order.amount_minor
    in_account: dict[str, int] = {}
    for (account, _), amount in short.items():
        in_account[account] = in_account.get(account, 0) + amount
    found = []
    for order in reversed(orders):
        spot = order.account, order.claim
        if order.amount_minor <= min(short[spot], in_account[order.account]):
            short[spot] -= order.amount_minor
            in_account[order.account] -= order.amount_minor
            found.append(order.order_id)
    return found


def _free(rows: Iterable[Resting]) -> dict[Spot, int]:
    return {(row.account, row.claim): row.amount_minor - row.held_minor for row in rows}
