"""Each way in which a bank fails, through the real worker: what it shows, and how it recovers."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from tests.services.at_work import a_worker
from tests.services.judging import check_books, check_orders, come_to_rest, end_holds
from tests.services.processes import until
from tests.services.town import MULES_BANKS, NAME, Running

from holdfast.banks.agent import AgentFault
from holdfast.banks.messages import parse_answer, parse_release
from holdfast.banks.signing import RequestHead, verify_response
from holdfast.cases.hold import HOLDING, HoldState
from holdfast.cases.models import BankAnswer, Order, Review
from holdfast.cases.report import ReportTold
from holdfast.cases.review import ReviewKind
from holdfast.cases.times import times_of
from holdfast.core.errors import Refused
from holdfast.core.keys import PublicKey
from holdfast.ledger.store import LedgerStore
from holdfast.people.actor import centre_itself
from holdfast.people.models import InstitutionKey
from holdfast.records.models import OutboxMessage
from holdfast.server.runtime import centre_of
from holdfast.workflows.messages_out import HOLD, RELEASE
from holdfast.workflows.take_report import take_report

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket]

BAD, _, GOOD = MULES_BANKS
"""The bank that fails, and one that must not suffer from it."""
WRONG_ANSWERS = {
    AgentFault.SILENT: "timeout",
    AgentFault.SLOW: "timeout",
    AgentFault.HTTP_500: "http_status",
    AgentFault.RUBBISH: "answer_unreadable",
    AgentFault.WRONG_SIGNATURE: "signature_wrong",
    AgentFault.RETIRED_KEY: "key_retired",
}
"""Faults after which the centre knows nothing, with what it then says of the message."""


@dataclass
class Scene:
    """A centre at work, and banks."""

    running: Running

    def report(self, transfer_id: str) -> Order:
        """File a report, and return the order that it makes at the bank that fails."""
        before = set(Order.objects.values_list("id", flat=True))
        told = ReportTold.model_validate(
            {"via": "centre", "payments": [{"transfer_id": transfer_id}]}
        )
        centre = replace(centre_of(self.running.town.home), ledger=self._lend)
        take_report(centre, told, centre_itself(NAME))
        made: Order = Order.objects.exclude(id__in=before).get(institution_id=BAD)
        return made

    def fail(self, fault: AgentFault, value: float = 0.0) -> None:
        """Let the bank fail from now on."""
        with self.running.town.book(BAD) as book:
            book.set_fault(fault, value)

    def recover(self) -> None:
        """Let the bank be a good one again, and wait until all is as it should be."""
        with self.running.town.book(BAD) as book:
            book.clear_faults()
        self.check_all_right()

    def check_all_right(self) -> None:
        """Wait until nothing is left to be done; centre and banks then know the same."""
        come_to_rest(self.running.town)
        check_orders()
        check_books(self.running.town)

    def _lend(self) -> LedgerStore:
        return LedgerStore.open(self.running.town.home.ledger)


@pytest.fixture
def scene(running: Running) -> Iterator[Scene]:
    """Run the server and the banks as processes, and a worker here."""
    running.add_agents()
    running.add_server()
    running.start()
    with a_worker(running.town.home):
        yield Scene(running)


def state(order: Order) -> HoldState:
    """Return where an order stands now."""
    return HoldState(Order.objects.get(id=order.id).state)


def message(order: Order) -> OutboxMessage:
    """Return the message that brings an order to its bank."""
    found: OutboxMessage = OutboxMessage.objects.get(subject=order.order_id, kind=HOLD)
    return found


def owed(institution: str) -> int:
    """Return how many answers an institution owes."""
    return times_of(institution, 0, 2**62).owed


def outcomes(order: Order) -> list[str]:
    """Return what became of the answers to an order, in their order."""
    answers = BankAnswer.objects.filter(order=order).order_by("id")
    return list(answers.values_list("outcome", flat=True))


def holds(order: Order) -> bool:
    """Whether the bank holds for an order, by what the centre knows."""
    return state(order) in HOLDING


@pytest.mark.parametrize("fault", WRONG_ANSWERS, ids=lambda fault: fault.value)
def test_a_bank_without_an_answer_owes_one(scene: Scene, fault: AgentFault) -> None:
    """Nothing is believed of such a bank, others are served meanwhile; later it is asked again."""
    scene.fail(fault, 1.5)
    order = scene.report("P3")
    until(lambda: message(order).last_fault == WRONG_ANSWERS[fault], f"{WRONG_ANSWERS[fault]}")
    until(lambda: holds(Order.objects.get(institution_id=GOOD)), "the other bank's hold")
    assert state(order) is HoldState.REQUESTED
    assert outcomes(order) == []
    assert message(order).done_us is None
    assert message(order).due_us > message(order).created_us
    assert (owed(BAD), owed(GOOD)) == (1, 0)
    scene.recover()
    assert holds(order)
    assert outcomes(order) == ["heeded"]
    assert owed(BAD) == 0


def test_a_slow_bank_is_waited_for(scene: Scene) -> None:
    """An answer that comes late but in time counts."""
    scene.fail(AgentFault.SLOW, 0.4)
    order = scene.report("P3")
    scene.check_all_right()
    assert holds(order)
    assert message(order).attempts >= 1


def test_an_earlier_response_sent_again_is_not_believed(scene: Scene) -> None:
    """A response is bound to the request that it answers: no other order takes it for its own."""
    first = scene.report("P3")
    until(lambda: holds(first), "the first hold")
    scene.fail(AgentFault.REPLAY)
    second = scene.report("P8")
    until(lambda: message(second).last_fault == "signature_wrong", "that a replay is found")
    assert state(second) is HoldState.REQUESTED
    assert outcomes(second) == []
    assert outcomes(first) == ["heeded"]
    assert owed(BAD) == 1
    scene.recover()
    assert holds(second)


def test_a_bank_that_answers_twice_holds_once(scene: Scene) -> None:
    """The second answer says nothing new: both are kept, and one step is taken."""
    scene.fail(AgentFault.ANSWERS_TWICE)
    order = scene.report("P3")
    until(lambda: len(outcomes(order)) == 2, "two answers")
    assert sorted(outcomes(order)) == ["heeded", "nothing_new"]
    assert order.steps.count() == 2
    scene.recover()
    assert holds(order)


def test_an_acknowledgement_behind_the_answer_changes_nothing(scene: Scene) -> None:
    """What comes out of order is kept, and the final answer stays."""
    server = scene.running.centre["serve"]
    server.kill()  # so that the acknowledgement, which is posted there, comes later
    scene.fail(AgentFault.OUT_OF_ORDER)
    order = scene.report("P3")
    until(lambda: holds(order), "the answer")
    server.start()
    until(lambda: len(outcomes(order)) == 2, "two answers")
    assert outcomes(order) == ["heeded", "out_of_date"]
    assert holds(order)
    scene.recover()


def test_more_than_asked_is_let_go(scene: Scene) -> None:
    """Held counts what was asked at most, the bank is told to let go, and a person looks."""
    scene.fail(AgentFault.MORE_THAN_ASKED)
    order = scene.report("P3")
    until(lambda: outcomes(order)[:1] == ["more_than_asked"], "the answer")
    reviews = Review.objects.filter(kind=ReviewKind.ANSWER_UNFIT.value, subject=order.order_id)
    assert reviews.get().facts["held_minor"] == 2 * order.amount_minor
    release = OutboxMessage.objects.filter(subject=order.order_id, kind=RELEASE).first()
    assert parse_release(release.body.encode()).amount_minor == order.amount_minor
    scene.recover()
    held = order.steps.values_list("held_minor", flat=True)
    assert max(held) == order.amount_minor


def test_a_bank_that_forgot_its_hold_stays_visible(scene: Scene) -> None:
    """Told to let go of what it does not know any more, it is asked until a person looks."""
    scene.fail(AgentFault.FORGETS)
    order = scene.report("P3")
    until(lambda: holds(order), "the hold")
    now_us = time.time_ns() // 1000
    end_holds(now_us, [order.id])
    until(lambda: state(order) is HoldState.LAPSED, "the end of the hold")
    releases = OutboxMessage.objects.filter(subject=order.order_id, kind=RELEASE)
    until(lambda: releases.get().last_fault == "http_status", "that the bank knows nothing")
    assert releases.get().done_us is None


def test_a_hold_that_never_reached_its_bank_ends_quietly(scene: Scene) -> None:
    """The bank is told of the end in case it knows the order; where it does not, that is all."""
    scene.running.agents[BAD].kill()
    order = scene.report("P3")
    until(lambda: message(order).last_fault == "unreachable", "that the bank is away")
    now_us = time.time_ns() // 1000
    end_holds(now_us, [order.id])
    until(lambda: state(order) is HoldState.LAPSED, "the end of the order")
    scene.running.agents[BAD].start()
    scene.check_all_right()
    assert OutboxMessage.objects.get(subject=order.order_id, kind=RELEASE).done_us is not None
    with scene.running.town.book(BAD) as book:
        assert book.held_minor(order.account) == 0


def test_what_proves_an_answer_is_kept(scene: Scene) -> None:
    """Years later, and after its key was retired, an answer is still known to be the bank's."""
    order = scene.report("P3")
    scene.check_all_right()
    kept = BankAnswer.objects.get(order=order)
    proof = json.loads(kept.signature)
    request = RequestHead(**proof["request"])
    rows = InstitutionKey.objects.filter(institution__institution_id=BAD)
    keys = {row.key_id: PublicKey.parse(row.key_id, row.public_key) for row in rows}
    body = kept.body.encode()

    def signer(signed: bytes) -> str:
        headers, at_us = proof["headers"], kept.received_us
        verified = verify_response(proof["status"], headers, signed, request, keys.get, at_us)
        return verified.key_id

    assert signer(body) == f"{BAD}-2"
    assert parse_answer(body).order_id == order.order_id
    with pytest.raises(Refused, match="Content-Digest"):
        signer(body.replace(b"held", b"hold"))
