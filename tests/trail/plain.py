"""Following money a second time, straight from the page of rules: slow, literal, an oracle.

It reads the whole ledger from its first transfer and keeps the lots of every account, whether
claimed money ever reaches it or not. It shares nothing with the engine but the types of the
question and of a transfer, so that a mistake has to be made twice to go unseen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from holdfast.core.errors import TrailError
from holdfast.core.instant import format_instant
from holdfast.ledger.transfer import Transfer
from holdfast.trail.question import HoldEvent, HoldKind, Question, Rule

NO_OPENINGS: Mapping[str, int] = {}


@dataclass
class Lot:
    """A part of what an account holds: whose it is, how much, and which hold stands on it."""

    origin: str | None
    """The id of a claim; None is clean money."""
    amount: int
    hold: str | None = None


def plain_answer(
    transfers: Sequence[Transfer], question: Question, openings: Mapping[str, int] = NO_OPENINGS
) -> dict[str, object]:
    """Answer a question in the JSON form of trail.md §5, with amounts in minor units.

    `openings` are those of the trail's currency, by account. `ledger_change`,
    `without_history` and `truncated_why` are what an endless, complete ledger would say.

    Raises:
        TrailError: `claim_to_itself` or `claims_mixed_currency`.
    """
    as_of = question.as_of_us
    seen = [t for t in sorted(transfers, key=_place) if as_of is None or t.time_us <= as_of]
    by_id = {transfer.transfer_id: transfer for transfer in seen}
    asked = list(dict.fromkeys(question.claims))
    claims = {claim: by_id[claim] for claim in asked if claim in by_id}
    currency = _currency_of(claims)
    visible = [t for t in seen if t.currency == currency and t.debit_account != t.credit_account]
    head: dict[str, object] = {
        "rule": question.rule.value,
        "as_of": None if as_of is None else format_instant(as_of),
        "currency": currency,
        "truncated": False,
        "truncated_why": None,
        "waiting": [claim for claim in asked if claim not in by_id],
        "without_history": [],
        "ledger_change": None,
    }
    if question.rule is Rule.POISON:
        return head | _poison(visible, question, claims)
    books = Books(question, claims, openings)
    books.read(visible)
    return head | books.as_json()


def _place(transfer: Transfer) -> tuple[int, int, bytes]:
    return (transfer.time_us, transfer.seq, transfer.transfer_id.encode())


def _currency_of(claims: Mapping[str, Transfer]) -> str | None:
    for claim in claims.values():
        if claim.debit_account == claim.credit_account:
            raise TrailError("claim_to_itself", "the claim {claim} pays itself", claim=claim)
    currencies = {claim.currency for claim in claims.values()}
    if len(currencies) > 1:
        raise TrailError("claims_mixed_currency", "the claims are of several currencies")
    return currencies.pop() if currencies else None


def _total(lots: Sequence[Lot]) -> int:
    return sum(lot.amount for lot in lots)


def _claimed(lots: Sequence[Lot]) -> int:
    return sum(lot.amount for lot in lots if lot.origin is not None)


class Books:
    """Every account's lots, oldest first, and all that is written down on the way."""

    def __init__(
        self, question: Question, claims: Mapping[str, Transfer], openings: Mapping[str, int]
    ) -> None:
        self.question = question
        self.claims = claims
        self.order = {claim: number for number, claim in enumerate(claims)}
        self.lots: defaultdict[str, list[Lot]] = defaultdict(list)
        for account, balance in openings.items():
            if balance > 0:
                self.lots[account] = [Lot(None, balance)]
        self.hop_of: dict[str, int] = {}
        self.amount_of: dict[str, int] = {}
        self.exits: defaultdict[tuple[str, str, str], int] = defaultdict(int)
        self.overheld: defaultdict[tuple[str, str, str], int] = defaultdict(int)
        self.holding: set[str] = set()
        self.ended: set[str] = set()
        self.hops: list[dict[str, object]] = []

    def read(self, transfers: Sequence[Transfer]) -> None:
        """Take every transfer in order and, after those of an instant, its hold events."""
        as_of = self.question.as_of_us
        events = [e for e in self.question.holds if as_of is None or e.time_us <= as_of]
        transfers_at: defaultdict[int, list[Transfer]] = defaultdict(list)
        for transfer in transfers:
            transfers_at[transfer.time_us].append(transfer)
        events_at: defaultdict[int, list[HoldEvent]] = defaultdict(list)
        for event in sorted(events, key=lambda event: event.hold_id.encode()):
            events_at[event.time_us].append(event)
        for instant in sorted({*transfers_at, *events_at}):
            for transfer in transfers_at[instant]:
                self.post(transfer)
            for event in events_at[instant]:
                if event.kind is HoldKind.RELEASE:
                    self.release(event.hold_id)
            for event in events_at[instant]:
                if event.kind is HoldKind.HOLD:
                    self.hold(event)

    def post(self, transfer: Transfer) -> None:
        """Do the four steps of trail.md §2 for one transfer."""
        self.reconcile(transfer.debit_account, transfer.debit_balance_before_minor)
        carried = self.carry(transfer)
        if transfer.transfer_id in self.claims:
            self.amount_of[transfer.transfer_id] = transfer.amount_minor - _claimed(carried)
            carried = [Lot(lot.origin or transfer.transfer_id, lot.amount) for lot in carried]
        self.write_hop(transfer, carried)
        self.reconcile(transfer.credit_account, transfer.credit_balance_before_minor)
        self.put(transfer, carried)

    def reconcile(self, account: str, reported: int | None) -> None:
        """Bring an account's lots to the balance that its bank reports."""
        if reported is None or self.question.ignore_balances:
            return
        balance = max(reported, 0)
        lots_sum = _total(self.lots[account])
        if balance > lots_sum:
            self.lots[account].append(Lot(None, balance - lots_sum))
        if balance < lots_sum:
            for lot in self.take(account, lots_sum - balance):
                if lot.origin is not None:
                    self.exits["unrecorded", account, lot.origin] += lot.amount

    def carry(self, transfer: Transfer) -> list[Lot]:
        """Take a transfer's amount from its debit account; what lacks comes from outside."""
        account = transfer.debit_account
        carried: list[Lot] = []
        if transfer.executes_hold is not None and transfer.executes_hold in self.holding:
            carried = self.take_held(account, transfer.amount_minor, transfer.executes_hold)
        carried = carried + self.take(account, transfer.amount_minor - _total(carried))
        shortfall = transfer.amount_minor - _total(carried)
        return [*carried, Lot(None, shortfall)] if shortfall > 0 else carried

    def write_hop(self, transfer: Transfer, carried: Sequence[Lot]) -> None:
        """Note a transfer that carries claimed money, with the amount of each claim."""
        if not _claimed(carried):
            return
        origins = {lot.origin for lot in carried}
        tainted = {
            claim: _total([lot for lot in carried if lot.origin == claim])
            for claim in self.claims
            if claim in origins
        }
        self.hops.append(
            {
                "transfer_id": transfer.transfer_id,
                "time": format_instant(transfer.time_us),
                "debit_account": transfer.debit_account,
                "credit_account": transfer.credit_account,
                "amount": transfer.amount_minor,
                "tainted": tainted,
            }
        )

    def put(self, transfer: Transfer, carried: list[Lot]) -> None:
        """Put what is carried at the newest end, claimed lots as exits where they must be."""
        account = transfer.credit_account
        for lot in carried:
            if lot.origin is not None and self.claims[lot.origin].debit_account == account:
                self.leave("returned", account, lot)
        kind = self.exit_kind(transfer, _claimed(carried)) if _claimed(carried) else None
        for lot in carried:
            if kind is not None and lot.origin is not None:
                self.leave(kind, account, lot)
        if _claimed(carried) and account not in self.hop_of:
            self.hop_of[account] = self.hop_by(transfer)
        self.lots[account] = _merged(self.lots[account] + carried)

    def exit_kind(self, transfer: Transfer, claimed: int) -> str | None:
        """Say why claimed lots may not go on into the credit account; None where they may."""
        account, max_hops = transfer.credit_account, self.question.max_hops
        if account in self.question.stops:
            return "stop"
        if claimed < self.question.min_amount_minor:
            return "immaterial"
        if account not in self.hop_of and max_hops is not None and self.hop_by(transfer) > max_hops:
            return "beyond"
        return None

    def hop_by(self, transfer: Transfer) -> int:
        """Return the hop that the credit account would get by a transfer of claimed money."""
        if transfer.transfer_id in self.claims:
            return 1
        return self.hop_of[transfer.debit_account] + 1

    def leave(self, kind: str, account: str, lot: Lot) -> None:
        """Let a claimed lot leave the trail; clean money takes its place."""
        assert lot.origin is not None
        self.exits[kind, account, lot.origin] += lot.amount
        lot.origin = None

    def hold(self, event: HoldEvent) -> None:
        """Mark free lots of the claim as held, oldest first; the excess is overheld."""
        claim = self.claims.get(event.claim)
        if event.hold_id in self.ended or claim is None or claim.time_us > event.time_us:
            return
        self.holding.add(event.hold_id)
        to_mark, marked = event.amount_minor, list[Lot]()
        for lot in self.lots[event.account]:
            free = lot.origin == event.claim and lot.hold is None
            part = min(lot.amount, to_mark) if free else 0
            marked.append(Lot(lot.origin, part, event.hold_id))
            marked.append(Lot(lot.origin, lot.amount - part, lot.hold))
            to_mark -= part
        self.lots[event.account] = _merged(marked)
        if to_mark > 0:
            self.overheld[event.hold_id, event.account, event.claim] += to_mark

    def release(self, hold_id: str) -> None:
        """Free what a hold holds, where it is; an unknown or ended hold changes nothing."""
        if hold_id not in self.holding:
            return
        self.holding.remove(hold_id)
        self.ended.add(hold_id)
        for lots in self.lots.values():
            for lot in lots:
                if lot.hold == hold_id:
                    lot.hold = None
        for key in [key for key in self.overheld if key[0] == hold_id]:
            del self.overheld[key]

    def take_held(self, account: str, amount: int, hold_id: str) -> list[Lot]:
        """Take up to `amount` from the lots of one hold, oldest first, and free them."""
        parts = []
        for lot in self.lots[account]:
            parts.append(min(lot.amount, amount) if lot.hold == hold_id else 0)
            amount -= parts[-1]
        return self.cut(account, parts)

    def take(self, account: str, amount: int) -> list[Lot]:
        """Take up to `amount` from the free lots by the rule of the question."""
        if self.question.rule is Rule.PRO_RATA:
            return self.take_in_proportion(account, amount)
        lots = self.lots[account]
        parts = [0] * len(lots)
        oldest_first = range(len(lots))
        for position in oldest_first if self.question.rule is Rule.FIFO else reversed(oldest_first):
            if lots[position].hold is None:
                parts[position] = min(lots[position].amount, amount)
                amount -= parts[position]
        return self.cut(account, parts)

    def cut(self, account: str, parts: Sequence[int]) -> list[Lot]:
        """Take the given part of each lot; what is taken keeps its order and is free."""
        pairs = list(zip(self.lots[account], parts, strict=True))
        left = [Lot(lot.origin, lot.amount - part, lot.hold) for lot, part in pairs]
        self.lots[account] = _merged(left)
        return [Lot(lot.origin, part) for lot, part in pairs if part > 0]

    def take_in_proportion(self, account: str, amount: int) -> list[Lot]:
        """Take from every origin alike, by largest remainder, ties to the earlier claim."""
        held = [lot for lot in self.lots[account] if lot.hold is not None]
        free = [lot for lot in self.lots[account] if lot.hold is None]
        amount = min(amount, _total(free))
        if amount == 0:
            return []
        there = {lot.origin for lot in free}
        origins = [origin for origin in [*self.claims, None] if origin in there]
        of = {origin: _total([lot for lot in free if lot.origin == origin]) for origin in origins}
        exact = {origin: Fraction(amount * of[origin], _total(free)) for origin in origins}
        taken = {origin: floor(exact[origin]) for origin in origins}
        largest_first = sorted(origins, key=lambda origin: taken[origin] - exact[origin])
        for origin in largest_first[: amount - sum(taken.values())]:
            taken[origin] += 1
        left = [Lot(origin, of[origin] - taken[origin]) for origin in origins]
        self.lots[account] = _merged(held + left)
        return [Lot(origin, taken[origin]) for origin in origins if taken[origin] > 0]

    def as_json(self) -> dict[str, object]:
        """Write down where the money is and where it left, sorted as trail.md §5 says."""
        return {
            "claims": [
                {
                    "transfer_id": claim,
                    "reported": transfer.amount_minor,
                    "amount": self.amount_of[claim],
                }
                for claim, transfer in self.claims.items()
            ],
            "resting": self.resting(),
            "exits": [
                {"kind": kind, "account": account, "claim": claim, "amount": amount}
                for (kind, account, claim), amount in sorted(self.exits.items(), key=self._sorting)
            ],
            "overheld": [
                {"hold": hold, "account": account, "claim": claim, "amount": amount}
                for (hold, account, claim), amount in sorted(
                    self.overheld.items(), key=self._sorting
                )
            ],
            "hops": self.hops,
        }

    def _sorting(self, row: tuple[tuple[str, str, str], int]) -> tuple[bytes, bytes, int]:
        (first, account, claim), _ = row
        return (first.encode(), account.encode(), self.order[claim])

    def resting(self) -> list[dict[str, object]]:
        """List what claimed money each account holds, and how much of it is held."""
        rows: list[dict[str, object]] = []
        for account in sorted(self.lots, key=str.encode):
            for claim in self.claims:
                lots = [lot for lot in self.lots[account] if lot.origin == claim]
                if lots:
                    rows.append(
                        {
                            "account": account,
                            "claim": claim,
                            "amount": _total(lots),
                            "held": _total([lot for lot in lots if lot.hold is not None]),
                            "hop": self.hop_of[account],
                        }
                    )
        return rows


def _merged(lots: Sequence[Lot]) -> list[Lot]:
    merged: list[Lot] = []
    for lot in lots:
        if lot.amount == 0:
            continue
        if merged and (merged[-1].origin, merged[-1].hold) == (lot.origin, lot.hold):
            merged[-1] = Lot(lot.origin, merged[-1].amount + lot.amount, lot.hold)
        else:
            merged.append(lot)
    return merged


def _poison(
    transfers: Sequence[Transfer], question: Question, claims: Mapping[str, Transfer]
) -> dict[str, object]:
    exposed: dict[str, dict[str, object]] = {}
    hop_of: dict[str, int] = {}
    for transfer in transfers:
        debit, credit = transfer.debit_account, transfer.credit_account
        ways = [1] if transfer.transfer_id in claims else []
        if debit in hop_of and debit not in question.stops:
            ways.append(hop_of[debit] + 1)
        if not ways or (question.max_hops is not None and min(ways) > question.max_hops):
            continue
        hop_of[credit] = min([*ways, hop_of.get(credit, min(ways))])
        exposed.setdefault(
            credit,
            {
                "account": credit,
                "hop": 0,
                "first_time": format_instant(transfer.time_us),
                "via": transfer.transfer_id,
            },
        )
        exposed[credit]["hop"] = hop_of[credit]
    return {
        "claims": [
            {"transfer_id": claim, "reported": transfer.amount_minor}
            for claim, transfer in claims.items()
        ],
        "exposed": [exposed[account] for account in sorted(exposed, key=str.encode)],
    }
