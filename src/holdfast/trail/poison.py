"""Poison: every account that a debit of an exposed account reaches later is exposed.

Source: trail.md §3. No amounts are followed, so it is intelligence only and never a hold.
"""

from __future__ import annotations

from dataclasses import replace

from holdfast.ledger.transfer import Transfer
from holdfast.trail.answer import Answer, Claim, Exposed
from holdfast.trail.claims import joined_currency
from holdfast.trail.question import HoldEvent, Question
from holdfast.trail.settle import Reach


class Exposure:
    """Which accounts the money of a question could have reached, as far as was posted."""

    def __init__(self, question: Question, reach: Reach) -> None:
        self.question = question
        self.order = list(dict.fromkeys(question.claims))
        self.truncated_why: str | None = None
        self._reach = reach
        self._wanted = frozenset(self.order)
        self._currency: str | None = None
        self._paid: dict[str, Claim] = {}
        self._exposed: dict[str, Exposed] = {}

    def follows(self, account: str) -> bool:
        """Whether the account is exposed and money is followed on from it."""
        return account in self._exposed and account not in self.question.stops

    def post(self, transfer: Transfer) -> None:
        """Post the next transfer of the ledger's order; it may expose its credit account.

        Raises:
            TrailError: `claim_to_itself` or `claims_mixed_currency`.
        """
        if transfer.transfer_id in self._wanted:
            self._currency = joined_currency(self._currency, transfer)
            amount = transfer.amount_minor
            self._paid[transfer.transfer_id] = Claim(transfer.transfer_id, amount, amount)
            self._expose(transfer, 1)
            return
        if transfer.currency != self._currency or transfer.to_itself:
            return
        if self.follows(transfer.debit_account):
            self._expose(transfer, self._exposed[transfer.debit_account].hop + 1)

    def post_hold(self, event: HoldEvent) -> None:
        """Change nothing: exposure knows no amounts, so no hold stops it."""

    def truncate(self, why: str, accounts: object) -> None:  # noqa: ARG002
        """Say that following ended early; what was exposed stays exposed."""
        self.truncated_why = why

    def answer(self) -> Answer:
        """Return the exposed accounts, sorted, each with its first time and smallest hop."""
        return Answer(
            rule=self.question.rule,
            as_of_us=self.question.as_of_us,
            currency=self._currency,
            waiting=tuple(claim for claim in self.order if claim not in self._paid),
            claims=tuple(self._paid[claim] for claim in self.order if claim in self._paid),
            exposed=tuple(self._exposed[account] for account in sorted(self._exposed)),
            truncated_why=self.truncated_why,
        )

    def _expose(self, transfer: Transfer, hop: int) -> None:
        question, account = self.question, transfer.credit_account
        if question.max_hops is not None and hop > question.max_hops:
            return
        known = self._exposed.get(account)
        if known is not None:
            if hop < known.hop:
                self._exposed[account] = replace(known, hop=hop)
            return
        if len(self._exposed) == question.bounds.accounts:
            self.truncated_why = "accounts"
            return
        self._exposed[account] = Exposed(account, hop, transfer.time_us, transfer.transfer_id)
        if self.follows(account):
            self._reach(account, transfer.place)
