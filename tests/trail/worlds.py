"""Small random worlds: a ledger that few accounts share, and a question about it.

They are small so that accounts meet again and again: money goes round, claims are paid out of
claimed money, holds stand where money rests, and instants coincide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st
from tests.trail.plain import plain_answer

from holdfast.ledger.memory import MemoryLedger
from holdfast.ledger.transfer import Transfer
from holdfast.trail.answer import Answer
from holdfast.trail.question import HoldEvent, HoldKind, Question, Rule

CURRENCY = "THB"
AMOUNT_RULES = (Rule.FIFO, Rule.LIFO, Rule.PRO_RATA)
HOLD_IDS = ("H1", "H2", "H3")
IGNORED = ("ledger_change", "without_history", "truncated_why")

_amounts = st.one_of(
    st.just(1), st.integers(1, 9), st.sampled_from((10, 20, 50)), st.integers(1, 99)
)
_letters = st.sampled_from(("T", "t", "ก", "～", "😀"))


@dataclass(frozen=True)
class World:
    """A ledger, its opening balances by account and currency, and a question."""

    transfers: tuple[Transfer, ...]
    openings: Mapping[tuple[str, str], int]
    question: Question

    @property
    def ledger(self) -> MemoryLedger:
        """The ledger in memory."""
        return MemoryLedger(self.transfers, self.openings)

    @property
    def accounts(self) -> list[str]:
        """Every account of the ledger, in order."""
        return sorted({a for t in self.transfers for a in (t.debit_account, t.credit_account)})

    @property
    def instants(self) -> list[int]:
        """Every instant at which something happens, in order."""
        events = self.question.holds
        return sorted({t.time_us for t in self.transfers} | {event.time_us for event in events})

    def ask(self, **changes: Any) -> World:
        """Return the same ledger with another question."""
        return replace(self, question=replace(self.question, **changes))

    def plain(self) -> dict[str, Any]:
        """Return the oracle's answer."""
        openings = {
            name: minor for (name, code), minor in self.openings.items() if code == CURRENCY
        }
        return comparable(plain_answer(self.transfers, self.question, openings))


def comparable(answer: Answer | Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer's JSON form without what an oracle can't know."""
    rows = answer.as_json() if isinstance(answer, Answer) else answer
    kept = {key: value for key, value in rows.items() if key not in IGNORED}
    hops: Any = kept.get("hops", ())
    for hop in hops:
        hop["tainted"] = list(hop["tainted"].items())  # so that their order counts
    return kept


@dataclass(frozen=True)
class Row:
    """What is drawn of one transfer before its balances are known."""

    time_us: int
    seq: int
    debit: int
    credit: int
    amount: int
    currency: str
    executes: str | None
    debit_report: str
    credit_report: str
    slip: int


_reports = st.sampled_from(("none", "right", "right", "none", "more", "less", "any"))
_rows = st.builds(
    Row,
    time_us=st.integers(1, 12),
    seq=st.sampled_from((0, 0, 0, 1, -1)),
    debit=st.integers(0, 6),
    credit=st.integers(0, 6),
    amount=_amounts,
    currency=st.sampled_from((CURRENCY,) * 9 + ("USD",)),
    executes=st.sampled_from((None, None, None, None, *HOLD_IDS, "H9")),
    debit_report=_reports,
    credit_report=_reports,
    slip=st.integers(-5, 60),
)


def _account(number: int) -> str:
    return f"TH.THCBC.00{number % 3 + 1}.{number}"


@st.composite
def ledgers(
    draw: st.DrawFn, *, rows_max: int = 40
) -> tuple[tuple[Transfer, ...], dict[tuple[str, str], int]]:
    """Draw transfers in no order and opening balances, some also of another currency."""
    count = draw(st.integers(3, 7))
    least = draw(st.sampled_from((1, 6, 12, 20, 30)))  # lists alone would mostly be short
    rows = draw(st.lists(_rows, min_size=min(least, rows_max), max_size=rows_max))
    openings = {
        (_account(number), currency): draw(st.integers(0, 99))
        for number in range(count)
        for currency in draw(st.sampled_from(((), (), (CURRENCY,), ("USD",))))
    }
    reports = draw(st.booleans())
    letter = draw(_letters)
    names = draw(st.permutations([f"{letter}{number:02}" for number in range(len(rows))]))
    plain = [
        Transfer(
            row.time_us,
            row.seq,
            name,
            _account(row.debit % count),
            _account(row.credit % count),
            row.amount,
            row.currency,
            executes_hold=row.executes,
        )
        for row, name in zip(rows, names, strict=True)
    ]
    if not reports:
        return tuple(plain), openings
    return _with_balances(plain, rows, openings), openings


def _with_balances(
    transfers: Sequence[Transfer], rows: Sequence[Row], openings: Mapping[tuple[str, str], int]
) -> tuple[Transfer, ...]:
    """Report balances that follow from the ledger, and some that contradict it."""
    booked = dict(openings)
    reported = []
    for transfer, row in sorted(zip(transfers, rows, strict=True), key=lambda pair: pair[0].place):
        debit = (transfer.debit_account, transfer.currency)
        credit = (transfer.credit_account, transfer.currency)
        before = _report(row.debit_report, booked.get(debit, 0), row.slip)
        after = _report(row.credit_report, booked.get(credit, 0), row.slip)
        for key, balance in ((debit, before), (credit, after)):
            if balance is not None:
                booked[key] = max(balance, 0)
        booked[debit] = max(booked.get(debit, 0) - transfer.amount_minor, 0)
        booked[credit] = booked.get(credit, 0) + transfer.amount_minor
        reported.append(
            transfer._replace(debit_balance_before_minor=before, credit_balance_before_minor=after)
        )
    return tuple(reported)


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


@st.composite
def worlds(draw: st.DrawFn, *, rule: Rule | None = None, rows_max: int = 40) -> World:
    """Draw a ledger and a question about it that has an answer."""
    transfers, openings = draw(ledgers(rows_max=rows_max))
    in_order = sorted(transfers)
    possible = [t for t in in_order if t.currency == CURRENCY and not t.to_itself]
    early = [t.transfer_id for t in possible[: max(3, len(possible) // 2)]]
    late = [t.transfer_id for t in possible]
    names = [st.sampled_from(early)] * 3 + [st.sampled_from(late)] if possible else []
    claims = tuple(draw(st.lists(st.one_of(*names, st.just("unknown")), min_size=1, max_size=6)))
    question = Question(
        claims=claims,
        rule=rule or draw(st.sampled_from(Rule)),
        as_of_us=draw(st.one_of(st.none(), st.none(), st.integers(0, 13))),
        max_hops=draw(st.sampled_from((None, None, None, None, None, 0, 1, 2, 3))),
        min_amount_minor=draw(st.sampled_from((1, 1, 1, 1, 1, 1, 2, 10, 50))),
        stops=frozenset(
            draw(st.sampled_from(((), (), (_account(1),), (_account(2), _account(3)))))
        ),
        holds=draw(holds(in_order, claims)),
        ignore_balances=draw(st.sampled_from((False, False, True))),
    )
    return World(transfers, openings, question)


@st.composite
def holds(
    draw: st.DrawFn, transfers: Sequence[Transfer], claims: Sequence[str]
) -> tuple[HoldEvent, ...]:
    """Draw holds mostly where claimed money may be and orders may be carried out."""
    paid = {t.transfer_id: t for t in transfers if t.transfer_id in claims}
    events = []
    for _ in range(draw(st.sampled_from((0, 1, 2, 3, 5, 8)))):
        hold_id = draw(st.sampled_from(HOLD_IDS))
        kind = draw(st.sampled_from((HoldKind.HOLD, HoldKind.HOLD, HoldKind.RELEASE)))
        time_us = draw(st.integers(0, 13))
        if kind is HoldKind.RELEASE:
            events.append(HoldEvent(time_us, kind, hold_id))
            continue
        claim = draw(st.sampled_from((*claims, *claims, *claims, transfers[0].transfer_id)))
        executed_at = [t.debit_account for t in transfers if t.executes_hold == hold_id]
        likely = [t.credit_account for t in (paid.get(claim),) if t is not None]
        anywhere = [t.credit_account for t in transfers]
        account = draw(
            st.one_of(*(st.sampled_from(s) for s in (likely, executed_at, anywhere) if s))
        )
        events.append(HoldEvent(time_us, kind, hold_id, account, claim, draw(st.integers(1, 60))))
    return tuple(events)
