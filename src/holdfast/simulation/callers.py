"""Those who speak to the centre: victims, liars, banks that confirm, the police, its own reviewer."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

import httpx

from holdfast.core.account import bank_of
from holdfast.core.instant import format_instant
from holdfast.core.money import format_minor
from holdfast.ledger.transfer import Transfer
from holdfast.simulation.chance import even
from holdfast.simulation.events import Call, Caller, Reply, SteppedCentre
from holdfast.simulation.parameters import parameters
from holdfast.simulation.plot import MINUTE_US

POLICE = "TH.POLICE"
REVIEWS_AT_ONCE = 100
SAID_MAX = 300
"""Bytes of an answer that was no success to be kept."""
FAILED = 500
"""From this HTTP status on the centre failed; below, it refused."""
_JUDGED = ("dispute", "victim_account")
"""Reviews about which somebody can be wrong."""
_APPROVED = ("overheld", "after_lapse", "release")
"""Reviews about which nobody is wrong: what is to be let go, or held again."""


@dataclass(frozen=True, slots=True)
class Case:
    """What a report became: its case, its claims with the banks that can confirm them."""

    number: str
    claims: tuple[tuple[str, str], ...]
    """Claim and the bank that its payment left."""
    sent_s: float


@dataclass(frozen=True, slots=True)
class Decision:
    """What the reviewer will decide, and after how long."""

    review_id: str
    after_us: int
    approve: bool


class Callers:
    """Files reports and all that follows them over HTTP, each with the key of who does it."""

    def __init__(
        self,
        centre: SteppedCentre,
        name: str,
        bank_keys: Mapping[str, str],
        chance: Random,
        right_share: float,
    ) -> None:
        """Connect the police and the centre's own programs; banks are connected already.

        `right_share` is how often the centre's reviewers judge rightly.
        """
        self.right_share = right_share
        self.refused: list[str] = []
        """Requests that the centre refused, in words."""
        self.broken: list[str] = []
        """Requests that it failed at, or gave no answer to though it was reached, in words."""
        self._centre = centre
        self._bank_keys = bank_keys
        self._police_key = centre.connect(POLICE, "police", "", None)
        self._centre_key = centre.connect(name, "centre", "", None)
        self._chance = chance
        self._known: set[str] = set()
        self._page = ""
        """Where the last page of what waits begins; all before it is known."""

    def report(self, call: Call, payments: list[Transfer]) -> Case | None:
        """File a report about payments that were made; None where it was not taken."""
        bank = bank_of(payments[0].debit_account)
        through_bank = call.caller is Caller.BANK and bank in self._bank_keys
        told = {
            "via": "bank" if through_bank else "centre",
            "scam_type": call.scam_type,
            "caller_confirmed": through_bank,
            "payments": [_payment(transfer) for transfer in payments],
        }
        key = self._bank_keys[bank] if through_bank else self._centre_key
        sent_s = time.perf_counter()
        reply = self._post("/v1/reports", told, key)
        if reply is None:
            return None
        banks = {transfer.transfer_id: bank_of(transfer.debit_account) for transfer in payments}
        claims = tuple(
            (claim["claim_id"], banks.get(claim["transfer_id"], bank)) for claim in reply["claims"]
        )
        return Case(reply["case"], claims, sent_s)

    def confirm(self, case: Case) -> None:
        """Let the banks that the payments left say that they made sure of the caller."""
        for claim, bank in case.claims:
            if bank in self._bank_keys:
                path = f"/v1/claims/{claim}/confirmation"
                self._post(path, {"name_matches": True}, self._bank_keys[bank])

    def complain(self, case: Case, now_us: int) -> None:
        """Let the caller complain to the police, who accept it at once."""
        told = {
            "number": f"P-{case.number}",
            "station": "Central station",
            "officer": "Officer on duty",
            "filed_at": format_instant(now_us),
            "accepted_at": format_instant(now_us),
        }
        self._post(f"/v1/cases/{case.number}/complaints", told, self._police_key)

    def reviews(self, is_right: Callable[[Mapping[str, Any]], bool]) -> Iterator[Decision]:
        """Yield what the reviewer will decide about what newly waits for a person.

        `is_right` says of a review, by the truth, whether it should be approved; the reviewer is
        wrong now and then.
        """
        for review in self._new_reviews():
            if review["kind"] not in (*_JUDGED, *_APPROVED):
                continue
            judges_well = self._chance.random() < self.right_share
            after_us = int(even(self._chance, parameters().reviewer_minutes) * MINUTE_US)
            approve = review["kind"] in _APPROVED or is_right(review) is judges_well
            yield Decision(review["review_id"], after_us, approve)

    def _new_reviews(self) -> Iterator[Mapping[str, Any]]:
        """Yield what waits for a person and was not seen before, the oldest first."""
        while True:
            path = f"/v1/reviews?state=open&limit={REVIEWS_AT_ONCE}{self._page}"
            listed = self._ask(path, partial(self._centre.get, path, self._centre_key))
            if listed is None:
                return
            for review in listed["items"]:
                if review["review_id"] not in self._known:
                    self._known.add(review["review_id"])
                    yield review
            if not listed["next"]:
                return
            self._page = f"&after={listed['next']}"

    def decide(self, decision: Decision) -> None:
        """Let the reviewer decide."""
        told = {"approve": decision.approve, "reason": "as the payments and the callers show"}
        self._post(f"/v1/reviews/{decision.review_id}/decision", told, self._centre_key)

    def _post(self, path: str, told: Mapping[str, object], key: str) -> Any:
        body = json.dumps(told).encode()
        return self._ask(path, partial(self._centre.post, path, body, key))

    def _ask(self, path: str, ask: Callable[[], Reply]) -> Any:
        """Return what the centre says to a request that it did, or None and remember why not."""
        try:
            reply = ask()
        except httpx.HTTPError as error:
            self.broken.append(f"{path}: {type(error).__name__}")
            return None
        if reply.status_code in (200, 201):
            return json.loads(reply.content)
        found = self.refused if reply.status_code < FAILED else self.broken
        found.append(f"{path}: {reply.status_code} {reply.content[:SAID_MAX]!r}")
        return None


def _payment(transfer: Transfer) -> dict[str, object]:
    return {
        "transfer_id": transfer.transfer_id,
        "from_account": transfer.debit_account,
        "to_account": transfer.credit_account,
        "amount": format_minor(transfer.amount_minor, transfer.currency),
        "currency": transfer.currency,
        "time": format_instant(transfer.time_us),
    }
