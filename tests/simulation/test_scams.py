"""Tests of the planted scams."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import pytest

from holdfast.ledger.memory import MemoryLedger
from holdfast.simulation.country import Country, CountrySize, make_country
from holdfast.simulation.parameters import Channel, Shape, parameters
from holdfast.simulation.plot import Planned
from holdfast.trail.gather import follow
from holdfast.trail.question import Question

MINUTE_US = 60_000_000


@pytest.fixture(scope="module")
def country() -> Country:
    """Return a country with many scams, whose transfers are not made here."""
    return make_country(7, CountrySize(scams=900))


@pytest.fixture(scope="module")
def plots(country: Country) -> dict[Shape, list[list[Planned]]]:
    """Return the rows of each scam, by its shape."""
    by_scam: dict[tuple[Shape, str], list[Planned]] = defaultdict(list)
    for row in country.plan.rows:
        by_scam[row.shape, row.scam].append(row)
    by_shape: dict[Shape, list[list[Planned]]] = defaultdict(list)
    for (shape, _), rows in by_scam.items():
        by_shape[shape].append(rows)
    return by_shape


Plots = dict[Shape, list[list[Planned]]]


def _mules(country: Country) -> frozenset[int]:
    return frozenset(country.everyday.population.mules)


def _claims(rows: list[Planned]) -> list[Planned]:
    return [row for row in rows if row.is_claim]


def _between_mules(country: Country, rows: list[Planned]) -> list[Planned]:
    mules = _mules(country)
    return [row for row in rows if row.debit in mules and row.credit in mules]


def test_every_shape_is_planted(country: Country) -> None:
    """The claims of the default country are of every shape, and of as many scams as asked."""
    assert {claim.shape for claim in country.claims} == {shape.value for shape in Shape}
    assert len({claim.scam for claim in country.claims}) == country.size.scams


def test_victims_pay_mules(country: Country) -> None:
    """Every claim goes from a customer who is no mule to one who is."""
    mules, customers = _mules(country), country.everyday.population.seats.customers
    for row in country.plan.rows:
        if row.is_claim:
            assert row.debit in customers
            assert row.debit not in mules
            assert row.credit in mules


def test_no_scam_pays_out_of_a_stop_or_to_itself(country: Country) -> None:
    """What reaches a merchant, a cash point or an exchange stays there."""
    for row in country.plan.rows:
        assert country.accounts[row.debit] not in country.stops
        assert row.debit != row.credit
        assert row.amount_minor > 0


def test_chains_have_one_to_six_hops(country: Country, plots: Plots) -> None:
    """A hop is a mule that the money came to."""
    hops = {1 + len(_between_mules(country, rows)) for rows in plots[Shape.CHAIN]}
    assert hops == {1, 2, 3, 4, 5, 6}


def test_a_split_pays_several_mules_from_one(country: Country, plots: Plots) -> None:
    """The first mule pays three or more others."""
    for rows in plots[Shape.SPLIT]:
        first = _claims(rows)[0].credit
        assert len({row.credit for row in _between_mules(country, rows) if row.debit == first}) >= 3


def test_a_merge_brings_several_victims_to_one_mule(plots: Plots) -> None:
    """Different people pay the same account."""
    for rows in plots[Shape.MERGE]:
        claims = _claims(rows)
        assert len({row.debit for row in claims}) == len(claims) >= 2
        assert len({row.credit for row in claims}) == 1


def test_a_mix_pays_clean_people_with_clean_money_too(country: Country, plots: Plots) -> None:
    """A company with money of its own pays more than what came in, most of it as wages."""
    people = country.everyday.population
    paid_more = False
    for rows in plots[Shape.MIX]:
        wages = [row for row in rows if row.channel is Channel.PAYROLL]
        assert len(wages) >= 5
        assert {row.debit for row in wages} <= set(people.seats.shells)
        assert {row.credit for row in wages}.isdisjoint(people.mules)
        into = sum(row.amount_minor for row in rows if row.credit == wages[0].debit)
        out = sum(row.amount_minor for row in rows if row.debit == wages[0].debit)
        paid_more |= out > into
    assert paid_more


def test_a_loop_comes_back_to_its_first_mule_and_goes_on(plots: Plots) -> None:
    """The first mule is paid again by another, and pays another afterwards."""
    for rows in plots[Shape.LOOP]:
        first = _claims(rows)[0].credit
        back = [row for row in rows if row.credit == first and not row.is_claim]
        assert len(back) == 1
        assert any(row.debit == first and row.time_us > back[0].time_us for row in rows)


def test_bait_is_paid_back_to_the_victim_who_then_pays_more(plots: Plots) -> None:
    """First a small payment, then part of it back, then a larger one."""
    for rows in plots[Shape.BAIT]:
        first, second = _claims(rows)
        back = [row for row in rows if row.credit == first.debit]
        assert second.debit == first.debit
        assert second.amount_minor > first.amount_minor
        assert len(back) == 1
        assert first.time_us < back[0].time_us < second.time_us


def test_bait_for_another_comes_from_the_first_victim(plots: Plots) -> None:
    """Who becomes the second victim is paid before by the mule of the first."""
    for rows in plots[Shape.BAIT_OTHER]:
        first, second = _claims(rows)
        baits = [row for row in rows if row.credit == second.debit]
        assert [row.debit for row in baits] == [first.credit] == [second.credit]
        assert first.debit != second.debit
        assert first.time_us < baits[0].time_us < second.time_us


@pytest.mark.parametrize(
    ("shape", "kind"),
    [(Shape.CASH_OUT, "cash"), (Shape.EXCHANGE, "exchange"), (Shape.PURCHASE, "merchant")],
)
def test_money_leaves_at_the_stop_that_the_shape_names(
    country: Country, plots: Plots, shape: Shape, kind: str
) -> None:
    """Cash points, exchanges and honest merchants are each reached."""
    for rows in plots[shape]:
        assert kind in {country.stops.get(country.accounts[row.credit]) for row in rows}


def test_some_payments_to_exchanges_stay_below_the_threshold(plots: Plots) -> None:
    """A large sum goes in several pieces, one soon after the other."""
    batches = [
        [row for row in rows if row.amount_minor == parameters().exchange_piece_baht * 100]
        for rows in plots[Shape.EXCHANGE] + plots[Shape.CHAIN]
    ]
    assert any(
        len(pieces) > 1 and all(b.time_us - a.time_us <= MINUTE_US for a, b in pairwise(pieces))
        for pieces in batches
    )


def test_resting_money_stays_with_the_last_mule(country: Country, plots: Plots) -> None:
    """Where nothing is paid on but what earlier mules had kept, the last account keeps it all."""
    for rows in plots[Shape.REST]:
        last = ([*_between_mules(country, rows), *_claims(rows)])[0].credit
        assert not any(row.debit == last for row in rows)


def test_mules_hold_little_before_and_have_payments_of_their_own(country: Country) -> None:
    """Half of them begin with less than a thousand baht, and everyday payments reach them."""
    people = country.everyday.population
    openings = sorted(country.openings[country.accounts[mule]] for mule in people.mules)
    assert openings[len(openings) // 2] < 1000 * 100
    drawn = country.everyday.payments(0)
    assert not _mules(country).isdisjoint(drawn.debits.tolist())


def test_losses_have_a_heavy_tail_within_bounds(country: Country) -> None:
    """The tenth of the claims that are largest lose more than half of the money."""
    least, most = (100 * baht for baht in parameters().loss_baht)
    amounts = sorted(claim.amount_minor for claim in country.claims)
    assert amounts[-1] <= most
    assert amounts[len(amounts) // 10] >= least
    assert 2 * sum(amounts[-len(amounts) // 10 :]) > sum(amounts)


def test_of_what_is_stolen_part_rests_after_minutes_and_less_after_hours() -> None:
    """A trail finds money to hold, the more the sooner it is asked."""
    country = make_country(7, CountrySize(customers=2_000, transfers=20_000, scams=120))
    openings = {(account, "THB"): minor for account, minor in country.openings.items()}
    ledger = MemoryLedger(country.transfers(), openings)

    def rests(minutes: int) -> float:
        total = 0
        for claim in country.claims:
            as_of_us = claim.time_us + minutes * MINUTE_US
            question = Question((claim.transfer_id,), as_of_us=as_of_us, stops=country.stops)
            total += sum(row.amount_minor for row in follow(ledger, question).resting)
        return total / sum(claim.amount_minor for claim in country.claims)

    after_5, after_30, after_120 = rests(5), rests(30), rests(120)
    assert 0.1 < after_5 < 0.6
    assert after_5 > after_30 > after_120 > 0.02
