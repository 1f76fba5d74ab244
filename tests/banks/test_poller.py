"""Polling and posting: a bank that can't be reached takes its orders and gives its answers."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.banks.samples import House, answer, clock, fresh, keys_of, nonces

from holdfast.banks.client import Fault
from holdfast.banks.deadline import Timeouts, http_client
from holdfast.banks.messages import AnswerStatus, HoldAnswer, Order, parse_answer
from holdfast.banks.poller import Centre, CentreClient
from holdfast.banks.signing import verify_request
from holdfast.core.errors import Conflict
from holdfast.core.instant import SECOND_US
from holdfast.core.keys import SigningKey
from holdfast.core.problem import Problem

pytestmark = pytest.mark.enable_socket
KEY = SigningKey.new("TH.THCBC.004-2")


class StubCentre(ThreadingHTTPServer):
    """A centre's two resources: pages of open orders, and answers that must be rightly signed."""

    def __init__(self, pages: list[dict[str, Any]], key: SigningKey) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages = pages
        self.key = key
        self.answers: list[HoldAnswer] = []
        self.status = 200


class _Handler(BaseHTTPRequestHandler):
    server: StubCentre

    def do_GET(self) -> None:
        """Give the page that `after` names."""
        after = self.path.partition("after=")[2]
        assert "state=open" in self.path
        page = self.server.pages[int(after or 0)]
        self._say(self.server.status, json.dumps(page).encode())

    def do_POST(self) -> None:
        """Take an answer whose signature holds."""
        body = self.rfile.read(int(self.headers["content-length"]))
        verify_request(
            "POST", self.path, dict(self.headers), body, keys_of(self.server.key), clock()
        )
        found = parse_answer(body)
        assert self.path == f"/v1/hold-orders/{found.order_id}/answers"
        self.server.answers.append(found)
        self._say(self.server.status, b"{}")

    def _say(self, status: int, body: bytes) -> None:
        allowed = self.headers["authorization"] == "Bearer s3cret"
        self.send_response(status if allowed else 401)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing in a test."""


@contextmanager
def _centre(pages: list[dict[str, Any]], key: SigningKey = KEY) -> Iterator[StubCentre]:
    with StubCentre(pages, key) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


@contextmanager
def _client(server: StubCentre, bearer: str = "s3cret") -> Iterator[CentreClient]:
    timeouts = Timeouts(1.0, 1.0, 2.0)
    centre = Centre(f"http://127.0.0.1:{server.server_port}", bearer)
    with http_client(timeouts) as client:
        yield CentreClient(centre, KEY, client, timeouts, clock, nonces())


def _page(*orders: Order | dict[str, Any], following: str | None = None) -> dict[str, Any]:
    items = [item if isinstance(item, dict) else item.to_values() for item in orders]
    return {"items": items, "next": following}


def _answer_to(order: Order) -> HoldAnswer:
    return answer(order_id=order.order_id)


def test_every_open_order_is_answered() -> None:
    """All pages are read, each order gets its signed answer, and a bad item hides no other."""
    pages = [
        _page(fresh("O1"), {"type": "hold-order"}, following="1"),
        _page(fresh("O2"), fresh("O3")),
    ]
    with _centre(pages) as server, _client(server) as client:
        wrong = client.poll(_answer_to)
    assert [found.order_id for found in server.answers] == ["O1", "O2", "O3"]
    assert [(w.code, w.row) for w in wrong if isinstance(w, Problem)] == [("order_field", 2)]
    assert len(wrong) == 1


def test_one_order_that_can_not_be_decided_hides_no_other() -> None:
    """What the bank refuses itself is listed, what it can't tell yet is passed over."""

    def decide(order: Order) -> HoldAnswer | None:
        if order.order_id == "O1":
            raise Conflict("order_conflict", "…")
        return None if order.order_id == "O2" else _answer_to(order)

    with _centre([_page(fresh("O1"), fresh("O2"), fresh("O3"))]) as server:
        with _client(server) as client:
            [wrong] = client.poll(decide)
        assert [found.order_id for found in server.answers] == ["O3"]
    assert wrong.code == "order_conflict"


@pytest.mark.parametrize(("status", "bearer", "retry"), [(503, "s3cret", True), (200, "x", False)])
def test_a_centre_that_does_not_answer_is_a_fault(status: int, bearer: str, retry: bool) -> None:
    """A fault says whether to try again; nothing is answered meanwhile."""
    with _centre([_page(fresh("O1"))]) as server:
        server.status = status
        with _client(server, bearer) as client:
            [wrong] = client.poll(_answer_to)
            fault = client.post(answer())
    assert isinstance(wrong, Fault)
    assert (wrong.code, wrong.retry) == ("http_status", retry)
    assert fault is not None
    assert fault.code == "http_status"


def test_an_agent_polls_answers_and_tells_of_a_lapse(tmp_path: Path) -> None:
    """An agent that nobody can reach takes the open orders, answers, and later says: lapsed."""
    house = House.build(tmp_path)
    (tmp_path / "secret").write_text("s3cret\n", encoding="ascii")
    order = fresh("O1", expires_at_us=clock() + 2 * SECOND_US)
    with _centre([_page(order)], house.bank) as server:
        words = ["--centre", f"http://127.0.0.1:{server.server_port}", "--poll-every", "0.1"]
        with house.agent(*words, "--bearer-file", str(tmp_path / "secret")):
            for _ in range(200):
                told = [found.status for found in server.answers]
                if AnswerStatus.HELD in told:
                    server.pages[0] = _page()
                if AnswerStatus.LAPSED in told:
                    break
                time.sleep(0.05)
    told = [found.status for found in server.answers]
    assert told[0] is AnswerStatus.HELD
    assert told[-1] is AnswerStatus.LAPSED
    assert len({found.answer_id for found in server.answers}) == 2


def test_the_clerk_s_answer_is_posted_by_the_agent(tmp_path: Path) -> None:
    """An order that a person decides in another process is told to the centre by the agent."""
    house = House.build(tmp_path)
    (tmp_path / "secret").write_text("s3cret\n", encoding="ascii")
    with _centre([_page()], house.bank) as server:
        words = ["--centre", f"http://127.0.0.1:{server.server_port}", "--later"]
        with house.agent(*words, "--bearer-file", str(tmp_path / "secret")) as (endpoint, _):
            found = house.deliver(endpoint, fresh("O1"))
            assert not isinstance(found, Fault)
            assert (found.status, found.answer.status) == (202, AnswerStatus.ACKNOWLEDGED)
            with house.book() as book:
                decided = book.decide("O1", clock())
            for _ in range(200):
                if server.answers:
                    break
                time.sleep(0.05)
    assert server.answers == [decided]
