"""Marked: a trail in which new holds are noted, where that is all that they change.

A hold of money that rests free in an account stops nothing that has not left. So long as no money
of its claim was seen to come, go or be missed there after the hold began, every account holds what
it held, for whom it held it; only that it is held is new. An order asks for no more than rests
free, and what it asked for counts as held instead: nothing is to be ordered, withdrawn or shared
otherwise than before. See trail.md on holds: held lots keep their place, and what takes other lots
takes the same ones as before.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from holdfast.cases.wanted import Spot, Standing
from holdfast.core.instant import parse_instant
from holdfast.trail.question import HoldEvent, HoldKind

_MISSED = "unrecorded"


def with_holds(
    trail: Mapping[str, Any],
    claim: str,
    new: Collection[str],
    holds: Collection[HoldEvent],
    standing: Mapping[Spot, Standing],
) -> dict[str, Any] | None:
    """Return a claim's stored trail with its `new` holds noted; None where it must be settled.

    `new` are ids of holds that may have begun since the trail was settled; `holds` and `standing`
    are what all orders of the claim say now. Where it was settled after they began, it stays.
    """
    begun = [row for row in holds if row.kind is HoldKind.HOLD and row.claim == claim]
    ended = {row.hold_id for row in holds if row.kind is HoldKind.RELEASE}
    accounts = {row.account for row in begun if row.hold_id in new}
    resting = {row["account"]: row for row in trail["resting"]}
    aside = {spot for spot, now in standing.items() if now.aside_minor}
    if trail["truncated"] or trail["overheld"] or not accounts <= resting.keys():
        return None
    held_minor: dict[str, int] = {}
    for account in accounts:
        there = [row for row in begun if row.account == account]
        if (account, claim) in aside or any(hold.hold_id in ended for hold in there):
            return None
        held_minor[account] = sum(hold.amount_minor for hold in there)
        fresh = [hold for hold in there if hold.hold_id in new]
        is_noted = resting[account]["held"] == held_minor[account]
        if not is_noted and not _can_be_noted(trail, resting[account], there, fresh):
            return None
    if not accounts:
        return None
    rows = trail["resting"]
    marked = [{**row, "held": held_minor.get(row["account"], row["held"])} for row in rows]
    return {**trail, "resting": marked}


def _can_be_noted(
    trail: Mapping[str, Any],
    row: Mapping[str, Any],
    there: Collection[HoldEvent],
    fresh: Collection[HoldEvent],
) -> bool:
    """Whether all new holds of an account stand on what rests free there, unmoved since."""
    total_minor = sum(hold.amount_minor for hold in there)
    fresh_minor = sum(hold.amount_minor for hold in fresh)
    fits = row["held"] == total_minor - fresh_minor and total_minor <= row["amount"]
    return fits and not _has_moved(trail, row["account"], min(hold.time_us for hold in fresh))


def _has_moved(trail: Mapping[str, Any], account: str, since_us: int) -> bool:
    """Whether the claim's money was seen to come or go there after an instant, or is missed."""
    missed = any(row["kind"] == _MISSED and row["account"] == account for row in trail["exits"])
    return missed or any(
        account in (hop["debit_account"], hop["credit_account"])
        and parse_instant(hop["time"]) > since_us
        for hop in trail["hops"]
    )
