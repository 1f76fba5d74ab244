"""The claims of a question: which are in the ledger by then, and whether they go together."""

from __future__ import annotations

from holdfast.core.errors import TrailError
from holdfast.core.words import N_
from holdfast.ledger.transfer import Ledger, Transfer
from holdfast.trail.question import Question


def find_claims(ledger: Ledger, question: Question) -> tuple[str, list[Transfer]]:
    """Return the currency and the claims that are in the ledger by then, in its order.

    The currency is "" where every claim is waiting.

    Raises:
        TrailError: `claim_to_itself` or `claims_mixed_currency`.
    """
    found = ledger.find(dict.fromkeys(question.claims))
    until = question.as_of_us
    claims = sorted(t for t in found.values() if until is None or t.time_us <= until)
    for claim in claims:
        _check_two_accounts(claim)
    currency = None
    for claim in claims:
        currency = joined_currency(currency, claim)
    return currency or "", claims


def joined_currency(currency: str | None, claim: Transfer) -> str:
    """Return the currency of a trail, None so far, that a claim joins.

    Raises:
        TrailError: `claim_to_itself` or `claims_mixed_currency`.
    """
    _check_two_accounts(claim)
    if currency is not None and claim.currency != currency:
        raise TrailError(
            "claims_mixed_currency",
            N_("the claims are in {currencies}; a trail lives in one, so ask for each apart"),
            currencies=", ".join(sorted((currency, claim.currency))),
        )
    return claim.currency


def _check_two_accounts(claim: Transfer) -> None:
    if claim.to_itself:
        raise TrailError(
            "claim_to_itself",
            N_("claim {claim} goes from {account} to itself; a victim's payment has two accounts"),
            claim=claim.transfer_id,
            account=claim.debit_account,
        )
