"""A small country's month of payments from a seed, with scams planted among them.

Everyday payments are drawn a day at a time and posted in order against running balances, so
memory grows with a day and not with the month. Scams are written down before: what they pay is
set aside, so that their amounts and claims are known without posting anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from holdfast.ledger.transfer import Transfer
from holdfast.simulation.month import Batch, month, places_of_plan
from holdfast.simulation.parameters import parameters
from holdfast.simulation.payments import CHANNELS, Everyday, day_counts
from holdfast.simulation.population import make_population
from holdfast.simulation.scams import Plan, plan_scams
from holdfast.simulation.size import CountrySize, check_room, check_seed, check_size

__all__ = ["Country", "CountrySize", "PlantedClaim", "make_country"]

ID_DIGITS_MIN = 7


@dataclass(frozen=True, slots=True)
class PlantedClaim:
    """A victim's payment: the transfer that would be reported."""

    transfer_id: str
    scam: str
    """Kind and number, such as `job-0017`; the claims of one scam share it."""
    shape: str
    """How the scam's money moves: a value of `Shape`."""
    time_us: int
    amount_minor: int


@dataclass(frozen=True, slots=True, eq=False)
class Country:
    """Everything about a made-up country but its transfers, which are made when asked for."""

    seed: int
    size: CountrySize
    currency: str
    accounts: tuple[str, ...]
    """The account of each position in a batch."""
    openings: Mapping[str, int]
    """Minor units by account, before the first transfer; cash points have none."""
    stops: Mapping[str, str]
    """Kind by account: merchant, biller, cash, exchange, government."""
    claims: tuple[PlantedClaim, ...]
    """In the ledger's order."""
    everyday: Everyday
    plan: Plan

    def batches(self) -> Iterator[Batch]:
        """Yield the month day by day in columns, the same each time it is asked for."""
        openings_minor = [self.openings.get(account, 0) for account in self.accounts]
        return month(self.everyday, self.plan, openings_minor)

    def transfers(self) -> Iterator[Transfer]:
        """Yield every transfer in the ledger's order, the same each time it is asked for."""
        for batch in self.batches():
            yield from self._transfers(batch)

    def _transfers(self, batch: Batch) -> Iterator[Transfer]:
        columns = zip(
            batch.times_us.tolist(),
            batch.debits.tolist(),
            batch.credits.tolist(),
            batch.amounts_minor.tolist(),
            batch.channels.tolist(),
            batch.debit_before_minor.tolist(),
            batch.credit_before_minor.tolist(),
            batch.debit_reported.tolist(),
            batch.credit_reported.tolist(),
            strict=True,
        )
        names, head, digits = self.accounts, id_head(self.seed), id_digits(self.size)
        for number, row in enumerate(columns, start=batch.first + 1):
            yield Transfer(
                time_us=row[0],
                seq=0,
                transfer_id=f"{head}{number:0{digits}d}",
                debit_account=names[row[1]],
                credit_account=names[row[2]],
                amount_minor=row[3],
                currency=self.currency,
                debit_balance_before_minor=row[5] if row[7] else None,
                credit_balance_before_minor=row[6] if row[8] else None,
                channel=CHANNELS[row[4]].value,
            )


def make_country(seed: int, size: CountrySize) -> Country:
    """Make a country: the same seed and size give the same transfers, to the last satang.

    Raises:
        Refused: `seed_out_of_range`, `country_size_impossible` or `country_too_few_transfers`.
    """
    page = parameters()
    check_seed(seed)
    check_size(size, page)
    people = make_population(seed, size, page)
    plan = plan_scams(seed, size, people, page)
    settled = len(plan.rows) + len(people.payroll.days)
    check_room(size, settled)
    everyday = Everyday(seed, size, people, page, day_counts(size.transfers - settled, size, page))
    openings_minor = people.openings_minor.tolist()
    for account, need_minor in plan.needs_minor.items():
        openings_minor[account] += need_minor
    names, cash = people.names, people.seats.cash.start
    return Country(
        seed=seed,
        size=size,
        currency=page.currency,
        accounts=names,
        openings=dict(zip(names[:cash], openings_minor[:cash], strict=True)),
        stops={names[stop]: kind for stop, kind in people.seats.stops().items()},
        claims=tuple(_claims(everyday, plan)),
        everyday=everyday,
        plan=plan,
    )


def id_head(seed: int) -> str:
    """Return what every transfer id of a country begins with."""
    return f"H{seed}-"


def id_digits(size: CountrySize) -> int:
    """Return how many digits follow, so that ids sort as text in the ledger's order."""
    return max(ID_DIGITS_MIN, len(str(size.transfers)))


def _claims(everyday: Everyday, plan: Plan) -> Iterator[PlantedClaim]:
    head, digits = id_head(everyday.seed), id_digits(everyday.size)
    for before, row in places_of_plan(everyday, plan):
        if row.is_claim:
            yield PlantedClaim(
                transfer_id=f"{head}{before + 1:0{digits}d}",
                scam=row.scam,
                shape=row.shape.value,
                time_us=row.time_us,
                amount_minor=row.amount_minor,
            )
