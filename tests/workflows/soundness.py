"""What is true of a centre's database at every moment, whatever has happened."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise

from tests.workflows.centre_kit import TestCentre

from holdfast.cases.claim import ClaimState
from holdfast.cases.hold import FIRST, HOLDING, HoldState, allowed_steps
from holdfast.cases.models import (
    Case,
    Claim,
    HoldShare,
    Order,
    Report,
    StoredTrail,
)
from holdfast.cases.queries import orders_view
from holdfast.cases.slices import slices_of
from holdfast.cases.stops import Stops
from holdfast.records.models import AuditEntry, DueWork, OutboxMessage
from holdfast.trail.answer import Answer
from holdfast.trail.gather import follow
from holdfast.trail.question import Question


def assert_sound(world: TestCentre) -> None:
    """Check that state, history, audit, outbox, due work and holds agree."""
    audited = _audited()
    for order in Order.objects.select_related("case", "claim"):
        _assert_history(order, audited)
        _assert_shares(order)
        _assert_clock(order)
        _assert_letters(order)
    _assert_cases()
    _assert_trails()
    _assert_holds_stand(world)


def assert_settled(world: TestCentre) -> None:
    """Check that the stored slices, settled apart, are the settlement of all claims at once."""
    claims = _accepted()
    for currency in {claim.currency for claim in claims}:
        mine = [claim for claim in claims if claim.currency == currency]
        answer = _all_at_once(world, mine)
        slices = slices_of(answer, [claim.transfer_id for claim in mine])
        for claim in mine:
            stored = dict(StoredTrail.objects.get(claim=claim).answer)
            fresh = dict(slices[claim.transfer_id].as_json())
            for row in (stored, fresh):
                del row["without_history"]
            assert stored == fresh, claim.transfer_id


def _audited() -> dict[tuple[str, str], int]:
    """Count the audit's entries by verb and order."""
    entries = AuditEntry.objects.filter(verb__in=("order_hold", "step_order"))
    return Counter((entry.verb, entry.detail["order"]) for entry in entries)


def _assert_history(order: Order, audited: dict[tuple[str, str], int]) -> None:
    steps = list(order.steps.order_by("number"))
    assert [step.number for step in steps] == list(range(1, len(steps) + 1))
    assert (steps[0].from_state, steps[0].to_state) == ("", FIRST.value)
    for before, step in pairwise(steps):
        assert step.from_state == before.to_state
        assert step.at_us >= before.at_us
        assert step.lapses_us >= before.lapses_us, "no step shortens a hold"
        pair = (step.from_state, step.to_state)
        assert pair in allowed_steps() or step.from_state == step.to_state
    last = steps[-1]
    assert (last.to_state, last.held_minor) == (order.state, order.held_minor)
    assert (last.lapses_us, last.basis) == (order.lapses_us, order.basis)
    assert audited["order_hold", order.order_id] == 1
    assert audited["step_order", order.order_id] == len(steps) - 1


def _assert_shares(order: Order) -> None:
    state = HoldState(order.state)
    live = [share for share in order.shares.all() if share.until_us is None]
    assert sum(share.amount_minor for share in live) == order.held_minor
    assert bool(live) == (state in HOLDING)
    assert all(share.tranche == order.tranche for share in live)
    assert all(not share.set_aside_minor for share in live)
    for share in order.shares.exclude(until_us=None):
        assert share.until_us >= share.from_us
    assert 0 <= order.held_minor <= order.amount_minor
    assert 0 <= order.set_aside_minor <= order.amount_minor
    assert (order.ended_us is not None) == state.ended


def _assert_clock(order: Order) -> None:
    clocks = DueWork.objects.filter(kind="lapse", subject=order.order_id, done_us=None)
    if HoldState(order.state).ended or order.state == HoldState.SEIZED.value:
        assert not clocks.exists()
    else:
        assert clocks.get().due_us == order.lapses_us


def _assert_letters(order: Order) -> None:
    letters = OutboxMessage.objects.filter(subject=order.order_id)
    hold = letters.get(kind="hold-order")
    assert (hold.destination, hold.body) == (order.institution_id, order.body)
    if order.state == HoldState.LAPSED.value and order.reason == "time_ran_out":
        assert letters.filter(kind="release-order").exists()
    if order.steps.filter(to_state=HoldState.EXTENDED.value).exists():
        assert letters.filter(kind="extend-order").exists()


def _assert_cases() -> None:
    for kind in (Report, Claim, Order):
        assert not kind.objects.filter(case__merged_into__isnull=False).exists()
    numbers = list(Case.objects.order_by("id").values_list("number", flat=True))
    assert numbers == sorted(numbers)
    for claim in Claim.objects.exclude(state=ClaimState.WITHDRAWN.value):
        assert claim.told_by.exists(), "nobody tells of this claim"
    for order in Order.objects.select_related("claim"):
        assert order.case_id == order.claim.case_id


def _assert_trails() -> None:
    for trail in StoredTrail.objects.all():
        for claim in trail.answer["claims"]:
            rows = trail.answer["resting"] + trail.answer["exits"]
            assert sum(row["amount"] for row in rows) == claim["amount"]


def _assert_holds_stand(world: TestCentre) -> None:
    """All that is held stands on money that the trail sees there, or is named as overheld."""
    claims = _accepted()
    for currency in {claim.currency for claim in claims}:
        answer = _all_at_once(world, [claim for claim in claims if claim.currency == currency])
        seen: dict[tuple[str, str], int] = defaultdict(int)
        for row in answer.resting:
            assert row.held_minor <= row.amount_minor
            seen[row.account, row.claim] += row.held_minor
        for left in answer.overheld:
            seen[left.account, left.claim] += left.amount_minor
        held: dict[tuple[str, str], int] = defaultdict(int)
        for share in HoldShare.objects.filter(
            until_us=None, order__currency=currency, claim__state=ClaimState.ACCEPTED.value
        ).select_related("order", "claim"):
            held[share.order.account, share.claim.transfer_id] += share.amount_minor
        assert {spot: amount for spot, amount in seen.items() if amount} == held


def settled_of(world: TestCentre, currency: str) -> Answer:
    """Settle all accepted claims of a currency at once."""
    return _all_at_once(world, [claim for claim in _accepted() if claim.currency == currency])


def _accepted() -> list[Claim]:
    claims = Claim.objects.filter(state=ClaimState.ACCEPTED.value)
    return list(claims.order_by("time_us", "seq", "transfer_id"))


def _all_at_once(world: TestCentre, claims: list[Claim]) -> Answer:
    question = Question(
        claims=tuple(claim.transfer_id for claim in claims),
        stops=Stops().at(world.now_us),
        holds=orders_view([claim.id for claim in claims]).holds,
    )
    with world.centre.ledger() as ledger:
        return follow(ledger, question)
