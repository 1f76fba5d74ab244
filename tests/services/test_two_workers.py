"""Two workers on one outbox: each message is brought once, each piece of work is done once."""

from __future__ import annotations

import time
from collections import Counter

import pytest
from tests.services import counting_agent
from tests.services.judging import check_books, check_orders, end_holds, judge, what_is_left
from tests.services.processes import until
from tests.services.reporting import Reporter
from tests.services.town import MULES_BANKS, VICTIMS, Running

from holdfast.cases.models import Order
from holdfast.cases.queries import OPEN_VALUES
from holdfast.records.models import OutboxMessage

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket]


def test_two_workers_bring_each_message_once(running: Running) -> None:
    """Orders and the ends of all of them at one moment: no bank hears anything twice."""
    running.add_agents(module="tests.services.counting_agent")
    running.add_server()
    running.add_worker("one")
    running.add_worker("two")
    running.start()
    reporter = Reporter(running.url, running.town.bearer)
    reports = [reporter.report(f"key-{number}", [f"P{number}"]) for number in range(VICTIMS)]
    until(lambda: not what_is_left(running.town), "the centre at rest")
    judge(running.town, reports)

    now_us = time.time_ns() // 1000
    ending = list(Order.objects.filter(state__in=OPEN_VALUES).values_list("id", flat=True))
    end_holds(now_us, ending)
    until(
        lambda: not Order.objects.filter(id__in=ending, state__in=OPEN_VALUES).exists(),
        "the end of all holds",
    )
    until(lambda: not what_is_left(running.town), "the centre at rest")
    check_orders()
    check_books(running.town)

    heard = Counter(
        line for bank in MULES_BANKS for line in counting_agent.receipts(running.town.folder / bank)
    )
    messages = OutboxMessage.objects.filter(destination__in=MULES_BANKS)
    assert heard.total() == messages.count() > 20
    assert set(heard.values()) == {1}
    assert set(messages.values_list("attempts", flat=True)) == {1}
    for program in running.centre.values():
        assert "Traceback" not in program.said
