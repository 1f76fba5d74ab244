"""Is a centre at rest, and is what it keeps right? To be asked inside its home."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import pairwise

from django.db import connection, transaction
from tests.records.guards_off import guards_off
from tests.services.processes import until
from tests.services.reporting import Acknowledged
from tests.services.town import MULES_BANKS, Town

from holdfast.banks.agent.outbox import Outbox
from holdfast.cases.hold import HoldState, allowed_steps
from holdfast.cases.models import Claim, LearnedTransfer, Order, OrderStep, Report
from holdfast.cases.queries import UNANSWERED_VALUES, lock_settlement
from holdfast.core.errors import NotFound
from holdfast.ledger.store import LedgerStore
from holdfast.ledger.store import verify as ledger_verify
from holdfast.records.applied import applied
from holdfast.records.models import AuditEntry, DueWork, IdempotencyKey, OutboxMessage, SealedEntry
from holdfast.records.signing_key import public_keys
from holdfast.records.verify import verify
from holdfast.server.runtime import centre_of
from holdfast.workflows.hold_money import LAPSE, hold_money
from holdfast.workflows.messages_out import EXTEND, HOLD, RELEASE
from holdfast.workflows.trace_money import LEDGER

TO_BANKS = (HOLD, RELEASE, EXTEND)


def hurry() -> None:
    """Let waits end now: those for a bank that failed, and the leases of workers that died."""
    OutboxMessage.objects.filter(done_us=None).update(due_us=0, taken_until_us=0)
    DueWork.objects.filter(done_us=None, taken_until_us__gt=0).update(taken_until_us=0)


def end_holds(at_us: int, orders: Iterable[int]) -> None:
    """Move the ends of orders to an instant, as if their time had run: no program can do so."""
    ids = list(orders)
    with transaction.atomic(), guards_off(connection):
        Order.objects.filter(id__in=ids).update(lapses_us=at_us)
    subjects = Order.objects.filter(id__in=ids).values("order_id")
    DueWork.objects.filter(kind=LAPSE, done_us=None, subject__in=subjects).update(due_us=at_us)


def come_to_rest(town: Town, meanwhile: Callable[[], object] = int) -> None:
    """Wait until nothing is left to be done; waits are cut short, now and then.

    `meanwhile` is what somebody else must do for that, again and again.
    """
    hurried = time.monotonic()

    def rests() -> bool:
        nonlocal hurried
        meanwhile()
        if time.monotonic() - hurried > 0.4:
            hurry()
            hurried = time.monotonic()
        return not what_is_left(town)

    try:
        until(rests, "the centre at rest")
    except AssertionError as error:
        error.add_note(f"left: {what_is_left(town)}")
        faults = OutboxMessage.objects.filter(done_us=None).values_list("kind", "last_fault")
        error.add_note(f"messages: {list(faults)}")
        raise


def what_is_left(town: Town) -> dict[str, int]:
    """Return how much of what is still to be done, by its name."""
    now_us = time.time_ns() // 1000
    left = {
        "messages": OutboxMessage.objects.filter(done_us=None, kind__in=TO_BANKS).count(),
        "due": DueWork.objects.filter(done_us=None, due_us__lte=now_us).count(),
        "learned": LearnedTransfer.objects.filter(ledger_change=None).count(),
        "unanswered": Order.objects.filter(state__in=UNANSWERED_VALUES).count(),
        "unsealed": AuditEntry.objects.exclude(
            id__in=SealedEntry.objects.values("entry_id")
        ).count(),
    }
    if any(left.values()):
        return {name: count for name, count in left.items() if count}
    for bank in MULES_BANKS:
        outbox = Outbox(town.folder / bank / "book.sqlite3")
        left[bank] = len(outbox.unsent())
        outbox.close()
    with LedgerStore.open(town.home.ledger) as ledger:
        left["changes"] = ledger.figures.change - applied(LEDGER)
    return {name: count for name, count in left.items() if count}


def judge(town: Town, acknowledged: Iterable[Acknowledged]) -> None:
    """Check all that must be true of a centre at rest."""
    check_reports(list(acknowledged))
    check_orders()
    check_books(town)
    check_settled(town)
    assert [
        str(row) for row in verify(heads=town.home.heads, keys=public_keys(town.home.keys))
    ] == []
    with LedgerStore.open(town.home.ledger) as ledger:
        assert list(ledger_verify.verify(ledger)) == []


def check_reports(acknowledged: list[Acknowledged]) -> None:
    """Check that each report that was acknowledged is there, once, as it was acknowledged."""
    known = {row.report_id: row for row in Report.objects.select_related("case")}
    assert sorted(known) == sorted(row.report_id for row in acknowledged)
    for row in acknowledged:
        assert known[row.report_id].case.number == row.case
        claims = Claim.objects.filter(told_by__report__report_id=row.report_id)
        assert {claim.transfer_id for claim in claims} == set(row.transfer_ids)
        kept = IdempotencyKey.objects.get(key=row.key)
        assert kept.body.encode() == row.answer
    told = {name for row in acknowledged for name in row.transfer_ids}
    assert sorted(Claim.objects.values_list("transfer_id", flat=True)) == sorted(told)


def check_orders() -> None:
    """Check that no order is doubled, that each has its message, its steps and its clock."""
    orders = list(Order.objects.select_related("claim"))
    spots = Counter(
        (order.account, order.claim_id) for order in orders if not HoldState(order.state).ended
    )
    assert [spot for spot, count in spots.items() if count > 1] == []
    messages = Counter(OutboxMessage.objects.filter(kind=HOLD).values_list("subject", flat=True))
    assert messages == Counter(order.order_id for order in orders)
    for order in orders:
        _check_steps(order)
        clocks = DueWork.objects.filter(kind=LAPSE, subject=order.order_id, done_us=None)
        due = list(clocks.values_list("due_us", flat=True))
        assert due == ([] if HoldState(order.state).ended else [order.lapses_us])


def _check_steps(order: Order) -> None:
    steps = list(OrderStep.objects.filter(order=order).order_by("number"))
    assert [step.number for step in steps] == list(range(1, len(steps) + 1))
    for before, after in pairwise(steps):
        assert before.to_state == after.from_state
        assert (after.from_state, after.to_state) in allowed_steps()
    assert (steps[-1].to_state, steps[-1].held_minor) == (order.state, order.held_minor)


def check_books(town: Town) -> None:
    """Check that the banks hold what the centre believes that they hold, under its orders."""
    for bank in MULES_BANKS:
        orders = Order.objects.filter(institution_id=bank)
        with town.book(bank) as book:
            held: dict[str, int] = {}
            for order in orders:
                held[order.account] = held.get(order.account, 0) + order.held_minor
                try:
                    assert book.order(order.order_id).held_minor == order.held_minor
                except NotFound:
                    # It ended before the bank ever heard of it.
                    assert HoldState(order.state).ended
            assert {account: book.held_minor(account) for account in held} == held


def check_settled(town: Town) -> None:
    """Check that settling everything anew asks for nothing more, and finds nothing held too much.

    So each amount that rests is held, set aside with a reason, or waits for a person.
    """
    centre = replace(centre_of(town.home), ledger=lambda: LedgerStore.open(town.home.ledger))
    before = Order.objects.count()
    for currency in sorted(set(Claim.objects.values_list("currency", flat=True))):
        claims = list(Claim.objects.filter(currency=currency, state="accepted"))
        with transaction.atomic(), centre.ledger() as ledger:
            lock_settlement(currency)
            assert hold_money(centre, ledger, claims, centre.itself).orders == []
            transaction.set_rollback(True)
    assert Order.objects.count() == before
