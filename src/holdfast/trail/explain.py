"""Explain: the steps by which claimed money came to one account, each with the lots it changed.

Only the way to that account is kept: accounts from which claimed money went on towards it,
each until the last transfer that did so. Within that span every step is kept, also those that
moved clean money only, because a rule can be followed by hand only with all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.core.errors import TrailError
from holdfast.core.words import N_
from holdfast.ledger.transfer import START, Ledger, Place, Transfer
from holdfast.trail.answer import Answer
from holdfast.trail.gather import Clock, follow
from holdfast.trail.lots import CLEAN
from holdfast.trail.question import Question, Rule
from holdfast.trail.settle import Step

_END: Place = (2**63, 0, "")


@dataclass(frozen=True, slots=True)
class Explanation:
    """How claimed money came to an account, step by step in the ledger's order."""

    account: str
    question: Question
    claims: tuple[str, ...]
    """Claim ids in their order: a lot's origin is an index into them."""
    answer: Answer
    steps: tuple[Step, ...]


def explain(
    ledger: Ledger, question: Question, account: str, *, clock: Clock | None = None
) -> Explanation:
    """Follow a question and keep every step on the way to `account`.

    Raises:
        TrailError: `poison_has_no_amounts`, `account_not_in_trail`, and those of `follow`.
    """
    if question.rule is Rule.POISON:
        raise TrailError(
            "poison_has_no_amounts",
            N_(
                "poison follows no amounts, so there are none to explain; choose fifo, lifo or pro-rata"
            ),
        )
    answer = follow(ledger, question, clock=clock)
    until = _until(ledger, answer, account)
    if account not in until:
        raise TrailError(
            "account_not_in_trail",
            N_("no money of these claims came to {account} by then"),
            account=account,
        )
    steps: list[Step] = []

    def keep(step: Step) -> None:
        if _on_the_way(step, until) and _matters(step):
            steps.append(step)

    follow(ledger, question, clock=clock, watch=keep)
    return Explanation(
        account=account,
        question=question,
        claims=tuple(dict.fromkeys(question.claims)),
        answer=answer,
        steps=tuple(steps),
    )


def _until(ledger: Ledger, answer: Answer, account: str) -> dict[str, Place]:
    """Return the accounts on the way, each with the place until which its steps matter."""
    reached = any(hop.credit_account == account for hop in answer.hops)
    until: dict[str, Place] = {account: _END} if reached else {}
    carried = ledger.find([hop.transfer_id for hop in answer.hops])
    for transfer in sorted(carried.values(), reverse=True):
        if transfer.place <= until.get(transfer.credit_account, START):
            until.setdefault(transfer.debit_account, transfer.place)
    return until


def _on_the_way(step: Step, until: dict[str, Place]) -> bool:
    cause = step.cause
    place = cause.place if isinstance(cause, Transfer) else (cause.time_us, 2**62, "")
    return step.account in until and place <= until[step.account]


def _matters(step: Step) -> bool:
    return any(lot.origin != CLEAN for lot in (*step.before, *step.moved, *step.after))
