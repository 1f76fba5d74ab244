"""Ledgers' makings drawn by Hypothesis: what is written to a store, one step after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from holdfast.ledger.store import LedgerWriter
from holdfast.ledger.transfer import Transfer

NAMES = ("TH.THCBC.002.1", "TH.THCBC.002.10", "TH.THCBC.014.1", "SG.SGIBG.7171.1")
CURRENCIES = ("THB", "USD")
Opening = tuple[str, str, int]


@dataclass(frozen=True)
class Feed:
    """What is written to a ledger, one step after the other."""

    steps: tuple[tuple[Transfer, ...] | tuple[Opening, ...], ...]
    block_transfers_max: int

    @property
    def transfers(self) -> list[Transfer]:
        """All transfers in the order in which they are written, whatever becomes of them."""
        return [item for step in self.steps for item in step if isinstance(item, Transfer)]

    @property
    def openings(self) -> dict[tuple[str, str], int]:
        """The first opening balance of each account."""
        openings: dict[tuple[str, str], int] = {}
        for step in self.steps:
            for item in step:
                if not isinstance(item, Transfer):
                    openings.setdefault(item[:2], item[2])
        return openings


_balances = st.none() | st.integers(-5, 60)
_amounts = st.integers(1, 30) | st.just(10**18)


@st.composite
def _transfers(draw: st.DrawFn) -> list[Transfer]:
    """Draw transfers that share few instants, and ids that sort otherwise in UTF-16."""
    count = draw(st.integers(1, 24))
    names = draw(st.permutations([f"{'tT～😀'[number % 4]}{number}" for number in range(count)]))
    return [
        Transfer(
            draw(st.integers(0, 7)),
            draw(st.sampled_from((0, 0, 1, -1, -(2**63), 2**63 - 1))),
            name,
            draw(st.sampled_from(NAMES)),
            draw(st.sampled_from(NAMES)),
            draw(_amounts),
            draw(st.sampled_from(("THB", "THB", "THB", "USD"))),
            draw(_balances),
            draw(_balances),
            draw(st.sampled_from((None, None, "H1"))),
        )
        for name in names
    ]


@st.composite
def feeds(draw: st.DrawFn) -> Feed:
    """Draw a ledger's making: late arrivals, repeats, contradictions, openings now or then."""
    transfers = draw(_transfers())
    again = draw(st.lists(st.sampled_from(transfers), max_size=4))
    other = [
        item._replace(amount_minor=item.amount_minor + draw(st.integers(0, 1))) for item in again
    ]
    fed = transfers + other
    order = draw(st.sampled_from(("sorted", "reversed", "any")))
    rows: Sequence[Transfer] = sorted(fed) if order == "sorted" else sorted(fed, reverse=True)
    if order == "any":
        rows = draw(st.permutations(fed))
    cuts = sorted(draw(st.lists(st.integers(0, len(rows)), max_size=5)))
    steps: list[tuple[Transfer, ...] | tuple[Opening, ...]] = [
        tuple(rows[start:end]) for start, end in zip([0, *cuts], [*cuts, len(rows)], strict=True)
    ]
    openings = st.tuples(st.sampled_from(NAMES), st.sampled_from(CURRENCIES), st.integers(-9, 90))
    for batch in draw(st.lists(st.lists(openings, min_size=1, max_size=3), max_size=2)):
        steps.insert(draw(st.integers(0, len(steps))), tuple(batch))
    return Feed(tuple(steps), draw(st.sampled_from((1, 2, 3, 64))))


def write(ledger: LedgerWriter, feed: Feed) -> list[int]:
    """Write a feed; return how many were added, known and contradicting."""
    added = known = conflicts = 0
    for step in feed.steps:
        transfers = [item for item in step if isinstance(item, Transfer)]
        openings = [item for item in step if not isinstance(item, Transfer)]
        if openings:
            ledger.open_accounts(openings)
        else:
            appended = ledger.append(transfers)
            added += appended.added
            known += appended.known
            conflicts += len(appended.conflicts)
    return [added, known, conflicts]
