"""A claim's slice of a settlement, and the accounts that a settlement has touched."""

from __future__ import annotations

from dataclasses import replace

from holdfast.trail.answer import Answer

_STAYED = frozenset(("unrecorded", "truncated"))
"""Exits of money that had come into the account before it was seen no more."""


def slice_of(answer: Answer, claim: str) -> Answer:
    """Return what a settlement says of one claim (by transfer id), as an answer of its own."""
    return replace(
        answer,
        waiting=(),
        claims=tuple(row for row in answer.claims if row.transfer_id == claim),
        resting=tuple(row for row in answer.resting if row.claim == claim),
        exits=tuple(row for row in answer.exits if row.claim == claim),
        overheld=tuple(row for row in answer.overheld if row.claim == claim),
        hops=tuple(
            replace(hop, tainted={claim: hop.tainted[claim]})
            for hop in answer.hops
            if claim in hop.tainted
        ),
    )


def touched_by(answer: Answer, homes: dict[str, str]) -> dict[str, set[str]]:
    """Return, of each claim, the accounts that its money has been in, its home included.

    Two claims whose accounts are disjoint cannot move each other's money, so they may be settled
    apart: the rules touch one account at a time. `homes` is each claim's debit account.
    """
    touched = {row.transfer_id: {homes[row.transfer_id]} for row in answer.claims}
    for hop in answer.hops:
        for claim in hop.tainted:
            touched[claim].add(hop.debit_account)
    for resting in answer.resting:
        touched[resting.claim].add(resting.account)
    for left in answer.exits:
        if left.kind in _STAYED:
            touched[left.claim].add(left.account)
    return touched


def arrivals(answer: Answer) -> dict[tuple[str, str], int]:
    """Return when the last money of a claim reached an account, by account and claim."""
    found: dict[tuple[str, str], int] = {}
    for hop in answer.hops:
        for claim in hop.tainted:
            spot = hop.credit_account, claim
            found[spot] = max(found.get(spot, 0), hop.time_us)
    return found
