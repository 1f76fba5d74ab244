"""Tests of what must be true of a centre's records: what was acknowledged is kept."""

from __future__ import annotations

import pytest

from holdfast.cases.hold import HoldState
from holdfast.cases.models import Case, Claim, Order
from holdfast.server.sound import _asked_for_twice, lost_records


@pytest.mark.django_db
def test_what_was_acknowledged_and_is_not_kept_is_told() -> None:
    """A case that callers were told of, and an answer that a bank had taken from it."""
    Case.objects.create(number="TH-2026-000001", opened_us=0)
    answers = [("TH.THCBC.004", "A-1")]
    assert list(lost_records(["TH-2026-000001", "TH-2026-000002"], answers)) == [
        "the case TH-2026-000002 was acknowledged and is not kept",
        "the answer A-1 of TH.THCBC.004 was acknowledged and is not kept",
    ]
    assert list(lost_records(["TH-2026-000001"], [])) == []


@pytest.mark.django_db
def test_two_live_orders_for_the_same_money_are_told() -> None:
    """Of one claim in one account, from one trail; another arrival, or an ended one, is none."""
    case = Case.objects.create(number="TH-2026-000001", opened_us=0)
    claim = Claim.objects.create(
        case=case,
        claim_id="claim-1",
        state="accepted",
        reported_us=0,
        told="{}",
        transfer_id="transfer-1",
        time_us=0,
        seq=0,
        debit_account="TH.THCBC.006.0000000001",
        currency="THB",
        amount_minor=1_000_00,
        credit_account="TH.THCBC.004.0000000001",
    )

    def order(number: int, arrived_us: int, takes_over: str = "") -> None:
        Order.objects.create(
            order_id=f"order-{number}",
            case=case,
            claim=claim,
            institution_id="TH.THCBC.004",
            account="TH.THCBC.004.0000000001",
            currency="THB",
            amount_minor=500_00,
            state=HoldState.REQUESTED.value,
            hop=1,
            basis="victim_report",
            law_fingerprint="",
            provisional=False,
            ledger_change=7,
            arrived_us=arrived_us,
            ordered_us=0,
            lapses_us=10,
            body="",
            takes_over=takes_over,
        )

    order(1, 5)
    Order.objects.update(state=HoldState.LAPSED.value, ended_us=10)
    order(2, 6)
    order(3, 5)
    order(4, 5, takes_over="own-1")
    assert list(_asked_for_twice()) == []
    order(5, 5)
    assert list(_asked_for_twice()) == [
        "the claim claim-1 has 2 live orders for the same money in TH.THCBC.004.0000000001"
    ]
