"""The agent over real HTTP, in a process of its own: right, wrong on demand, and killed."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tests.banks.samples import ACCOUNT, BANK, House, clock, fresh, nonces, release

from holdfast.banks.agent import AgentFault
from holdfast.banks.agent.__main__ import main
from holdfast.banks.client import Answered, Fault
from holdfast.banks.conformance import CASES, Finding, Tools, Trial, check
from holdfast.banks.deadline import Timeouts, http_client
from holdfast.banks.messages import AnswerStatus, parse_answer
from holdfast.banks.signing import sign_request, verify_response
from holdfast.core.instant import SECOND_US

pytestmark = pytest.mark.enable_socket


@dataclass(frozen=True, slots=True)
class Running:
    """A house whose agent runs."""

    house: House
    endpoint: str


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run one agent for all tests of this file that ask it over HTTP."""
    house = House.build(tmp_path_factory.mktemp("bank"))
    with house.agent() as (endpoint, _):
        yield Running(house, endpoint)


@pytest.fixture
def running(shared: Running) -> Iterator[Running]:
    """Return the agent, a good bank before and after."""
    yield shared
    with shared.house.book() as book:
        book.clear_faults()


def _check(running: Running, *codes: str, total_s: float = 3.0) -> dict[str, Finding]:
    timeouts = Timeouts(1.0, total_s, total_s)
    with http_client(timeouts) as client:
        house = running.house
        tools = Tools(house.centre, house.keys, client, timeouts, clock, nonces())
        trial = Trial("TH.AOC", ACCOUNT, f"{BANK}.0000000099", "THB")
        return {found.code: found for found in check(running.endpoint, trial, tools, codes)}


def test_the_agent_passes_every_check(running: Running) -> None:
    """A bank that does right passes all, and nothing is left held."""
    found = _check(running)
    assert [code for code, finding in found.items() if not finding.passed] == []
    assert len(found) == len(CASES)
    with running.house.book() as book:
        assert book.held_minor(ACCOUNT, test=True) == 0


@pytest.mark.parametrize(
    ("fault", "case", "came"),
    [
        (AgentFault.SILENT, "order_answered", "timeout"),
        (AgentFault.SLOW, "order_answered", "timeout"),
        (AgentFault.HTTP_500, "order_answered", "HTTP 500"),
        (AgentFault.ANSWERS_TWICE, "order_repeated", "held 200, held 200"),
        (AgentFault.OUT_OF_ORDER, "order_repeated", "held 200, acknowledged 0"),
        (AgentFault.MORE_THAN_ASKED, "held_no_more", "held 400"),
        (AgentFault.RUBBISH, "order_answered", "answer_unreadable"),
        (AgentFault.WRONG_SIGNATURE, "answer_signed", "signature_wrong"),
        (AgentFault.RETIRED_KEY, "answer_signed", "key_retired"),
        (AgentFault.REPLAY, "answer_signed", "signature_wrong"),
        (AgentFault.FORGETS, "order_conflict", "HTTP 200"),
    ],
)
def test_each_fault_fails_its_check(
    running: Running, fault: AgentFault, case: str, came: str
) -> None:
    """What an agent does wrong is found by the case that looks for it, and said."""
    _check(running, "held_no_more")
    with running.house.book() as book:
        book.set_fault(fault)
    found = _check(running, "order_answered", case, total_s=0.5)[case]
    assert found.passed is False
    assert found.came.startswith(came)
    assert found.code in str(found)


def test_an_order_is_held_and_the_evidence_verifies(running: Running) -> None:
    """What comes back is the answer, signed, bound to the order, and verifies from what is kept."""
    house, order = running.house, fresh("ORDER-1")
    found = house.deliver(running.endpoint, order)
    assert isinstance(found, Answered)
    assert (found.answer.status, found.answer.amount_held_minor) == (AnswerStatus.HELD, 30_000)
    assert found.key_id == "TH.THCBC.004-2"
    assert parse_answer(found.body) == found.answer
    verified = verify_response(
        found.status,
        found.headers,
        found.body,
        found.request,
        running.house.keys,
        found.received_at_us,
    )
    assert verified.key_id == found.key_id
    again = house.deliver(running.endpoint, order)
    assert isinstance(again, Answered)
    assert again.answer == found.answer
    gone = house.deliver(running.endpoint, release(30_000, "R-1", "ORDER-1", clock()))
    assert isinstance(gone, Answered)
    assert gone.answer.status is AnswerStatus.RELEASED


@pytest.mark.parametrize(
    ("fault", "code", "retry"),
    [
        (AgentFault.HTTP_500, "http_status", True),
        (AgentFault.RUBBISH, "answer_unreadable", False),
        (AgentFault.WRONG_SIGNATURE, "signature_wrong", False),
        (AgentFault.RETIRED_KEY, "key_retired", False),
    ],
)
def test_the_client_names_each_fault(
    running: Running, fault: AgentFault, code: str, retry: bool
) -> None:
    """The centre's side of a fault is a code, and whether trying again can help."""
    with running.house.book() as book:
        book.set_fault(fault)
    found = running.house.deliver(running.endpoint, fresh(f"F-{fault.value}", amount_minor=1))
    assert isinstance(found, Fault)
    assert (found.code, found.retry) == (code, retry)


def test_the_answer_to_another_order_is_not_believed(running: Running) -> None:
    """A response sent again for a new order fails by its signature."""
    first = running.house.deliver(running.endpoint, fresh("P-1", amount_minor=1))
    assert isinstance(first, Answered)
    with running.house.book() as book:
        book.set_fault(AgentFault.REPLAY)
    second = running.house.deliver(running.endpoint, fresh("P-2", amount_minor=1))
    assert isinstance(second, Fault)
    assert second.code == "signature_wrong"


def test_other_paths_methods_types_and_banks_are_refused(running: Running) -> None:
    """Each is a problem document with its own status."""
    house, order = running.house, fresh("X-1")
    other = fresh("X-2", institution="TH.THCBC.014", account="TH.THCBC.014.1")
    url = running.endpoint + order.path

    def ask(method: str, at: str, body: bytes, **headers: str) -> tuple[int, str]:
        signed = sign_request(method, at, body, house.centre, clock(), nonces()())
        with httpx.Client(trust_env=False) as client:
            response = client.request(method, at, content=body, headers=signed | headers)
        assert response.headers["content-type"] == "application/problem+json"
        document = response.json()
        assert document["status"] == response.status_code
        return response.status_code, document["code"]

    body = order.to_bytes()
    assert ask("POST", f"{running.endpoint}/other", body) == (404, "path_unknown")
    assert ask("PUT", url, body) == (405, "method_wrong")
    assert ask("POST", url, body, **{"content-type": "text/plain"}) == (415, "content_type_wrong")
    assert ask("POST", url, other.to_bytes()) == (403, "institution_wrong")
    wrong_path = release(1, "R-9", "X-1", clock())
    assert ask("POST", f"{url}/X-2/release", wrong_path.to_bytes()) == (400, "order_path")
    assert ask("POST", f"{url}/X-1/release", wrong_path.to_bytes()) == (404, "order_unknown")


def test_a_killed_agent_loses_no_acknowledged_hold(tmp_path: Path) -> None:
    """After kill -9 every answered order is in the book, and gets the same answer again."""
    house = House.build(tmp_path)
    answers = {}
    with house.agent() as (endpoint, process), house.client() as client:
        for number in range(20):
            order = fresh(f"K-{number}", amount_minor=1000)
            found = client.deliver(endpoint, order, house.keys)
            assert isinstance(found, Answered)
            answers[order] = found.answer
        process.kill()
        process.wait(5)
    with house.book() as book:
        assert book.held_minor(ACCOUNT) == 20_000
        for order, answer in answers.items():
            assert book.take(order, clock()).answer == answer


def test_a_hold_lapses_while_the_agent_runs(running: Running) -> None:
    """Nobody has to ask: at the deadline the agent lets go by itself."""
    order = fresh("L-1", amount_minor=1, expires_at_us=clock() + SECOND_US // 2)
    found = running.house.deliver(running.endpoint, order)
    assert isinstance(found, Answered)
    with running.house.book() as book:
        for _ in range(100):
            if book.order("L-1").status is AnswerStatus.LAPSED:
                break
            time.sleep(0.05)
        assert book.order("L-1").status is AnswerStatus.LAPSED


def test_a_clerk_answers_by_command(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """What waits is listed, answered once, and a second answer is refused with a sentence."""
    house = House.build(tmp_path)
    with house.book() as book:
        book.take(fresh("C-1"), clock(), later=True)
    words = ["--institution", BANK, "--book", str(tmp_path / "book.sqlite3")]
    assert main(["waiting", *words]) == 0
    assert capsysbinary.readouterr().out == b"C-1\n"
    assert main(["answer", "C-1", *words]) == 0
    assert json.loads(capsysbinary.readouterr().out)["status"] == "refused"
    assert main(["answer", "C-1", *words]) == 1
    assert b"C-1" in capsysbinary.readouterr().err


def test_a_fault_can_be_asked_for_at_the_start(tmp_path: Path) -> None:
    """An agent started with a fault fails in that way; an unknown fault is a wrong word."""
    house = House.build(tmp_path)
    with house.agent("--fault", "slow=0.01", "--fault", "http_500") as (endpoint, _):
        found = house.deliver(endpoint, fresh())
    assert isinstance(found, Fault)
    assert found.status == 500
    with pytest.raises(SystemExit):
        main(["serve", "--fault", "lazy"])
