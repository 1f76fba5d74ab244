"""An explanation in words: numbered steps that a court can follow with paper and pencil."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from holdfast.core.instant import format_instant
from holdfast.core.money import format_minor
from holdfast.core.words import N_, say
from holdfast.documents.trail_words import notices
from holdfast.ledger.transfer import Transfer
from holdfast.trail.explain import Explanation
from holdfast.trail.lots import CLEAN, Lot
from holdfast.trail.question import HoldKind, Rule
from holdfast.trail.settle import Step

_RULES = {
    Rule.FIFO: N_("By first in, first out (fifo) the oldest money leaves an account first."),
    Rule.LIFO: N_("By last in, first out (lifo) the newest money leaves an account first."),
    Rule.PRO_RATA: N_(
        "By the rolling charge (pro-rata) every owner's money leaves in proportion; the smallest "
        "units left over go to the largest remainders."
    ),
}

_EXITS = {
    "returned": N_("{amount} of claim {claim} returned to the account it came from, {account}."),
    "stop": N_("{amount} of claim {claim} was paid to {account}, where following ends."),
    "immaterial": N_("{amount} of claim {claim} reached {account} in a part too small to follow."),
    "beyond": N_("{amount} of claim {claim} reached {account}, beyond the hops that were asked."),
    "unrecorded": N_("{amount} of claim {claim} left {account} unseen by the ledger."),
    "truncated": N_("{amount} of claim {claim} was not followed on from {account}."),
}


def explanation_lines(explanation: Explanation) -> Iterator[str]:
    """Yield the explanation line by line: the rule, the steps, and what is there at the end."""
    words = _Words(explanation)
    yield say(N_("How claimed money came to {account}"), account=explanation.account)
    yield ""
    yield say(_RULES[explanation.question.rule])
    yield say(
        N_("Lots are written oldest first. Amounts are in {currency}."), currency=words.currency
    )
    cause: object = None
    number = 0
    for step in explanation.steps:
        if step.cause is not cause:
            cause, number = step.cause, number + 1
            yield ""
            yield f"{number}. {words.cause(step)}"
        yield from (f"   {line}" for line in words.effect(step))
    yield ""
    yield say(N_("So it stands:"))
    yield from (f"   {line}" for line in words.outcome())
    for line in notices(explanation.answer):
        yield ""
        yield line


class _Words:
    """The parts of an explanation as sentences, in its currency and with its claims' names."""

    def __init__(self, explanation: Explanation) -> None:
        self._explanation = explanation
        self._claims = explanation.claims
        self.currency = explanation.answer.currency or ""

    def cause(self, step: Step) -> str:
        """Say what happened: a payment, a hold or a release."""
        cause = step.cause
        time = format_instant(cause.time_us)
        if isinstance(cause, Transfer):
            sentence = N_("{time}: by {transfer}, {debit} pays {amount} to {credit}.")
            if cause.transfer_id in self._claims:
                sentence = N_(
                    "{time}: by {transfer}, a reported payment, {debit} pays {amount} to {credit}."
                )
            return say(
                sentence,
                time=time,
                transfer=cause.transfer_id,
                debit=cause.debit_account,
                credit=cause.credit_account,
                amount=self._amount(cause.amount_minor),
            )
        if cause.kind is HoldKind.RELEASE:
            return say(N_("{time}: hold {hold} is released."), time=time, hold=cause.hold_id)
        return say(
            N_("{time}: hold {hold} of {amount} for claim {claim} is confirmed on {account}."),
            time=time,
            hold=cause.hold_id,
            amount=self._amount(cause.amount_minor),
            claim=cause.claim,
            account=cause.account,
        )

    def effect(self, step: Step) -> Iterator[str]:
        """Say what it did to the lots of one account."""
        account = step.account
        yield say(N_("{account} had: {lots}"), account=account, lots=self._lots(step.before))
        if step.reconciled_minor:
            yield self._reconciled(step)
        if isinstance(step.cause, Transfer):
            leaves = step.cause.debit_account == account
            sentence = N_("Out of it go: {lots}") if leaves else N_("Into it come: {lots}")
            yield say(sentence, lots=self._lots(step.moved))
        yield say(N_("{account} then has: {lots}"), account=account, lots=self._lots(step.after))

    def outcome(self) -> Iterator[str]:
        """Say what rests in the account, what left there, and what is held in excess."""
        answer, account = self._explanation.answer, self._explanation.account
        for row in answer.resting:
            if row.account == account:
                sentence = N_("{amount} of claim {claim} rest in {account}.")
                if row.held_minor:
                    sentence = N_(
                        "{amount} of claim {claim} rest in {account}; {held} of it are held."
                    )
                yield say(
                    sentence,
                    amount=self._amount(row.amount_minor),
                    claim=row.claim,
                    account=account,
                    held=self._amount(row.held_minor),
                )
        for left in answer.exits:
            if left.account == account:
                yield say(
                    _EXITS[left.kind],
                    amount=self._amount(left.amount_minor),
                    claim=left.claim,
                    account=account,
                )
        for over in answer.overheld:
            if over.account == account:
                yield say(
                    N_("Hold {hold} stands on {amount} that is not claim {claim}'s; release it."),
                    hold=over.hold_id,
                    amount=self._amount(over.amount_minor),
                    claim=over.claim,
                )
        if not any(row.account == account for row in answer.resting):
            yield say(N_("No claimed money rests in {account}."), account=account)

    def _reconciled(self, step: Step) -> str:
        if step.reconciled_minor > 0:
            sentence = N_(
                "Its bank reports {amount} more than that: clean money, added as the newest."
            )
        else:
            sentence = N_("Its bank reports {amount} less than that: it left unseen, by the rule.")
        return say(sentence, amount=self._amount(abs(step.reconciled_minor)))

    def _lots(self, lots: Iterable[Lot]) -> str:
        return ", ".join(self._lot(lot) for lot in lots) or say(N_("nothing"))

    def _lot(self, lot: Lot) -> str:
        amount = self._amount(lot.amount)
        if lot.origin == CLEAN:
            return say(N_("{amount} clean"), amount=amount)
        claim = self._claims[lot.origin]
        if lot.hold_id is None:
            return say(N_("{amount} of {claim}"), amount=amount, claim=claim)
        return say(
            N_("{amount} of {claim} held by {hold}"), amount=amount, claim=claim, hold=lot.hold_id
        )

    def _amount(self, amount_minor: int) -> str:
        return format_minor(amount_minor, self.currency, grouped=True)
