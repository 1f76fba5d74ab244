"""Tests of the country as a whole: its ledger is whole, in order, and the same each time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.core.account import bank_of, parse_account
from holdfast.core.errors import Refused
from holdfast.core.instant import DAY_US, HOUR_US
from holdfast.ledger.transfer import Transfer
from holdfast.simulation.country import Country, CountrySize, make_country
from holdfast.simulation.parameters import parameters

SMALL = CountrySize(customers=1_000, merchants=60, transfers=12_000, scams=40)
CASH = "TH.THCBC.000.CASH"


@pytest.fixture(scope="module")
def country() -> Country:
    """Return a small country."""
    return make_country(7, SMALL)


@pytest.fixture(scope="module")
def transfers(country: Country) -> list[Transfer]:
    """Return its month."""
    return list(country.transfers())


def _assert_whole(country: Country, transfers: list[Transfer]) -> None:
    """Recompute every balance from the openings, and check it against what is reported."""
    balances = Counter(country.openings)
    for transfer in transfers:
        debit, credit = transfer.debit_account, transfer.credit_account
        assert not transfer.to_itself
        assert transfer.amount_minor > 0
        assert transfer.debit_balance_before_minor in (None, balances[debit])
        assert transfer.credit_balance_before_minor in (None, balances[credit])
        balances[debit] -= transfer.amount_minor
        balances[credit] += transfer.amount_minor
        assert debit == CASH or balances[debit] >= 0
    assert sum(balances.values()) == sum(country.openings.values())


def test_the_ledger_has_as_many_transfers_as_asked_for(transfers: list[Transfer]) -> None:
    """Those of scams and payroll are counted in."""
    assert len(transfers) == SMALL.transfers


def test_reported_balances_agree_with_a_recomputation(
    country: Country, transfers: list[Transfer]
) -> None:
    """No money comes from nowhere, and no account but that of cash points falls below zero."""
    _assert_whole(country, transfers)


def test_most_balances_are_reported_but_never_those_of_cash(transfers: list[Transfer]) -> None:
    """Some banks do not report, and nobody knows what all cash points hold."""
    told = [row.debit_balance_before_minor for row in transfers if row.debit_account != CASH]
    assert 0.6 < 1 - told.count(None) / len(told) < 0.8
    for row in transfers:
        if row.debit_account == CASH:
            assert row.debit_balance_before_minor is None
        if row.credit_account == CASH:
            assert row.credit_balance_before_minor is None


def test_transfers_come_in_the_ledgers_order_with_ids_that_sort_alike(
    transfers: list[Transfer],
) -> None:
    """Time, then id, always rising; times lie within the month."""
    assert all(a.place < b.place for a, b in pairwise(transfers))
    assert [row.transfer_id for row in transfers[:2]] == ["H7-0000001", "H7-0000002"]
    assert all(a.transfer_id < b.transfer_id for a, b in pairwise(transfers))
    assert transfers[0].time_us >= SMALL.first_day_us
    assert transfers[-1].time_us < SMALL.first_day_us + SMALL.days * DAY_US


def test_every_account_is_canonical_and_one_of_the_countrys(
    country: Country, transfers: list[Transfer]
) -> None:
    """No two accounts share a name, and each has an opening balance, cash points aside."""
    assert len(set(country.accounts)) == len(country.accounts)
    assert set(country.openings) | {CASH} == set(country.accounts)
    for account in country.accounts:
        assert parse_account(account) == account
    used = {account for row in transfers for account in (row.debit_account, row.credit_account)}
    assert used <= set(country.accounts)
    assert len({bank_of(account) for account in used - {CASH}}) == SMALL.banks


def test_every_claim_is_the_transfer_that_it_names(
    country: Country, transfers: list[Transfer]
) -> None:
    """Known without making the transfers: id, time and amount, in the ledger's order."""
    by_id = {row.transfer_id: row for row in transfers}
    assert len({claim.transfer_id for claim in country.claims}) == len(country.claims) >= 40
    for claim in country.claims:
        row = by_id[claim.transfer_id]
        assert (row.time_us, row.amount_minor) == (claim.time_us, claim.amount_minor)
        assert row.debit_account not in country.stops
    assert list(country.claims) == sorted(country.claims, key=lambda claim: claim.transfer_id)


def test_stops_are_of_every_kind(country: Country) -> None:
    """Merchants, billers, cash points, exchanges and the government are named as such."""
    kinds = Counter(country.stops.values())
    assert kinds.keys() == {"merchant", "biller", "cash", "exchange", "government"}
    assert kinds["merchant"] == SMALL.merchants
    assert country.stops[CASH] == "cash"


def test_most_transfers_go_from_a_person_to_a_merchant(
    country: Country, transfers: list[Transfer]
) -> None:
    """As in life; payroll, bills and cash are there too."""
    bought = [
        row
        for row in transfers
        if country.stops.get(row.credit_account) == "merchant"
        and row.debit_account not in country.stops
    ]
    assert len(bought) > len(transfers) / 2
    channels = {row.channel for row in transfers}
    assert channels == {"promptpay", "card", "cash", "payroll", "bill"}


def test_salaries_come_at_the_end_of_the_month(country: Country, transfers: list[Transfer]) -> None:
    """Within its last days, before dawn, and to each worker once."""
    people, page = country.everyday.population, parameters()
    companies = {country.accounts[company] for company in people.seats.companies}
    paid = [row for row in transfers if row.debit_account in companies]
    first_us = SMALL.first_day_us + (SMALL.days - len(page.payday_weights)) * DAY_US
    last_hour = page.payroll_hours[1]
    assert {row.channel for row in paid} == {"payroll"}
    assert all(row.time_us >= first_us for row in paid)
    assert all((row.time_us - first_us) % DAY_US <= last_hour * HOUR_US for row in paid)
    workers = Counter(row.credit_account for row in paid)
    assert len(workers) == len(people.payroll.workers)
    assert set(workers.values()) == {1}


def test_the_same_seed_gives_the_same_transfers_and_another_seed_others(
    country: Country, transfers: list[Transfer]
) -> None:
    """Also when one country is asked twice."""
    again = make_country(7, SMALL)
    assert list(again.transfers()) == transfers == list(country.transfers())
    assert (again.claims, again.openings, again.stops) == (
        country.claims,
        country.openings,
        country.stops,
    )
    assert list(make_country(8, SMALL).transfers()) != transfers


def test_the_transfers_do_not_depend_on_how_a_process_hashes_text() -> None:
    """Two processes with different hash seeds print the same digest."""
    program = (
        "import hashlib;"
        "from holdfast.simulation.country import *;"
        "c = make_country(3, CountrySize(customers=60, transfers=900, scams=9));"
        "print(hashlib.sha256(repr((list(c.transfers()), c.claims)).encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": hash_seed},
            capture_output=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(digests) == 1


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 2**32 - 1),
    customers=st.integers(40, 120),
    merchants=st.integers(2, 20),
    banks=st.sampled_from([1, 2, 12, 13, 100]),
    scams=st.integers(0, 12),
    days=st.integers(1, 40),
    extra=st.integers(0, 300),
)
def test_any_possible_size_gives_a_whole_ledger(
    seed: int, customers: int, merchants: int, banks: int, scams: int, days: int, extra: int
) -> None:
    """Also a country of forty people, one bank or one day."""
    size = CountrySize(
        banks=banks,
        customers=customers,
        merchants=merchants,
        transfers=60 * scams + 300 + extra,
        scams=scams,
        days=days,
    )
    country = make_country(seed, size)
    transfers = list(country.transfers())
    assert len(transfers) == size.transfers
    assert all(a.place < b.place for a, b in pairwise(transfers))
    by_id = {row.transfer_id: row for row in transfers}
    for claim in country.claims:
        assert by_id[claim.transfer_id].amount_minor == claim.amount_minor
    _assert_whole(country, transfers)


def test_a_country_of_two_people_without_scams_can_be_made() -> None:
    """Even one with a single transfer."""
    size = CountrySize(banks=1, customers=2, merchants=2, transfers=1, scams=0, days=3)
    country = make_country(0, size)
    assert len(list(country.transfers())) == 1
    assert country.claims == ()


@pytest.mark.parametrize(
    ("size", "part"),
    [
        (CountrySize(banks=0), "banks"),
        (CountrySize(banks=101), "banks"),
        (CountrySize(customers=39), "customers"),
        (CountrySize(customers=1, scams=0), "customers"),
        (CountrySize(merchants=1), "merchants"),
        (CountrySize(transfers=0), "transfers"),
        (CountrySize(scams=-1), "scams"),
        (CountrySize(days=0), "days"),
        (CountrySize(first_day_us=-1), "first_day_us"),
    ],
)
def test_a_size_that_cannot_be_is_refused_by_name(size: CountrySize, part: str) -> None:
    """The sentence names the part, its value, and what can be made."""
    with pytest.raises(Refused) as refused:
        make_country(1, size)
    assert refused.value.code == "country_size_impossible"
    assert refused.value.fields["part"] == part
    assert part in str(refused.value)


def test_scams_that_need_more_transfers_than_asked_for_are_refused() -> None:
    """Fewer scams are never planted in silence."""
    with pytest.raises(Refused) as refused:
        make_country(1, CountrySize(customers=50, transfers=500, scams=200))
    assert refused.value.code == "country_too_few_transfers"
    assert refused.value.fields["transfers"] == 500


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_out_of_range_is_refused(seed: int) -> None:
    """Ids stay short, and the generator of chance takes no negative seed."""
    with pytest.raises(Refused) as refused:
        make_country(seed, SMALL)
    assert refused.value.code == "seed_out_of_range"
