"""Settle: post transfers in the ledger's order and keep the lots of every account in the trail.

Source of the rules: trail.md §2 to §5. A settlement knows nothing of where transfers come
from: whoever posts them (`gather`, `live`) is asked, through `reach`, for the clean balance of
an account at the moment that claimed money first arrives there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from holdfast.core.errors import TrailError
from holdfast.core.words import N_
from holdfast.ledger.transfer import Place, Transfer
from holdfast.trail.answer import Answer, Claim, Exit, Hop, Overheld, Resting
from holdfast.trail.claims import joined_currency
from holdfast.trail.lots import CLEAN, Lot, Lots, empty_lots
from holdfast.trail.question import HoldEvent, HoldKind, Question


class Arrival(NamedTuple):
    """What an account's own keeper knows of the moment that claimed money enters it."""

    balance_minor: int
    """Its clean balance just before."""
    reported_minor: int | None
    """The balance reported with the arriving transfer, if the keeper has one."""


Reach = Callable[[str, Place], Arrival]
"""Asked once an account is reached: (account, place of the arriving transfer)."""


class Step(NamedTuple):
    """What one posting did to one account; told to whoever watches a settlement."""

    cause: Transfer | HoldEvent
    account: str
    before: tuple[Lot, ...]
    """The lots as they lay before, and before any reported balance was heeded."""
    reconciled_minor: int
    """What a reported balance added to the lots (above zero) or took from them (below)."""
    moved: tuple[Lot, ...]
    """What was carried out of the account, or put into it."""
    after: tuple[Lot, ...]


Watch = Callable[[Step], None]


class Settlement:
    """All lots of all claims of a question, as far as transfers have been posted."""

    def __init__(self, question: Question, reach: Reach, watch: Watch | None = None) -> None:
        self.question = question
        self.order = list(dict.fromkeys(question.claims))
        self.truncated_why: str | None = None
        self._reach = reach
        self._watch = watch
        self._index = {claim: index for index, claim in enumerate(self.order)}
        self._currency: str | None = None
        self._paid: dict[int, Claim] = {}
        self._home: dict[int, str] = {}
        self._lots: dict[str, Lots] = {}
        self._hop: dict[str, int] = {}
        self._kept: set[str] = set()  # accounts that were held: their lots outlive the claims
        self._holds: dict[str, set[str]] = {}  # accounts by the id of a hold that is in force
        self._ended: set[str] = set()
        self._overheld: dict[tuple[str, str, int], int] = {}
        self._exits: dict[tuple[str, str, int], int] = {}
        self._hops: list[Hop] = []

    def follows(self, account: str) -> bool:
        """Whether the account's own transfers matter now: it may still pass claimed money on."""
        return account in self._lots

    def post(self, transfer: Transfer) -> None:
        """Post the next transfer of the ledger's order; one that touches no lot changes nothing.

        Raises:
            TrailError: `claim_to_itself` or `claims_mixed_currency`.
        """
        claim = self._index.get(transfer.transfer_id)
        if claim is not None:
            self._currency = joined_currency(self._currency, transfer)
        elif transfer.currency != self._currency or transfer.to_itself:
            return
        debit = self._lots.get(transfer.debit_account)
        credit = self._lots.get(transfer.credit_account)
        if debit is None and credit is None and claim is None:
            return
        if claim is None and self._watch is None and self._only_clean(debit, credit, transfer):
            return
        carried = self._debit(debit, transfer)
        if claim is not None:
            carried = self._claim(claim, transfer, carried)
        tainted = _sum_by_claim(carried)
        if tainted:
            self._hops.append(self._hop_of(transfer, tainted))
        self._credit(credit, transfer, carried, tainted)

    def post_hold(self, event: HoldEvent) -> None:
        """Post a hold or a release; those of unknown claims or ended holds change nothing."""
        if event.kind is HoldKind.RELEASE:
            self._release(event)
        else:
            self._hold(event)

    def truncate(self, why: str, accounts: Iterable[str]) -> None:
        """Stop following: what rests in `accounts`, and any claim still to come, is not traced."""
        self.truncated_why = why
        for account in accounts:
            for lot in self._lots.pop(account, ()):
                self._exit("truncated", account, lot)

    def answer(self) -> Answer:
        """Return where every claim's money is after what has been posted.

        Raises:
            TrailError: `conservation_broken`, which only an error in this program can cause.
        """
        answer = Answer(
            rule=self.question.rule,
            as_of_us=self.question.as_of_us,
            currency=self._currency,
            waiting=tuple(c for i, c in enumerate(self.order) if i not in self._paid),
            claims=tuple(self._paid[index] for index in sorted(self._paid)),
            resting=tuple(self._resting()),
            exits=tuple(
                Exit(kind, account, self.order[claim], amount)
                for (kind, account, claim), amount in sorted(self._exits.items())
            ),
            overheld=tuple(
                Overheld(hold_id, account, self.order[claim], amount)
                for (hold_id, account, claim), amount in sorted(self._overheld.items())
            ),
            hops=tuple(self._hops),
            truncated_why=self.truncated_why,
        )
        _assert_conserved(answer)
        return answer

    def _only_clean(self, debit: Lots | None, credit: Lots | None, transfer: Transfer) -> bool:
        """Post the commonest transfer at once: clean money, in or out of one followed account.

        It does what `_debit` and `_credit` would do, and says False where more is at stake.
        """
        if debit is None and credit is not None:
            account = transfer.credit_account
            self._reconcile(credit, account, transfer.credit_balance_before_minor)
            credit.put_clean(transfer.amount_minor)
            self._rest_if_clean(account, credit)
            return True
        if debit is None or credit is not None or transfer.executes_hold is not None:
            return False
        account = transfer.debit_account
        self._reconcile(debit, account, transfer.debit_balance_before_minor)
        if not debit.take_clean(transfer.amount_minor):
            return False
        self._rest_if_clean(account, debit)
        return True

    def _debit(self, debit: Lots | None, transfer: Transfer) -> list[Lot]:
        """Take what the transfer carries; what the account lacks is clean money from outside."""
        amount = transfer.amount_minor
        if debit is None:
            return [Lot(CLEAN, amount)]
        before = tuple(debit) if self._watch else ()
        account = transfer.debit_account
        seen = self._reconcile(debit, account, transfer.debit_balance_before_minor)
        carried = []
        if transfer.executes_hold is not None:
            carried = debit.take_held(transfer.executes_hold, amount)
            amount -= sum(lot.amount for lot in carried)
        carried += debit.take(amount)
        short = transfer.amount_minor - sum(lot.amount for lot in carried)
        if short:
            carried.append(Lot(CLEAN, short))
        if self._watch:
            self._watch(Step(transfer, account, before, seen, tuple(carried), tuple(debit)))
        self._rest_if_clean(account, debit)
        return carried

    def _claim(self, claim: int, transfer: Transfer, carried: list[Lot]) -> list[Lot]:
        """Make the clean part of a victim's payment the claim's own."""
        clean = sum(lot.amount for lot in carried if lot.origin == CLEAN)
        self._paid[claim] = Claim(self.order[claim], transfer.amount_minor, clean)
        self._home[claim] = transfer.debit_account
        return [lot._replace(origin=claim) if lot.origin == CLEAN else lot for lot in carried]

    def _credit(
        self, credit: Lots | None, transfer: Transfer, carried: list[Lot], tainted: dict[int, int]
    ) -> None:
        account = transfer.credit_account
        before = tuple(credit) if self._watch and credit is not None else ()
        seen = 0
        if credit is not None:
            seen = self._reconcile(credit, account, transfer.credit_balance_before_minor)
        if tainted:
            carried = self._leave_at(account, transfer, carried)
        if credit is None:
            if all(lot.origin == CLEAN for lot in carried):
                return
            came = self._reach(account, transfer.place)
            credit = self._open(account, transfer, came)
            before = tuple(credit) if self._watch else ()
            reported = transfer.credit_balance_before_minor
            seen = self._reconcile(
                credit, account, came.reported_minor if reported is None else reported
            )
        credit.put(carried)
        if self._watch:
            self._watch(Step(transfer, account, before, seen, tuple(carried), tuple(credit)))
        self._rest_if_clean(account, credit)

    def _open(self, account: str, transfer: Transfer, came: Arrival) -> Lots:
        """Begin to keep the lots of an account that claimed money enters."""
        lots = self._lots[account] = empty_lots(self.question.rule)
        self._hop.setdefault(account, self._hop_at(transfer))
        lots.put([Lot(CLEAN, came.balance_minor)])
        return lots

    def _hop_at(self, transfer: Transfer) -> int:
        if transfer.transfer_id in self._index:
            return 1
        return self._hop[transfer.debit_account] + 1

    def _reconcile(self, lots: Lots, account: str, reported_minor: int | None) -> int:
        """Bring the lots to the balance that the bank reports; return what that added."""
        if reported_minor is None or self.question.ignore_balances:
            return 0
        total = lots.total
        missing = lots.total - max(reported_minor, 0)
        if missing > 0:
            for lot in lots.take(missing):
                self._exit("unrecorded", account, lot)
        elif missing < 0:
            lots.put([Lot(CLEAN, -missing)])
        return lots.total - total

    def _leave_at(self, account: str, transfer: Transfer, carried: list[Lot]) -> list[Lot]:
        """Turn claimed lots that go no further into exits, clean money in their place."""
        home = self._home
        carried = self._leave(carried, "returned", account, lambda o: home[o] == account)
        claimed = sum(lot.amount for lot in carried if lot.origin != CLEAN)
        kind = self._why_not(account, transfer, claimed) if claimed else None
        return carried if kind is None else self._leave(carried, kind, account, lambda _: True)

    def _why_not(self, account: str, transfer: Transfer, claimed: int) -> str | None:
        question, entering = self.question, account not in self._hop
        max_hops = question.max_hops
        if account in question.stops:
            return "stop"
        if claimed < question.min_amount_minor:
            return "immaterial"
        if entering and max_hops is not None and self._hop_at(transfer) > max_hops:
            return "beyond"
        if self.truncated_why in ("transfers", "seconds"):
            return "truncated"
        if entering and len(self._hop) == question.bounds.accounts:
            self.truncated_why = "accounts"
            return "truncated"
        return None

    def _leave(
        self, carried: list[Lot], kind: str, account: str, leaves: Callable[[int], bool]
    ) -> list[Lot]:
        kept = []
        for lot in carried:
            if lot.origin != CLEAN and leaves(lot.origin):
                self._exit(kind, account, lot)
                kept.append(Lot(CLEAN, lot.amount))
            else:
                kept.append(lot)
        return kept

    def _exit(self, kind: str, account: str, lot: Lot) -> None:
        if lot.origin != CLEAN:
            key = (kind, account, lot.origin)
            self._exits[key] = self._exits.get(key, 0) + lot.amount

    def _rest_if_clean(self, account: str, lots: Lots) -> None:
        """Forget lots that are all clean: from here on their sum is the running balance.

        Not so where money was ever held: it could not be taken, so the sum may differ.
        """
        if not lots.claimed and account not in self._kept:
            del self._lots[account]

    def _hold(self, event: HoldEvent) -> None:
        claim = self._index.get(event.claim)
        if claim is None or claim not in self._paid or event.hold_id in self._ended:
            return
        self._holds.setdefault(event.hold_id, set()).add(event.account)
        lots = self._lots.get(event.account)
        marked = 0
        if lots is not None:
            before = tuple(lots) if self._watch else ()
            marked = lots.hold(claim, event.amount_minor, event.hold_id)
            self._tell(event, event.account, before, lots)
        if marked:
            self._kept.add(event.account)
        if event.amount_minor > marked:
            key = (event.hold_id, event.account, claim)
            self._overheld[key] = self._overheld.get(key, 0) + event.amount_minor - marked

    def _release(self, event: HoldEvent) -> None:
        accounts = self._holds.pop(event.hold_id, None)
        if accounts is None:
            return
        self._ended.add(event.hold_id)
        for account in sorted(accounts):
            lots = self._lots.get(account)
            if lots is not None:
                before = tuple(lots) if self._watch else ()
                lots.release(event.hold_id)
                self._tell(event, account, before, lots)
        for key in [key for key in self._overheld if key[0] == event.hold_id]:
            del self._overheld[key]

    def _hop_of(self, transfer: Transfer, tainted: dict[int, int]) -> Hop:
        return Hop(
            transfer.transfer_id,
            transfer.time_us,
            transfer.debit_account,
            transfer.credit_account,
            transfer.amount_minor,
            {self.order[claim]: tainted[claim] for claim in sorted(tainted)},
        )

    def _resting(self) -> Iterator[Resting]:
        for account in sorted(self._lots):
            amounts: dict[int, int] = {}
            held: dict[int, int] = {}
            for origin, amount, hold_id in self._lots[account]:
                if origin != CLEAN:
                    amounts[origin] = amounts.get(origin, 0) + amount
                    held[origin] = held.get(origin, 0) + (amount if hold_id else 0)
            for claim in sorted(amounts):
                yield Resting(
                    account, self.order[claim], amounts[claim], held[claim], self._hop[account]
                )

    def _tell(self, event: HoldEvent, account: str, before: tuple[Lot, ...], lots: Lots) -> None:
        if self._watch:
            self._watch(Step(event, account, before, 0, (), tuple(lots)))


def arrival(balance_minor: int | None, first: Transfer | None, place: Place) -> Arrival:
    """Return what a keeper's history says of an arrival; no history counts as zero."""
    arriving = first is not None and first.place == place
    return Arrival(
        balance_minor or 0, first.credit_balance_before_minor if first and arriving else None
    )


def _sum_by_claim(carried: Iterable[Lot]) -> dict[int, int]:
    sums: dict[int, int] = {}
    for origin, amount, _ in carried:
        if origin != CLEAN:
            sums[origin] = sums.get(origin, 0) + amount
    return sums


def _assert_conserved(answer: Answer) -> None:
    found = dict.fromkeys((claim.transfer_id for claim in answer.claims), 0)
    for resting in answer.resting:
        found[resting.claim] += resting.amount_minor
    for left in answer.exits:
        found[left.claim] += left.amount_minor
    for claim in answer.claims:
        if claim.amount_minor != found[claim.transfer_id]:
            raise TrailError(
                "conservation_broken",
                N_("claim {claim} of {amount} has {found} resting and left: the sums must agree"),
                claim=claim.transfer_id,
                amount=claim.amount_minor,
                found=found[claim.transfer_id],
            )
