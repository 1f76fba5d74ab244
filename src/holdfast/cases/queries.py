"""What is read of cases, and the lock under which orders of a currency change."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Sum

from holdfast.cases.claim import ClaimState
from holdfast.cases.hold import OPEN, HoldState
from holdfast.cases.models import (
    Case,
    Claim,
    HoldShare,
    Order,
    PoliceComplaint,
    SettlementLock,
    StoredTrail,
    TracedAccount,
)
from holdfast.cases.wanted import Asked, Spot, Standing
from holdfast.trail.question import HoldEvent, HoldKind

OPEN_VALUES = sorted(state.value for state in OPEN)
AT_ONCE = 5_000
"""How many values one statement names."""
Value = TypeVar("Value", int, str)
UNANSWERED_VALUES = [HoldState.REQUESTED.value, HoldState.ACKNOWLEDGED.value]


def lock_settlement(currency: str) -> None:
    """Wait until nobody else changes orders of a currency; holds until the transaction ends."""
    row = SettlementLock.objects.select_for_update().filter(currency=currency)
    if row.first() is None:
        SettlementLock.objects.get_or_create(currency=currency)
        row.get()


def neighbours(accounts: Collection[str], known: Collection[int], currency: str) -> list[Claim]:
    """Return the other accepted claims whose money, home or holds are in one of the accounts."""
    met: set[int] = set()
    for some in in_parts(accounts):
        # Each table by its own index; joined and asked with OR, all of all three would be read.
        traced = TracedAccount.objects.filter(account__in=some).values_list("claim_id", flat=True)
        homes = Claim.objects.filter(debit_account__in=some).values_list("id", flat=True)
        held = HoldShare.objects.filter(order__account__in=some, until_us=None)
        met.update(traced.union(homes, held.values_list("claim_id", flat=True)))
    found: list[Claim] = []
    for ids in in_parts(met.difference(known)):
        claims = Claim.objects.select_related("case").filter(id__in=ids)
        found += claims.filter(state=ClaimState.ACCEPTED.value, currency=currency)
    return found


def settled_with(claim: Claim) -> list[str]:
    """Return the ids of the other claims whose part of the settlement a claim is in, sorted.

    Worked out from the accounts that each has touched: kept with every trail of a part, the list
    would be written anew for all of them whenever one joins.
    """
    part: dict[int, Claim] = {}
    fresh = {claim.id: claim}
    while fresh:
        part |= fresh
        accounts = {row.debit_account for row in fresh.values()}
        for ids in in_parts(fresh):
            traced = TracedAccount.objects.filter(claim_id__in=ids)
            accounts.update(traced.values_list("account", flat=True))
        fresh = {row.id: row for row in neighbours(accounts, list(part), claim.currency)}
    return sorted(row.claim_id for row in part.values() if row.id != claim.id)


def in_parts(values: Iterable[Value]) -> Iterator[list[Value]]:
    """Yield some values at a time: a database takes only so many in one statement."""
    ordered = sorted(values)
    for start in range(0, len(ordered), AT_ONCE):
        yield ordered[start : start + AT_ONCE]


def hold_id(order_id: str, tranche: int) -> str:
    """Return the id under which the trail knows a hold; a partial release begins a new one."""
    return order_id if tranche == 1 else f"{order_id}~{tranche}"


def order_of_hold(held_as: str) -> tuple[str, int]:
    """Return the order id and the tranche of a hold's id in the trail."""
    order_id, _, tranche = held_as.partition("~")
    return order_id, int(tranche or 1)


@dataclass(frozen=True, slots=True)
class OrdersView:
    """What earlier orders say of some claims, read in one statement so that it agrees."""

    holds: tuple[HoldEvent, ...]
    """Holds and their ends, as the trail wants them."""
    standing: Mapping[Spot, Standing]
    """What was asked for or set aside, by account and claim (its transfer id)."""
    asked: tuple[Asked, ...]
    """The orders that are not answered yet, in the order in which they were made."""


def orders_view(claim_ids: Collection[int]) -> OrdersView:
    """Return what earlier orders say of some claims.

    One statement, because an answer may be recorded meanwhile: money must not look free in one
    query and unasked in the next.
    """
    # Each table by its own index, see `neighbours`.
    made = Order.objects.filter(claim_id__in=claim_ids).values("id")
    shared = HoldShare.objects.filter(claim_id__in=claim_ids).values("order_id")
    rows = (
        Order.objects.filter(id__in=made.union(shared))
        .order_by("id", "shares__id")
        .values_list(*_ORDER_FIELDS, *_SHARE_FIELDS)
    )
    asked: list[Asked] = []
    events: dict[HoldEvent, None] = {}
    standing: dict[Spot, Standing] = {}
    seen: set[str] = set()

    def add(spot: Spot, asked_minor: int, aside_minor: int) -> None:
        before = standing.get(spot, Standing())
        standing[spot] = Standing(
            before.asked_minor + asked_minor, before.aside_minor + aside_minor
        )

    for order_id, account, claim, state, amount_minor, aside_minor, *share in rows:
        if order_id not in seen:
            seen.add(order_id)
            unanswered = state in UNANSWERED_VALUES
            add((account, claim), amount_minor if unanswered else 0, aside_minor)
            asked += [Asked(order_id, account, claim, amount_minor)] if unanswered else []
        *held, shared_with, freed_minor = share
        if freed_minor:
            add((account, shared_with), 0, freed_minor)
        for event in _events(order_id, account, shared_with, *held):
            events[event] = None
    return OrdersView(tuple(events), standing, tuple(asked))


_ORDER_FIELDS = (
    "order_id",
    "account",
    "claim__transfer_id",
    "state",
    "amount_minor",
    "set_aside_minor",
)
_SHARE_FIELDS = (
    "shares__tranche",
    "shares__amount_minor",
    "shares__from_us",
    "shares__until_us",
    "shares__claim__transfer_id",
    "shares__set_aside_minor",
)


def _events(
    order_id: str,
    account: str,
    claim: str,
    tranche: int | None,
    amount_minor: int,
    from_us: int,
    until_us: int | None,
) -> Iterator[HoldEvent]:
    """Yield a share of a hold, and the end of its hold; nothing of one that never lasted.

    Of one instant the trail heeds ends before beginnings: such a hold would seem to begin only.
    """
    if tranche is None or (until_us is not None and until_us <= from_us):
        return
    held_as = hold_id(order_id, tranche)
    yield HoldEvent(from_us, HoldKind.HOLD, held_as, account, claim, amount_minor)
    if until_us is not None:
        yield HoldEvent(until_us, HoldKind.RELEASE, held_as)


def held_on(accounts: Collection[str], currency: str) -> dict[str, int]:
    """Return what is held or asked for on each account in all cases; minor units."""
    held: dict[str, int] = {}
    for some in in_parts(accounts):
        rows = Order.objects.filter(account__in=some, currency=currency, state__in=OPEN_VALUES)
        for account, state, amount_minor, held_minor in rows.values_list(
            "account", "state", "amount_minor", "held_minor"
        ):
            part = amount_minor if state in UNANSWERED_VALUES else held_minor
            held[account] = held.get(account, 0) + part
    return held


def stands_for(claim: Claim, account: str) -> int:
    """Return what is held or asked for of a claim in an account; minor units."""
    held = HoldShare.objects.filter(claim=claim, order__account=account, until_us=None)
    asked = Order.objects.filter(claim=claim, account=account, state__in=UNANSWERED_VALUES)
    amounts = (rows.aggregate(sum=Sum("amount_minor"))["sum"] for rows in (held, asked))
    return sum(amount or 0 for amount in amounts)


def overheld_now(order: Order) -> int:
    """Return what an order holds beyond its claims' money, by their latest trails; minor units."""
    held_as = hold_id(order.order_id, order.tranche)
    trails = StoredTrail.objects.filter(
        claim__shares__order=order, claim__shares__tranche=order.tranche
    ).distinct()
    rows = [row for trail in trails for row in trail.answer["overheld"]]
    return sum(row["amount"] for row in rows if row["hold"] == held_as)


def homes_among(accounts: Collection[str]) -> set[str]:
    """Return those accounts from which a victim paid, also where the payment is awaited yet."""
    homes: set[str] = set()
    for some in in_parts(accounts):
        claims = Claim.objects.filter(
            debit_account__in=some,
            state__in=(ClaimState.ACCEPTED.value, ClaimState.WAITING.value),
        )
        homes.update(claims.values_list("debit_account", flat=True))
    return homes


def current_case(case: Case) -> Case:
    """Return a case, or the one that it was merged into."""
    while case.merged_into is not None:
        case = case.merged_into
    return case


def locked_case(case: Case) -> Case:
    """Return a case, or the one that it was merged into, so that it is not merged meanwhile.

    Holds until the transaction ends; must be called before anything is added to the case.
    """
    while True:
        found: Case = Case.objects.select_for_update(no_key=True).get(id=case.id)
        if found.merged_into_id is None:
            return found
        case = Case.objects.get(id=found.merged_into_id)


def confirmed_complaint(case_id: int, reported_us: int = 0) -> PoliceComplaint | None:
    """Return the police complaint from which a claim's clock runs, or None.

    It is the first that the police accepted after the claim was reported, else the last before:
    a further complaint, or one that a merge brings, never starts a clock again.
    """
    complaints = PoliceComplaint.objects.filter(case_id=case_id, accepted_us__isnull=False)
    after = complaints.filter(accepted_us__gte=reported_us).order_by("accepted_us", "id").first()
    found: PoliceComplaint | None = after or complaints.order_by("-accepted_us", "id").first()
    return found
