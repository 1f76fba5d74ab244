"""Server, worker or a bank is killed: no report is lost, no order doubled, every hold ends.

`HOLDFAST_CRASH_RUNS` says how many seeded runs are made, 200 if it isn't set. Each has a centre
and banks of its own, as processes. Where HOLDFAST_TEST_DATABASE names a PostgreSQL server, the
centres keep their databases there.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
from tests.services.judging import come_to_rest, end_holds, hurry, judge
from tests.services.processes import until
from tests.services.reporting import Acknowledged, Reporter
from tests.services.town import MULES_BANKS, VICTIMS, Running, Town, account

from holdfast.banks.agent.accounts import BankAccount
from holdfast.banks.messages import Onward
from holdfast.cases.hold import HoldState
from holdfast.cases.models import Order
from holdfast.cases.queries import OPEN_VALUES
from holdfast.core.instant import HOUR_US, SECOND_US

RUNS = int(os.environ.get("HOLDFAST_CRASH_RUNS", "200"))
KILLS_MAX = 3
WITHIN_S = 0.6
"""A victim is killed at a moment within so many seconds of what it should survive."""


def _set_up(running: Running, chance: Random) -> str:
    """Choose which programs run; return the bank that answers later, by a clerk, if one does."""
    later = chance.choice(["", "", *MULES_BANKS])
    running.add_agents(later)
    if chance.random() < 0.5:
        running.add_server("--all")
    else:
        running.add_server()
        running.add_worker()
    running.start()
    return later


def _send_on(town: Town, chance: Random) -> None:
    """Let money have left an account that the ledger knows nothing of: its bank will tell."""
    sender, receiver = MULES_BANKS[0], MULES_BANKS[2]
    now_us = time.time_ns() // 1000
    debit, credit = account(sender, chance.choice((1, 4))), account(receiver, 9)
    amount_minor = chance.randint(50, 300) * 100
    with town.book(sender) as book:
        book.pay(Onward("S1", now_us - HOUR_US, debit, credit, amount_minor, "THB"))
    with town.book(receiver) as book:
        book.add_accounts([BankAccount(credit, "THB", amount_minor)])


def _reports(chance: Random) -> list[tuple[str, ...]]:
    """Choose what is reported: payments alone or two at once, some of them told again."""
    names = [f"P{number}" for number in range(VICTIMS)]
    chance.shuffle(names)
    told = [tuple(names[:2]), *((name,) for name in names[2 : chance.randint(4, VICTIMS)])]
    return [*told, chance.choice(told)]


def _file(
    running: Running, told: list[tuple[str, ...]], pauses_s: list[float]
) -> list[Acknowledged]:
    reporter = Reporter(running.url, running.town.bearer)
    acknowledged = []
    for number, (names, pause_s) in enumerate(zip(told, pauses_s, strict=True)):
        time.sleep(pause_s)
        acknowledged.append(reporter.report(f"key-{number}", names))
    return acknowledged


def _kill_one(running: Running, chance: Random, kinds: Sequence[str]) -> None:
    """Kill a program at a random moment, and start it again a moment later."""
    workers = [program for name, program in running.centre.items() if name == "worker"]
    victims = {
        "server": [running.centre["serve"]],
        "worker": workers or [running.centre["serve"]],
        "bank": list(running.agents.values()),
    }
    victim = chance.choice(victims[chance.choice(kinds)])
    time.sleep(chance.uniform(0, WITHIN_S))
    assert victim.runs, victim.said
    victim.kill()
    time.sleep(chance.choice((0.0, chance.uniform(0, 0.3))))
    victim.start()


def _answer_by_hand(running: Running, bank: str) -> None:
    """Answer as a clerk would all that waits at a bank, if one has a clerk."""
    if not bank:
        return
    now_us = time.time_ns() // 1000
    with running.town.book(bank) as book:
        for state in book.waiting():
            book.decide(state.order.order_id, now_us)


def _let_lapse(running: Running, later: str, chance: Random) -> None:
    """Move the ends of all holds to the next moment, and kill somebody while they end.

    Money that served another claim than a hold's own may be asked for again, with its own end.
    """
    ends_us = time.time_ns() // 1000 + int(chance.uniform(0.05, 0.3) * SECOND_US)
    ending = list(Order.objects.filter(state__in=OPEN_VALUES).values_list("id", flat=True))
    end_holds(ends_us, ending)
    _kill_one(running, chance, ("worker", "worker", "worker", "bank"))

    def is_over() -> bool:
        hurry()
        return not Order.objects.filter(id__in=ending, state__in=OPEN_VALUES).exists()

    until(is_over, "the end of every hold")
    come_to_rest(running.town, lambda: _answer_by_hand(running, later))
    for order in Order.objects.filter(id__in=ending):
        assert (order.state, order.held_minor) == (HoldState.LAPSED.value, 0)
        assert order.ended_us >= ends_us
        with running.town.book(order.institution_id) as book:
            assert book.order(order.order_id).held_minor == 0


@pytest.mark.slow
@pytest.mark.enable_socket
@pytest.mark.parametrize("seed", range(RUNS))
def test_killed_programs_lose_nothing_and_double_nothing(running: Running, seed: int) -> None:
    """Killed while reports, orders and answers are on their way, and again while holds end."""
    chance = Random(seed)  # noqa: S311
    if chance.random() < 0.5:
        _send_on(running.town, chance)
    later = _set_up(running, chance)
    told = _reports(chance)
    kills = chance.randint(1, KILLS_MAX)
    pauses_s = [chance.uniform(0, kills * WITHIN_S / len(told)) for _ in told]
    with ThreadPoolExecutor(1) as pool:
        filing = pool.submit(_file, running, told, pauses_s)
        for _ in range(kills):
            _kill_one(running, chance, ("server", "server", "worker", "bank"))
            _answer_by_hand(running, later)
        acknowledged = filing.result()
    come_to_rest(running.town, lambda: _answer_by_hand(running, later))
    judge(running.town, acknowledged)
    assert Order.objects.filter(held_minor__gt=0).exists()
    _let_lapse(running, later, chance)
    judge(running.town, acknowledged)
