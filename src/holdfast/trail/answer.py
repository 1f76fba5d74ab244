"""What a trail says: where the money is now, where it left, how it went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from holdfast.core.instant import format_instant
from holdfast.trail.question import Rule


@dataclass(frozen=True, slots=True)
class Claim:
    """A victim's payment in the ledger; `amount_minor` is the part no earlier claim owns."""

    transfer_id: str
    reported_minor: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Resting:
    """Money of a claim that is in an account now; an order is for this amount."""

    account: str
    claim: str
    amount_minor: int
    held_minor: int
    hop: int


@dataclass(frozen=True, slots=True)
class Exit:
    """Money of a claim that is followed no further, summed by kind, account and claim.

    Kinds: `returned`, `stop`, `immaterial`, `beyond`, `unrecorded`, `truncated`.
    """

    kind: str
    account: str
    claim: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Overheld:
    """The part of a hold that stands on other money and is to be released."""

    hold_id: str
    account: str
    claim: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Hop:
    """A transfer that carried claimed money, with the amount of each claim in it."""

    transfer_id: str
    time_us: int
    debit_account: str
    credit_account: str
    amount_minor: int
    tainted: Mapping[str, int]
    """Minor units by claim id, in claim order."""


@dataclass(frozen=True, slots=True)
class Exposed:
    """An account that exposed money could have reached; intelligence only, never a hold."""

    account: str
    hop: int
    first_time_us: int
    via: str
    """The transfer by which it was first reached."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question; `claims[i].amount = Σ resting + Σ exits`, exactly."""

    rule: Rule
    as_of_us: int | None
    currency: str | None
    """None while every claim is waiting."""
    waiting: tuple[str, ...]
    """Claims that are not in the ledger by then."""
    claims: tuple[Claim, ...]
    resting: tuple[Resting, ...] = ()
    exits: tuple[Exit, ...] = ()
    overheld: tuple[Overheld, ...] = ()
    hops: tuple[Hop, ...] = ()
    exposed: tuple[Exposed, ...] = ()
    truncated_why: str | None = None
    """Which bound was met: `accounts`, `transfers` or `seconds`; None where all was followed."""
    without_history: tuple[str, ...] = ()
    """Accounts whose source knows no past: their clean money counted as zero."""
    ledger_change: int | None = None
    """The number of the ledger's last change that this answer rests on."""

    def as_json(self) -> dict[str, object]:
        """Return the fixed JSON form of trail.md §5; amounts are in minor units."""
        head: dict[str, object] = {
            "rule": self.rule.value,
            "as_of": None if self.as_of_us is None else format_instant(self.as_of_us),
            "currency": self.currency,
            "truncated": self.truncated_why is not None,
            "truncated_why": self.truncated_why,
            "waiting": list(self.waiting),
            "without_history": list(self.without_history),
            "ledger_change": self.ledger_change,
        }
        if self.rule is Rule.POISON:
            return head | self._exposure_json()
        return head | self._amounts_json()

    def _exposure_json(self) -> dict[str, object]:
        return {
            "claims": [
                {"transfer_id": claim.transfer_id, "reported": claim.reported_minor}
                for claim in self.claims
            ],
            "exposed": [
                {
                    "account": row.account,
                    "hop": row.hop,
                    "first_time": format_instant(row.first_time_us),
                    "via": row.via,
                }
                for row in self.exposed
            ],
        }

    def _amounts_json(self) -> dict[str, object]:
        return {
            "claims": [
                {
                    "transfer_id": claim.transfer_id,
                    "reported": claim.reported_minor,
                    "amount": claim.amount_minor,
                }
                for claim in self.claims
            ],
            "resting": [
                {
                    "account": row.account,
                    "claim": row.claim,
                    "amount": row.amount_minor,
                    "held": row.held_minor,
                    "hop": row.hop,
                }
                for row in self.resting
            ],
            "exits": [
                {
                    "kind": row.kind,
                    "account": row.account,
                    "claim": row.claim,
                    "amount": row.amount_minor,
                }
                for row in self.exits
            ],
            "overheld": [
                {
                    "hold": row.hold_id,
                    "account": row.account,
                    "claim": row.claim,
                    "amount": row.amount_minor,
                }
                for row in self.overheld
            ],
            "hops": [
                {
                    "transfer_id": hop.transfer_id,
                    "time": format_instant(hop.time_us),
                    "debit_account": hop.debit_account,
                    "credit_account": hop.credit_account,
                    "amount": hop.amount_minor,
                    "tainted": dict(hop.tainted),
                }
                for hop in self.hops
            ],
        }
