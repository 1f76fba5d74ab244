"""Small random worlds: a ledger that few accounts share, and a question about it.

They are small so that accounts meet again and again: money goes round, claims are paid out of
claimed money, holds stand where money rests, and instants coincide. Rows and holds are first
made from a seed, independent of which others there are; Hypothesis then chooses which of them
exist, so that a failing world shrinks to the few that matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, TypeVar

from hypothesis import strategies as st
from tests.trail.plain import plain_answer

from holdfast.ledger.memory import MemoryLedger
from holdfast.ledger.transfer import Transfer
from holdfast.trail.answer import Answer
from holdfast.trail.question import HoldEvent, HoldKind, Question, Rule

CURRENCY = "THB"
AMOUNT_RULES = (Rule.FIFO, Rule.LIFO, Rule.PRO_RATA)
HOLD_IDS = ("H1", "H2", "H3")
UNKNOWABLE = ("ledger_change", "without_history", "truncated_why")

Item = TypeVar("Item")
Openings = Mapping[tuple[str, str], int]


@dataclass(frozen=True)
class World:
    """A ledger, its opening balances by account and currency, and a question."""

    transfers: tuple[Transfer, ...]
    openings: Openings
    question: Question

    @property
    def ledger(self) -> MemoryLedger:
        """The ledger in memory."""
        return MemoryLedger(self.transfers, self.openings)

    @property
    def accounts(self) -> list[str]:
        """Every account that is named anywhere, in order."""
        sides = {a for t in self.transfers for a in (t.debit_account, t.credit_account)}
        held = {event.account for event in self.question.holds if event.account}
        return sorted(sides | held | {account for account, _ in self.openings})

    @property
    def instants(self) -> list[int]:
        """Every instant at which something happens, in order."""
        events = self.question.holds
        return sorted({t.time_us for t in self.transfers} | {event.time_us for event in events})

    def ask(self, **changes: Any) -> World:
        """Return the same ledger with another question."""
        return replace(self, question=replace(self.question, **changes))

    def until(self, place: int) -> World:
        """Return the world of the ledger's first `place` transfers."""
        return replace(self, transfers=tuple(sorted(self.transfers)[:place]))

    def plain(self) -> dict[str, Any]:
        """Return the oracle's answer."""
        openings = {
            account: minor
            for (account, currency), minor in self.openings.items()
            if currency == CURRENCY
        }
        return comparable(plain_answer(self.transfers, self.question, openings))


def comparable(answer: Answer | Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer's JSON form without what an oracle can't know."""
    rows = answer.as_json() if isinstance(answer, Answer) else answer
    kept: dict[str, Any] = {key: value for key, value in rows.items() if key not in UNKNOWABLE}
    for hop in kept.get("hops", ()):
        hop["tainted"] = list(hop["tainted"].items())  # so that their order counts
    return kept


@dataclass(frozen=True)
class Row:
    """What is made of one transfer before it is known which others there are."""

    time_us: int
    seq: int
    name: str
    debit: str
    credit: str
    amount: int
    currency: str
    reports: tuple[str, str]
    slip: int
    claim_rank: float
    """The rows of lowest rank are the claims."""
    hold_choice: int | None
    """Which of the fitting holds it executes; None for a plain transfer."""


@dataclass(frozen=True)
class HoldDraft:
    """What is made of one hold event before it is known which claims there are."""

    hold_id: str
    kind: HoldKind
    after_us: int
    claim_choice: int
    account: str | None
    """None is the account that the claim was paid into."""
    amount: int


def _account(number: int) -> str:
    return f"TH.THCBC.00{number % 3 + 1}.{number}"


def _make_rows(chance: Random, size: int) -> list[Row]:
    count = chance.randint(3, 7)
    scale = chance.choice((5, 20, 99, 99, 99, 10**15))
    letter = chance.choice(("T", "t", "ก", "～", "😀"))
    rows: list[Row] = []
    time_us, credit = 1, 0
    for number in chance.sample(range(size), size):
        time_us += chance.choice((0, 0, 1, 1, 2))
        debit = credit if chance.random() < 0.4 else chance.randrange(count)
        step = 0 if chance.random() < 0.04 else chance.randint(1, count - 1)
        credit = (debit + step) % count
        rows.append(
            Row(
                time_us=time_us,
                seq=chance.choice((0, 0, 0, 1, -1)),
                name=f"{letter}{number:02}",
                debit=_account(debit),
                credit=_account(credit),
                amount=1 if chance.random() < 0.1 else chance.randint(1, scale),
                currency="USD" if chance.random() < 0.07 else CURRENCY,
                reports=(_kind_of_report(chance), _kind_of_report(chance)),
                slip=chance.randint(-scale // 9, scale),
                claim_rank=chance.random() * (len(rows) + 3),
                hold_choice=chance.randrange(60) if chance.random() < 0.3 else None,
            )
        )
    return rows


def _kind_of_report(chance: Random) -> str:
    return chance.choice(("none",) * 5 + ("right",) * 5 + ("more", "less", "any"))


def _make_holds(chance: Random, rows: Sequence[Row], size: int) -> list[HoldDraft]:
    return [
        HoldDraft(
            hold_id=chance.choice(HOLD_IDS),
            kind=HoldKind.RELEASE if chance.random() < 0.3 else HoldKind.HOLD,
            after_us=chance.choice((0, 0, 0, 1, 2, 4, 8, -1)),
            claim_choice=chance.randrange(60),
            account=None if chance.random() < 0.6 else chance.choice(rows).credit,
            amount=chance.randint(1, max(row.amount for row in rows)),
        )
        for _ in range(size)
    ]


def _some(draw: st.DrawFn, items: Sequence[Item]) -> list[Item]:
    """Choose which items exist, four at a time; the fewest are the simplest."""
    kept: list[Item] = []
    for start in range(0, len(items), 4):
        mask = draw(st.integers(0, 15))
        kept += [item for bit, item in enumerate(items[start : start + 4]) if mask >> bit & 1]
    return kept


@st.composite
def worlds(
    draw: st.DrawFn,
    *,
    rule: Rule | None = None,
    rows_max: int = 40,
    holds_max: int = 8,
    releases: bool = True,
) -> World:
    """Draw a ledger and a question about it that has an answer."""
    seed = draw(st.integers(0, 2**32 - 1))
    chance = Random(seed)  # noqa: S311
    all_rows = _make_rows(chance, rows_max)
    drafts = _make_holds(chance, all_rows, holds_max)
    rows = _some(draw, all_rows) or all_rows[:1]
    openings = {
        (_account(number), chance.choice((CURRENCY, CURRENCY, "USD"))): chance.randint(0, 99)
        for number in chance.sample(range(7), chance.choice((0, 0, 2, 5)))
    }
    claims = _choose_claims(chance, rows)
    holds = [_hold(draft, rows, claims) for draft in _some(draw, drafts)]
    kept = tuple(event for event in holds if releases or event.kind is HoldKind.HOLD)
    transfers = _transfers(rows, openings, kept, reported=draw(st.booleans()))
    instants = sorted({row.time_us for row in rows})
    question = Question(
        claims=claims,
        rule=rule or draw(st.sampled_from(Rule)),
        as_of_us=draw(st.sampled_from((None,) * 2 * len(instants) + (0, *instants))),
        max_hops=draw(st.sampled_from((None,) * 8 + (0, 1, 2, 3))),
        min_amount_minor=draw(st.sampled_from((1,) * 8 + (2, 10, 50))),
        stops=frozenset(
            draw(st.sampled_from(((), (), (_account(1),), (_account(2), _account(3)))))
        ),
        holds=kept,
        ignore_balances=draw(st.sampled_from((False, False, True))),
    )
    return World(transfers, openings, question)


def _choose_claims(chance: Random, rows: Sequence[Row]) -> tuple[str, ...]:
    """Choose claims mostly early, so that much follows; some twice, some not in the ledger."""
    possible = [row for row in rows if row.currency == CURRENCY and row.debit != row.credit]
    ranked = sorted(possible, key=lambda row: row.claim_rank)
    claims = [row.name for row in ranked[: chance.randint(1, 5)]]
    more = chance.choice(([], [], [], ["unknown"], claims[:1]))
    return tuple([*claims, *more] or ["unknown"])


def _hold(draft: HoldDraft, rows: Sequence[Row], claims: Sequence[str]) -> HoldEvent:
    by_name = {row.name: row for row in rows}
    choice = draft.claim_choice % (len(claims) + 1)  # one beyond the claims is a plain transfer
    name = claims[choice] if choice < len(claims) else rows[0].name
    paid = by_name.get(name, rows[0])
    time_us = max(paid.time_us + draft.after_us, 0)
    if draft.kind is HoldKind.RELEASE:
        return HoldEvent(time_us + 1, draft.kind, draft.hold_id)
    account = draft.account or paid.credit
    return HoldEvent(time_us, draft.kind, draft.hold_id, account, name, draft.amount)


def _transfers(
    rows: Sequence[Row], openings: Openings, holds: Sequence[HoldEvent], *, reported: bool
) -> tuple[Transfer, ...]:
    """Make transfers with balances that follow from the ledger, and some that contradict it."""
    booked = dict(openings)
    made = []
    for row in sorted(rows, key=lambda row: (row.time_us, row.seq, row.name)):
        sides = ((row.debit, row.currency), (row.credit, row.currency))
        before: tuple[int | None, int | None] = (None, None)
        if reported:
            debit_before, credit_before = (booked.get(key, 0) for key in sides)
            before = (
                _report(row.reports[0], debit_before, row.slip),
                _report(row.reports[1], credit_before, row.slip),
            )
        for key, shown in zip(sides, before, strict=True):
            booked[key] = booked.get(key, 0) if shown is None else max(shown, 0)
        booked[sides[0]] = max(booked[sides[0]] - row.amount, 0)
        booked[sides[1]] += row.amount
        made.append(
            Transfer(
                row.time_us,
                row.seq,
                row.name,
                row.debit,
                row.credit,
                row.amount,
                row.currency,
                before[0],
                before[1],
                _executed(row, holds),
            )
        )
    return tuple(reversed(made))  # no reader may rely on the order of a file


def _report(kind: str, booked: int, slip: int) -> int | None:
    match kind:
        case "none":
            return None
        case "right":
            return booked
        case "more":
            return booked + abs(slip)
        case "less":
            return booked - abs(slip)
        case _:
            return slip


def _executed(row: Row, holds: Sequence[HoldEvent]) -> str | None:
    """Name a hold that stands on the debit account, or now and then any hold."""
    if row.hold_choice is None:
        return None
    fitting = [event.hold_id for event in holds if event.account == row.debit]
    named = fitting * 3 + [*HOLD_IDS, "H9"]
    return named[row.hold_choice % len(named)]
