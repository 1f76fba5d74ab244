"""The name that the victim was shown goes to the bank whose customer was meant, and no further."""

from __future__ import annotations

from tests.workflows.centre_kit import TestCentre, account, letters, open_reviews, pay

VICTIM, MULE, SECOND = account(1, 1), account(2, 2), account(3, 3)


def test_it_goes_with_the_order_to_the_account_paid(world: TestCentre) -> None:
    """The next account has another holder; to its bank the name would tell of a stranger."""
    world.write([pay("P", VICTIM, MULE, 100), pay("X", MULE, SECOND, 40, 1)])
    world.pass_time(minutes=2)
    orders = world.report_of({"transfer_id": "P", "name_shown": "สมชาย ใจดี"}).orders
    first, second = letters("hold-order")
    assert first["payment"]["name_shown"] == "สมชาย ใจดี"
    assert "name_shown" not in second["payment"]
    world.answer(orders[0], "held", 60, name_matches=False)
    assert open_reviews() == ["name_mismatch"]


def test_without_a_name_nothing_is_said_of_one(world: TestCentre) -> None:
    """The field is left out, not empty."""
    world.write([pay("P", VICTIM, MULE, 100)])
    world.report("P")
    assert "name_shown" not in letters("hold-order")[0]["payment"]
