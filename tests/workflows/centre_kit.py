"""A centre for tests: its own ledger, a clock that a test sets, ids that count up."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from holdfast.banks.messages import HoldAnswer
from holdfast.banks.messages.answer import AnswerStatus, Onward, RefusalReason
from holdfast.cases.models import Notice, Order, Review
from holdfast.cases.report import ReportTold
from holdfast.core.errors import LedgerError
from holdfast.core.instant import HOUR_US, parse_instant
from holdfast.law.law import Law
from holdfast.ledger.store import LedgerStore, LedgerWriter
from holdfast.ledger.transfer import Transfer
from holdfast.people.actor import Actor
from holdfast.people.role import Scope
from holdfast.records import due
from holdfast.records.models import OutboxMessage
from holdfast.workflows.add_claims import Taken
from holdfast.workflows.answers_together import Recorded
from holdfast.workflows.centre import Centre
from holdfast.workflows.decide_review import decide_review
from holdfast.workflows.due_work import do_due
from holdfast.workflows.follow_ledger import follow_ledger
from holdfast.workflows.record_answer import record_answer
from holdfast.workflows.take_report import take_report

BANK_SCOPES = (
    Scope.REPORTS_WRITE,
    Scope.REPORTS_CONFIRM,
    Scope.CASES_READ,
    Scope.ORDERS_READ,
    Scope.ORDERS_ANSWER,
)
POLICE_SCOPES = (Scope.REPORTS_WRITE, Scope.CASES_READ, Scope.COMPLAINTS_WRITE)
NOON_US = parse_instant("2026-11-20T05:00:00Z")
"""Noon in Bangkok, when these stories begin."""
MINUTE_US = 60_000_000
LAW = Law.load()
PERSON = Actor("staff:1", "TH.AOC", frozenset(Scope), is_centre=True)
"""Somebody at the centre who looks at what waits."""


def account(bank: int, number: int) -> str:
    """Return an account at one of the test's banks."""
    return f"TH.THCBC.{bank:03d}.{number:010d}"


def bank(number: int) -> str:
    """Return the institution of such an account."""
    return f"TH.THCBC.{number:03d}"


def pay(
    transfer_id: str, debit: str, credit: str, amount_minor: int, minute: float = 0, **more: object
) -> Transfer:
    """Return a transfer so many minutes before (below zero) or after noon."""
    return Transfer(
        time_us=NOON_US + int(minute * MINUTE_US),
        seq=0,
        transfer_id=transfer_id,
        debit_account=debit,
        credit_account=credit,
        amount_minor=amount_minor,
        currency="THB",
        **more,  # type: ignore[arg-type]
    )


@dataclass
class TestCentre:
    """A centre, and what a test does to the world around it."""

    __test__ = False

    folder: Path
    now_us: int = NOON_US
    reachable: bool = True
    centre: Centre = field(init=False)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        with LedgerWriter.open(self.folder):
            pass
        self.centre = Centre(
            name="TH.AOC",
            country="TH",
            law=LAW,
            ledger=self._lend,
            now_us=lambda: self.now_us,
            new_id=lambda kind: f"{kind}-{next(self._numbers):04d}",
            person_key=b"only for tests, 32 bytes long ..",
        )

    def write(self, transfers: Iterable[Transfer]) -> None:
        """Write transfers into the ledger, as an import does."""
        with LedgerWriter.open(self.folder) as writer:
            writer.append(list(transfers))

    def follow(self, *transfers: Transfer) -> None:
        """Write transfers and follow what they change."""
        self.write(transfers)
        follow_ledger(self.centre)

    def work(self) -> None:
        """Do all that is due by now, as a worker does, until nothing is."""
        follow_ledger(self.centre)
        while works := due.take(now_us=self.now_us, lease_us=MINUTE_US, limit=100):
            for work in works:
                do_due(self.centre, self.folder, work)

    def report(self, *transfer_ids: str, **more: Any) -> Taken:
        """Take a report of payments by their ids, from somebody who called the centre."""
        return take_report(self.centre, told(*transfer_ids, **more), self.centre.itself)

    def report_of(self, payment: Mapping[str, object], **more: Any) -> Taken:
        """Take a report of one payment, however it is told."""
        values = {"via": "centre", "payments": [payment]} | more
        return take_report(self.centre, ReportTold.model_validate(values), self.centre.itself)

    def answer(self, order: Order, status: str, held_minor: int = 0, **more: Any) -> Recorded:
        """Let an order's institution answer now."""
        body = answer(order, status, held_minor, **({"at_us": self.now_us} | more))
        return record_answer(self.centre, body, actor_of(order.institution_id))

    def hold(self, order: Order) -> Order:
        """Let an order's institution hold all that was asked, and return the order."""
        self.answer(order, "held", order.amount_minor)
        return now(order)

    def decide(self, kind: str, *, approve: bool = True) -> None:
        """Let a person decide the first open review of a kind."""
        review = Review.objects.filter(kind=kind, state="open").order_by("id")[0]
        decide_review(self.centre, review.review_id, PERSON, approve=approve, reason="looked")

    def take_away_ledger(self) -> None:
        """Let the ledger be out of reach until it is given back."""
        self.reachable = False

    def give_back_ledger(self) -> None:
        """Let the ledger be there again."""
        self.reachable = True

    def pass_time(self, hours: float = 0, minutes: float = 0) -> None:
        """Let time pass."""
        self.now_us += int(hours * HOUR_US + minutes * MINUTE_US)

    @contextmanager
    def _lend(self) -> Iterator[LedgerStore]:
        if not self.reachable:
            raise LedgerError("ledger_unreadable", "the ledger can't be read")
        with LedgerStore.open(self.folder) as ledger:
            yield ledger


def now(order: Order) -> Order:
    """Return an order as it stands now."""
    there: Order = Order.objects.select_related("case", "claim").get(order_id=order.order_id)
    return there


def spots(orders: Iterable[Order]) -> list[tuple[str, int]]:
    """Return where how much is ordered."""
    return [(order.account, order.amount_minor) for order in orders]


def open_reviews() -> list[str]:
    """Return the kinds of what waits for a person, in the order in which it was asked."""
    rows = Review.objects.filter(state="open").order_by("id")
    return list(rows.values_list("kind", flat=True))


def letters(kind: str, order: Order | None = None) -> list[dict[str, Any]]:
    """Return the outbox's messages of a kind, of one order or all, in their order.

    The kind `notice` is what the centre itself is to bring to people.
    """
    if kind == "notice":
        said = Notice.objects.filter(institution_id="TH.AOC").order_by("id")
        return list(said.values_list("says", flat=True))
    rows = OutboxMessage.objects.filter(kind=kind).order_by("id")
    if order is not None:
        rows = rows.filter(subject=order.order_id)
    return [json.loads(body) for body in rows.values_list("body", flat=True)]


def actor_of(institution: str, *scopes: Scope) -> Actor:
    """Return a program of an institution with scopes; without, those that a bank has."""
    return Actor(f"key:{institution}/k1", institution, frozenset(scopes or BANK_SCOPES))


def told(*transfer_ids: str, via: str = "centre", **more: object) -> ReportTold:
    """Return a report of payments by their ids."""
    payments = [{"transfer_id": transfer_id} for transfer_id in transfer_ids]
    return ReportTold.model_validate({"via": via, "payments": payments} | more)


def answer(
    order: Order,
    status: str,
    held_minor: int = 0,
    *,
    answer_id: str = "",
    at_us: int | None = None,
    reason: str | None = None,
    onward: Iterable[Transfer] = (),
    **more: object,
) -> bytes:
    """Return what an order's institution answers."""
    answered_us = order.ordered_us if at_us is None else at_us
    return HoldAnswer(
        answer_id=answer_id or f"a-{order.order_id}-{status}-{held_minor}",
        order_id=order.order_id,
        institution=order.institution_id,
        status=AnswerStatus(status),
        amount_held_minor=held_minor,
        currency=order.currency,
        answered_at_us=answered_us,
        held_at_us=answered_us if held_minor else None,
        reason=None if reason is None else RefusalReason(reason),
        onward=tuple(
            Onward(
                row.transfer_id,
                row.time_us,
                row.debit_account,
                row.credit_account,
                row.amount_minor,
                row.currency,
            )
            for row in onward
        ),
        **more,  # type: ignore[arg-type]
    ).to_bytes()
