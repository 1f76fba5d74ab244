"""Orders by HTTP: polled until answered, answered, released by two."""

from __future__ import annotations

from typing import Any

import pytest
from tests.api.conftest import MULE, Caller, World
from tests.workflows.centre_kit import account, answer, pay

from holdfast.banks.messages import HoldOrder, ReleaseOrder, any_order_of
from holdfast.cases.models import BankAnswer, Order, Review
from holdfast.people.models import ApiKey, Institution
from holdfast.people.role import Scope
from holdfast.records.models import OutboxMessage

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(sender: Caller) -> Order:
    """The order to the mule's bank."""
    sender.report("P1")
    found: Order = Order.objects.get(account=MULE)
    return found


def _poll(caller: Caller, query: str = "state=open") -> list[dict[str, Any]]:
    response = caller.get(f"/v1/hold-orders?{query}")
    assert response.status_code == 200, response.content
    items: list[dict[str, Any]] = response.json()["items"]
    return items


def test_an_institution_polls_its_own_open_orders(order: Order, mules_bank: Caller) -> None:
    """Each item is the very message, readable as such, and how it stands now."""
    items = _poll(mules_bank)
    message = any_order_of(items[0])
    assert isinstance(message, HoldOrder)
    assert (message.order_id, message.amount_minor) == (order.order_id, 300_00)
    assert [row["institution"] for row in items] == ["TH.THCBC.004"]
    assert items[0]["now"]["state"] == "requested"


def test_the_first_poll_is_the_delivery(order: Order, mules_bank: Caller, world: World) -> None:
    """The order says when, the outbox has nothing left for this bank, and polling again is safe."""
    world.test.pass_time(minutes=3)
    _poll(mules_bank)
    first_us = world.test.now_us
    world.test.pass_time(minutes=3)
    assert len(_poll(mules_bank)) == 1
    order.refresh_from_db()
    assert order.delivered_us == first_us
    done = dict(OutboxMessage.objects.values_list("destination", "done_us"))
    assert done == {"TH.THCBC.004": first_us, "TH.THCBC.006": None}


def test_an_answered_order_is_open_no_more(order: Order, mules_bank: Caller) -> None:
    """An order comes until it is answered, and is found by its state from then on."""
    path = f"/v1/hold-orders/{order.order_id}/answers"
    taken = mules_bank.post(path, answer(order, "held", 300_00))
    assert taken.status_code == 200, taken.content
    assert taken.json() == {
        "order_id": order.order_id,
        "outcome": "heeded",
        "state": "held",
        "amount_held_minor": 300_00,
        "repeated": False,
    }
    assert _poll(mules_bank) == []
    assert [row["order_id"] for row in _poll(mules_bank, "state=held")] == [order.order_id]
    assert _poll(mules_bank, "state=requested") == []
    assert len(_poll(mules_bank, "state=all")) == 1


def test_a_release_is_polled_until_it_is_answered(
    order: Order, mules_bank: Caller, world: World, staff: Caller
) -> None:
    """What a lost page held comes again; after the answer it does not."""
    path = f"/v1/hold-orders/{order.order_id}"
    mules_bank.post(f"{path}/answers", answer(order, "held", 300_00))
    world.test.pass_time(minutes=1)
    review = mules_bank_asks_and_centre_agrees(world, staff, order)
    assert review["state"] == "approved"
    for _ in range(2):
        world.test.pass_time(minutes=1)
        (item,) = _poll(mules_bank)
        message = any_order_of(item)
        assert isinstance(message, ReleaseOrder)
        assert message.amount_minor == 300_00
    world.test.pass_time(minutes=1)
    mules_bank.post(f"{path}/answers", answer(order, "released", at_us=world.test.now_us))
    assert _poll(mules_bank) == []


def test_a_release_of_what_was_never_given_is_not_given(
    order: Order, mules_bank: Caller, world: World, staff: Caller
) -> None:
    """An order that ended before its bank asked leaves nothing to tell, and nothing to send."""
    mules_bank_asks_and_centre_agrees(world, staff, order)
    order.refresh_from_db()
    assert order.state == "released"
    assert _poll(mules_bank) == []
    assert not OutboxMessage.objects.filter(
        destination="TH.THCBC.004", done_us=None, kind="release-order"
    ).exists()


def test_an_extension_is_polled_after_its_order(
    order: Order, mules_bank: Caller, sender: Caller, world: World
) -> None:
    """The bank learns the further basis and the new end, once its order has been given."""
    claim = order.claim.claim_id
    sender.post(f"/v1/claims/{claim}/confirmation", {"name_matches": True})
    assert [row["type"] for row in _poll(mules_bank)] == ["hold-order", "extend-order"]
    world.test.pass_time(minutes=1)
    body = answer(order, "held", 300_00, at_us=world.test.now_us)
    mules_bank.post(f"/v1/hold-orders/{order.order_id}/answers", body)
    assert _poll(mules_bank) == []


def test_a_bank_with_an_endpoint_is_not_given_again_what_arrived_there(
    order: Order, mules_bank: Caller, world: World, staff: Caller
) -> None:
    """Pushed and answered is done, also where the bank polls besides."""
    mules_bank.post(f"/v1/hold-orders/{order.order_id}/answers", answer(order, "held", 300_00))
    world.institution("TH.THCBC.004")
    Institution.objects.filter(institution_id="TH.THCBC.004").update(delivery="push")
    world.test.pass_time(minutes=1)
    mules_bank_asks_and_centre_agrees(world, staff, order)
    OutboxMessage.objects.update(done_us=world.test.now_us + 1)
    assert _poll(mules_bank) == []


def mules_bank_asks_and_centre_agrees(world: World, staff: Caller, order: Order) -> dict[str, Any]:
    """Ask for a release with the bank's key and approve it with the centre's."""
    bank = world.caller("TH.THCBC.004", Scope.ORDERS_ANSWER)
    asked = bank.post(f"/v1/hold-orders/{order.order_id}/release", {"reason": "holder_cleared"})
    assert asked.status_code == 202, asked.content
    decided = staff.post(
        f"/v1/reviews/{asked.json()['review_id']}/decision",
        {"approve": True, "reason": "papers seen"},
    )
    assert decided.status_code == 200, decided.content
    found: dict[str, Any] = decided.json()
    return found


@pytest.mark.parametrize("limit", [1, 2])
def test_only_what_was_shown_is_delivered(sender: Caller, world: World, limit: int) -> None:
    """A further order is looked at to know whether there is a next page, and stays undelivered."""
    for index in range(3):
        world.pay(*_payment(index))
        sender.report(f"N{index}")
    _poll(world.caller("TH.THCBC.004"), f"state=open&limit={limit}")
    assert Order.objects.exclude(delivered_us=None).count() == limit
    assert OutboxMessage.objects.exclude(done_us=None).count() == limit


def test_a_key_that_only_reads_delivers_nothing(order: Order, world: World) -> None:
    """Looking with it leaves no trace on the order; what answers comes with another key."""
    reader = world.caller("TH.THCBC.004", Scope.ORDERS_READ)
    assert len(_poll(reader)) == 1
    assert not Order.objects.exclude(delivered_us=None).exists()
    assert not OutboxMessage.objects.exclude(done_us=None).exists()


def test_polling_takes_nothing_from_an_endpoint(
    order: Order, mules_bank: Caller, world: World
) -> None:
    """Where orders are pushed, one that was looked at is pushed all the same."""
    world.institution("TH.THCBC.004")
    Institution.objects.filter(institution_id="TH.THCBC.004").update(delivery="push")
    assert len(_poll(mules_bank)) == 1
    assert not Order.objects.exclude(delivered_us=None).exists()
    assert not OutboxMessage.objects.exclude(done_us=None).exists()


def test_orders_come_in_pages(sender: Caller, world: World) -> None:
    """Every order comes once, however small the pages."""
    for index in range(5):
        world.pay(*_payment(index))
        sender.report(f"N{index}")
    bank = world.caller("TH.THCBC.004")
    for state in ("open", "all"):
        seen: list[str] = []
        after: str | None = ""
        while after is not None:
            page = bank.get(f"/v1/hold-orders?state={state}&limit=2&after={after}").json()
            seen += [row["order_id"] for row in page["items"]]
            after = page["next"]
        assert len(seen) == len(set(seen)) == 5


def _payment(index: int) -> list[Any]:
    return [pay(f"N{index}", account(2, 40 + index), account(4, 40 + index), 10_00, -5)]


def test_an_order_is_read_with_its_steps_and_answers(order: Order, mules_bank: Caller) -> None:
    """Steps say from where to where and when; acts of the centre have no person's name."""
    path = f"/v1/hold-orders/{order.order_id}"
    mules_bank.post(f"{path}/answers", answer(order, "partly_held", 100_00, reason="no_funds"))
    read = mules_bank.get(path).json()
    assert [(row["from_state"], row["to_state"]) for row in read["steps"]] == [
        (None, "requested"),
        ("requested", "partly_held"),
    ]
    assert read["steps"][0]["actor"] == "centre"
    assert read["order"]["amount_held_minor"] == 100_00
    assert [row["outcome"] for row in read["answers"]] == ["heeded"]
    assert read["message"]["order_id"] == order.order_id


def test_another_banks_order_is_not_there(order: Order, stranger: Caller) -> None:
    """Neither read, nor answered, nor released by others; as for an id that nobody has."""
    for order_id in (order.order_id, "order-none"):
        path = f"/v1/hold-orders/{order_id}"
        responses = [
            stranger.get(path),
            stranger.post(f"{path}/answers", answer(order, "held", 300_00)),
            _with_scope(stranger).post(f"{path}/release", {"reason": "x"}),
        ]
        found = {(row.status_code, row.json()["code"]) for row in responses}
        assert found == {(404, "order_unknown")}
    assert _poll(stranger, "state=all") == []


def _with_scope(caller: Caller) -> Caller:
    return caller.world.caller("TH.THCBC.011", Scope.ORDERS_ANSWER)


def test_the_centre_reads_all_orders_and_delivers_none(order: Order, staff: Caller) -> None:
    """Looking does not deliver."""
    assert len(_poll(staff, "state=requested")) == 2
    assert _poll(staff, "state=open") == []
    assert not Order.objects.exclude(delivered_us=None).exists()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "answer_unreadable"),
        (b"[]", 400, "answer_unreadable"),
        (b'{"a": NaN}', 400, "answer_unreadable"),
        (b"[" * 100_000, 400, "answer_unreadable"),
        (b"{}", 422, "answer_field"),
        (b"{" + b" " * 1_000_000 + b"}", 413, "body_too_long"),
    ],
)
def test_bad_answers_are_refused(
    order: Order, mules_bank: Caller, body: bytes, status: int, code: str
) -> None:
    """Whatever comes, the order stands as it stood."""
    response = mules_bank.post(f"/v1/hold-orders/{order.order_id}/answers", body)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert BankAnswer.objects.count() == 0


def test_an_answer_to_another_order_is_refused(order: Order, mules_bank: Caller) -> None:
    """The address and the answer must name the same order."""
    response = mules_bank.post("/v1/hold-orders/other/answers", answer(order, "held", 300_00))
    assert (response.status_code, response.json()["code"]) == (422, "answer_other_order")


def test_the_same_answer_again_changes_nothing(order: Order, mules_bank: Caller) -> None:
    """Its id makes repeating safe; the same id with other content is a conflict."""
    path = f"/v1/hold-orders/{order.order_id}/answers"
    mules_bank.post(path, answer(order, "held", 300_00, answer_id="a1"))
    again = mules_bank.post(path, answer(order, "held", 300_00, answer_id="a1"))
    assert again.json()["repeated"] is True
    other = mules_bank.post(path, answer(order, "partly_held", 200_00, answer_id="a1"))
    assert (other.status_code, other.json()["code"]) == (409, "answer_id_reused")


def test_nobody_approves_the_release_they_asked_for(
    order: Order, staff: Caller, world: World
) -> None:
    """One asks, another agrees; until then the money stays held, and one request waits at most."""
    world.caller("TH.THCBC.004").post(
        f"/v1/hold-orders/{order.order_id}/answers", answer(order, "held", 300_00)
    )
    path = f"/v1/hold-orders/{order.order_id}/release"
    asked = staff.post(path, {"reason": "holder_cleared", "amount_minor": 100_00})
    assert asked.json()["facts"]["amount_minor"] == 100_00
    twice = staff.post(path, {"reason": "other"})
    assert (twice.status_code, twice.json()["code"]) == (409, "review_waits")
    decision = f"/v1/reviews/{asked.json()['review_id']}/decision"
    own = staff.post(decision, {"approve": True, "reason": "mine"})
    assert (own.status_code, own.json()["code"]) == (403, "own_request")
    order.refresh_from_db()
    assert order.held_minor == 300_00
    for same in _keys_of_the_same_person(world):
        again = same.post(decision, {"approve": True, "reason": "mine"})
        assert (again.status_code, again.json()["code"]) == (403, "own_request")
    second = world.caller("TH.AOC", Scope.REVIEWS_DECIDE)
    assert second.post(decision, {"approve": True, "reason": "seen"}).status_code == 200
    order.refresh_from_db()
    assert (order.state, order.held_minor) == ("held", 200_00)
    late = second.post(decision, {"approve": False, "reason": "no"})
    assert (late.status_code, late.json()["code"]) == (409, "review_decided")
    assert staff.post(path, {"reason": "rest"}).status_code == 202


def _keys_of_the_same_person(world: World) -> list[Caller]:
    """Return further keys: of the one who asked, and of one to whom they gave it."""
    asker = ApiKey.objects.get(institution__institution_id="TH.AOC")
    mine, given = (world.caller("TH.AOC", Scope.REVIEWS_DECIDE) for _ in range(2))
    ApiKey.objects.filter(key_id=mine.key.split("_")[1]).update(person=asker.person)
    ApiKey.objects.filter(key_id=given.key.split("_")[1]).update(issued_by=asker.person)
    return [mine, given]


@pytest.mark.parametrize("amount_minor", [300_01, 0, -1, "100", 1.5, 10**29])
def test_a_release_beyond_what_is_held_is_refused(
    order: Order, staff: Caller, world: World, amount_minor: Any
) -> None:
    """No review is opened about what can't be done."""
    world.caller("TH.THCBC.004").post(
        f"/v1/hold-orders/{order.order_id}/answers", answer(order, "held", 300_00)
    )
    response = staff.post(
        f"/v1/hold-orders/{order.order_id}/release", {"reason": "x", "amount_minor": amount_minor}
    )
    assert response.status_code == 422
    assert Review.objects.count() == 0


def test_an_ended_order_has_nothing_to_release(order: Order, staff: Caller, world: World) -> None:
    """A refused order holds nothing."""
    world.caller("TH.THCBC.004").post(
        f"/v1/hold-orders/{order.order_id}/answers", answer(order, "refused", reason="no_funds")
    )
    response = staff.post(f"/v1/hold-orders/{order.order_id}/release", {"reason": "x"})
    assert (response.status_code, response.json()["code"]) == (409, "release_ended")


def test_reviews_are_the_centres_business(order: Order, staff: Caller, world: World) -> None:
    """To see and decide what waits nobody else has the right, not even another centre."""
    staff.post(f"/v1/hold-orders/{order.order_id}/release", {"reason": "holder_cleared"})
    listed = staff.get("/v1/reviews").json()["items"]
    assert [(row["kind"], row["state"]) for row in listed] == [("release", "open")]
    assert staff.get("/v1/reviews?state=approved").json()["items"] == []
    bank = world.caller("MY.NSRC", Scope.REVIEWS_DECIDE)
    for response in (
        bank.get("/v1/reviews"),
        bank.post(
            f"/v1/reviews/{listed[0]['review_id']}/decision", {"approve": True, "reason": "x"}
        ),
    ):
        assert (response.status_code, response.json()["code"]) == (403, "centre_only")
    gone = staff.post("/v1/reviews/none/decision", {"approve": True, "reason": "x"})
    assert (gone.status_code, gone.json()["code"]) == (404, "review_unknown")


def test_an_institution_reads_its_own_times(
    order: Order, mules_bank: Caller, world: World, staff: Caller
) -> None:
    """Times count from the order; another's are not there, and neither is an unknown one."""
    world.test.pass_time(minutes=1)
    _poll(mules_bank)
    world.test.pass_time(minutes=1)
    mules_bank.post(
        f"/v1/hold-orders/{order.order_id}/answers",
        answer(order, "held", 300_00, at_us=world.test.now_us),
    )
    times = mules_bank.get("/v1/institutions/TH.THCBC.004/times").json()
    assert (times["orders"], times["owed"], times["owed_since"]) == (1, 0, None)
    assert times["delivered"] == {"count": 1, "p50_s": 60.0, "p95_s": 60.0}
    assert times["held"] == {"count": 1, "p50_s": 120.0, "p95_s": 120.0}
    world.institution("TH.THCBC.006")
    owing = staff.get("/v1/institutions/TH.THCBC.006/times").json()
    assert (owing["owed"], owing["owed_since"]) == (1, "2026-11-20T05:00:00Z")
    for path in ("TH.THCBC.006", "TH.THCBC.099"):
        other = mules_bank.get(f"/v1/institutions/{path}/times")
        assert (other.status_code, other.json()["code"]) == (404, "institution_unknown")
