"""Tests of the planted truth: no satang is stolen twice, lost, or at two places."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.simulation.play_kit import CASH, CAST, DANG, MEE, NOK, PLOY, row

from holdfast.simulation.events import Exit, Part, Story
from holdfast.simulation.plot import Planned
from holdfast.simulation.truth import CROOKED, Carried, Truth, carried_by_plan

PARTS = [player.part for player in CAST]


def _truth(*rows: Planned) -> Truth:
    return Truth(Story("small", rows, (), 0), PARTS)


def test_a_purse_moves_with_what_is_paid_and_leaves_as_cash() -> None:
    """Stolen at the claim, passed on, drawn; what the mule keeps back rests with the mule."""
    rows = row(0, NOK, MEE, 1000, claim=True), row(1, MEE, DANG, 800), row(2, DANG, CASH, 700)
    truth = _truth(*rows)
    assert truth.execute(rows[0], 1000_00, 0) == [Carried("job-0001", 1000_00, None)]
    assert truth.execute(rows[1], 800_00, 200_00) == [Carried("job-0001", 800_00, None)]
    assert truth.execute(rows[2], 700_00, 100_00) == [Carried("job-0001", 700_00, Exit.CASH)]
    assert truth.stolen("job-0001") == 1000_00
    assert truth.resting("job-0001") == {MEE: 200_00, DANG: 100_00}
    assert truth.gone("job-0001") == {Exit.CASH: 700_00}


def test_a_payment_that_is_made_in_part_moves_only_that_part() -> None:
    """What a hold kept back stays stolen where it is."""
    rows = row(0, NOK, MEE, 1000, claim=True), row(1, MEE, DANG, 800)
    truth = _truth(*rows)
    truth.execute(rows[0], 1000_00, 0)
    truth.execute(rows[1], 150_00, 850_00)
    assert (truth.at(MEE), truth.at(DANG)) == (850_00, 150_00)


def test_other_money_is_spent_first() -> None:
    """A mule's groceries are stolen money only as far as there was too little besides."""
    claim = row(0, NOK, MEE, 1000, claim=True)
    truth = _truth(claim)
    truth.execute(claim, 1000_00, 0)
    assert truth.spend(MEE, PLOY, 250_00, left_minor=1050_00) == []
    assert truth.spend(MEE, PLOY, 100_00, left_minor=950_00) == [
        Carried("job-0001", 50_00, Exit.HONEST)
    ]
    assert truth.at(MEE) == 950_00


def test_bait_is_returned_and_who_is_honest_keeps_what_was_paid() -> None:
    """The victim of the same scam gets bait; anybody else was paid for something."""
    rows = row(0, NOK, MEE, 1000, claim=True), row(1, MEE, NOK, 200), row(2, MEE, PLOY, 300)
    truth = _truth(*rows)
    for planned in rows:
        truth.execute(planned, planned.amount_minor, 500_00)
    assert truth.gone("job-0001") == {Exit.RETURNED: 200_00, Exit.HONEST: 300_00}
    assert truth.is_innocent(PLOY)
    assert truth.is_innocent(NOK)
    assert not truth.is_innocent(MEE)


def test_what_is_carried_by_plan_leaves_out_a_mules_own_money() -> None:
    """A mule that pays more than came pays the rest from elsewhere."""
    rows = row(0, NOK, MEE, 100, claim=True), row(1, MEE, DANG, 120), row(2, DANG, CASH, 110)
    assert carried_by_plan(Story("small", rows, (), 0), PARTS) == (0, 100_00, 100_00)


ACCOUNTS = st.integers(0, len(PARTS) - 1)
STEPS = st.lists(
    st.tuples(
        ACCOUNTS,
        ACCOUNTS,
        st.integers(1, 1000),
        st.floats(0, 1),
        st.sampled_from(["job-0001", "loan-0002"]),
        st.booleans(),
        st.booleans(),
    ),
    max_size=40,
)


@given(STEPS, st.integers(0, 500))
def test_whatever_is_paid_stolen_is_resting_and_gone(
    steps: list[tuple[int, int, int, float, str, bool, bool]], opening_baht: int
) -> None:
    """Conservation for each scam, nothing below zero, never more stolen than an account has."""
    rows = tuple(
        row(minute, debit, credit, baht, scam, claim=claim)
        for minute, (debit, credit, baht, _, scam, claim, _) in enumerate(steps)
    )
    truth = _truth(*rows)
    balances = [opening_baht * 100] * len(PARTS)
    for planned, (*_, share, _, _, is_everyday) in zip(rows, steps, strict=True):
        if planned.debit == planned.credit:
            continue
        wanted = int(planned.amount_minor * share)
        paid = wanted if planned.debit == CASH else min(wanted, balances[planned.debit])
        balances[planned.debit] -= paid
        balances[planned.credit] += paid
        left = balances[planned.debit]
        if is_everyday:
            truth.spend(planned.debit, planned.credit, paid, left)
        else:
            truth.execute(planned, paid, left)
        for scam in ("job-0001", "loan-0002"):
            resting, gone = truth.resting(scam), truth.gone(scam)
            assert truth.stolen(scam) == sum(resting.values()) + sum(gone.values())
            assert min([*resting.values(), *gone.values()], default=0) >= 0
            assert {PARTS[place] for place in resting} <= CROOKED
        for place in truth.loaded:
            assert 0 < truth.at(place) <= max(balances[place], 0)
    assert Part.MULE in CROOKED
