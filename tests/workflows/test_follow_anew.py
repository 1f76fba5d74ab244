"""A ledger restored from an older copy: it is noticed, nothing is done by it, and made good."""

from __future__ import annotations

import shutil

import pytest
from tests.workflows.centre_kit import TestCentre, account, now, pay

from holdfast.cases.models import Claim, LearnedTransfer, Order
from holdfast.core.errors import LedgerError
from holdfast.ledger.store import LedgerStore
from holdfast.people.actor import centre_itself
from holdfast.records.applied import mark
from holdfast.records.models import AuditEntry
from holdfast.workflows.follow_anew import follow_anew
from holdfast.workflows.follow_ledger import follow_ledger
from holdfast.workflows.trace_money import LEDGER

VICTIM, MULE, SECOND = account(1, 1), account(2, 2), account(3, 3)
ON, WAITED_FOR = pay("ON", MULE, SECOND, 100, 0.5), pay("W", VICTIM, MULE, 70)


@pytest.fixture
def restored(world: TestCentre) -> TestCentre:
    """Return a centre whose ledger lost two changes, one told by a bank, and has grown by three."""
    world.write([pay("P", VICTIM, MULE, 100)])
    order = world.report("P").orders[0]
    world.work()
    copy = world.folder.with_name("copy")
    shutil.copytree(world.folder, copy)
    world.pass_time(minutes=1)
    world.answer(order, "refused", reason="no_funds", onward=[ON])
    world.work()
    world.follow(pay("X", account(4, 1), account(4, 2), 9))
    assert mark(LEDGER).number == 3
    shutil.rmtree(world.folder)
    shutil.copytree(copy, world.folder)
    for number in range(3):
        world.write([pay(f"Y{number}", account(5, 1), account(5, 2), 9, number)])
    return world


def _anew(world: TestCentre) -> int:
    return follow_anew(world.centre, world.folder, centre_itself("TH.AOC"))


def test_it_is_noticed_and_not_followed(restored: TestCentre) -> None:
    """Though it has come further than the number: no claim is settled, the number stays."""
    before = mark(LEDGER)
    with pytest.raises(LedgerError) as caught:
        follow_ledger(restored.centre)
    assert caught.value.code == "ledger_changes_differ"
    assert "follow-anew" in str(caught.value)
    assert mark(LEDGER) == before
    _anew(restored)
    restored.work()


def test_nothing_is_written_into_it_meanwhile(restored: TestCentre) -> None:
    """What a bank tells of waits, so that it is not missing where the true ledger comes back."""
    order = Order.objects.get(account=SECOND)
    restored.answer(
        order, "refused", reason="no_funds", onward=[pay("ON2", SECOND, MULE, 100, 0.8)]
    )
    with pytest.raises(LedgerError) as caught:
        restored.work()
    assert caught.value.code == "ledger_changes_differ"
    assert list(LearnedTransfer.objects.filter(ledger_change=None).values_list("transfer_id")) == [
        ("ON2",)
    ]
    _anew(restored)
    restored.pass_time(minutes=5)
    restored.work()
    assert not LearnedTransfer.objects.filter(ledger_change=None).exists()


def test_it_is_followed_anew(restored: TestCentre) -> None:
    """Told transfers are written again, waiting claims find what was imported; twice is once."""
    restored.report("W")
    order = Order.objects.get(account=SECOND)
    restored.write([WAITED_FOR])
    for written in (1, 0):
        assert _anew(restored) == written
        restored.work()
        with LedgerStore.open(restored.folder) as ledger:
            assert set(ledger.find(["P", "ON", "X"])) == {"P", "ON"}
            assert mark(LEDGER).number == ledger.figures.change
            assert mark(LEDGER).digest == ledger.digest_at(ledger.figures.change)
        assert now(order).state == "requested"
        assert Claim.objects.get(transfer_id="W").state == "accepted"
        assert list(Order.objects.filter(account=SECOND)) == [order]
    assert AuditEntry.objects.filter(verb="follow_anew").count() == 2
