"""What a bank told of its own hold, and what a person was told: the database keeps it as it was."""

from __future__ import annotations

from itertools import product

import pytest
from django.db import IntegrityError, transaction
from tests.workflows.centre_kit import TestCentre, account, actor_of, bank

from holdfast.cases.models import Notice, OwnHold
from holdfast.cases.own_hold import FIRST_OWN_HOLD, OwnHoldState, allowed_own_steps
from holdfast.workflows.bring_notice import bring_notice
from holdfast.workflows.own_holds import OwnHoldTold, tell_own_hold
from holdfast.workflows.write_notice import HOLDER, write_notice

MULE = account(2, 2)


@pytest.fixture
def own(world: TestCentre) -> OwnHold:
    """Return a bank's own hold of 100."""
    told = OwnHoldTold("S-1", MULE, 100, "THB", world.now_us)
    return tell_own_hold(world.centre, told, actor_of(bank(2)))


def left(state: OwnHoldState) -> int:
    """Return what may be left in a state."""
    return 100 if state is OwnHoldState.HELD else 0


def test_an_own_hold_takes_known_steps_only(own: OwnHold) -> None:
    """It ends once, in one way, and never holds again."""
    rows = OwnHold.objects.filter(id=own.id)
    for before, to in product(OwnHoldState, OwnHoldState):
        with transaction.atomic():
            if before is not FIRST_OWN_HOLD:
                rows.update(state=before.value, left_minor=0)
            try:
                with transaction.atomic():
                    rows.update(state=to.value, left_minor=left(to))
            except IntegrityError:
                taken = False
            else:
                taken = True
            allowed = before is to or (before.value, to.value) in allowed_own_steps()
            assert taken == allowed, (before, to)
            transaction.set_rollback(True)


@pytest.mark.parametrize(
    "values",
    [
        {"left_minor": 101},
        {"left_minor": 0},
        {"left_minor": -1},
        {"state": "lapsed"},
        {"amount_minor": 200},
        {"lapses_us": 1},
        {"reference": "S-2"},
    ],
)
def test_what_was_told_stays(own: OwnHold, values: dict[str, object]) -> None:
    """Amount, end and reference; and what is left is within it, and gone once it has ended."""
    with pytest.raises(IntegrityError), transaction.atomic():
        OwnHold.objects.filter(id=own.id).update(**values)


@pytest.mark.parametrize(
    "values", [{"says": {}}, {"recipient": "victim"}, {"brought_us": None}, {"brought_by": "x"}]
)
def test_a_notice_that_was_brought_stays(world: TestCentre, values: dict[str, object]) -> None:
    """What it said, to whom, who brought it and when."""
    write_notice(world.centre, "n", bank(2), HOLDER, {"type": "x"}, subject="case:1")
    bring_notice(world.centre, "n", actor_of(bank(2)))
    with pytest.raises(IntegrityError), transaction.atomic():
        Notice.objects.update(**values)
