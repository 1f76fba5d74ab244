"""A claim's slice of a settlement, and the accounts that a settlement has touched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from holdfast.trail.answer import Answer, Claim, Exit, Hop, Overheld, Resting

_STAYED = frozenset(("unrecorded", "truncated"))
"""Exits of money that had come into the account before it was seen no more."""


def slices_of(answer: Answer, claims: Iterable[str]) -> dict[str, Answer]:
    """Return what a settlement says of each claim (by transfer id), as answers of their own."""
    parts: defaultdict[str, _Part] = defaultdict(_Part)
    for row in answer.claims:
        parts[row.transfer_id].claims.append(row)
    for resting in answer.resting:
        parts[resting.claim].resting.append(resting)
    for left in answer.exits:
        parts[left.claim].exits.append(left)
    for excess in answer.overheld:
        parts[excess.claim].overheld.append(excess)
    for hop in answer.hops:
        for claim, amount_minor in hop.tainted.items():
            parts[claim].hops.append(replace(hop, tainted={claim: amount_minor}))
    return {claim: parts[claim].of(answer) for claim in claims}


@dataclass(slots=True)
class _Part:
    """The rows of a settlement that are about one claim."""

    claims: list[Claim] = field(default_factory=list)
    resting: list[Resting] = field(default_factory=list)
    exits: list[Exit] = field(default_factory=list)
    overheld: list[Overheld] = field(default_factory=list)
    hops: list[Hop] = field(default_factory=list)

    def of(self, answer: Answer) -> Answer:
        return replace(
            answer,
            waiting=(),
            claims=tuple(self.claims),
            resting=tuple(self.resting),
            exits=tuple(self.exits),
            overheld=tuple(self.overheld),
            hops=tuple(self.hops),
        )


@dataclass(frozen=True, slots=True)
class Stay:
    """What a settlement saw of a claim's money in an account."""

    last_us: int
    """When it last came or went, at the claim's home when it was paid; microseconds since 1970."""
    rests: bool
    """Whether some of it, or a hold on it, is there still, or it was seen no more there."""

    def is_concerned(self, time_us: int) -> bool:
        """Whether a transfer at the account, not seen so far, can change where the money is.

        Where nothing is left, no later transfer moves it; an earlier one can: under every rule
        what leaves an account depends on all that came before.
        """
        return self.rests or time_us <= self.last_us

    def later(self, time_us: int = 0, *, rests: bool = False) -> Stay:
        """Return what was seen in all, this included."""
        return Stay(max(self.last_us, time_us), self.rests or rests)


_NOTHING = Stay(0, rests=False)
Stays = dict[str, dict[str, Stay]]
"""By claim (its transfer id) and account."""


def stays_of(answer: Answer, homes: Mapping[str, tuple[str, int]]) -> Stays:
    """Return, of each claim, the accounts that its money has been in, its home included.

    Two claims whose accounts are disjoint cannot move each other's money, so they may be settled
    apart: the rules touch one account at a time. `homes` is each claim's debit account, and when
    it was paid.
    """
    stays: Stays = {}
    for row in answer.claims:
        home, paid_us = homes[row.transfer_id]
        stays[row.transfer_id] = {home: Stay(paid_us, rests=False)}
    for hop in answer.hops:
        for claim in hop.tainted:
            _see(stays[claim], hop.debit_account, hop.time_us)
    came = arrivals(answer)
    unseen = [row for row in answer.exits if row.kind in _STAYED]
    there = {(row.account, row.claim) for row in answer.resting}
    there.update((row.account, row.claim) for row in answer.overheld)
    there.update((row.account, row.claim) for row in unseen)
    for account, claim in there:
        if claim in stays:
            _see(stays[claim], account, came.get((account, claim), 0), rests=True)
    return stays


def _see(stays: dict[str, Stay], account: str, time_us: int, *, rests: bool = False) -> None:
    stays[account] = stays.get(account, _NOTHING).later(time_us, rests=rests)


def arrivals(answer: Answer) -> dict[tuple[str, str], int]:
    """Return when the last money of a claim reached an account, by account and claim."""
    found: dict[tuple[str, str], int] = {}
    for hop in answer.hops:
        for claim in hop.tainted:
            spot = hop.credit_account, claim
            found[spot] = max(found.get(spot, 0), hop.time_us)
    return found
