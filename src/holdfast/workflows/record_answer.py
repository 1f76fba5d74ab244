"""Record an answer: what an institution holds, what it reports, and what follows from it.

Each answer is kept as it came, whether it is heeded or not; the same answer again changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from holdfast.banks.messages import (
    AnswerStatus,
    HoldAnswer,
    HolderKind,
    Onward,
    RefusalReason,
    parse_answer,
    parse_release,
)
from holdfast.cases.answer import Fit, Outcome, fit
from holdfast.cases.hold import HOLDING, HoldState
from holdfast.cases.models import BankAnswer, HoldShare, LearnedTransfer, Order
from holdfast.cases.review import ReviewKind
from holdfast.cases.stop import StopKind
from holdfast.core.account import bank_of
from holdfast.core.errors import Refused
from holdfast.core.instant import DAY_US, SECOND_US
from holdfast.core.money import AMOUNT_MINOR_MAX
from holdfast.core.words import N_
from holdfast.people.actor import Actor
from holdfast.records import audit
from holdfast.records.models import OutboxMessage
from holdfast.workflows.answers_together import Before, Recorded, Writing
from holdfast.workflows.ask_person import ask_person
from holdfast.workflows.centre import Centre
from holdfast.workflows.lapse_hold import lapse_if_due
from holdfast.workflows.legal_basis import BANK, may_lift
from holdfast.workflows.messages_out import RELEASE, post_release
from holdfast.workflows.step_order import free_orders, hold_of, locked_order
from holdfast.workflows.stop_account import StopTold, learn_stop

CLOCKS_APART_US = 300 * SECOND_US
"""How far ahead of ours an institution's clock may be."""
TOLD_AFTER_END_US = 7 * DAY_US
"""How long after an order's end an institution may still tell where money went."""
EXECUTED = (AnswerStatus.RETURNED, AnswerStatus.PAID_OUT)
"""What an institution says whose transfers out of the account carry out the hold."""
STOP_KINDS = {
    HolderKind.MERCHANT: StopKind.MERCHANT,
    HolderKind.GOVERNMENT: StopKind.GOVERNMENT,
    HolderKind.EXCHANGE: StopKind.EXCHANGE,
}


@dataclass(frozen=True, slots=True)
class Told:
    """An answer as it came, and who gave it."""

    body: bytes
    actor: Actor
    signature: str = ""
    """What proves later that it came from there."""
    order_id: str = ""
    """The order that the address named, where one did."""


def record_answer(
    centre: Centre, body: bytes, actor: Actor, *, signature: str = "", order_id: str = ""
) -> Recorded:
    """Record an institution's answer to one of its own orders; the rest as in `Told`.

    Raises:
        Refused: those of `parse_answer`, `answer_other_order`, `answer_currency`,
            `answer_institution` or `answer_from_future`.
        NotFound: `order_unknown`.
        Conflict: `answer_id_reused` or `answers_too_many`.
    """
    told = Told(body, actor, signature, order_id)
    with transaction.atomic():
        return record_told(centre, told)


def record_told(centre: Centre, told: Told) -> Recorded:
    """Record one answer as `record_answer` does, in the caller's transaction."""
    answer = parse_answer(told.body)
    order = locked_order(answer.order_id, told.actor.institution_id)
    return _record(centre, [(told, answer, order)])[0]


def record_answers(centre: Centre, told: Sequence[Told]) -> dict[str, Recorded]:
    """Record answers to several orders together; return what became of each, by its order.

    Left out are answers to an order that somebody else has in hand, or that is not theirs, and
    what is beyond the first answer to an order. Must be called in a transaction, which is to be
    rolled back where this raises, as `record_answer` does.
    """
    answers: dict[str, tuple[Told, HoldAnswer]] = {}
    for row in told:
        answer = parse_answer(row.body)
        answers.setdefault(answer.order_id, (row, answer))
    taken = [
        (*answers[order.order_id], order)
        for order in free_orders(answers)
        if order.institution_id == answers[order.order_id][0].actor.institution_id
    ]
    return {row.order_id: row for row in _record(centre, taken)}


def _record(centre: Centre, taken: Sequence[tuple[Told, HoldAnswer, Order]]) -> list[Recorded]:
    """Record answers, each to an order of its own that is locked; all is written at the end."""
    before = Before.of([(answer, order) for _, answer, order in taken])
    writing, recordings = Writing(), []
    found = []
    for told, answer, order in taken:
        _check(centre, order, answer, told.actor, told.order_id)
        recorded = before.known(order, answer, told.body)
        if recorded is None:
            # Where its lapse is late: whatever the institution says, it ended with its time.
            lapse_if_due(centre, order)
            recording = _Recording(centre, order, answer, told.actor, writing)
            recorded = recording.record(told.body, told.signature)
            recordings.append(recording)
        found.append(recorded)
    writing.write()
    for recording in recordings:
        recording.learn_of_stop()
    return found


def _check(centre: Centre, order: Order, answer: HoldAnswer, actor: Actor, named: str) -> None:
    if named and named != answer.order_id:
        raise Refused(
            "answer_other_order",
            N_("this is the address of order {named}, the answer is to {order}"),
            named=named[:60],
            order=answer.order_id,
        )
    if answer.institution != actor.institution_id:
        raise Refused(
            "answer_institution",
            N_("the answer speaks for {named}; you are {institution}"),
            named=answer.institution,
            institution=actor.institution_id,
        )
    if answer.currency != order.currency:
        raise Refused(
            "answer_currency",
            N_("order {order} is in {right}, the answer in {currency}"),
            order=order.order_id,
            right=order.currency,
            currency=answer.currency,
        )
    latest_us = max(answer.answered_at_us, *(row.time_us for row in answer.onward), 0)
    if latest_us > centre.now_us() + CLOCKS_APART_US:
        raise Refused(
            "answer_from_future",
            N_("the answer's time is ahead of ours by more than {seconds} s; check the clock"),
            seconds=CLOCKS_APART_US // SECOND_US,
        )


@dataclass(slots=True)
class _Recording:
    """One new answer to one locked order."""

    centre: Centre
    order: Order
    answer: HoldAnswer
    actor: Actor
    writing: Writing

    def record(self, body: bytes, signature: str) -> Recorded:
        order, answer, now_us = self.order, self.answer, self.centre.now_us()
        told = HoldState(answer.status.value)
        found = fit(hold_of(order), told, answer.amount_held_minor, self._may_end(now_us))
        excess_minor = self._still_to_release(found)
        kept = BankAnswer(
            institution_id=answer.institution,
            answer_id=answer.answer_id,
            order=order,
            received_us=now_us,
            body=body.decode(),
            signature=signature,
            outcome=found.outcome.value,
        )
        self.writing.answers.append(kept)
        order.delivered_us = order.delivered_us or now_us
        order.acknowledged_us = order.acknowledged_us or now_us
        if found.outcome in (Outcome.HEEDED, Outcome.MORE_THAN_ASKED):
            self._heed(found, now_us)
        else:
            entry = audit.entry(
                at_us=now_us,
                actor=self.actor.name,
                verb="record_answer",
                subject=f"case:{order.case.number}",
                detail={"order": order.order_id, "outcome": found.outcome.value},
            )
            self.writing.steps.keep(order, entry)
        if excess_minor:
            post_release(self.centre, order, excess_minor, found.outcome.value)
        self._ask_person_where_unfit(found)
        self._learn(kept, now_us)
        return Recorded(order.order_id, found.outcome.value, order.state, order.held_minor)

    def _may_end(self, now_us: int) -> list[HoldState]:
        """Return the ends that the institution may tell: the law's, and the order's own."""
        ends = []
        if now_us >= self.order.lapses_us - CLOCKS_APART_US:
            ends.append(HoldState.LAPSED)
        if may_lift(self.centre, self.order.basis, BANK, now_us):
            ends.append(HoldState.RELEASED)
        return ends

    def _still_to_release(self, found: Fit) -> int:
        """Return what the institution is still to be told to let go of, in minor units.

        A release on its way says it already. One that was answered by holding on would be so
        again: then a person must speak with the institution.
        """
        if found.outcome is not Outcome.TOO_LATE:
            return found.excess_minor
        held_on = self.order.answers.filter(outcome=Outcome.TOO_LATE.value)
        if held_on.exists():
            return 0
        waiting = OutboxMessage.objects.filter(
            kind=RELEASE, subject=self.order.order_id, done_us=None
        )
        bodies = waiting.values_list("body", flat=True)
        told_minor = sum(parse_release(body.encode()).amount_minor for body in bodies)
        return max(found.excess_minor - told_minor, 0)

    def _heed(self, found: Fit, now_us: int) -> None:
        order, answer = self.order, self.answer
        reason = answer.reason.value if answer.reason else ""
        was_unanswered = HoldState(order.state).unanswered
        if was_unanswered and found.state is not HoldState.ACKNOWLEDGED:
            order.answered_us = now_us
        if was_unanswered and found.state in HOLDING:
            order.held_us = min(max(answer.held_at_us or now_us, order.ordered_us), now_us)
            share = HoldShare(
                order=order,
                tranche=order.tranche,
                claim_id=order.claim_id,
                amount_minor=found.held_minor,
                # By the paying bank's clock the money may have come later: it was there to hold.
                from_us=max(order.held_us, order.arrived_us),
            )
            self.writing.shares.append(share)
        self.writing.steps.take(
            order, found.state, self.actor, now_us, held_minor=found.held_minor, reason=reason
        )

    def _ask_person_where_unfit(self, found: Fit) -> None:
        order = {"order": self.order.order_id}
        facts = order | {
            "answer": self.answer.answer_id,
            "status": self.answer.status.value,
            "held_minor": self.answer.amount_held_minor,
            "outcome": found.outcome.value,
        }
        if found.outcome in (Outcome.UNFIT, Outcome.TOO_LATE, Outcome.MORE_THAN_ASKED):
            seized = self.answer.status is AnswerStatus.SEIZED and self.order.held_minor > 0
            self._ask(ReviewKind.SEIZURE if seized else ReviewKind.ANSWER_UNFIT, facts)
        if self.answer.name_matches is False:
            self._ask(ReviewKind.NAME_MISMATCH, order)

    def _ask(self, kind: ReviewKind, facts: Mapping[str, object]) -> None:
        ask_person(self.centre, kind, self.order.case, self.order.order_id, facts)

    def _learn(self, kept: BankAnswer, now_us: int) -> None:
        """Keep what the answer says of the account and of money that left it."""
        answer, order = self.answer, self.order
        rows = self._new_rows(now_us)
        if not rows:
            return
        executed = {"executes_hold": order.order_id} if answer.status in EXECUTED else {}
        self.writing.learned += [
            LearnedTransfer(
                transfer_id=row.transfer_id,
                answer=kept,
                transfer=_own_words(row, order.institution_id) | executed,
            )
            for row in rows
        ]
        left_minor = 0 if executed else sum(row.amount_minor for row in rows if self._left(row))
        order.left_after_ack_minor = min(order.left_after_ack_minor + left_minor, AMOUNT_MINOR_MAX)
        self.writing.learnt_us = now_us

    def _left(self, row: Onward) -> bool:
        """Whether a transfer took money away that the institution had been asked to hold."""
        order = self.order
        returned = row.credit_account == order.claim.debit_account
        late = row.time_us > int(order.acknowledged_us)
        return late and row.currency == order.currency and not returned

    def learn_of_stop(self) -> None:
        """Keep that a refused account is a stop; money that is held keeps its hold.

        Asked once the answers are written: it looks at what stands there.
        """
        answer, order = self.answer, self.order
        merchant = answer.reason is RefusalReason.MERCHANT
        if order.state != HoldState.REFUSED.value or not (
            merchant or answer.holder_kind in STOP_KINDS
        ):
            return
        kind = STOP_KINDS.get(answer.holder_kind, StopKind.MERCHANT)
        source = f"answer {answer.answer_id} to order {order.order_id}"
        told = StopTold(order.account, kind, source, self.centre.now_us())
        learn_stop(self.centre, told, self.actor)

    def _new_rows(self, now_us: int) -> list[Onward]:
        """Return the transfers that an institution can know of and has not told before.

        It tells of money that left the account asked about, after the payment, while the order
        is open or shortly after; of no other bank's accounts, and of no other time.
        """
        order, ended_us = self.order, self.order.ended_us
        late = ended_us is not None and now_us > ended_us + TOLD_AFTER_END_US
        if late or not self.answer.onward:
            return []
        told = set(
            LearnedTransfer.objects.filter(answer__order=order).values_list(
                "transfer_id", flat=True
            )
        )
        since_us = order.claim.time_us - CLOCKS_APART_US
        return [
            row
            for row in self.answer.onward
            if row.debit_account == order.account
            and row.time_us >= since_us
            and row.transfer_id not in told
        ]


def _own_words(row: Onward, institution_id: str) -> dict[str, Any]:
    """Return a transfer without the balance of an account that the institution does not keep."""
    values = row.to_values()
    if bank_of(row.credit_account) != institution_id:
        values.pop("credit_balance_before_minor", None)
    return values
