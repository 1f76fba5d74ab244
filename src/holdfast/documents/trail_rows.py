"""The rows of a trail picture: one lane a bank, one row an account, the least folded together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from holdfast.core.account import bank_of
from holdfast.documents.trail_words import exit_order
from holdfast.trail.answer import Answer

ROWS_MAX = 40
"""A picture with more rows than this is not read any more, and outgrows a printed page."""
LANES_MAX = 12
OTHER_BANKS = ""
"""The lane of the banks that have no lane of their own."""
RESTING = "resting"
RESTING_WEIGHT = 6
"""How much more money that rests speaks for a row of its own than money that passed."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the picture: one account, or several that were folded into one row."""

    accounts: tuple[str, ...]

    @property
    def folded(self) -> bool:
        """Whether this row stands for several accounts."""
        return len(self.accounts) > 1


@dataclass(frozen=True, slots=True)
class Lane:
    """A bank with its rows, in the order in which the money reached them."""

    bank: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of money in a row: it rests, or it left in one of the ways of leaving."""

    kind: str
    """`resting` or the kind of an exit."""
    claims: tuple[str, ...]
    amount_minor: int
    held_minor: int = 0
    hop: int | None = None
    """How far from the victim; None where places of several hops are summed."""
    places: int = 1
    """How many lines of the answer this one sums."""


def lanes_of(scores: Mapping[str, int]) -> list[Lane]:
    """Arrange accounts, given in order of appearance, by bank; fold those of least score.

    At most `LANES_MAX` lanes and about `ROWS_MAX` rows come out, and every account is in
    exactly one of them.
    """
    by_bank: dict[str, list[str]] = defaultdict(list)
    for account in scores:
        by_bank[bank_of(account)].append(account)
    kept = _kept(scores, by_bank)
    lanes = [
        Lane(bank, _rows(by_bank[bank], kept))
        for bank in by_bank
        if len(by_bank) <= LANES_MAX or any(account in kept for account in by_bank[bank])
    ]
    drawn = {lane.bank for lane in lanes}
    others = tuple(
        account for bank, accounts in by_bank.items() if bank not in drawn for account in accounts
    )
    return [*lanes, Lane(OTHER_BANKS, (Row(others),))] if others else lanes


def _kept(scores: Mapping[str, int], by_bank: Mapping[str, Sequence[str]]) -> set[str]:
    """Choose the accounts that get a row of their own."""
    banks = list(by_bank)
    if len(banks) > LANES_MAX:
        weight = {bank: sum(scores[account] for account in by_bank[bank]) for bank in banks}
        banks = sorted(banks, key=lambda bank: -weight[bank])[: LANES_MAX - 1]
    best_first = sorted(
        (account for bank in banks for account in by_bank[bank]),
        key=lambda account: -scores[account],
    )
    if len(best_first) <= ROWS_MAX:
        return set(best_first)
    first_of_each = {max(by_bank[bank], key=lambda account: scores[account]) for bank in banks}
    room = ROWS_MAX - 2 * len(banks)
    rest = [account for account in best_first if account not in first_of_each]
    return first_of_each | set(rest[:room])


def _rows(accounts: Sequence[str], kept: set[str]) -> tuple[Row, ...]:
    rows = [Row((account,)) for account in accounts if account in kept]
    folded = tuple(account for account in accounts if account not in kept)
    return (*rows, Row(folded)) if folded else tuple(rows)


def money_scores(answer: Answer) -> dict[str, int]:
    """Score the accounts of an answer by what passed through, and more so by what rests there.

    They come in order of appearance.
    """
    came: dict[str, int] = defaultdict(int)
    went: dict[str, int] = defaultdict(int)
    seen: dict[str, None] = {}
    for hop in answer.hops:
        carried = sum(hop.tainted.values())
        seen[hop.debit_account] = seen[hop.credit_account] = None
        went[hop.debit_account] += carried
        came[hop.credit_account] += carried
    rests: dict[str, int] = defaultdict(int)
    for place in answer.resting:
        seen[place.account] = None
        rests[place.account] += place.amount_minor
    for way_out in answer.exits:
        seen[way_out.account] = None
    return {
        account: RESTING_WEIGHT * rests[account] + max(came[account], went[account])
        for account in seen
    }


class Outcomes:
    """Finds what became of the money in a row."""

    def __init__(self, answer: Answer) -> None:
        self._by_account: dict[str, list[Outcome]] = defaultdict(list)
        for place in answer.resting:
            self._by_account[place.account].append(
                Outcome(RESTING, (place.claim,), place.amount_minor, place.held_minor, place.hop)
            )
        for way_out in answer.exits:
            self._by_account[way_out.account].append(
                Outcome(way_out.kind, (way_out.claim,), way_out.amount_minor)
            )

    def of(self, row: Row, *, lines_max: int) -> list[Outcome]:
        """List what became of a row's money, summed over claims where that exceeds the lines."""
        found = [
            outcome for account in row.accounts for outcome in self._by_account.get(account, ())
        ]
        if row.folded or len(found) > lines_max:
            found = _summed(found)
        return sorted(
            found,
            key=lambda outcome: -1 if outcome.kind == RESTING else exit_order(outcome.kind),
        )


def _summed(outcomes: Sequence[Outcome]) -> list[Outcome]:
    by_kind: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_kind[outcome.kind].append(outcome)
    return [
        Outcome(
            kind,
            tuple(dict.fromkeys(claim for outcome in same for claim in outcome.claims)),
            sum(outcome.amount_minor for outcome in same),
            sum(outcome.held_minor for outcome in same),
            _one_hop(same),
            len(same),
        )
        for kind, same in by_kind.items()
    ]


def _one_hop(outcomes: Sequence[Outcome]) -> int | None:
    hops = {outcome.hop for outcome in outcomes}
    return hops.pop() if len(hops) == 1 else None
