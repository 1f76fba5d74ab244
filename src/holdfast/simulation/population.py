"""Who lives in the made-up country: accounts, what they hold, whom they pay, who is a mule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from holdfast.simulation.chance import Purpose, pick, steps, stream
from holdfast.simulation.parameters import Group, Parameters
from holdfast.simulation.size import CountrySize

if TYPE_CHECKING:
    import numpy as np

    from holdfast.simulation.chance import Floats, Ints

SATANG = 100
NUMBERS_A_BANK = 10**7
NUMBER_STEP = 6_180_339
"""Without a factor in common with `NUMBERS_A_BANK`, so a bank gives no number twice."""


@dataclass(frozen=True, slots=True)
class Seats:
    """Which positions of the list of accounts belong to whom."""

    customers: range
    companies: range
    shells: range
    merchants: range
    billers: range
    exchanges: range
    government: range
    cash: range

    def of(self, group: Group) -> range:
        """Return the positions of a group; contacts are customers."""
        return {
            Group.CUSTOMER: self.customers,
            Group.CONTACT: self.customers,
            Group.MERCHANT: self.merchants,
            Group.BILLER: self.billers,
            Group.CASH: self.cash,
            Group.EXCHANGE: self.exchanges,
            Group.GOVERNMENT: self.government,
        }[group]

    def stops(self) -> dict[int, str]:
        """Return the positions at which no trail goes on, and what kind each is."""
        kinds = (Group.MERCHANT, Group.BILLER, Group.EXCHANGE, Group.GOVERNMENT, Group.CASH)
        return {position: kind.value for kind in kinds for position in self.of(kind)}

    @property
    def count(self) -> int:
        """How many accounts there are."""
        return self.cash.stop


@dataclass(frozen=True, slots=True, eq=False)
class Payroll:
    """Who is paid each month: one row a worker, the four columns side by side."""

    days: Ints
    companies: Ints
    workers: Ints
    amounts_minor: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """The people and firms of a country; accounts are positions in `names`."""

    seats: Seats
    names: tuple[str, ...]
    openings_minor: Ints
    """Of every account; what cash points hold is nobody's balance."""
    means: Floats
    """How much one pays compared to others; 1 for firms."""
    activity: Floats
    """Running share of payments by customer."""
    popularity: Floats
    """Running share of payments by merchant."""
    contacts: Ints
    """Positions of each customer's circle; int64[customers, circle]."""
    favourites: Ints
    """Positions of each customer's merchants; int64[customers, favourites]."""
    payroll: Payroll
    mules: tuple[int, ...]


def make_population(seed: int, size: CountrySize, parameters: Parameters) -> Population:
    """Settle the country: the same seed and size give the same people."""
    import numpy as np

    rng = stream(seed, Purpose.PEOPLE)
    seats = _seats(size, parameters)
    names = _names(rng, seats, size, parameters)
    mules, recruited = _mules(rng, size, parameters)
    means = np.ones(seats.count)
    means[: size.customers] = rng.lognormal(0.0, parameters.means_spread, size.customers)
    activity = rng.lognormal(0.0, parameters.activity_spread, size.customers)
    activity[mules] *= parameters.mule_activity[0]
    activity[recruited] *= parameters.mule_activity[1] / parameters.mule_activity[0]
    ranks = rng.permutation(size.merchants) + 1
    popularity = steps(ranks.astype(np.float64) ** -parameters.merchant_popularity)
    opened_to_sell = np.setdiff1d(mules, recruited)
    payroll = _payroll(rng, seats, size, parameters, means, opened_to_sell)
    return Population(
        seats=seats,
        names=names,
        openings_minor=_openings(rng, seats, parameters, means, mules, payroll),
        means=means,
        activity=steps(activity),
        popularity=popularity,
        contacts=_contacts(rng, size, parameters),
        favourites=seats.merchants.start
        + pick(rng, popularity, size.customers * parameters.favourites).reshape(
            size.customers, parameters.favourites
        ),
        payroll=payroll,
        mules=tuple(mules.tolist()),
    )


def _seats(size: CountrySize, parameters: Parameters) -> Seats:
    ranges, start = [], 0
    for count in (
        size.customers,
        -(-size.customers // parameters.customers_a_company),
        max(1, round(size.scams * parameters.shells_a_scam)),
        size.merchants,
        parameters.billers,
        parameters.exchanges,
        1,
        1,
    ):
        ranges.append(range(start, start + count))
        start += count
    return Seats(*ranges)


def _names(
    rng: np.random.Generator, seats: Seats, size: CountrySize, parameters: Parameters
) -> tuple[str, ...]:
    """Name the accounts; the numbers of two banks may meet, as in life."""
    import numpy as np

    banks = parameters.all_banks[: size.banks]
    bank_of = pick(rng, steps([bank.weight for bank in banks]), seats.count)
    numbers = np.zeros(seats.count, dtype=np.int64)
    for position, first in enumerate(rng.integers(0, NUMBERS_A_BANK, len(banks)).tolist()):
        members = np.flatnonzero(bank_of == position)
        numbers[members] = (first + NUMBER_STEP * np.arange(len(members))) % NUMBERS_A_BANK
    heads = [f"{parameters.account_prefix}.{bank.code}.000" for bank in banks]
    names = [
        f"{heads[bank]}{number:07d}"
        for bank, number in zip(bank_of.tolist(), numbers.tolist(), strict=True)
    ]
    names[seats.cash.start] = parameters.cash_account
    return tuple(names)


def _mules(
    rng: np.random.Generator, size: CountrySize, parameters: Parameters
) -> tuple[Ints, Ints]:
    """Return the customers who are mules, and those of them with a life of their own."""
    wanted = min(
        round(size.scams * parameters.mules_a_scam),
        round(size.customers * parameters.mules_share_max),
    )
    count = max(wanted, parameters.mules_min) if size.scams else 0
    mules = rng.permutation(size.customers)[:count]
    return mules, mules[: round(count * parameters.mule_recruited_share)]


def _payroll(
    rng: np.random.Generator,
    seats: Seats,
    size: CountrySize,
    parameters: Parameters,
    means: Floats,
    jobless: Ints,
) -> Payroll:
    import numpy as np

    count = min(
        round(size.customers * parameters.employed_share),
        int(size.transfers * parameters.payroll_share_max),
    )
    candidates = rng.permutation(size.customers)
    workers = candidates[~np.isin(candidates, jobless)][:count]
    before_end = pick(rng, steps(parameters.payday_weights), len(workers))
    baht = np.rint(parameters.salary_baht * means[workers])
    return Payroll(
        days=np.maximum(size.days - 1 - before_end, 0),
        companies=rng.integers(seats.companies.start, seats.companies.stop, len(workers)),
        workers=workers,
        amounts_minor=np.maximum(baht, 1.0).astype(np.int64) * SATANG,
    )


def _openings(
    rng: np.random.Generator,
    seats: Seats,
    parameters: Parameters,
    means: Floats,
    mules: Ints,
    payroll: Payroll,
) -> Ints:
    import numpy as np

    customers, baht = len(seats.customers), np.zeros(seats.count)
    spread = parameters.opening_spread
    baht[:customers] = parameters.opening_baht * means[:customers]
    baht[:customers] *= rng.lognormal(0.0, spread, customers)
    baht[mules] = parameters.mule_opening_baht * rng.lognormal(0.0, 1.0, len(mules))
    paid = np.bincount(payroll.companies, payroll.amounts_minor, seats.count) / SATANG
    baht += parameters.company_opening_months * paid
    baht[_slice(seats.companies)] += parameters.merchant_opening_baht
    baht[_slice(seats.shells)] = rng.integers(*parameters.shell_opening_baht, len(seats.shells))
    baht[_slice(seats.merchants)] = parameters.merchant_opening_baht
    baht[_slice(seats.merchants)] *= rng.lognormal(0.0, 1.0, len(seats.merchants))
    for institutions in (seats.billers, seats.exchanges, seats.government):
        baht[_slice(institutions)] = parameters.institution_opening_baht_a_customer * customers
    return np.rint(baht * SATANG).astype(np.int64)


def _contacts(rng: np.random.Generator, size: CountrySize, parameters: Parameters) -> Ints:
    """Draw circles among neighbours in a ring, so that friends of friends are often friends."""
    import numpy as np

    closeness = rng.random((size.customers, parameters.circle)) ** parameters.closeness
    away = 1 + np.floor(closeness * (size.customers - 1)).astype(np.int64)
    return (np.arange(size.customers)[:, None] + away) % size.customers


def _slice(seats: range) -> slice:
    return slice(seats.start, seats.stop)
