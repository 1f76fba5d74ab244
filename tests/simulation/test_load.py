"""Tests of reports at a rate: when they are sent, who comes again, and what stood at the banks."""

from __future__ import annotations

import json
import time
from pathlib import Path
from threading import Event

import httpx
import pytest

from holdfast.banks.agent.accounts import BankAccount
from holdfast.banks.agent.book import Book
from holdfast.banks.messages import HoldOrder
from holdfast.core.instant import HOUR_US, SECOND_US
from holdfast.simulation import load
from holdfast.simulation.chance import Purpose, plain_stream
from holdfast.simulation.country import PlantedClaim
from holdfast.simulation.load import arrivals_us, orders_in, send_reports

BANK, ACCOUNT, NOW_US = "TH.THCBC.004", "TH.THCBC.004.0000000001", 10**15
CLAIMS = [PlantedClaim(f"P{n}", f"job-{n:04d}", "chain", 0, 100) for n in range(3)]


class Centre:
    """Answers as it is told, one answer a request, and remembers under which keys it was asked."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.asked: list[str] = []

    def __call__(self, path: str, body: bytes, once: str) -> httpx.Response:
        """Answer one report."""
        assert path == "/v1/reports"
        self.asked.append(once)
        status = self.statuses.pop(0) if self.statuses else 201
        if not status:
            raise httpx.ReadTimeout("nobody answers")
        [payment] = json.loads(body)["payments"]
        told = {"case": "C-1", "report_id": f"R-{payment['transfer_id']}", "orders": []}
        return httpx.Response(status, json=told, headers={"retry-after": "5"})


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let nobody wait to come again, and return for how long they would have."""
    found: list[float] = []

    class NoWait(Event):
        def wait(self, timeout: float | None = None) -> bool:
            found.append(timeout or 0.0)
            return self.is_set()

    monkeypatch.setattr(load, "Event", NoWait)
    return found


def test_reports_are_sent_one_a_claim_each_under_its_own_key() -> None:
    """In the order in which they are due, with what was acknowledged."""
    centre = Centre()
    sent = send_reports(centre, CLAIMS, [0, 1, 2])
    assert sorted(centre.asked) == ["report-P0", "report-P1", "report-P2"]
    assert [one.report_id for one in sent] == ["R-P0", "R-P1", "R-P2"]
    assert all(one.is_taken and one.answered_us >= one.due_us and one.tries == 1 for one in sent)


def test_who_is_told_to_come_again_does_and_waits_as_long_as_told(waits: list[float]) -> None:
    """Under the same key, also after no answer came at all."""
    centre = Centre(503, 0, 429)
    [sent] = send_reports(centre, CLAIMS[:1], [0])
    assert sent.is_taken
    assert sent.tries == 4
    assert set(centre.asked) == {"report-P0"}
    assert waits == [5.0, 1.0, 5.0]


@pytest.mark.usefixtures("waits")
@pytest.mark.parametrize(("status", "tries"), [(422, 1), (503, load.TRIES_MAX)])
def test_what_is_refused_is_not_taken(status: int, tries: int) -> None:
    """A refusal ends it at once; who is always told to come again gives up."""
    [sent] = send_reports(Centre(*[status] * 20), CLAIMS[:1], [0])
    assert not sent.is_taken
    assert (sent.status, sent.tries) == (status, tries)


def test_interrupted_it_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits to come again does not, and no further report is sent."""

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", interrupted)
    centre = Centre(*[503] * 20)
    with pytest.raises(KeyboardInterrupt):
        send_reports(centre, CLAIMS, [0, HOUR_US])
    assert len(centre.asked) <= 1


def test_a_late_sender_makes_reports_wait_longer() -> None:
    """The wait counts from when a report was due, not from when it was sent."""
    sent = send_reports(Centre(), CLAIMS[:1], [-2 * SECOND_US])
    assert sent[0].answered_us - sent[0].due_us >= 2 * SECOND_US
    assert sent[0].answered_us <= time.time_ns() // 1000


def test_reports_come_at_random_and_as_often_as_asked() -> None:
    """All of them within the time."""
    times_us = list(arrivals_us(3600, 1000, plain_stream(1, Purpose.CALLS)))
    assert 900 < len(times_us) < 1100
    assert times_us == sorted(times_us)
    assert times_us[0] >= 0
    assert times_us[-1] < 1000 * SECOND_US


def test_orders_are_read_from_a_book_with_their_first_times(tmp_path: Path) -> None:
    """When it was taken, and when something was held under it for the first time."""
    file = tmp_path / "book.sqlite3"
    with Book(file, BANK) as book:
        book.add_accounts([BankAccount(ACCOUNT, "THB", 70)])
        book.take(_order("O-1"), NOW_US, later=True)
        book.decide("O-1", NOW_US + SECOND_US)
        book.take(_order("O-2"), NOW_US + 2 * SECOND_US)
    orders = orders_in(file, BANK)
    assert (orders["O-1"].taken_us, orders["O-1"].held_us) == (NOW_US, NOW_US + SECOND_US)
    assert (orders["O-1"].asked_minor, orders["O-1"].held_minor) == (100, 70)
    assert orders["O-2"].held_us is None, "nothing was free any more"


def _order(order_id: str) -> HoldOrder:
    return HoldOrder(
        order_id=order_id,
        case="C-1",
        issuer="TH.AOC",
        institution=BANK,
        account=ACCOUNT,
        amount_minor=100,
        currency="THB",
        basis="caller_word",
        basis_source="a rule of these tests",
        provisional=True,
        ordered_at_us=NOW_US,
        expires_at_us=NOW_US + HOUR_US,
        payment=None,
    )
