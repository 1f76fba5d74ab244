"""A centre in random weather: whatever happens in whatever order, all stays sound."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.db.models import QuerySet
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from tests.workflows.centre_kit import (
    PERSON,
    TestCentre,
    account,
    actor_of,
    answer,
    pay,
)
from tests.workflows.soundness import assert_settled, assert_sound, settled_of

from holdfast.cases.hold import HoldState
from holdfast.cases.models import AccountFact, Case, Claim, Order, OwnHold, Review
from holdfast.cases.stop import StopKind
from holdfast.cases.stops import Stops
from holdfast.core.account import bank_of
from holdfast.core.errors import HoldfastError
from holdfast.core.instant import HOUR_US
from holdfast.ledger.transfer import Transfer
from holdfast.workflows import trace_money
from holdfast.workflows.confirm_claim import confirm_claim
from holdfast.workflows.decide_review import decide_review
from holdfast.workflows.file_complaint import ComplaintTold, file_complaint
from holdfast.workflows.merge_cases import merge_cases
from holdfast.workflows.own_holds import OwnHoldTold, end_own_hold, tell_own_hold
from holdfast.workflows.record_answer import record_answer
from holdfast.workflows.release_hold import release_hold
from holdfast.workflows.stop_account import StopTold, end_stop, stop_account
from holdfast.workflows.withdraw_claim import withdraw_claim

ACCOUNTS = [account(1 + n % 3, n) for n in range(5)]
EXPECTED = {
    "hold_ended",
    "hold_step",
    "hold_amount",
    "release_amount",
    "release_not_ours",
    "case_into_itself",
    "claim_not_followed",
    "claim_not_withdrawn",
    "claim_withdrawn",
    "stop_known",
    "stop_ended",
}
"""Codes of refusals that a wrong move earns; any other is an error here."""
numbers = st.integers(0, 59)
amounts = st.integers(1, 40)


def pick(rows: QuerySet[Any], number: int) -> Any:
    """Return one of the rows by a random number."""
    return rows.order_by("id")[number % rows.count()]


@contextmanager
def suppress_expected() -> Iterator[None]:
    """Let pass what a wrong move earns, and nothing else."""
    try:
        yield
    except HoldfastError as refused:
        if refused.code not in EXPECTED:
            raise


class CentreMachine(RuleBasedStateMachine):
    """A centre, its ledger, its banks, and everybody who does something there."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._undone = transaction.atomic()
        self._undone.__enter__()
        trace_money.STOPS = Stops()
        self.world = TestCentre(Path(self._folder.name) / "ledger")
        self.transfers: list[Transfer] = []
        self.orders_seen: set[int] = set()
        self.answers = 0

    def teardown(self) -> None:
        """Check the whole once more when all is worked off, and take everything back."""
        try:
            self.world.work()
            self.check()
            assert_settled(self.world)
            self.world.work()
            assert set(Order.objects.values_list("id", flat=True)) == self.orders_seen
        finally:
            transaction.set_rollback(True)
            self._undone.__exit__(None, None, None)
            self._folder.cleanup()

    def check(self) -> None:
        """All is sound, and what was ordered just now is there to be held."""
        assert_sound(self.world)
        new = Order.objects.exclude(id__in=self.orders_seen)
        spots = {(order.account, order.currency) for order in new}
        self.orders_seen |= {order.id for order in new}
        asked: dict[str, int] = defaultdict(int)
        for order in Order.objects.filter(account__in={spot[0] for spot in spots}):
            state = HoldState(order.state)
            asked[order.account] += order.amount_minor if state.unanswered else order.held_minor
        if not spots:
            return
        there: dict[str, int] = defaultdict(int)
        settled = settled_of(self.world, "THB")
        for row in settled.resting:
            there[row.account] += row.amount_minor
        for left in settled.overheld:
            there[left.account] += left.amount_minor
        assert {name for name, amount in asked.items() if amount > there[name]} == set()

    @rule(debit=numbers, credit=numbers, amount=amounts, minutes_ago=st.sampled_from((0, 0, 3, 40)))
    def pays(self, debit: int, credit: int, amount: int, minutes_ago: int) -> None:
        """Somebody pays somebody; the ledger may learn of it late."""
        name = f"T{len(self.transfers):02}"
        sides = ACCOUNTS[debit % 5], ACCOUNTS[credit % 5]
        minute = (self.world.now_us - pay("", "", "", 1).time_us) / 60_000_000 - minutes_ago
        self.transfers.append(pay(name, *sides, amount, minute))
        self.world.pass_time(minutes=1)
        self.world.follow(self.transfers[-1])
        self.check()

    @rule(number=numbers, goods=st.sampled_from((False, False, False, True)))
    def reports(self, number: int, goods: bool) -> None:
        """Somebody reports a payment, perhaps before the ledger has it, perhaps again."""
        self.world.pass_time(minutes=1)
        name = f"T{number % (len(self.transfers) + 2):02}"
        self.world.report(name, **({"scam_type": "goods"} if goods else {}))
        self.check()

    @precondition(lambda self: self.orders_seen)
    @rule(
        number=numbers,
        status=st.sampled_from(
            (
                "acknowledged",
                "held",
                "held",
                "held",
                "partly_held",
                "refused",
                "released",
                "lapsed",
                "seized",
                "returned",
            )
        ),
        amount=amounts,
        whole=st.booleans(),
    )
    def answers_come(self, number: int, status: str, amount: int, whole: bool) -> None:
        """A bank says something about one of its orders, fitting or not."""
        self.world.pass_time(minutes=1)
        order = pick(Order.objects.all(), number)
        self.answers += 1
        holds = status in ("held", "partly_held", "seized")
        held = (order.held_minor or order.amount_minor) if whole else amount
        body = answer(
            order,
            status,
            held if holds else 0,
            answer_id=f"a{self.answers}",
            at_us=self.world.now_us,
            reason="no_funds" if status == "refused" else None,
        )
        record_answer(self.world.centre, body, actor_of(order.institution_id))
        self.check()

    @rule(hours=st.sampled_from((0.2, 5, 20, 30)))
    def time_passes(self, hours: float) -> None:
        """Time passes, and what is due is done."""
        self.world.pass_time(hours=hours)
        self.works()

    @rule()
    def works(self) -> None:
        """A worker does what is due."""
        self.world.work()
        self.check()

    @precondition(lambda _: Claim.objects.exists())
    @rule(number=numbers)
    def confirms(self, number: int) -> None:
        """The sending bank confirms a claim."""
        claim = pick(Claim.objects.all(), number)
        self._try(
            lambda: confirm_claim(self.world.centre, claim.claim_id, PERSON, name_matches=True)
        )

    @precondition(lambda _: Case.objects.exists())
    @rule(number=numbers, other=numbers)
    def complains(self, number: int, other: int) -> None:
        """A victim goes to the police."""
        case = pick(Case.objects.filter(merged_into=None), number)
        at = self.world.now_us
        told = ComplaintTold(f"{case.number}-{other}", "S", "O", at - HOUR_US, at)
        self._try(lambda: file_complaint(self.world.centre, case, told, PERSON))

    @precondition(lambda _: Case.objects.count() > 1)
    @rule(number=numbers, other=numbers)
    def merges(self, number: int, other: int) -> None:
        """Two cases turn out to be one."""
        case, into = (pick(Case.objects.all(), index) for index in (number, other))
        self._try(lambda: merge_cases(self.world.centre, case, into, PERSON))

    @precondition(lambda self: self.orders_seen)
    @rule(number=numbers, amount=st.none() | amounts)
    def releases(self, number: int, amount: int | None) -> None:
        """Somebody lets go of a part or all of a hold."""
        order = pick(Order.objects.all(), number)
        self._try(
            lambda: release_hold(self.world.centre, order.order_id, PERSON, "mistake", amount)
        )

    @precondition(lambda _: Claim.objects.exists())
    @rule(number=numbers)
    def withdraws(self, number: int) -> None:
        """A claim turns out to be false."""
        claim = pick(Claim.objects.all(), number)
        self._try(
            lambda: withdraw_claim(self.world.centre, claim.claim_id, PERSON, "reported_in_error")
        )

    @rule(number=numbers, amount=amounts, minutes_ago=st.sampled_from((0, 5, 60)))
    def holds_itself(self, number: int, amount: int, minutes_ago: int) -> None:
        """A bank holds by its own suspicion, and tells; now and then it lets go again."""
        self.world.pass_time(minutes=1)
        where = ACCOUNTS[number % 5]
        since_us = self.world.now_us - minutes_ago * 60_000_000
        who = actor_of(bank_of(where))
        own = tell_own_hold(
            self.world.centre,
            OwnHoldTold(f"S-{OwnHold.objects.count()}", where, amount, "THB", since_us),
            who,
        )
        if number % 4 == 0:
            end_own_hold(self.world.centre, own.own_hold_id, who, "nothing_found")
        self.check()

    @rule(number=numbers, ends=st.booleans())
    def stops(self, number: int, ends: bool) -> None:
        """An account turns out to be a merchant's, or none any more."""
        told = StopTold(ACCOUNTS[number % 5], StopKind.MERCHANT, "a register", self.world.now_us)
        latest = AccountFact.objects.filter(account=told.account).order_by("-id").first()
        if ends and latest is not None:
            self._try(lambda: end_stop(self.world.centre, latest.fact_id, PERSON, "mistaken"))
        elif number < 6:
            self._try(lambda: stop_account(self.world.centre, told, PERSON))

    @precondition(lambda _: Review.objects.filter(state="open").exists())
    @rule(number=numbers, approve=st.booleans())
    def decides(self, number: int, approve: bool) -> None:
        """A person decides what waits."""
        review = pick(Review.objects.filter(state="open"), number)
        self._try(
            lambda: decide_review(
                self.world.centre, review.review_id, PERSON, approve=approve, reason="looked"
            )
        )

    def _try(self, doing: Callable[[], object]) -> None:
        """Do something that may be refused, and nothing is changed then."""
        self.world.pass_time(minutes=1)
        with suppress_expected():
            doing()
        self.check()


@pytest.mark.usefixtures("db")
def test_a_centre_in_random_weather(monkeypatch: pytest.MonkeyPatch) -> None:
    """After each of many random deeds, orders, history, holds, clocks and letters agree."""
    monkeypatch.setattr(trace_money, "STOPS", Stops())
    run_state_machine_as_test(
        CentreMachine, settings=settings(max_examples=12, stateful_step_count=25)
    )
