"""Finding the payment that a victim tells of, now or when the ledger has it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.workflows.centre_kit import NOON_US, TestCentre, account, pay, spots
from tests.workflows.soundness import assert_settled

from holdfast.cases.models import Case, Claim, Order
from holdfast.core.instant import HOUR_US, format_instant
from holdfast.core.qr import SlipQr
from holdfast.workflows.file_complaint import case_of

VICTIM, MULE, SECOND = account(1, 1), account(2, 2), account(3, 3)
UETR = "97ed4827-7b6f-4491-a06f-b548d5a7512d"
SLIP = SlipQr("001", "20261120ABC").text()


def facts(amount: str | None = "1.00", minute: float = 0, **more: Any) -> dict[str, Any]:
    """Return a payment as told by account, amount and time."""
    return {
        "from_account": VICTIM,
        "amount": amount,
        "currency": "THB",
        "time": format_instant(NOON_US + int(minute * 60_000_000)),
    } | more


@pytest.mark.parametrize(
    "payment",
    [
        {"transfer_id": "P"},
        facts(),
        facts(minute=14),
        facts(to_account=MULE),
        {**facts(), "from_account": None, "to_account": MULE},
        facts(amount=None, uetr=UETR),
        facts(amount=None, uetr=UETR, minute=-600),
        facts(amount=None, slip_qr=SLIP),
    ],
)
def test_a_payment_is_found(world: TestCentre, payment: dict[str, Any]) -> None:
    """By its id, UETR or slip, or by payer or payee, amount and time within a quarter of an hour."""
    world.write(
        [
            pay("P", VICTIM, MULE, 100, uetr=UETR, end_to_end_id="20261120ABC"),
            pay("Q", VICTIM, MULE, 200),
            pay("R", VICTIM, MULE, 100, 60 * 30),
        ]
    )
    taken = world.report_of({key: value for key, value in payment.items() if value is not None})
    assert [claim.transfer_id for claim in taken.claims] == ["P"]
    assert taken.claims[0].state == "accepted"


def test_a_slip_names_the_transfer_itself(world: TestCentre) -> None:
    """Where the bank's reference is the ledger's id, no account or time is needed."""
    world.write([pay("20261120ABC", VICTIM, MULE, 100)])
    assert world.report_of({"slip_qr": SLIP}).claims[0].state == "accepted"


@pytest.mark.parametrize(
    "payment",
    [
        facts(amount="2.00"),
        facts(minute=16),
        facts(to_account=SECOND),
        facts(currency="USD"),
        facts(transfer_id="P", amount="2.00"),
        facts(amount=None),
        {"to_proxy": "TH.PROMPTPAY.MBNO.+66812345678"},
        {"uetr": UETR},
    ],
)
def test_what_does_not_fit_is_not_found(world: TestCentre, payment: dict[str, Any]) -> None:
    """Another amount, time, payee or currency than told, or too little told: the claim waits."""
    world.write([pay("P", VICTIM, MULE, 100)])
    told = {key: value for key, value in payment.items() if value is not None}
    taken = world.report_of(told)
    assert [claim.state for claim in taken.claims] == ["waiting"]
    assert taken.orders == []


def test_where_several_fit_none_is_chosen(world: TestCentre) -> None:
    """The teller learns how many fit, and nothing is held of anybody."""
    world.write([pay("P", VICTIM, MULE, 100), pay("Q", VICTIM, SECOND, 100, 1)])
    taken = world.report_of(facts())
    assert taken.several == {0: 2}
    assert (taken.claims[0].state, taken.orders) == ("waiting", [])


@pytest.mark.parametrize("payment", [{"transfer_id": "P"}, facts(), facts(to_account=MULE)])
def test_a_payment_to_come_is_waited_for(world: TestCentre, payment: dict[str, Any]) -> None:
    """The victim is faster than the ledger: when the payment appears, its money is ordered.

    The clock runs from the report, not from that moment.
    """
    taken = world.report_of(payment)
    assert taken.claims[0].state == "waiting"
    world.pass_time(hours=1)
    world.follow(pay("X", SECOND, MULE, 7), pay("P", VICTIM, MULE, 100))
    order = Order.objects.get()
    assert spots([order]) == [(MULE, 100)]
    assert order.lapses_us == NOON_US + 24 * HOUR_US
    assert Claim.objects.get().transfer_id == "P"
    assert_settled(world)


def test_a_second_report_finds_what_the_first_waited_for(world: TestCentre) -> None:
    """The payment is there when it is told again: the waiting claim is accepted at once."""
    first = world.report("P")
    world.write([pay("P", VICTIM, MULE, 100)])
    second = world.report("P")
    assert (second.claims, second.known) == ([], first.claims)
    assert spots(second.orders) == [(MULE, 100)]
    world.work()
    assert Order.objects.count() == 1


def test_a_wrong_teller_does_not_take_a_payment_from_the_right_one(world: TestCentre) -> None:
    """Told with a wrong amount, an id stays free for the one who tells it rightly."""
    world.write([pay("P", VICTIM, MULE, 100)])
    wrong = world.report_of(facts(transfer_id="P", amount="9.99"))
    assert [claim.transfer_id for claim in wrong.claims] == [None]
    right = world.report("P")
    assert (right.known, spots(right.orders)) == ([], [(MULE, 100)])


@pytest.mark.parametrize("follows_first", [True, False])
def test_a_wrong_teller_gives_up_the_id_once_it_is_there(
    world: TestCentre, *, follows_first: bool
) -> None:
    """Also where the wrong teller came before the ledger had the payment."""
    world.report_of(facts(transfer_id="P", amount="9.99"))
    world.write([pay("P", VICTIM, MULE, 100)])
    if follows_first:
        world.work()
    assert spots(world.report("P").orders) == [(MULE, 100)]
    world.work()
    assert sorted(Claim.objects.values_list("state", flat=True)) == ["accepted", "waiting"]


@pytest.mark.parametrize("right_first", [True, False])
def test_a_right_claim_is_never_joined_to_a_wrong_one(
    world: TestCentre, *, right_first: bool
) -> None:
    """One waits by its facts, one by the id and with a wrong amount: the right one is followed."""
    tellings = [facts(to_account=MULE), facts(transfer_id="P", amount="9.99")]
    for payment in tellings if right_first else reversed(tellings):
        world.report_of(payment)
    world.follow(pay("P", VICTIM, MULE, 100))
    assert spots(Order.objects.all()) == [(MULE, 100)]
    assert sorted(Claim.objects.values_list("state", flat=True)) == ["accepted", "waiting"]


def test_two_waiting_claims_turn_out_to_be_one_payment(world: TestCentre) -> None:
    """Told by id and by facts: one claim, one order, one case, the clock from the first report."""
    first = world.report_of(facts())
    world.pass_time(hours=2)
    second = world.report("P")
    assert Case.objects.filter(merged_into=None).count() == 2
    world.follow(pay("P", VICTIM, MULE, 100))
    world.work()
    states = sorted(Claim.objects.values_list("state", flat=True))
    assert states == ["accepted", "withdrawn"]
    claim = Claim.objects.get(state="accepted")
    assert claim.reported_us == NOON_US
    assert claim.told_by.count() == 2
    assert Order.objects.get().claim == claim
    assert case_of(first.case.number) == case_of(second.case.number) == claim.case
    assert_settled(world)


def test_a_large_import_concerns_many_accounts(world: TestCentre) -> None:
    """Thousands of accounts in one change are more than one statement names; none is missed."""
    world.report("P")
    crowd = [pay(f"T{n:05}", account(5, n), account(6, n), 5) for n in range(4_000)]
    world.follow(*crowd, pay("P", VICTIM, MULE, 100))
    assert spots(Order.objects.all()) == [(MULE, 100)]
