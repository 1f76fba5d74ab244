"""Answers together: what was answered before, and what several answers leave behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from django.db.models import Q

from holdfast.banks.messages import HoldAnswer
from holdfast.cases.models import BankAnswer, HoldShare, LearnedTransfer, Order
from holdfast.core.errors import Conflict
from holdfast.core.words import N_
from holdfast.records import due
from holdfast.workflows.step_order import Steps

ANSWERS_MAX = 50
"""How many answers to one order are kept; one that says more is not answering."""
LEARN = "learn"
"""Due work: write the transfers that institutions told of into the ledger."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of an answer, and where its order stands now."""

    order_id: str
    outcome: str
    state: str
    held_minor: int
    repeated: bool = False
    """Whether this very answer had come before."""


@dataclass(frozen=True, slots=True)
class Before:
    """The answers that there were before: how many to each order, and those with the same ids."""

    counts: Counter[int]
    same: dict[tuple[str, str], BankAnswer]
    """By institution and id."""

    @classmethod
    def of(cls, answers: Collection[tuple[HoldAnswer, Order]]) -> Before:
        """Read what was answered to these orders, and under these ids, in one statement."""
        asked = {(answer.institution, answer.answer_id) for answer, _ in answers}
        rows = BankAnswer.objects.defer("body", "signature").filter(
            Q(order__in=[order.id for _, order in answers])
            | Q(institution_id__in={name for name, _ in asked}, answer_id__in={n for _, n in asked})
        )
        there = list(rows)
        same = {(row.institution_id, row.answer_id): row for row in there}
        return cls(Counter(row.order_id for row in there), same)

    def known(self, order: Order, answer: HoldAnswer, body: bytes) -> Recorded | None:
        """Return what became of this very answer when it came before, None where it is new."""
        before = self.same.get((answer.institution, answer.answer_id))
        if before is None:
            if self.counts[order.id] >= ANSWERS_MAX:
                raise Conflict(
                    "answers_too_many",
                    N_("order {order} has had {limit} answers; call the centre to say more"),
                    order=order.order_id,
                    limit=ANSWERS_MAX,
                )
            return None
        if before.body.encode() != body:
            raise Conflict(
                "answer_id_reused",
                N_(
                    "answer {answer} was given before with other content; "
                    "a new answer needs a new id"
                ),
                answer=answer.answer_id,
            )
        return Recorded(
            order.order_id, before.outcome, order.state, order.held_minor, repeated=True
        )


@dataclass(slots=True)
class Writing:
    """What answers leave behind, written together."""

    steps: Steps = field(default_factory=Steps)
    answers: list[BankAnswer] = field(default_factory=list)
    shares: list[HoldShare] = field(default_factory=list)
    learned: list[LearnedTransfer] = field(default_factory=list)
    learnt_us: int = 0

    def write(self) -> None:
        """Write all of it, one statement a table."""
        BankAnswer.objects.bulk_create(self.answers)
        HoldShare.objects.bulk_create(self.shares)
        LearnedTransfer.objects.bulk_create(self.learned)
        self.steps.write()
        if self.learned:
            due.plan(kind=LEARN, subject="ledger", due_us=self.learnt_us)
