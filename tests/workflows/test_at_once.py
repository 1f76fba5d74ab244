"""Many at the same time: one claim, one case, one order; an answer counts once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import pytest
from django.db import connection
from tests.workflows.centre_kit import (
    TestCentre,
    account,
    actor_of,
    answer,
    bank,
    letters,
    now,
    pay,
    spots,
)
from tests.workflows.soundness import assert_settled

from holdfast.cases.models import BankAnswer, Case, Claim, ClaimReport, HoldShare, Order
from holdfast.core.errors import Conflict
from holdfast.workflows.record_answer import record_answer
from holdfast.workflows.release_hold import release_hold

VICTIM, MULE = account(1, 1), account(2, 2)
THREADS = 8
Result = TypeVar("Result")


def at_once(doings: Sequence[Callable[[], Result]]) -> list[Result | Exception]:
    """Do things in several threads and return what each came to."""

    def alone(doing: Callable[[], Result]) -> Result | Exception:
        try:
            return doing()
        except Exception as error:  # noqa: BLE001  (the test looks at it)
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(alone, doings))


def how_many() -> int:
    """Return how many reports come at once: SQLite takes them one after the other."""
    return 1_000 if connection.vendor == "postgresql" else 60


def test_a_payment_reported_by_many_at_once(busy: TestCentre) -> None:
    """Each report is kept; together they are one claim, one case, one order."""
    busy.write([pay("P", VICTIM, MULE, 100)])
    count = how_many()
    results = at_once([lambda: busy.report("P")] * count)
    assert [result for result in results if isinstance(result, Exception)] == []
    assert (Case.objects.count(), Claim.objects.count()) == (1, 1)
    assert ClaimReport.objects.count() == count
    assert spots(Order.objects.all()) == [(MULE, 100)]
    assert len(letters("hold-order")) == 1
    assert_settled(busy)


def test_many_victims_of_one_mule_at_once(busy: TestCentre) -> None:
    """Each has a case and an order for their own money; nothing is ordered twice."""
    names = [f"P{n:02}" for n in range(24)]
    busy.write([pay(name, account(1, n), MULE, 10 + n) for n, name in enumerate(names)])
    doings = [partial(busy.report, name) for name in names]
    assert [result for result in at_once(doings) if isinstance(result, Exception)] == []
    busy.work()
    amounts = sorted(order.amount_minor for order in Order.objects.all())
    assert amounts == [10 + n for n in range(24)]
    numbers = {case.number for case in Case.objects.all()}
    assert numbers == {f"TH-2026-{n:06}" for n in range(1, 25)}
    assert_settled(busy)


@pytest.mark.parametrize("same", [True, False])
def test_two_answers_at_once(busy: TestCentre, *, same: bool) -> None:
    """The same one is recorded once; of two different ones the first counts, the other is kept."""
    busy.write([pay("P", VICTIM, MULE, 100)])
    order = busy.report("P").orders[0]
    bodies = [answer(order, "held", 100), answer(order, "held", 100 if same else 60)]
    doings = [partial(record_answer, busy.centre, body, actor_of(bank(2))) for body in bodies]
    results = at_once(doings * 3)
    assert [result for result in results if isinstance(result, Exception)] == []
    assert BankAnswer.objects.count() == (1 if same else 2)
    assert now(order).steps.count() == 2
    assert HoldShare.objects.get().amount_minor == now(order).held_minor


def test_a_release_and_an_answer_at_once(busy: TestCentre) -> None:
    """Whichever comes first: at the end nothing is held, and the bank was told to let go."""
    busy.write([pay("P", VICTIM, MULE, 100)])
    order = busy.report("P").orders[0]
    body = answer(order, "held", 100)
    doings: list[Callable[[], object]] = [
        lambda: record_answer(busy.centre, body, actor_of(bank(2))),
        lambda: release_hold(busy.centre, order.order_id, busy.centre.itself, "mistake"),
        lambda: release_hold(busy.centre, order.order_id, busy.centre.itself, "mistake"),
    ]
    failed = [result for result in at_once(doings) if isinstance(result, Exception)]
    assert [type(error) for error in failed] == [Conflict]
    assert (now(order).state, now(order).held_minor) == ("released", 0)
    busy.work()
    assert Order.objects.count() == 1


def test_reports_while_the_ledger_is_followed(busy: TestCentre) -> None:
    """New transfers and new reports of one mule's victims cross: each sum is ordered once."""
    names = [f"P{n:02}" for n in range(12)]
    busy.write([pay(name, account(1, n), MULE, 10, n / 10) for n, name in enumerate(names)])
    busy.follow(pay("X", MULE, account(3, 3), 55, 30))

    def work() -> object:
        try:
            busy.work()
        except Conflict as error:
            return error.code  # another had applied the same changes: the next run goes on
        return None

    doings: list[Callable[[], object]] = []
    for name in names:
        doings += [partial(busy.report, name), work]
    assert [result for result in at_once(doings) if isinstance(result, Exception)] == []
    busy.work()
    busy.work()
    assert sum(order.amount_minor for order in Order.objects.all()) == 120
    assert_settled(busy)
